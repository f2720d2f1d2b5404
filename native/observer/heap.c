/* SPDX-License-Identifier: MIT */
/* heap.c - the heap of a segment, by pread of what describes it. */
#include "heap.h"

#include "budget.h"
#include "peermap.h"
#include "snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define AT_ONCE 4096u /* units */

/* Process-local.  A part of what describes the units. */
struct part {
    uint64_t words[AT_ONCE];
    struct pm_bits bits[AT_ONCE];
};

static bool has_span(const struct part *part, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++)
        if (pm_unit_state(part->words[i]) == PM_UNIT_SPAN)
            return true;
    return false;
}

/* What is missing from a file that was cut reads as zero. */
static int read_part(int fd, uint64_t offset, void *into, size_t length)
{
    ssize_t got = pmo_read(fd, offset, into, length);
    if (got < 0)
        return (int)-got;
    memset((char *)into + got, 0, length - (size_t)got);
    return 0;
}

/* `units`: how many there are, and then how many of them were counted. */
static int count_units(int fd, const struct pm_heap_places *places, uint64_t *units, struct pm_tally *tally)
{
    struct part *part = malloc(sizeof *part);
    int error = part ? 0 : ENOMEM;
    uint64_t from = 0, count;
    for (; from < *units && error == 0 && pmo_budget_left(); from += count) {
        count = *units - from < AT_ONCE ? *units - from : AT_ONCE;
        error = read_part(fd, places->words + from * sizeof *part->words, part->words, count * sizeof *part->words);
        if (error == 0 && has_span(part, count))
            error = read_part(fd, places->bits + from * sizeof *part->bits, part->bits, count * sizeof *part->bits);
        for (uint64_t i = 0; i < count && error == 0; i++)
            pm_tally_unit(tally, part->words[i], &part->bits[i]);
    }
    free(part);
    *units = from;
    return error;
}

/* ---- by peer ---- */

/* The slot of the peer that has this record, if that lives; else PM_NO_SLOT. */
static uint32_t slot_of(const struct pm_header *header, const struct pm_slot *slots, uint64_t holder)
{
    uint64_t index = pm_holder_index(holder);
    if (index >= header->slot_count)
        return PM_NO_SLOT;
    const struct pm_slot *slot = &slots[index];
    bool alive = (slot->tag & PM_TAG_STATE) == PM_LIVE && pmo_life_alive(slot->life);
    return alive && pm_holder_of(slot->tag, (uint32_t)index) == holder ? (uint32_t)index : PM_NO_SLOT;
}

static struct pmo_heap_peer *row_of(struct pmo_heap *heap, uint32_t slot)
{
    for (size_t i = 0; i < heap->peer_count; i++)
        if (heap->peers[i].slot == slot)
            return &heap->peers[i];
    heap->peers[heap->peer_count] = (struct pmo_heap_peer){ .slot = slot };
    return &heap->peers[heap->peer_count++];
}

static void add_record(struct pmo_heap *heap, const struct pm_record *record, uint32_t owner, uint32_t slot)
{
    struct pmo_heap_peer *row = row_of(heap, slot);
    row->threads += record->allocations > 0;
    row->spans += heap->tally.spans[owner];
    row->span_bytes += heap->tally.held[owner];
    row->allocations += record->allocations;
    row->allocated_bytes += record->allocated_bytes;
    row->frees += record->frees;
    row->freed_bytes += record->freed_bytes;
    heap->lost_threads += slot == PM_NO_SLOT;
}

static int count_peers(int fd, const struct pm_header *header, const struct pm_heap_places *places, struct pmo_heap *heap)
{
    uint32_t used = header->heap.records_used < PM_RECORDS ? header->heap.records_used : PM_RECORDS;
    struct pm_slot *slots = calloc(header->slot_count, sizeof *slots);
    struct pm_record *records = calloc(used + 1, sizeof *records);
    heap->peers = calloc(header->slot_count + 1, sizeof *heap->peers);
    int error = slots && records && heap->peers ? 0 : ENOMEM;
    if (error == 0)
        error = read_part(fd, header->slots_off, slots, header->slot_count * sizeof *slots);
    if (error == 0)
        error = read_part(fd, places->records, records, used * sizeof *records);
    for (uint32_t i = 0; i < used && error == 0; i++)
        if (records[i].holder != 0)
            add_record(heap, &records[i], i + 1, slot_of(header, slots, records[i].holder));
    if (error == 0) {
        struct pm_record ended = { .allocations = header->heap.allocations,
                                   .allocated_bytes = header->heap.allocated_bytes,
                                   .frees = header->heap.frees,
                                   .freed_bytes = header->heap.freed_bytes };
        uint32_t lost = heap->lost_threads;
        add_record(heap, &ended, 0, PM_NO_SLOT);
        heap->lost_threads = lost;
    }
    free(slots);
    free(records);
    return error;
}

/* ---- all of it ---- */

static void judge(const struct pmo_heap *heap, const struct pm_header *header, struct pmo_problems *problems)
{
    if (header->heap.backed > pm_heap_units(header->reserved))
        pmo_problem_add(problems, PMO_BAD_FIELD, pmo_at("header.heap.backed"), "%" PRIu64 " units of at most %" PRIu64, header->heap.backed,
                        pm_heap_units(header->reserved));
    if (header->heap.records_used > PM_RECORDS)
        pmo_problem_add(problems, PMO_BAD_FIELD, pmo_at("header.heap.records_used"), "%" PRIu32 " cannot be right", header->heap.records_used);
    /* Some are, for a moment, while they are on their way. */
    if (heap->tally.odd > pm_heap_units(heap->size) / 2 + PM_SPAN_UNITS_MAX)
        pmo_problem_add(problems, PMO_BAD_FIELD, pmo_at("heap.words"), "%" PRIu64 " units are described as nothing that there is", heap->tally.odd);
}

static void finish(struct pmo_heap *heap, const struct pm_header *header, const struct pm_heap_places *places, uint64_t described)
{
    pm_tally_rest(&heap->tally, heap->size - (described << PM_UNIT_SHIFT));
    heap->grown = header->heap.grown;
    heap->faults = header->heap.faults;
    heap->reclaimed = header->heap.reclaimed;
    heap->metadata = pm_heap_metadata(places, header->heap.backed, header->heap.records_used);
}

int pmo_heap_take(const struct pmo_observer *observer, struct pmo_heap *heap, struct pmo_problems *problems)
{
    struct pm_header header;
    struct stat object;
    *heap = (struct pmo_heap){ .present = false };
    if (!pmo_header_read(observer->fd, &header, &object, problems))
        return PEERMAP_EFORMAT;
    if (!(header.flags & PM_SEGMENT_HEAP))
        return 0;
    struct pm_places all;
    uint64_t active = pmo_active(&header), most = pm_heap_units(header.reserved);
    pm_places_find(&header, &all);
    const struct pm_heap_places places = all.heap;
    heap->present = true;
    heap->size = active < header.reserved ? active : header.reserved;
    uint64_t units = pm_heap_units(heap->size), described = header.heap.backed < units ? header.heap.backed : units;
    described = described < most ? described : most;
    uint64_t counted = described;
    int error = count_units(observer->fd, &places, &counted, &heap->tally);
    if (error == 0)
        error = count_peers(observer->fd, &header, &places, heap);
    if (error != 0) {
        pmo_heap_free(heap);
        errno = error;
        return PEERMAP_EOS;
    }
    finish(heap, &header, &places, described);
    judge(heap, &header, problems);
    if (counted < described)
        pmo_problem_add(problems, PMO_LEFT_OUT, pmo_at("heap"),
                        "objects are counted of its first %" PRIu64 " MiB of %" PRIu64 ": all of it takes longer than a look may",
                        counted << PM_UNIT_SHIFT >> 20, heap->size >> 20);
    return 0;
}

void pmo_heap_free(struct pmo_heap *heap)
{
    free(heap->peers);
    *heap = (struct pmo_heap){ .present = false };
}
