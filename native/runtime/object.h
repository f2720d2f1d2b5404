/* SPDX-License-Identifier: MIT */
/*
 * object.h - from an address to the object that lives there, and its guard.  In a header because every allocation and every free comes through here.
 *
 * The last 8 bytes of an object's room are its guard: its size, who allocated it, and when, hidden under a key that differs from object to object.  Right behind the
 * object are 8 bytes, or as many as there are before the guard, of the key's complement: so also the first byte too many is noticed.  The
 * key is made from the offset, which is the same in every peer.
 */
#ifndef PM_OBJECT_H
#define PM_OBJECT_H

#include "heap.h"
#include "touch.h"

#include <string.h>

/* ---- guards ---- */

static inline uint64_t pm_object_key(const peermap_segment *segment, uint64_t off) { return pm_guard_key(segment->heap.secret, off); }

/* Of a large object, which begins where a unit does: in that one's bits. */
static inline uint64_t *pm_object_large_note(const struct pm_heap *heap, uint64_t off) { return &pm_bits_of(heap, off >> PM_UNIT_SHIFT)->taken[0]; }

/* The bytes of a word that lie before the guard. */
static inline uint64_t pm_object_mask(uint64_t room, uint64_t size)
{
    uint64_t bytes = room - PM_GUARD - size;
    return bytes >= 8 ? UINT64_MAX : (UINT64_C(1) << bytes * 8) - 1;
}

static inline uint64_t pm_object_word(const char *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* Who allocates now, and when. */
static inline uint64_t pm_object_note(const peermap_segment *segment)
{
    const uint64_t now = pm_now_wall_coarse(), created = segment->heap.created_ns;
    return pm_note_of(segment->heap.attachment, now > created ? (now - created) / UINT64_C(1000000000) : 0);
}

/* False: it is not there any more (touch.h). */
static inline bool pm_object_seal(struct pm_thread *own, peermap_segment *segment, uint64_t off, uint64_t room, uint64_t size)
{
    char *object = segment->base + off;
    uint64_t key = pm_object_key(segment, off), tail = ~key, note = pm_object_note(segment), guard;
    if (room <= PM_SMALL_MAX) {
        guard = pm_guard_hide(key, note | (room - PM_GUARD - size));
    } else {
        guard = pm_guard_hide(key, size);
        poke64(pm_object_large_note(&segment->heap, off), note);
    }
    if (!pm_touch(own, segment, object + size, room - size))
        return false;
    memcpy(object + size, &tail, sizeof tail); /* what of it is too much goes under the guard */
    memcpy(object + room - PM_GUARD, &guard, sizeof guard);
    return pm_touched(own, segment);
}

/* What is under the guard: the size, and the rest of the note.  False: that cannot be. */
static inline bool pm_object_unseal(const peermap_segment *segment, const struct pm_object_place *place, uint64_t guard, uint64_t *size, uint64_t *note)
{
    const uint64_t found = pm_guard_show(pm_object_key(segment, place->off), guard), most = place->room - PM_GUARD;
    if (place->room > PM_SMALL_MAX) {
        *note = peek64(pm_object_large_note(&segment->heap, place->off));
        *size = found;
        return found <= most;
    }
    *note = found;
    *size = most - pm_note_room(found);
    return found >> PM_NOTE_BITS == 0 && pm_note_room(found) <= most;
}

/* 0, PEERMAP_FAULT_OVERFLOW, or PEERMAP_ELOST: it is not there any more.  The object's bytes count as written in memory order: little-endian.  Of one that was
 * written past its end, the size is the most that it can have. */
static inline int pm_object_sealed(struct pm_thread *own, const peermap_segment *segment, const struct pm_object_place *place, uint64_t *size, uint64_t *note)
{
    const char *object = segment->base + place->off;
    const uint64_t key = pm_object_key(segment, place->off), most = place->room - PM_GUARD;
    if (!pm_touch(own, segment, object, place->room))
        return PEERMAP_ELOST;
    bool sealed = pm_object_unseal(segment, place, pm_object_word(object + most), size, note);
    if (!sealed)
        *size = most;
    sealed = sealed && ((pm_object_word(object + *size) ^ ~key) & pm_object_mask(place->room, *size)) == 0;
    return !pm_touched(own, segment) ? PEERMAP_ELOST : sealed ? 0 : PEERMAP_FAULT_OVERFLOW;
}

/* ---- addresses ---- */

static inline int pm_object_find_small(const struct pm_heap *heap, uint64_t mapped, struct pm_object_place *place)
{
    place->class_ = pm_unit_class(place->word);
    if (place->class_ >= PM_CLASSES)
        return PEERMAP_FAULT_FOREIGN;
    const struct pm_class *shape = &pm_classes[place->class_];
    uint64_t into = place->off - (place->unit << PM_UNIT_SHIFT);
    place->index = (uint32_t)((into * shape->inverse) >> 40);
    place->room = shape->stride;
    if (place->index >= shape->capacity || (uint64_t)place->index * shape->stride != into || place->room > mapped - place->off)
        return PEERMAP_FAULT_FOREIGN;
    return pm_span_live(heap, place) ? 0 : PEERMAP_FAULT_DOUBLE_FREE;
}

static inline int pm_object_find(const peermap_segment *segment, const void *at, struct pm_object_place *place)
{
    const struct pm_heap *heap = &segment->heap;
    place->off = (uintptr_t)at - (uintptr_t)segment->base;
    place->room = 0;
    place->unit = place->off >> PM_UNIT_SHIFT;
    const uint64_t mapped = load64(&segment->mapped);
    if (place->off >= mapped || place->off % 16 != 0 || place->unit >= peek64(&heap->counts->backed))
        return PEERMAP_FAULT_FOREIGN;
    place->word = load64(&heap->words[place->unit]);
    if (pm_unit_state(place->word) == PM_UNIT_BODY && pm_unit_distance(place->word) <= place->unit) {
        place->unit -= pm_unit_distance(place->word);
        place->word = load64(&heap->words[place->unit]);
    }
    switch (pm_unit_state(place->word)) {
    case PM_UNIT_SPAN: return pm_object_find_small(heap, mapped, place);
    case PM_UNIT_LARGE:
        place->room = pm_unit_length(place->word) << PM_UNIT_SHIFT;
        return place->off == place->unit << PM_UNIT_SHIFT && place->room != 0 && place->room <= mapped - place->off
                   ? 0
                   : PEERMAP_FAULT_FOREIGN;
    case PM_UNIT_FREE:
    case PM_UNIT_HOLE:
    case PM_UNIT_CLAIMED: return PEERMAP_FAULT_DOUBLE_FREE;
    default: return PEERMAP_FAULT_FOREIGN;
    }
}

#endif
