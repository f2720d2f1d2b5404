/* SPDX-License-Identifier: MIT */
/* places.h - where the parts of a header are: one arrangement for given counts, so that offsets that differ from it are damage, not another choice. */
#ifndef PM_PLACES_H
#define PM_PLACES_H

#include "heap_layout.h"
#include "layout.h"
#include "order.h"

/* Process-local.  From the start of the header. */
struct pm_places {
    uint64_t slots, events, roots;
    uint64_t more_roots; /* those after the first region; where there is a heap, in a hole */
    struct pm_heap_places heap; /* all 0 where there is none */
    uint64_t plain_len;         /* what has memory from the beginning: all of it, but where there is a heap */
    uint64_t header_len;
    uint64_t everybodys_end; /* from PM_EVERYBODYS to here a peer that only reads has to write */
};

/* By slot_count, root_count, event_count, page_size, reserved and flags of the header, which are within their bounds. */
void pm_places_find(const struct pm_header *header, struct pm_places *places);

/* As a header says where its records are. */
static inline void pm_places_write(const struct pm_places *places, struct pm_header *header)
{
    header->slots_off = places->slots;
    header->events_off = places->events;
    header->roots_off = places->roots;
    header->header_len = places->header_len;
}

/* ---- the table of roots: records 0 to root_count ---- */

/* How many records regions before this one have; how many regions root_count makes; where one of them begins, and how many records it has. */
static inline uint32_t pm_roots_before(uint32_t region) { return PM_ROOTS_FIRST * ((UINT32_C(1) << region) - 1); }
static inline uint32_t pm_root_regions(uint32_t root_count) { return 32u - (uint32_t)__builtin_clz((root_count + PM_ROOTS_FIRST - 1) / PM_ROOTS_FIRST); }
static inline uint32_t pm_roots_from(uint32_t region) { return 1 + pm_roots_before(region); }
static inline uint32_t pm_roots_in(uint32_t region, uint32_t root_count)
{
    const uint32_t before = pm_roots_before(region), all = PM_ROOTS_FIRST << region;
    return root_count - before < all ? root_count - before : all;
}
/* Regions that have memory, whatever the header says; and records, with the one before all of them. */
static inline uint32_t pm_root_regions_opened(const struct pm_header *header, uint32_t root_count)
{
    const uint32_t regions = pm_root_regions(root_count), said = load32(&header->root_regions);
    return said < 1 ? 1 : said < regions ? said : regions;
}
static inline uint32_t pm_roots_opened(const struct pm_header *header, uint32_t root_count)
{
    const uint32_t opened = pm_root_regions_opened(header, root_count);
    return opened == pm_root_regions(root_count) ? 1 + root_count : pm_roots_from(opened);
}
/* Where a record lies. */
static inline uint64_t pm_root_place(const struct pm_places *places, uint32_t index)
{
    return index <= PM_ROOTS_FIRST ? places->roots + index * sizeof(struct pm_root) : places->more_roots + (index - PM_ROOTS_FIRST - 1) * sizeof(struct pm_root);
}

/* FNV-1a, with its bits mixed. */
static inline uint64_t pm_root_hash(const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

#endif
