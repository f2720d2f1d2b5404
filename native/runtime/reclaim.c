/* SPDX-License-Identifier: MIT */
/*
 * reclaim.c - what peers that ended without detaching have left of the heap.
 *
 * Their records are taken over one by one, each by one peer: it undoes the object that was about to be had, and leaves the spans to others.
 * Units that were on their way are freed, and so are further units of runs that were given back only in part.  All of it can be done
 * again: who dies in here leaves records that are his own, and the next one goes on.
 *
 * Others allocate and free meanwhile, and this may be stopped between a look and a change for any length of time.  So it changes only what they
 * do not: what is held by a record that was taken over.  The peer of that has ended, to its last thread, and nobody else has the record.  A unit that
 * is CLAIMED by it stays so until it is freed here, and a further unit that hangs on such a one is of the same run, because those are free before
 * their first one is.  Whether a word looks as it did before is never asked, so it does not matter what was claimed and given back in between.
 * A further unit that hangs on nothing can only be the work of a stray write; it stays as it is.
 */
#include "heap.h"
#include "touch.h"

#include <string.h>

/* Process-local. */
struct reclaiming {
    peermap_segment *segment;
    const peermap_peer *peers; /* whose records, */
    int count;                 /* or PM_EVERYBODY */
    uint64_t taken[PM_RECORDS / 64]; /* records, by index */
    uint32_t records;
    uint64_t objects, bytes;
};

static bool is_taken(const struct reclaiming *work, uint32_t owner)
{
    return owner != 0 && owner <= PM_RECORDS && (work->taken[(owner - 1) / 64] >> (owner - 1) % 64 & 1);
}

/* ---- who is dead ---- */

static bool ended(const peermap_segment *segment, uint64_t holder)
{
    return holder != segment->heap.holder && !pm_record_is_held(segment, holder, NULL) && !pm_object_is_marked(segment->fd, holder);
}

static bool is_meant(const struct reclaiming *work, uint64_t holder)
{
    for (int k = 0; k < work->count; k++)
        if (work->peers[k].id == holder)
            return true;
    return work->count == PM_EVERYBODY;
}

/* ---- the object that was about to be had ---- */

static void undo_small(struct reclaiming *work, uint64_t unit, uint64_t off, uint64_t word)
{
    uint32_t class_ = pm_unit_class(word);
    if (class_ >= PM_CLASSES)
        return;
    const struct pm_class *shape = &pm_classes[class_];
    uint32_t index = (uint32_t)(((off - (unit << PM_UNIT_SHIFT)) * shape->inverse) >> 40);
    struct pm_object_place place = { .unit = unit, .class_ = class_, .index = index };
    if (index >= shape->capacity || !pm_span_live(&work->segment->heap, &place))
        return;
    uint64_t *taken = &pm_bits_of(&work->segment->heap, unit)->taken[index / 64];
    store64(taken, peek64(taken) ^ UINT64_C(1) << index % 64);
    work->objects++;
    work->bytes += shape->stride;
}

/* It was put where it was wanted before who wanted it ended. */
static bool came_to_its_word(struct reclaiming *work, const struct pm_record *record)
{
    peermap_segment *segment = work->segment;
    struct pm_thread *own = pm_own();
    const uint64_t link = load64(&record->link), at = link - 1;
    if (link == 0 || at % sizeof(uint64_t) != 0)
        return false;
    if (at > segment->shape.reserved - sizeof(uint64_t))
        return false;
    const uint64_t *word = (const uint64_t *)(void *)(segment->base + at);
    if (!pm_touch(own, segment, word, sizeof *word))
        return false;
    const bool linked = load64(word) == peek64(&record->linked);
    if (pm_touched(own, segment))
        return linked;
    pm_torn(segment);
    return false;
}

/* Only its owner takes objects of a span, and this record is ours: if the object lives, it is the one that was pending. */
static void undo_pending(struct reclaiming *work, uint32_t owner)
{
    struct pm_heap *heap = &work->segment->heap;
    struct pm_record *record = &heap->records[owner - 1];
    if (came_to_its_word(work, record))
        return;
    uint64_t off = load64(&record->pending) - 1, unit = off >> PM_UNIT_SHIFT;
    if (off == PM_NO_OFFSET || unit >= load64(&heap->counts->backed) || unit >= heap->units)
        return;
    uint64_t word = load64(&heap->words[unit]);
    if (pm_unit_state(word) == PM_UNIT_BODY && pm_unit_distance(word) <= unit) {
        unit -= pm_unit_distance(word);
        word = load64(&heap->words[unit]);
    }
    if (pm_unit_owner(word) != owner)
        return;
    if (pm_unit_state(word) == PM_UNIT_SPAN) {
        undo_small(work, unit, off, word);
    } else if (pm_unit_state(word) == PM_UNIT_LARGE && pm_units_release(heap, unit, word, owner)) {
        work->objects++;
        work->bytes += pm_unit_length(word) << PM_UNIT_SHIFT;
    }
    PM_POINT("reclaim.undone");
}

/* ---- taking over ---- */

static void take_over(struct reclaiming *work)
{
    struct pm_heap *heap = &work->segment->heap;
    uint32_t used = load32(&heap->counts->records_used);
    for (uint32_t i = 0; i < used && i < PM_RECORDS; i++) {
        uint64_t holder = load64(&heap->records[i].holder);
        if (!is_meant(work, holder) || !ended(work->segment, holder) || !cas64(&heap->records[i].holder, &holder, heap->holder))
            continue;
        PM_POINT("reclaim.taken_over");
        undo_pending(work, i + 1);
        store64(&heap->records[i].pending, 0);
        work->taken[i / 64] |= UINT64_C(1) << i % 64;
        work->records++;
    }
}

/* ---- the units ---- */

static bool was_on_its_way(const struct reclaiming *work, uint64_t word)
{
    return pm_unit_state(word) == PM_UNIT_CLAIMED && is_taken(work, pm_unit_owner(word));
}

/* A further unit of a run that was on its way.  Any other first one is somebody's, or was when the further one was read. */
static bool hangs_on_one(const struct reclaiming *work, uint64_t unit, uint64_t word)
{
    uint64_t distance = pm_unit_distance(word);
    return distance != 0 && distance <= unit && was_on_its_way(work, order_load64(&work->segment->heap.words[unit - distance]));
}

static void free_one(struct reclaiming *work, uint64_t unit, uint64_t word)
{
    if (!cas64(&work->segment->heap.words[unit], &word, PM_UNIT_HOLE)) /* whether it has memory is not known */
        return;
    PM_POINT("reclaim.freed");
    work->bytes += PM_UNIT;
}

static void mend_body(struct reclaiming *work, uint64_t unit, uint64_t word)
{
    PM_POINT("reclaim.read");
    bool was = hangs_on_one(work, unit, word);
    PM_POINT("reclaim.compared");
    if (was)
        free_one(work, unit, word);
}

static void mend(struct reclaiming *work, uint64_t unit)
{
    struct pm_heap *heap = &work->segment->heap;
    uint64_t word = order_load64(&heap->words[unit]);
    switch (pm_unit_state(word)) {
    case PM_UNIT_SPAN:
        if (pm_unit_class(word) < PM_CLASSES && is_taken(work, pm_unit_owner(word)))
            pm_span_leave(heap, unit, word, heap->owner);
        else if (pm_unit_class(word) < PM_CLASSES && pm_unit_owner(word) == 0)
            pm_span_see(heap, unit, word, heap->owner);
        break;
    case PM_UNIT_BODY:
        if (work->records > 0)
            mend_body(work, unit, word);
        break;
    default: break;
    }
}

static void free_claimed(struct reclaiming *work, uint64_t unit)
{
    uint64_t word = order_load64(&work->segment->heap.words[unit]);
    if (was_on_its_way(work, word))
        free_one(work, unit, word);
}

/* First what hangs on first units, then those. */
static void mend_all(struct reclaiming *work)
{
    struct pm_heap *heap = &work->segment->heap;
    uint64_t backed = load64(&heap->counts->backed), units = backed < heap->units ? backed : heap->units;
    for (uint64_t unit = 0, end = 0; pm_units_next(work->segment, end, units, &unit, &end);)
        for (; unit < end; unit++)
            mend(work, unit);
    PM_POINT("reclaim.mended");
    for (uint64_t unit = 0, end = 0; work->records > 0 && pm_units_next(work->segment, end, units, &unit, &end);)
        for (; unit < end; unit++)
            free_claimed(work, unit);
    for (uint64_t unit = 0; unit < units; unit += PM_GROUP)
        pm_units_open(heap, unit);
}

static void finish(struct reclaiming *work)
{
    peermap_segment *segment = work->segment;
    for (uint32_t i = 0; i < PM_RECORDS; i++)
        if (is_taken(work, i + 1))
            pm_record_free(&segment->heap, i + 1);
    add64(&segment->heap.counts->reclaimed, work->objects);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_HEAP_RECLAIM, .slot = PM_NO_SLOT, .size = work->bytes, .ns = work->objects });
    pm_changed(segment);
}

void pm_reclaim(peermap_segment *segment, bool always) { pm_reclaim_of(segment, NULL, PM_EVERYBODY, always); }

void pm_reclaim_of(peermap_segment *segment, const peermap_peer *peers, int count, bool always)
{
    struct reclaiming work = { .segment = segment, .peers = peers, .count = count };
    if (pm_regain_object(segment))
        take_over(&work);
    if (work.records > 0 || always)
        mend_all(&work);
    if (work.records > 0)
        finish(&work);
}
