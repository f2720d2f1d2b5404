/* SPDX-License-Identifier: MIT */
/*
 * unit.c - runs of units: finding free ones, claiming them, giving them back, and their memory to the system.
 *
 * A claim is a compare-and-swap in each unit's word, in order of addresses; who meets a unit that another has claimed lets go again.  The lowest
 * run that fits is taken, so that the end of the heap becomes free.  A bit of the summary says that a group of units is full: it is
 * a help, set by who found it so and cleared by who frees one; after a death it may be wrong, until reclaim.c clears them all.
 */
#include "heap.h"

#include <errno.h>

#define PAGE UINT64_C(4096)
#define NO_UNIT UINT64_MAX
#define FIRST_UNIT UINT64_C(1)            /* that is ever claimed: no object is at offset 0, which programs take for none */
#define PURGE_RUN 4u                      /* units: fewer are not worth a hole */
#define SPARE_LEAST (UINT64_C(64) << 20) /* bytes of free memory that the heap keeps, as the C library does at most, */
#define SPARE_SHARE 8                    /* or this part of it */
#define PIECE (UINT64_C(16) << 20 >> PM_UNIT_SHIFT) /* units: some milliseconds */

/* ---- which units there are ---- */

/* The words and bits of units [from, to). */
static int back(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t deadline)
{
    const struct pm_heap_places *places = &segment->shape.places.heap;
    const uint64_t words = places->words + from * sizeof(uint64_t), bits = places->bits + from * sizeof(struct pm_bits);
    int error = PM_FAILS("heap.describe");
    if (error == 0)
        error = pm_fill_hole(segment, words / PAGE * PAGE, places->words + to * sizeof(uint64_t), deadline);
    if (error == 0)
        error = pm_fill_hole(segment, bits / PAGE * PAGE, places->bits + to * sizeof(struct pm_bits), deadline);
    PM_POINT("heap.described");
    return error;
}

static int describe(peermap_segment *segment, uint64_t deadline, uint64_t *usable)
{
    struct pm_heap *heap = &segment->heap;
    uint64_t units = pm_least(pm_heap_units(peermap_size(segment)), heap->units), backed = order_load64(&heap->counts->backed);
    int error = units > backed ? back(segment, backed, units, deadline) : 0;
    *usable = error == 0 ? units : 0;
    if (error != 0)
        return pm_fail_hole(segment, (units - backed) * sizeof(struct pm_bits), error);
    if (units > backed)
        add64(&heap->counts->spare, units - backed);
    while (backed < units && !cas64(&heap->counts->backed, &backed, units)) {}
    return 0;
}

uint64_t pm_units_usable(peermap_segment *segment, uint64_t deadline)
{
    uint64_t usable;
    describe(segment, deadline, &usable);
    return usable;
}

/* `backed` is a word that others write, and a page of a hole that is looked at is there from then on, at the expense of who looked. */
bool pm_units_next(const peermap_segment *segment, uint64_t from, uint64_t to, uint64_t *begin, uint64_t *end)
{
    const uint64_t words = segment->shape.places.heap.words, each = sizeof(uint64_t);
    *begin = from;
    *end = to;
    if (from >= to)
        return false;
    if (!pm_holds_descriptor(segment))
        return true;
    if (!pm_object_written(segment->fd, words + from * each, words + to * each, begin, end))
        return false;
    *begin = (*begin - words) / each;
    *end = (*end - words) / each;
    return *end > *begin;
}

/* ---- the summary ---- */

static uint64_t group_bit(uint64_t unit) { return UINT64_C(1) << unit / PM_GROUP % 64; }
static uint64_t *group_word(const struct pm_heap *heap, uint64_t unit) { return &heap->summary[unit / PM_GROUP / 64]; }

void pm_units_open(struct pm_heap *heap, uint64_t unit)
{
    if (order_load64(group_word(heap, unit)) & group_bit(unit))
        and64(group_word(heap, unit), ~group_bit(unit));
}

static bool has_free(const struct pm_heap *heap, uint64_t group, uint64_t usable)
{
    for (uint64_t unit = group; unit < group + PM_GROUP && unit < usable; unit++)
        if (pm_unit_is_free(order_load64(&heap->words[unit])))
            return true;
    return false;
}

/* Of the group that begins with this unit.  One that is only partly there yet is never marked. */
static bool is_open(struct pm_heap *heap, uint64_t group, uint64_t usable)
{
    if (peek64(group_word(heap, group)) & group_bit(group))
        return false;
    if (has_free(heap, group, usable) || group + PM_GROUP > usable)
        return true;
    or64(group_word(heap, group), group_bit(group));
    if (!has_free(heap, group, usable)) /* who freed one meanwhile may not have seen the mark */
        return false;
    pm_units_open(heap, group);
    return true;
}

/* ---- claiming ---- */

static uint64_t find(struct pm_heap *heap, uint64_t from, uint64_t usable, uint64_t count, uint64_t align)
{
    uint64_t run = 0;
    for (uint64_t unit = from; unit < usable; unit++) {
        if (unit % PM_GROUP == 0 && !is_open(heap, unit, usable)) {
            run = 0;
            unit += PM_GROUP - 1;
        } else if (!pm_unit_is_free(peek64(&heap->words[unit]))) {
            run = 0;
        } else if ((run > 0 || unit % align == 0) && ++run == count) {
            return unit + 1 - count;
        }
    }
    return NO_UNIT;
}

/* The marks after all the words, as is_open() has it the other way round. */
static void let_go(struct pm_heap *heap, uint64_t first, uint64_t count, bool hole)
{
    for (uint64_t unit = first + count; unit-- > first;)
        store64(&heap->words[unit], hole ? PM_UNIT_HOLE : PM_UNIT_FREE);
    order_all();
    for (uint64_t unit = first; unit < first + count; unit += PM_GROUP - unit % PM_GROUP)
        pm_units_open(heap, unit);
}

/* How many of them became the caller's: all, or as many as are before one that is somebody else's. */
static uint64_t take(struct pm_heap *heap, uint32_t owner, uint64_t first, uint64_t count, bool *hole)
{
    const uint64_t claimed = pm_unit_word(PM_UNIT_CLAIMED, 0, owner, 1);
    *hole = false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t word = peek64(&heap->words[first + i]);
        do {
            if (!pm_unit_is_free(word))
                return i;
        } while (!cas64(&heap->words[first + i], &word, claimed));
        PM_POINT("heap.claimed");
        *hole = *hole || pm_unit_state(word) == PM_UNIT_HOLE;
    }
    return count;
}

/* Behind holes; what has memory already keeps what is in it. */
static int fill(peermap_segment *segment, uint64_t first, uint64_t count, uint64_t deadline)
{
    uint64_t from = segment->shape.header_len + (first << PM_UNIT_SHIFT);
    int error = PM_FAILS("heap.fill");
    if (error == 0)
        error = pm_fill_hole(segment, from, from + (count << PM_UNIT_SHIFT), deadline);
    PM_POINT("heap.filled");
    return error == 0 ? 0 : pm_fail_hole(segment, count << PM_UNIT_SHIFT, error);
}

/*
 * After a claim: whoever shrinks lowers the size first, and looks for claims then, up to `backed`, which was raised before the claim.  All four, the
 * raising, the claim, and either side's store and load of the size, are sequentially consistent: one of the two sees the other (refuse_objects in resize.c).
 */
static bool still_there(const peermap_segment *segment, uint64_t end) { return pm_heap_units(peermap_size(segment)) >= end; }

int pm_units_claim(peermap_segment *segment, uint32_t owner, uint64_t count, uint64_t align, uint64_t deadline, uint64_t *first)
{
    struct pm_heap *heap = &segment->heap;
    uint64_t usable, from = FIRST_UNIT;
    int code = describe(segment, deadline, &usable);
    if (code != 0)
        return code;
    while ((*first = find(heap, from, usable, count, align)) != NO_UNIT) {
        bool hole;
        uint64_t got = take(heap, owner, *first, count, &hole);
        if (got == count && still_there(segment, *first + count)) {
            int rc = hole ? fill(segment, *first, count, deadline) : 0;
            if (rc == 0)
                add64(&heap->counts->spare, hole ? 0 : -count);
            else
                let_go(heap, *first, count, true);
            return rc;
        }
        let_go(heap, *first, got, hole);
        if (got == count)
            return PM_NO_ROOM;
        from = *first + got + 1;
    }
    return PM_NO_ROOM;
}

void pm_units_publish(struct pm_heap *heap, uint64_t first, uint64_t word, uint32_t claim)
{
    for (uint64_t i = pm_unit_length(word); i-- > 1;)
        store64(&heap->words[first + i], pm_unit_body(claim, i));
    PM_POINT("heap.bodied");
    order_store64(&heap->words[first], word);
    PM_POINT("heap.published");
}

/* ---- giving back ---- */

void pm_units_give(struct pm_heap *heap, uint64_t first, uint64_t count, bool hole)
{
    let_go(heap, first + 1, count - 1, hole);
    PM_POINT("heap.unbodied");
    let_go(heap, first, 1, hole);
    PM_POINT("heap.given");
    if (!hole)
        add64(&heap->counts->spare, count);
}

bool pm_units_release(struct pm_heap *heap, uint64_t first, uint64_t word, uint32_t owner)
{
    uint64_t expected = word, length = pm_unit_length(word);
    if (length == 0 || length > heap->units - first) /* a lie */
        return false;
    if (!cas64(&heap->words[first], &expected, pm_unit_word(PM_UNIT_CLAIMED, 0, owner, length)))
        return false;
    PM_POINT("heap.released");
    pm_units_give(heap, first, length, false);
    return true;
}

/* ---- holes ---- */

static bool has_memory(const struct pm_heap *heap, uint64_t unit) { return pm_unit_state(peek64(&heap->words[unit])) == PM_UNIT_FREE; }

static bool punch(peermap_segment *segment, uint64_t first, uint64_t count)
{
    uint64_t from = segment->shape.header_len + (first << PM_UNIT_SHIFT);
    bool punched = PM_FAILS("heap.punch") == 0 && pm_regain_object(segment) &&
                   pm_object_punch(segment->fd, from, from + (count << PM_UNIT_SHIFT), 0) == 0;
    PM_POINT("heap.punched");
    return punched;
}

/* As many of them as nobody else has claimed meanwhile. */
static void hollow(peermap_segment *segment, uint64_t first, uint64_t count)
{
    struct pm_heap *heap = &segment->heap;
    bool hole;
    uint64_t got = take(heap, heap->owner, first, count, &hole);
    bool punched = got > 0 && still_there(segment, first + got) && punch(segment, first, got);
    let_go(heap, first, got, hole || punched);
    if (punched)
        add64(&heap->counts->spare, -got);
}

/* By pieces: giving memory back takes its time. */
static void hollow_run(peermap_segment *segment, uint64_t first, uint64_t count, uint64_t deadline)
{
    for (uint64_t piece; count > 0; count -= piece) {
        piece = pm_least(count, PIECE);
        hollow(segment, first + count - piece, piece);
        if (pm_now() >= deadline)
            return;
    }
}

/* From the end, so that what is used again first keeps its memory. */
void pm_units_purge(peermap_segment *segment, uint64_t keep, uint64_t deadline)
{
    PM_UNCANCELLED;
    struct pm_heap *heap = &segment->heap;
    uint64_t run = 0;
    for (uint64_t unit = pm_units_usable(segment, deadline); unit-- > 0;) {
        run = has_memory(heap, unit) ? run + 1 : 0;
        if (run < PURGE_RUN || (unit > 0 && has_memory(heap, unit - 1)))
            continue;
        hollow_run(segment, unit, run, deadline);
        if (load64(&heap->counts->spare) << PM_UNIT_SHIFT <= keep || pm_now() >= deadline)
            return;
    }
}

void pm_units_purge_some(peermap_segment *segment)
{
    uint64_t spare = load64(&segment->heap.counts->spare) << PM_UNIT_SHIFT, share = peermap_size(segment) / SPARE_SHARE;
    uint64_t most = share > SPARE_LEAST ? share : SPARE_LEAST;
    if (spare > most && spare < UINT64_C(1) << 62)
        pm_units_purge(segment, most / 2, pm_deadline(segment));
}

uint64_t pm_units_end(const struct pm_heap *heap, uint64_t units)
{
    while (units > 0 && pm_unit_is_free(order_load64(&heap->words[units - 1])))
        units--;
    return units << PM_UNIT_SHIFT;
}
