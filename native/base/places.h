/* SPDX-License-Identifier: MIT */
/* places.h - where the parts of a header are: one arrangement for given counts, so that offsets that differ from it are damage, not another choice. */
#ifndef PM_PLACES_H
#define PM_PLACES_H

#include "heap_layout.h"
#include "layout.h"

/* Process-local.  From the start of the header. */
struct pm_places {
    uint64_t slots, events, roots;
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

#endif
