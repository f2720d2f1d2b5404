/* SPDX-License-Identifier: MIT */
/*
 * heap_walk.c - from one live object to the next, and who allocated it.
 *
 * In the order of addresses, by the words and bits that say what lives; an object that comes or goes meanwhile is met or not.  An object names who allocated it by a
 * number of that attachment, of which it has the low bits, and says when: a peer that attached later is another one of the same bits.
 */
#include "object.h"

#include <string.h>

#define SECOND UINT64_C(1000000000)

/* ---- who, and when ---- */

static uint64_t allocated_at(const peermap_segment *segment, uint64_t note)
{
    const uint64_t wrap = UINT64_C(1) << PM_NOTE_TIME_BITS, created = segment->heap.created_ns, now = pm_now_wall_coarse();
    const uint64_t units = now > created ? (now - created) / SECOND >> PM_NOTE_TIME_SHIFT : 0, said = pm_note_time(note);
    const uint64_t ago = (units - said) & (wrap - 1);
    if (ago > units) /* the clock was set back */
        return 0;
    return created + ((units - ago) << PM_NOTE_TIME_SHIFT) * SECOND;
}

static bool is_owner(const struct pm_slot *slot, uint64_t note, uint64_t allocated)
{
    const uint64_t least = allocated + (SECOND << PM_NOTE_TIME_SHIFT);
    return slot->attachment != 0 && pm_note_attachment(slot->attachment) == pm_note_owner(note) && slot->attached_ns <= least;
}

/* Objects beside each other are mostly one peer's: where its slot was found last is looked at first. */
static void find_owner(peermap_segment *segment, uint64_t note, peermap_object *out)
{
    const uint32_t count = segment->shape.slot_count, first = peek32(&segment->heap.owner_seen);
    struct pm_slot slot;
    for (uint32_t i = 0; i < count; i++) {
        const uint32_t index = (first + i) % count;
        if (load64(&segment->slots[index].attachment) == 0 || !pm_slot_read(segment, index, &slot) || !is_owner(&slot, note, out->allocated_ns))
            continue;
        const uint64_t state = slot.tag & PM_TAG_STATE;
        if (state != PM_LIVE && state != PM_DEAD)
            continue;
        poke32(&segment->heap.owner_seen, index);
        out->owner = pm_holder_of(slot.tag, index);
        out->pid = (pid_t)slot.pid;
        out->state = pm_slot_lives(&slot) ? PEERMAP_ALIVE : PEERMAP_DEAD;
        memcpy(out->name, slot.name, sizeof out->name - 1);
        return;
    }
}

/* ---- where ---- */

/* It is about to be had, and has no guard yet. */
static bool is_pending(const struct pm_heap *heap, const struct pm_object_place *place)
{
    const uint32_t owner = pm_unit_owner(place->word);
    return owner != 0 && owner <= PM_RECORDS && load64(&heap->records[owner - 1].pending) == place->off + 1;
}

/* 1: there is one at this place.  0, or PEERMAP_ELOST. */
static int fill(peermap_segment *segment, struct pm_object_place *place, peermap_object *out)
{
    uint64_t size, note;
    if (pm_object_find(segment, segment->base + place->off, place) != 0 || is_pending(&segment->heap, place))
        return 0;
    const int sealed = pm_object_sealed(pm_own(), segment, place, &size, &note);
    if (sealed < 0)
        return pm_torn(segment);
    *out = (peermap_object){ .pointer = segment->base + place->off, .offset = place->off, .size = size, .state = PEERMAP_UNKNOWN };
    if (sealed == 0 && (out->allocated_ns = allocated_at(segment, note)) != 0)
        find_owner(segment, note, out);
    return 1;
}

/* From `*at`, in a span that begins at this unit: the next that lives, if there is one. */
static int look_in_span(peermap_segment *segment, uint64_t unit, uint64_t word, uint64_t *at, peermap_object *out)
{
    const uint32_t class_ = pm_unit_class(word);
    const uint64_t begin = unit << PM_UNIT_SHIFT, end = begin + (pm_unit_length(word) << PM_UNIT_SHIFT);
    if (class_ < PM_CLASSES) {
        const struct pm_class *shape = &pm_classes[class_];
        for (uint64_t index = *at > begin ? (*at - begin + shape->stride - 1) / shape->stride : 0; index < shape->capacity; index++) {
            struct pm_object_place place = { .off = begin + index * shape->stride, .unit = unit, .word = word, .class_ = class_, .index = (uint32_t)index };
            const int found = pm_span_live(&segment->heap, &place) ? fill(segment, &place, out) : 0;
            *at = place.off + shape->stride;
            if (found != 0)
                return found;
        }
    }
    *at = end > *at ? end : *at; /* never back: objects may fill a span to its very end */
    return 0;
}

static int look_at_unit(peermap_segment *segment, uint64_t unit, uint64_t *at, peermap_object *out)
{
    const struct pm_heap *heap = &segment->heap;
    uint64_t first = unit, word = load64(&heap->words[unit]);
    if (pm_unit_state(word) == PM_UNIT_BODY && pm_unit_distance(word) <= unit) {
        first = unit - pm_unit_distance(word);
        word = load64(&heap->words[first]);
    }
    if (pm_unit_state(word) == PM_UNIT_SPAN && first + pm_unit_length(word) > unit)
        return look_in_span(segment, first, word, at, out);
    *at = (unit + 1) << PM_UNIT_SHIFT;
    if (pm_unit_state(word) != PM_UNIT_LARGE || first != unit)
        return 0;
    struct pm_object_place place = { .off = unit << PM_UNIT_SHIFT };
    const int found = fill(segment, &place, out);
    if (found == 1 && place.room > PM_UNIT)
        *at = place.off + place.room;
    return found;
}

/* 1, 0 or PEERMAP_ELOST.  In the first `size` bytes, which are pinned. */
static int look(peermap_segment *segment, size_t size, uint64_t *at, peermap_object *out)
{
    const struct pm_heap *heap = &segment->heap;
    const uint64_t units = pm_least(pm_heap_units(size), pm_least(load64(&heap->counts->backed), heap->units));
    uint64_t begin, end;
    int found = 0;
    while (found == 0 && pm_units_next(segment, *at >> PM_UNIT_SHIFT, units, &begin, &end)) {
        *at = begin << PM_UNIT_SHIFT > *at ? begin << PM_UNIT_SHIFT : *at;
        while (found == 0 && *at >> PM_UNIT_SHIFT < end)
            found = look_at_unit(segment, *at >> PM_UNIT_SHIFT, at, out);
    }
    return found;
}

int peermap_next_object(peermap_segment *segment, uint64_t *cursor, peermap_object *out)
{
    PM_UNCANCELLED;
    const int rc = pm_heap_seen(segment);
    if (rc != 0)
        return rc;
    if (!cursor || !out)
        return pm_fail(PEERMAP_EINVAL, "%s is NULL", cursor ? "out" : "cursor");
    const size_t size = peermap_pin(segment);
    if (size == 0)
        return pm_fail(PEERMAP_EBUSY, "segment %s: this handle has as many pins as can be", segment->name);
    const int found = look(segment, size, cursor, out);
    peermap_unpin(segment);
    return pm_unless_lost(segment, found);
}
