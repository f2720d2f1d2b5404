/* SPDX-License-Identifier: MIT */
/*
 * heap.h - what the files of the heap ask of each other.  What is shared of it is in base/heap_layout.h.
 *
 *     heap.c        peermap_alloc() to peermap_free(): from sizes to objects
 *     span.c        spans of small objects: a thread's own, and those that nobody owns
 *     large.c       objects that are runs of units
 *     unit.c        runs of units: claiming and giving back, holes
 *     cache.c       what a thread has of a heap, and the record that says so to others
 *     reclaim.c     what the dead have left
 *     object.h      from an address to an object, and guards
 *     touch.h       where the data itself is touched, which may be gone; thread.h: what a thread has for that
 *     heap_fault.c  bad pointers and written guards
 *     heap_stats.c  counting; trimming
 *     heap_walk.c   from one live object to the next
 *
 * A thread allocates small objects from spans that it owns, by plain stores; it frees those of others by a compare-and-swap.  Spans and large
 * objects are claimed unit by unit, by compare-and-swap in the unit's word.  Nothing here waits for anybody but a growth.
 */
#ifndef PM_RUNTIME_HEAP_H
#define PM_RUNTIME_HEAP_H

#include "segment.h"
#include "thread.h"

#define PM_NO_ROOM 2 /* no error: try again when there is more memory */
#define PM_NO_OFFSET UINT64_MAX
#define PM_RING_MAX 16u
#define PM_RING_UNITS 32u /* about so much memory a thread keeps for each class */

/* Process-local.  The spans of one class that a thread owns, one of which it allocates from. */
struct pm_ring {
    struct pm_bits *bits; /* of the current one; NULL: there is none */
    uint64_t off;         /* of its first object */
    uint32_t word;        /* where the search goes on */
    uint32_t at;          /* in units[] */
    uint32_t count;
    uint64_t cursor; /* where the next look for a span that nobody owns begins */
    uint32_t units[PM_RING_MAX];
};

/* Process-local.  A large object that was freed, and not given back yet. */
#define PM_PARKED_MAX 8u
struct pm_parked {
    uint64_t first, units;
};

/* Process-local.  What one thread has of one heap. */
struct pm_cache {
    peermap_segment *segment;
    uint64_t serial; /* of the segment: tells it from one that had its address before; 0: retired, the thread may unmap it */
    bool lasts;      /* until the thread ends; else for one call */
    uint32_t mark;   /* of the process: fork.c */
    uint32_t owner;  /* index + 1 of the record */
    struct pm_record *record;
    uint64_t claims; /* the number of its next claim */
    struct pm_cache *next_of_thread;
    struct pm_cache *next_of_segment;
    uint32_t parked_count;
    uint64_t parked_units;
    struct pm_parked parked[PM_PARKED_MAX]; /* in the order of their freeing */
    struct pm_ring rings[PM_CLASSES];
};

/* Where an address is in the heap. */
struct pm_object_place {
    uint64_t off, room; /* with the guard */
    uint64_t unit;      /* the first of its span, or its own */
    uint64_t word;      /* of that */
    uint32_t class_, index;
};

static inline struct pm_bits *pm_bits_of(const struct pm_heap *heap, uint64_t unit) { return &heap->bits[unit]; }
static inline uint64_t pm_least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static inline bool pm_unit_is_free(uint64_t word) { return pm_unit_state(word) <= PM_UNIT_HOLE; }

/* The calling thread's cache of this heap, if it is at hand. */
static inline struct pm_cache *pm_cache_near(const struct pm_thread *own, const peermap_segment *segment)
{
    const struct pm_near *near = &own->near[segment->heap.serial % PM_NEAR];
    return near->serial == segment->heap.serial ? near->cache : NULL;
}

static inline bool pm_span_live(const struct pm_heap *heap, const struct pm_object_place *place)
{
    const struct pm_bits *bits = pm_bits_of(heap, place->unit);
    uint32_t word = place->index / 64;
    return ((load64(&bits->taken[word]) ^ load64(&bits->given[word])) >> place->index % 64 & 1) != 0;
}

/* ---- unit.c ---- */
/* Units that may be touched now, whose description has memory.  0 and a sentence: there is none for that. */
uint64_t pm_units_usable(peermap_segment *segment, uint64_t deadline);
/* Makes `count` units, beginning at a multiple of `align`, CLAIMED by `owner`, with memory behind them.  0, PM_NO_ROOM, or a code. */
int pm_units_claim(peermap_segment *segment, uint32_t owner, uint64_t count, uint64_t align, uint64_t deadline, uint64_t *first);
/* What a claim is for: the further units first, then `word` for the first one. */
void pm_units_publish(struct pm_heap *heap, uint64_t first, uint64_t word, uint32_t claim);
/* Frees units whose first one is CLAIMED by the caller; that one comes last. */
void pm_units_give(struct pm_heap *heap, uint64_t first, uint64_t count, bool hole);
/* The first unit becomes CLAIMED by `owner`, and all are freed; nothing if it is not `word` any more. */
bool pm_units_release(struct pm_heap *heap, uint64_t first, uint64_t word, uint32_t owner);
void pm_units_open(struct pm_heap *heap, uint64_t unit); /* its group may have free ones */
/* Gives the memory of free units back until about `keep` bytes of them have some, or until the deadline: what is left is for the next one. */
void pm_units_purge(peermap_segment *segment, uint64_t keep, uint64_t deadline);
void pm_units_purge_some(peermap_segment *segment); /* where there is much of it */
/* The next run of units in [from, to) whose words were ever written; the others are free, and a look at them would take memory.  False: there is none. */
bool pm_units_next(const peermap_segment *segment, uint64_t from, uint64_t to, uint64_t *begin, uint64_t *end);
/* The end of the last unit in use, in bytes. */
uint64_t pm_units_end(const struct pm_heap *heap, uint64_t units);

/* ---- span.c ---- */
uint64_t pm_span_take(struct pm_cache *cache, uint32_t class_); /* an object's offset, which is pending; or PM_NO_OFFSET */
/* 0: pm_span_take() will do better now.  `pressed`: as a last resort before a growth.  PM_NO_ROOM or a code. */
int pm_span_refill(struct pm_cache *cache, uint32_t class_, bool pressed, uint64_t deadline);
void pm_span_give(peermap_segment *segment, struct pm_cache *cache, const struct pm_object_place *place);
void pm_span_leave(struct pm_heap *heap, uint64_t unit, uint64_t word, uint32_t owner); /* ends `owner`'s ownership: for others, or freed */
void pm_span_see(struct pm_heap *heap, uint64_t unit, uint64_t word, uint32_t owner);   /* that nobody owns: frees it if it is empty, hints at it if not */
void pm_spans_leave(struct pm_cache *cache);        /* all of the thread's */
void pm_spans_give_empty(struct pm_cache *cache);   /* those without a live object */

/* ---- large.c ---- */
uint64_t pm_large_take_parked(struct pm_cache *cache, uint64_t units, uint64_t align); /* an object's offset, which is pending; or PM_NO_OFFSET */
int pm_large_take(struct pm_cache *cache, uint64_t units, uint64_t align, uint64_t deadline, uint64_t *off); /* as pm_units_claim(); it is pending */
/* False if it is not `word` any more. */
bool pm_large_give(peermap_segment *segment, struct pm_cache *cache, uint64_t first, uint64_t word);
void pm_large_give_parked(struct pm_cache *cache);

/* ---- cache.c ---- */
struct pm_cache *pm_cache_find(const peermap_segment *segment); /* the calling thread's, at hand from now on; or NULL */
struct pm_cache *pm_cache_make(peermap_segment *segment);       /* likewise, a new one if need be; NULL and a sentence.  For one call, then: */
void pm_cache_done(struct pm_cache *cache);                     /* it may last longer, or not */
struct pm_cache *pm_cache_make_lasting(peermap_segment *segment); /* likewise, or NULL if it would not last */
uint32_t pm_cache_claim(struct pm_cache *cache); /* a number that no other run has */
void pm_cache_give_idle(struct pm_cache *cache); /* what it holds without a live object in it */
int pm_record_claim(peermap_segment *segment, uint32_t *owner);
void pm_record_free(struct pm_heap *heap, uint32_t owner);
/* False if the peer has ended; `slot` (may be NULL) receives where it is in the registry.  A free record is held. */
bool pm_record_is_held(const peermap_segment *segment, uint64_t holder, uint32_t *slot);

/* ---- reclaim.c ---- */
/* Takes over the records of peers that have ended; if there are some, or `always`, looks through all units for what is nobody's. */
void pm_reclaim(peermap_segment *segment, bool always);
void pm_reclaim_of(peermap_segment *segment, const peermap_peer *peers, int count, bool always); /* of those alone; PM_EVERYBODY: of all */

/* ---- heap.c ---- */
int pm_heap_unready(const peermap_segment *segment); /* a code and its sentence */
int pm_heap_unseen(const peermap_segment *segment);  /* the same, or 0: it is a reader's, or has become ready */
static inline bool pm_heap_is_ready(const peermap_segment *segment) { return pm_attached(segment) && segment->heap.serial != 0 && !pm_lost(segment); }
static inline int pm_heap_ready(const peermap_segment *segment) { return pm_heap_is_ready(segment) ? 0 : pm_heap_unready(segment); }
/* For who does not change it. */
static inline int pm_heap_seen(const peermap_segment *segment) { return pm_heap_is_ready(segment) ? 0 : pm_heap_unseen(segment); }

/* ---- heap_fault.c ---- */
void pm_heap_report(peermap_segment *segment, int kind, const void *at, const struct pm_object_place *place, uint64_t size);

#endif
