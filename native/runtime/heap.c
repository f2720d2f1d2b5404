/* SPDX-License-Identifier: MIT */
/*
 * heap.c - allocating, resizing and freeing objects.
 *
 * Up to PM_SMALL_MAX, with its guard, an object is of a size class (span.c); above that it is a run of units of its own (large.c).  When there is
 * no room: first what the dead and what this thread holds for nothing, then a growth, on whose return every peer has it mapped.
 */
#include "object.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

/* ---- may we? ---- */

int pm_heap_unseen(const peermap_segment *segment)
{
    if (!pm_attached(segment)) {
        errno = EBADF;
        return pm_fail_detached();
    }
    if (!(segment->shape.flags & PM_SEGMENT_HEAP)) {
        errno = EINVAL;
        return pm_fail(PEERMAP_EINVAL, "segment %s was created without PEERMAP_HEAP: its memory is the application's to lay out", segment->name);
    }
    if (!pm_lost(segment))
        return 0;
    errno = ENODATA;
    return pm_fail_lost(segment);
}

int pm_heap_unready(const peermap_segment *segment)
{
    int rc = pm_heap_unseen(segment);
    if (rc != 0)
        return rc;
    errno = EROFS;
    return pm_fail_read_only(segment, "change the heap");
}

/* ---- more room ---- */

/* By as much again as there is, but by no more than the step; by what is needed if that cannot be had. */
static int grow(peermap_segment *segment, uint64_t from, uint64_t needed, uint64_t deadline)
{
    uint64_t reserved = segment->shape.reserved / PM_UNIT * PM_UNIT, ragged = (PM_UNIT - from % PM_UNIT) % PM_UNIT;
    uint64_t wish = pm_least(from, segment->heap.step) / PM_UNIT * PM_UNIT, by = (wish > needed ? wish : needed) + ragged;
    needed += ragged;
    if (from > reserved || needed > reserved - from)
        return pm_fail_full(segment, from, reserved, needed);
    by = pm_least(by, reserved - from);
    int rc = pm_grow_from(segment, from, by, deadline, NULL);
    if (rc == PEERMAP_ENOSPC && by > needed)
        rc = pm_grow_from(segment, from, by = needed, deadline, NULL);
    if (rc == 0)
        add64(&segment->heap.counts->grown, 1);
    return rc == PM_CHANGED ? 0 : rc;
}

/* That a run of so many begin at such a multiple, past a size. */
static uint64_t units_past(uint64_t size, uint64_t units, uint64_t align)
{
    uint64_t end = (size + PM_UNIT - 1) >> PM_UNIT_SHIFT;
    return (align - end % align) % align + units;
}

/* Process-local.  The search for room, of one allocation. */
struct search {
    uint64_t deadline; /* of the whole call */
    uint32_t time;
};

/* The first time by looking for what is nobody's, then by a growth; nothing where somebody else has grown it meanwhile. */
static int make_room(struct pm_cache *cache, uint64_t size, uint64_t units, struct search *search)
{
    peermap_segment *segment = cache->segment;
    if (search->time++ == 0) {
        pm_cache_give_idle(cache);
        pm_reclaim(segment, true);
        return 0;
    }
    if (search->time > 2 && pm_now() >= search->deadline)
        return pm_fail(PEERMAP_EBUSY, "segment %s: others took whatever it grew by, until the deadline; repeat", segment->name);
    return grow(segment, size, units << PM_UNIT_SHIFT, search->deadline);
}

/* ---- taking ---- */

static __attribute__((noinline)) uint64_t search_small(struct pm_cache *cache, uint32_t class_, int *rc)
{
    PM_UNCANCELLED;
    struct search search = { .deadline = pm_deadline(cache->segment) };
    for (;;) {
        uint64_t size = pm_active(cache->segment->header), off;
        *rc = pm_span_refill(cache, class_, search.time > 0, search.deadline);
        if (*rc == PM_NO_ROOM)
            *rc = make_room(cache, size, pm_classes[class_].units, &search);
        if (*rc != 0)
            return PM_NO_OFFSET;
        if ((off = pm_span_take(cache, class_)) != PM_NO_OFFSET)
            return off;
    }
}

static uint64_t take_small(struct pm_cache *cache, uint32_t class_, int *rc)
{
    uint64_t off = pm_span_take(cache, class_);
    return off != PM_NO_OFFSET ? off : search_small(cache, class_, rc);
}

static uint64_t search_large(struct pm_cache *cache, uint64_t units, uint64_t align, int *rc)
{
    PM_UNCANCELLED;
    struct search search = { .deadline = pm_deadline(cache->segment) };
    for (;;) {
        uint64_t off, size = pm_active(cache->segment->header);
        *rc = pm_large_take(cache, units, align, search.deadline, &off);
        if (*rc == 0)
            return off;
        if (*rc == PM_NO_ROOM)
            *rc = make_room(cache, size, units_past(size, units, align), &search);
        if (*rc != 0)
            return PM_NO_OFFSET;
    }
}

static uint64_t take_large(struct pm_cache *cache, uint64_t units, uint64_t align, int *rc)
{
    uint64_t off = pm_large_take_parked(cache, units, align);
    return off != PM_NO_OFFSET ? off : search_large(cache, units, align, rc);
}

static void *refuse(peermap_segment *segment, int rc, uint64_t size)
{
    if (rc == PM_NO_ROOM && size > PM_HEAP_RESERVED_MAX)
        pm_fail(PEERMAP_ELIMIT, "no segment can have an object of %" PRIu64 " bytes", size);
    else if (rc == PM_NO_ROOM)
        pm_fail(PEERMAP_ELIMIT, "segment %s can have at most %" PRIu64 " bytes: there is no room for an object of %" PRIu64 "; create it with a larger reserve_size", segment->name,
                segment->shape.reserved, size);
    errno = rc == PEERMAP_ELOST || pm_lost(segment) ? ENODATA : ENOMEM;
    return NULL;
}

/* The class whose objects are all aligned so, or PM_CLASSES: none.  A span begins where a unit does, so no more than that can be had from it. */
static uint32_t class_for(uint64_t room, uint64_t align)
{
    uint32_t class_ = room <= PM_SMALL_MAX && align <= PM_UNIT ? pm_class_of(room) : PM_CLASSES;
    while (align > 16 && class_ < PM_CLASSES && pm_classes[class_].stride % align != 0)
        class_++;
    return class_;
}

/* False if another was first: then there is no such object any more. */
static bool give_to(peermap_segment *segment, struct pm_cache *cache, const struct pm_object_place *place)
{
    if (pm_unit_state(place->word) != PM_UNIT_SPAN)
        return pm_large_give(segment, cache, place->unit, place->word);
    pm_span_give(segment, cache, place);
    return true;
}

/* The object that is pending is not to be had. */
static uint64_t give_back(peermap_segment *segment, struct pm_cache *cache, uint64_t off)
{
    struct pm_object_place place;
    const char *object = segment->base + off;
    if (pm_object_find(segment, object, &place) == 0)
        give_to(segment, cache, &place);
    store64(&cache->record->pending, 0);
    return PM_NO_OFFSET;
}

/* Because its memory is not. */
static __attribute__((noinline)) uint64_t forgo(peermap_segment *segment, struct pm_cache *cache, uint64_t off)
{
    pm_torn(segment);
    give_back(segment, cache, off);
    errno = ENODATA;
    return PM_NO_OFFSET;
}

/* A sealed object, whose record still says that it is pending; or PM_NO_OFFSET and errno. */
static inline __attribute__((always_inline)) uint64_t obtain(struct pm_thread *own, peermap_segment *segment, struct pm_cache *cache, uint64_t size, uint64_t align)
{
    int rc = 0;
    uint64_t room = size + PM_GUARD, off;
    if (size > segment->shape.reserved) {
        refuse(segment, PM_NO_ROOM, size);
        return PM_NO_OFFSET;
    }
    uint32_t class_ = class_for(room, align);
    if (class_ < PM_CLASSES) {
        room = pm_classes[class_].stride;
        off = take_small(cache, class_, &rc);
    } else {
        room = (room + PM_UNIT - 1) / PM_UNIT * PM_UNIT;
        off = take_large(cache, room >> PM_UNIT_SHIFT, align > PM_UNIT ? align >> PM_UNIT_SHIFT : 1, &rc);
    }
    if (off == PM_NO_OFFSET)
        refuse(segment, rc, size);
    else if (!pm_object_seal(own, segment, off, room, size))
        off = forgo(segment, cache, off);
    return off;
}

static inline void *have(const peermap_segment *segment, const struct pm_cache *cache, uint64_t off, uint64_t size)
{
    store64(&cache->record->pending, 0);
    PM_POINT("heap.had");
    poke64(&cache->record->allocations, peek64(&cache->record->allocations) + 1);
    poke64(&cache->record->allocated_bytes, peek64(&cache->record->allocated_bytes) + size);
    return segment->base + off;
}

static void *allocate_first(peermap_segment *segment, uint64_t size, uint64_t align);

static void *allocate(peermap_segment *segment, uint64_t size, uint64_t align)
{
    struct pm_thread *own = pm_own();
    if (pm_heap_ready(segment) != 0)
        return NULL;
    struct pm_cache *cache = pm_cache_near(own, segment);
    if (!cache)
        return allocate_first(segment, size, align);
    const uint64_t off = obtain(own, segment, cache, size, align);
    return off == PM_NO_OFFSET ? NULL : have(segment, cache, off, size);
}

/* With a cache that is at hand now. */
static __attribute__((noinline)) void *allocate_first(peermap_segment *segment, uint64_t size, uint64_t align)
{
    struct pm_cache *cache = pm_cache_make(segment);
    if (!cache)
        return refuse(segment, PEERMAP_EOS, size);
    void *object = allocate(segment, size, align);
    pm_cache_done(cache);
    return object;
}

void *peermap_alloc(peermap_segment *segment, size_t size) { return allocate(segment, size, 16); }

void *peermap_aligned_alloc(peermap_segment *segment, size_t alignment, size_t size)
{
    if (alignment == 0 || (alignment & (alignment - 1)) != 0 || alignment > PM_ALIGN_MAX) {
        pm_fail(PEERMAP_EINVAL, "an alignment of %zu; a power of two up to %" PRIu64 " is possible", alignment, PM_ALIGN_MAX);
        errno = EINVAL;
        return NULL;
    }
    return allocate(segment, size, alignment < 16 ? 16 : alignment);
}

/* ---- giving ---- */

/* The object that lives at this address, and its size: 0.  Or enum peermap_heap_fault_kind; or a code and its sentence, if that cannot be told any more. */
static int examine(struct pm_thread *own, peermap_segment *segment, const void *at, struct pm_object_place *place, uint64_t *size)
{
    uint64_t note;
    *size = 0;
    int kind = pm_object_find(segment, at, place);
    if (kind == 0)
        kind = pm_object_sealed(own, segment, place, size, &note);
    if (kind < 0)
        kind = pm_torn(segment);
    else if (kind > 0 && pm_lost(segment)) /* meanwhile: what was read is zeroes */
        kind = pm_fail_lost(segment);
    if (kind < 0)
        errno = ENODATA;
    return kind;
}

/* Of one that is to be changed.  False and errno; a fault is reported. */
static bool find(struct pm_thread *own, peermap_segment *segment, const void *at, struct pm_object_place *place, uint64_t *size)
{
    int kind = examine(own, segment, at, place, size);
    if (kind > 0) {
        pm_heap_report(segment, kind, at, place, *size);
        errno = EINVAL;
    }
    return kind == 0;
}

static void count_free(const peermap_segment *segment, const struct pm_cache *cache, uint64_t size)
{
    if (!cache) {
        add64(&segment->heap.counts->frees, 1);
        add64(&segment->heap.counts->freed_bytes, size);
        return;
    }
    poke64(&cache->record->frees, peek64(&cache->record->frees) + 1);
    poke64(&cache->record->freed_bytes, peek64(&cache->record->freed_bytes) + size);
}

static void give(struct pm_thread *own, peermap_segment *segment, const void *at, const struct pm_object_place *place, uint64_t size)
{
    struct pm_cache *near = pm_cache_near(own, segment), *cache = near ? near : pm_cache_make_lasting(segment);
    count_free(segment, cache, size); /* without one it can be freed all the same */
    if (!give_to(segment, cache, place) && !pm_lost(segment))
        pm_heap_report(segment, PEERMAP_FAULT_DOUBLE_FREE, at, place, size);
}

/* An object of the caller's alone, in the middle of which memory was gone. */
static void *give_up(struct pm_thread *own, peermap_segment *segment, const void *object, uint64_t size)
{
    struct pm_object_place place;
    if (pm_object_find(segment, object, &place) == 0)
        give(own, segment, object, &place, size);
    errno = ENODATA;
    return NULL;
}

static void *refuse_product(size_t count, size_t size)
{
    pm_fail(PEERMAP_ELIMIT, "no segment can have an object of %zu times %zu bytes", count, size);
    errno = ENOMEM;
    return NULL;
}

void *peermap_calloc(peermap_segment *segment, size_t count, size_t size)
{
    struct pm_thread *own = pm_own();
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return pm_heap_ready(segment) == 0 ? refuse_product(count, size) : NULL;
    void *object = allocate(segment, bytes, 16);
    return object && pm_zero(segment, object, bytes) != 0 ? give_up(own, segment, object, bytes) : object;
}

void peermap_free(peermap_segment *segment, void *ptr)
{
    struct pm_thread *own = pm_own();
    struct pm_object_place place;
    uint64_t size;
    if (!ptr || pm_heap_ready(segment) != 0)
        return;
    if (find(own, segment, ptr, &place, &size))
        give(own, segment, ptr, &place, size);
}

size_t peermap_object_size(peermap_segment *segment, const void *ptr)
{
    struct pm_thread *own = pm_own();
    struct pm_object_place place;
    uint64_t size;
    if (!ptr || pm_heap_seen(segment) != 0)
        return 0;
    return examine(own, segment, ptr, &place, &size) < 0 ? 0 : size;
}

/* ---- allocating to where it is wanted ---- */

/* The word is to be of the active memory.  False, and errno. */
static bool check_slot(peermap_segment *segment, const uint64_t *slot)
{
    if ((uintptr_t)slot % sizeof *slot == 0 && pm_is_active(segment, slot, sizeof *slot))
        return true;
    pm_fail(PEERMAP_EINVAL, "the word at %p, which is to have an object of segment %s, is not in its active memory, or not aligned to 8 bytes", (const void *)slot, segment->name);
    errno = EINVAL;
    return false;
}

enum link { LINKED, TAKEN, GONE };

/* The word becomes `value` if it is 0, and is there. */
static enum link link_to(struct pm_thread *own, peermap_segment *segment, uint64_t *slot, uint64_t value)
{
    uint64_t none = 0;
    if (!pm_touch(own, segment, slot, sizeof *slot))
        return GONE;
    const bool linked = cas64(slot, &none, value);
    PM_POINT("heap.linked");
    return !pm_touched(own, segment) ? GONE : linked ? LINKED : TAKEN;
}

static void fail_taken(const peermap_segment *segment)
{
    pm_fail(PEERMAP_EINVAL, "the word that is to have an object of segment %s has one already: it is not 0; nothing was allocated", segment->name);
    errno = EEXIST;
}

/* The record says where it is to go before it is put there: whoever undoes what was pending looks whether it came there. */
static uint64_t allocate_to(struct pm_thread *own, peermap_segment *segment, struct pm_cache *cache, uint64_t *slot, uint64_t size, uint64_t base)
{
    struct pm_record *record = cache->record;
    const uint64_t off = obtain(own, segment, cache, size, 16);
    if (off == PM_NO_OFFSET)
        return off;
    if (pm_zero(segment, segment->base + off, size) != 0) {
        give_back(segment, cache, off);
        errno = ENODATA;
        return PM_NO_OFFSET;
    }
    poke64(&record->linked, base + off);
    store64(&record->link, (uintptr_t)slot - (uintptr_t)segment->base + 1);
    PM_POINT("heap.linking");
    const enum link came = link_to(own, segment, slot, base + off);
    if (came == LINKED) {
        have(segment, cache, off, size);
    } else if (came == TAKEN) {
        give_back(segment, cache, off);
        fail_taken(segment);
    } else {
        forgo(segment, cache, off);
    }
    store64(&record->link, 0);
    return came == LINKED ? off : PM_NO_OFFSET;
}

/* Before anything is allocated; and errno. */
static bool has_one(struct pm_thread *own, peermap_segment *segment, const uint64_t *slot)
{
    if (!pm_touch(own, segment, slot, sizeof *slot))
        return false;
    const bool has = load64(slot) != 0;
    if (!pm_touched(own, segment) || !has)
        return false;
    fail_taken(segment);
    return true;
}

static uint64_t allocate_into(peermap_segment *segment, uint64_t *slot, uint64_t size, bool address)
{
    struct pm_thread *own = pm_own();
    if (pm_heap_ready(segment) != 0 || !check_slot(segment, slot) || has_one(own, segment, slot))
        return PM_NO_OFFSET;
    struct pm_cache *near = pm_cache_near(own, segment), *cache = near ? near : pm_cache_make(segment);
    if (!cache) {
        refuse(segment, PEERMAP_EOS, size);
        return PM_NO_OFFSET;
    }
    const uint64_t off = allocate_to(own, segment, cache, slot, size, address ? (uintptr_t)segment->base : 0);
    const int error = errno;
    if (!near)
        pm_cache_done(cache);
    errno = error;
    return off;
}

void *peermap_alloc_to(peermap_segment *segment, void **slot, size_t size)
{
    const uint64_t off = allocate_into(segment, (uint64_t *)(void *)slot, size, true);
    return off == PM_NO_OFFSET ? NULL : segment->base + off;
}

uint64_t peermap_alloc_offset_to(peermap_segment *segment, uint64_t *slot, size_t size)
{
    const uint64_t off = allocate_into(segment, slot, size, false);
    return off == PM_NO_OFFSET ? 0 : off;
}

/* ---- resizing ---- */

/* The room stays, unless more than half of it would be for nothing. */
static bool fits(const struct pm_object_place *place, uint64_t size)
{
    uint64_t room = size + PM_GUARD;
    return room <= place->room && (room > place->room / 2 || place->room <= 64);
}

static void *reseal(struct pm_thread *own, peermap_segment *segment, void *ptr, const struct pm_object_place *place, uint64_t size)
{
    if (pm_object_seal(own, segment, place->off, place->room, size))
        return ptr;
    pm_torn(segment);
    errno = ENODATA;
    return NULL;
}

void *peermap_realloc(peermap_segment *segment, void *ptr, size_t size)
{
    struct pm_thread *own = pm_own();
    struct pm_object_place place;
    uint64_t before;
    if (!ptr)
        return allocate(segment, size, 16);
    if (pm_heap_ready(segment) != 0)
        return NULL;
    if (!find(own, segment, ptr, &place, &before))
        return NULL;
    if (size <= segment->shape.reserved && fits(&place, size))
        return reseal(own, segment, ptr, &place, size);
    void *moved = allocate(segment, size, 16);
    if (moved && pm_copy(segment, moved, ptr, pm_least(before, size)) != 0)
        return give_up(own, segment, moved, size);
    if (moved)
        give(own, segment, ptr, &place, before);
    return moved;
}
