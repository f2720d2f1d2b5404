/* SPDX-License-Identifier: MIT */
/*
 * span.c - small objects: runs of units divided into objects of one class.
 *
 * A thread owns up to PM_RING_MAX spans of a class, goes round among them, and allocates from one at a time; only the owner writes `taken`.
 * When its ring is full it leaves one to nobody.  A span that nobody owns is adopted by whoever needs one: hints, which may be
 * lost or wrong, say where there is a good one.  Its last object is freed, it is given back, by whoever freed that.
 */
#include "heap.h"

#define SEARCH 4096u /* units that are looked at for a span that nobody owns, before a new one is claimed, */
#define CHOICE 4u    /* unless so many were found before */
#define WORTH_OF 16u /* a span is gone to when this part of it is free */

static uint64_t valid_bits(uint32_t class_, uint32_t word)
{
    uint32_t left = pm_classes[class_].capacity - word * 64;
    return left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
}

static uint32_t word_count(uint32_t class_) { return (pm_classes[class_].capacity + 63) / 64; }
static uint32_t ring_room(uint32_t class_)
{
    uint32_t room = PM_RING_UNITS / pm_classes[class_].units;
    return room < PM_RING_MAX ? room : PM_RING_MAX;
}
static uint32_t worth(uint32_t class_)
{
    uint32_t part = pm_classes[class_].capacity / WORTH_OF;
    return part > 0 ? part : 1;
}

static uint32_t free_in(const struct pm_heap *heap, uint64_t unit, uint32_t class_)
{
    return pm_classes[class_].capacity - pm_bits_live(pm_bits_of(heap, unit), class_);
}

/* ---- taking ---- */

/* `pending` is there before the object is taken, and names it until the caller has it: who dies in between has it taken back. */
uint64_t pm_span_take(struct pm_cache *cache, uint32_t class_)
{
    struct pm_ring *ring = &cache->rings[class_];
    const struct pm_class *shape = &pm_classes[class_];
    if (!ring->bits)
        return PM_NO_OFFSET;
    for (const uint32_t words = word_count(class_); ring->word < words; ring->word++) {
        uint64_t *taken = &ring->bits->taken[ring->word], word = peek64(taken);
        uint64_t free = ~(word ^ load64(&ring->bits->given[ring->word])) & valid_bits(class_, ring->word);
        if (free == 0)
            continue;
        uint32_t bit = (uint32_t)__builtin_ctzll(free);
        uint64_t off = ring->off + (uint64_t)(ring->word * 64 + bit) * shape->stride;
        store64(&cache->record->pending, off + 1);
        PM_POINT("span.pending");
        store64(taken, word ^ UINT64_C(1) << bit);
        PM_POINT("span.taken");
        return off;
    }
    return PM_NO_OFFSET;
}

static void go_to(struct pm_cache *cache, uint32_t class_, uint32_t at)
{
    struct pm_ring *ring = &cache->rings[class_];
    ring->at = at;
    ring->word = 0;
    ring->bits = ring->count ? pm_bits_of(&cache->segment->heap, ring->units[at]) : NULL;
    ring->off = ring->count ? (uint64_t)ring->units[at] << PM_UNIT_SHIFT : 0;
}

/* ---- leaving and adopting ---- */

static void hint_at(struct pm_heap *heap, uint64_t unit, uint32_t class_)
{
    if (unit < UINT32_MAX)
        store32(&heap->hints[class_ * PM_HINTS + unit % PM_HINTS], (uint32_t)unit + 1);
}

static bool is_empty(const struct pm_heap *heap, uint64_t unit, uint32_t class_)
{
    return free_in(heap, unit, class_) == pm_classes[class_].capacity;
}

/*
 * Of a span that nobody owns: frees it if it is empty.  Between the look and the ownership somebody may have taken from it; then it is left again, and
 * looked at again, as its last object may have been freed while it was owned.
 */
static bool give_empty(struct pm_heap *heap, uint64_t unit, uint64_t word, uint32_t owner)
{
    const uint64_t mine = pm_unit_owned_by(word, owner);
    do {
        uint64_t unowned = word;
        if (!cas64(&heap->words[unit], &unowned, mine))
            return false;
        PM_POINT("span.adopted");
        if (is_empty(heap, unit, pm_unit_class(word)))
            return pm_units_release(heap, unit, mine, owner);
        order_store64(&heap->words[unit], word);
    } while (is_empty(heap, unit, pm_unit_class(word)));
    return false;
}

void pm_span_see(struct pm_heap *heap, uint64_t unit, uint64_t word, uint32_t owner)
{
    uint32_t class_ = pm_unit_class(word);
    if (class_ >= PM_CLASSES) /* a lie */
        return;
    uint32_t free = free_in(heap, unit, class_);
    if (free == pm_classes[class_].capacity)
        give_empty(heap, unit, word, owner);
    else if (free >= worth(class_))
        hint_at(heap, unit, class_);
}

/*
 * The span is left first and looked at then, while whoever frees an object of it frees first and looks then who owns the span, all
 * sequentially consistent (pm_bits_live() reads so): one of the two sees that it is empty.  Likewise of two who free its last objects, in two words.
 */
void pm_span_leave(struct pm_heap *heap, uint64_t unit, uint64_t word, uint32_t owner)
{
    word = pm_unit_owned_by(word, 0);
    order_store64(&heap->words[unit], word);
    PM_POINT("span.left");
    pm_span_see(heap, unit, word, owner);
}

static void leave_at(struct pm_cache *cache, uint32_t class_, uint32_t at)
{
    struct pm_ring *ring = &cache->rings[class_];
    uint32_t unit = ring->units[at];
    ring->units[at] = ring->units[--ring->count];
    ring->bits = NULL;
    pm_span_leave(&cache->segment->heap, unit, peek64(&cache->segment->heap.words[unit]), cache->owner);
}

void pm_spans_leave(struct pm_cache *cache)
{
    for (uint32_t class_ = 0; class_ < PM_CLASSES; class_++)
        while (cache->rings[class_].count > 0)
            leave_at(cache, class_, cache->rings[class_].count - 1);
}

void pm_spans_give_empty(struct pm_cache *cache)
{
    for (uint32_t class_ = 0; class_ < PM_CLASSES; class_++) {
        struct pm_ring *ring = &cache->rings[class_];
        for (uint32_t at = ring->count; at-- > 0;)
            if (free_in(&cache->segment->heap, ring->units[at], class_) == pm_classes[class_].capacity)
                leave_at(cache, class_, at);
        if (!ring->bits)
            go_to(cache, class_, 0);
    }
}

static void add(struct pm_cache *cache, uint32_t class_, uint64_t unit)
{
    struct pm_ring *ring = &cache->rings[class_];
    if (ring->count == ring_room(class_))
        leave_at(cache, class_, (ring->at + 1) % ring->count);
    ring->units[ring->count++] = (uint32_t)unit;
    go_to(cache, class_, ring->count - 1);
}

/* ---- finding one to take from ---- */

/* The fullest of the ring that has as much to take as is wanted: so the others become empty.  One that is goes back, if it is not the only choice. */
static bool turn(struct pm_cache *cache, uint32_t class_, uint32_t wanted)
{
    struct pm_ring *ring = &cache->rings[class_];
    uint32_t best = ring->count, least = UINT32_MAX, empty = ring->count;
    for (uint32_t at = 0; at < ring->count; at++) {
        uint32_t free = free_in(&cache->segment->heap, ring->units[at], class_);
        if (free == pm_classes[class_].capacity)
            empty = at;
        if (free < wanted || free >= least)
            continue;
        least = free;
        best = at;
    }
    if (best == ring->count)
        return false;
    if (empty != ring->count && empty != best) {
        leave_at(cache, class_, empty); /* the last one is in its place now */
        best = best == ring->count ? empty : best;
    }
    go_to(cache, class_, best);
    return true;
}

static bool adopt(struct pm_cache *cache, uint32_t class_, uint64_t unit)
{
    struct pm_heap *heap = &cache->segment->heap;
    if (unit >= heap->units || unit + pm_classes[class_].units > pm_heap_units(peermap_size(cache->segment)))
        return false;
    uint64_t word = load64(&heap->words[unit]), wanted = pm_unit_word(PM_UNIT_SPAN, class_, 0, pm_classes[class_].units);
    if (word != wanted || !cas64(&heap->words[unit], &word, pm_unit_owned_by(word, cache->owner)))
        return false;
    PM_POINT("span.taken_over");
    add(cache, class_, unit);
    return true;
}

static bool adopt_hinted(struct pm_cache *cache, uint32_t class_)
{
    uint32_t *hints = &cache->segment->heap.hints[class_ * PM_HINTS];
    for (uint32_t i = 0; i < PM_HINTS; i++) {
        uint32_t hint = peek32(&hints[i]) ? swap32(&hints[i], 0) : 0;
        if (hint != 0 && adopt(cache, class_, hint - 1))
            return true;
    }
    return false;
}

/* From where the last look ended: the fullest with something to take, so that the others become empty. */
static bool adopt_found(struct pm_cache *cache, uint32_t class_, uint64_t deadline)
{
    struct pm_heap *heap = &cache->segment->heap;
    uint64_t *cursor = &cache->rings[class_].cursor, usable = pm_units_usable(cache->segment, deadline), best = 0;
    uint64_t wanted = pm_unit_word(PM_UNIT_SPAN, class_, 0, pm_classes[class_].units);
    uint32_t least = UINT32_MAX, found = 0;
    for (uint32_t i = 0; i < SEARCH && i < usable && found < CHOICE; i++, ++*cursor) {
        *cursor = *cursor < usable ? *cursor : 0;
        uint32_t free = peek64(&heap->words[*cursor]) == wanted ? free_in(heap, *cursor, class_) : 0;
        if (free < worth(class_))
            continue;
        found++;
        if (free < least) {
            least = free;
            best = *cursor;
        }
    }
    return least != UINT32_MAX && adopt(cache, class_, best);
}

static int fresh(struct pm_cache *cache, uint32_t class_, uint64_t deadline)
{
    const struct pm_bits none = { { 0 }, { 0 } };
    struct pm_heap *heap = &cache->segment->heap;
    uint64_t unit;
    int rc = pm_units_claim(cache->segment, cache->owner, pm_classes[class_].units, 1, deadline, &unit);
    if (rc != 0)
        return rc;
    write_words(pm_bits_of(heap, unit), &none, sizeof none); /* who looks for spans may still be looking at one that was here */
    pm_units_publish(heap, unit, pm_unit_word(PM_UNIT_SPAN, class_, cache->owner, pm_classes[class_].units), pm_cache_claim(cache));
    add(cache, class_, unit);
    return 0;
}

int pm_span_refill(struct pm_cache *cache, uint32_t class_, bool pressed, uint64_t deadline)
{
    if (turn(cache, class_, worth(class_)) || adopt_hinted(cache, class_) || adopt_found(cache, class_, deadline))
        return 0;
    int rc = fresh(cache, class_, deadline);
    if (rc == PM_NO_ROOM && pressed && turn(cache, class_, 1))
        return 0;
    return rc;
}

/* ---- giving ---- */

static void give_own(struct pm_cache *cache, const struct pm_object_place *place)
{
    struct pm_bits *bits = pm_bits_of(&cache->segment->heap, place->unit);
    struct pm_ring *ring = &cache->rings[place->class_];
    uint32_t word = place->index / 64;
    store64(&bits->taken[word], peek64(&bits->taken[word]) ^ UINT64_C(1) << place->index % 64);
    PM_POINT("span.given");
    if (bits == ring->bits && word < ring->word)
        ring->word = word;
}

/* Of a span that nobody owns, after an object of it was freed. */
static void look_after(peermap_segment *segment, const struct pm_object_place *place, uint64_t word)
{
    struct pm_heap *heap = &segment->heap;
    const struct pm_class *shape = &pm_classes[place->class_];
    uint32_t free = free_in(heap, place->unit, place->class_);
    if (free == shape->capacity) {
        if (give_empty(heap, place->unit, word, heap->owner))
            pm_units_purge_some(segment);
    } else if (free == shape->capacity / 4) {
        hint_at(heap, place->unit, place->class_);
    }
}

static void give_back(peermap_segment *segment, const struct pm_object_place *place)
{
    struct pm_heap *heap = &segment->heap;
    struct pm_bits *bits = pm_bits_of(heap, place->unit);
    uint64_t *given = &bits->given[place->index / 64], bit = UINT64_C(1) << place->index % 64, word = peek64(given);
    while (((load64(&bits->taken[place->index / 64]) ^ word) & bit) && !cas64(given, &word, word ^ bit)) {}
    PM_POINT("span.given_back");
    uint64_t now = order_load64(&heap->words[place->unit]);
    if (now == pm_unit_owned_by(place->word, 0))
        look_after(segment, place, now);
}

void pm_span_give(peermap_segment *segment, struct pm_cache *cache, const struct pm_object_place *place)
{
    if (cache && pm_unit_owner(place->word) == cache->owner)
        give_own(cache, place);
    else
        give_back(segment, place);
}
