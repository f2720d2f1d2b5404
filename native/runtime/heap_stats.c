/* SPDX-License-Identifier: MIT */
/* heap_stats.c - counting what is in the heap, while it is used; and giving back what is in nothing. */
#include "heap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 16

/* ---- counting ---- */

static void tally(const peermap_segment *segment, struct pm_tally *sums)
{
    const struct pm_heap *heap = &segment->heap;
    uint64_t backed = load64(&heap->counts->backed), size = peermap_size(segment), units = pm_heap_units(size);
    uint64_t described = pm_least(units, pm_least(backed, heap->units));
    uint64_t counted = 0;
    for (uint64_t unit = 0, end = 0; pm_units_next(segment, end, described, &unit, &end); counted = end) {
        pm_tally_rest(sums, (unit - counted) << PM_UNIT_SHIFT);
        for (; unit < end; unit++)
            pm_tally_unit(sums, load64(&heap->words[unit]), pm_bits_of(heap, unit));
    }
    pm_tally_rest(sums, size - (counted << PM_UNIT_SHIFT));
}

static uint64_t small_objects(const struct pm_tally *sums)
{
    uint64_t objects = 0;
    for (uint32_t i = 0; i < PM_CLASSES; i++)
        objects += sums->classes[i].objects;
    return objects;
}

static uint32_t lost_threads(const peermap_segment *segment)
{
    uint32_t lost = 0, used = load32(&segment->heap.counts->records_used);
    for (uint32_t i = 0; i < used && i < PM_RECORDS; i++)
        lost += !pm_record_is_held(segment, load64(&segment->heap.records[i].holder), NULL);
    return lost;
}

int peermap_heap_stats(peermap_segment *segment, peermap_heap *out)
{
    PM_UNCANCELLED;
    int rc = pm_heap_seen(segment);
    if (rc != 0)
        return rc;
    if (!out)
        return pm_fail(PEERMAP_EINVAL, "out is NULL");
    struct pm_tally *sums = calloc(1, sizeof *sums);
    if (!sums)
        return pm_fail_own_memory();
    const struct pm_heap_words *counts = segment->heap.counts;
    tally(segment, sums);
    *out = (peermap_heap){ .size = peermap_size(segment),
                           .used = pm_tally_used(sums),
                           .small_objects = small_objects(sums),
                           .large_objects = sums->large_objects,
                           .large_bytes = sums->large_bytes,
                           .span_bytes = sums->span_bytes,
                           .free_bytes = sums->free_bytes + sums->claimed_bytes,
                           .hole_bytes = sums->hole_bytes,
                           .largest_free = sums->largest_free,
                           .grown = peek64(&counts->grown),
                           .faults = peek64(&counts->faults),
                           .reclaimed = peek64(&counts->reclaimed),
                           .lost_threads = lost_threads(segment),
                           .metadata = pm_heap_metadata(&segment->shape.places.heap, load64(&counts->backed), load32(&counts->records_used)) };
    free(sums);
    return pm_unless_lost(segment, 0);
}

/* ---- by size ---- */

int peermap_heap_classes(peermap_segment *segment, peermap_heap_class *out, int capacity)
{
    PM_UNCANCELLED;
    int rc = pm_heap_seen(segment);
    if (rc != 0)
        return rc;
    if (pm_check_rows(out, capacity) != 0)
        return PEERMAP_EINVAL;
    struct pm_tally *sums = calloc(1, sizeof *sums);
    if (!sums)
        return pm_fail_own_memory();
    tally(segment, sums);
    for (int i = 0; i < (int)PM_CLASSES && i < capacity; i++)
        out[i] = (peermap_heap_class){ .stride = pm_classes[i].stride,
                                       .spans = (uint32_t)sums->classes[i].spans,
                                       .objects = sums->classes[i].objects,
                                       .capacity = sums->classes[i].spans * pm_classes[i].capacity,
                                       .bytes = sums->classes[i].bytes };
    free(sums);
    return pm_unless_lost(segment, (int)PM_CLASSES);
}

/* ---- by peer ---- */

static void add_record(const peermap_segment *segment, const struct pm_tally *sums, uint32_t index, peermap_heap_peer *row)
{
    const struct pm_record *record = &segment->heap.records[index];
    row->threads += index + 1 != segment->heap.owner || peek64(&record->allocations) > 0;
    row->spans += sums->spans[index + 1];
    row->span_bytes += sums->held[index + 1];
    row->allocations += peek64(&record->allocations);
    row->allocated_bytes += peek64(&record->allocated_bytes);
    row->frees += peek64(&record->frees);
    row->freed_bytes += peek64(&record->freed_bytes);
}

static void fill_ended(const peermap_segment *segment, const struct pm_tally *sums, peermap_heap_peer *row)
{
    const struct pm_heap_words *counts = segment->heap.counts;
    *row = (peermap_heap_peer){ .spans = sums->spans[0],
                                .span_bytes = sums->held[0],
                                .allocations = peek64(&counts->allocations),
                                .allocated_bytes = peek64(&counts->allocated_bytes),
                                .frees = peek64(&counts->frees),
                                .freed_bytes = peek64(&counts->freed_bytes) };
}

/* rows[i] for slot i, and one more for those that have ended. */
static void fill_rows(const peermap_segment *segment, const struct pm_tally *sums, peermap_heap_peer *rows)
{
    uint32_t count = segment->shape.slot_count, used = load32(&segment->heap.counts->records_used);
    for (uint32_t i = 0; i < count; i++) {
        struct pm_slot slot;
        if (!pm_slot_read(segment, i, &slot) || !pm_slot_lives(&slot))
            continue;
        rows[i].pid = (pid_t)slot.pid;
        memcpy(rows[i].name, slot.name, sizeof rows[i].name);
    }
    fill_ended(segment, sums, &rows[count]);
    for (uint32_t i = 0; i < used && i < PM_RECORDS; i++) {
        uint32_t slot = count;
        uint64_t holder = load64(&segment->heap.records[i].holder);
        if (holder != 0)
            add_record(segment, sums, i, &rows[pm_record_is_held(segment, holder, &slot) ? slot : count]);
    }
}

int peermap_heap_peers(peermap_segment *segment, peermap_heap_peer *out, int capacity)
{
    PM_UNCANCELLED;
    int rc = pm_heap_seen(segment), rows_out = 0;
    if (rc != 0)
        return rc;
    if (pm_check_rows(out, capacity) != 0)
        return PEERMAP_EINVAL;
    uint32_t count = segment->shape.slot_count;
    struct pm_tally *sums = calloc(1, sizeof *sums);
    peermap_heap_peer *rows = calloc(count + 1, sizeof *rows);
    if (sums && rows) {
        tally(segment, sums);
        fill_rows(segment, sums, rows);
        for (uint32_t i = 0; i <= count; i++) {
            if (rows[i].pid == 0 && i < count)
                continue;
            if (rows_out < capacity)
                out[rows_out] = rows[i];
            rows_out++;
        }
        rc = rows_out;
    } else {
        rc = pm_fail_own_memory();
    }
    free(sums);
    free(rows);
    return pm_unless_lost(segment, rc);
}

/* ---- trimming ---- */

/* Who allocates meanwhile makes it fail: then there is another end.  Who grows or shrinks meanwhile, too. */
static int shrink_to_end(peermap_segment *segment, uint64_t deadline, peermap_round *round)
{
    int rc = 0;
    for (int i = 0; i < TRIES && (i == 0 || pm_now() < deadline); i++) {
        uint64_t size = peermap_size(segment), end = pm_heap_end(segment);
        end = end > PM_UNIT ? end : PM_UNIT;
        if (end >= size)
            return 0;
        rc = pm_shrink_from(segment, size, size - end, deadline, round);
        if (rc != PM_CHANGED && (rc != PEERMAP_EBUSY || pm_heap_end(segment) <= end))
            return rc;
    }
    return rc == PM_CHANGED ? pm_fail(PEERMAP_EBUSY, "others went on changing the size of segment %s", segment->name) : rc;
}

void pm_heap_reap(peermap_segment *segment, const peermap_peer *peers, int count)
{
    if (segment->heap.serial != 0 && !pm_lost(segment))
        pm_reclaim_of(segment, peers, count, true);
}

int peermap_trim(peermap_segment *segment, peermap_round *round)
{
    PM_UNCANCELLED;
    int rc = pm_heap_ready(segment);
    if (rc != 0)
        return rc;
    if (round)
        *round = (peermap_round){ .size = peermap_size(segment) };
    const uint64_t deadline = pm_deadline(segment);
    struct pm_cache *cache = pm_cache_find(segment);
    if (cache)
        pm_cache_give_idle(cache);
    pm_reclaim(segment, true);
    rc = shrink_to_end(segment, deadline, round);
    int error = errno;
    pm_units_purge(segment, 0, deadline);
    errno = error;
    return pm_unless_lost(segment, rc);
}
