/* SPDX-License-Identifier: MIT */
/*
 * cache.c - what each thread has of each heap.
 *
 * The cache is the thread's own memory; its record, which is shared, says what others must know when the thread is no more: whose it was,
 * and which object it was about to get.  A thread that ends leaves its spans to others, and so does a peer that detaches.
 *
 * Each cache is in two lists.  The thread's is touched by the thread alone, so it needs no lock to find one.  The segment's, by which whoever detaches
 * finds those of all threads, is changed under pm_hold_forks(), so that no child inherits it half changed.  Who detaches retires a cache, whose
 * memory its thread unmaps when it next comes past.
 *
 * A thread hears of its end once, in a destructor of thread-specific data.  Those of the application may come later and free or
 * allocate in there: from then on a cache is made for one call and retired with it, so whatever their order, nothing is left.
 */
#include "heap.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#define CLAIMS UINT64_C(64) /* numbers of claims that a thread takes at once */

static _Thread_local struct pm_cache *caches_of_thread;

static _Thread_local bool thread_is_over; /* as far as we are told: our destructor has run, others of the application may come after it */

static pthread_key_t ending;
static pthread_once_t once = PTHREAD_ONCE_INIT;
static bool watches_threads;

/* ---- records ---- */

static int allocate_record(peermap_segment *segment, uint32_t index)
{
    uint64_t from = segment->shape.places.heap.records + index * sizeof(struct pm_record);
    int error = PM_FAILS("heap.record");
    if (error == 0)
        error = pm_fill_hole(segment, from / 4096 * 4096, from + sizeof(struct pm_record), 0); /* a page */
    return error == 0 ? 0 : pm_fail_hole(segment, sizeof(struct pm_record), error);
}

static bool try_record(peermap_segment *segment, uint32_t index)
{
    struct pm_heap *heap = &segment->heap;
    uint64_t none = 0;
    if (!cas64(&heap->records[index].holder, &none, heap->holder))
        return false;
    PM_POINT("record.claimed");
    heap->records[index].thread = pm_thread_id();
    return true;
}

int pm_record_claim(peermap_segment *segment, uint32_t *owner)
{
    struct pm_heap *heap = &segment->heap;
    for (uint32_t i = 0; i < PM_RECORDS; i++) {
        uint32_t used = load32(&heap->counts->records_used);
        if (i >= used) {
            int rc = allocate_record(segment, i);
            if (rc != 0)
                return rc;
            while (used <= i && !cas32(&heap->counts->records_used, &used, i + 1)) {}
        }
        if (load64(&heap->records[i].holder) == 0 && try_record(segment, i)) {
            *owner = i + 1;
            return 0;
        }
    }
    return pm_fail(PEERMAP_ENOSPC, "segment %s has %u threads that allocate, and room for no more; see peermap_reap()", segment->name, PM_RECORDS);
}

bool pm_record_is_held(const peermap_segment *segment, uint64_t holder, uint32_t *slot)
{
    uint64_t index = pm_holder_index(holder);
    if (holder == 0)
        return true;
    if (index >= segment->shape.slot_count || pm_holder_of(load64(&segment->slots[index].tag), (uint32_t)index) != holder)
        return false;
    if (slot)
        *slot = (uint32_t)index;
    return pm_slot_lives(&segment->slots[index]);
}

/* What it counted is added to what was counted for others before. */
void pm_record_free(struct pm_heap *heap, uint32_t owner)
{
    struct pm_record *record = &heap->records[owner - 1];
    uint64_t counts[] = { peek64(&record->allocations), peek64(&record->allocated_bytes), peek64(&record->frees), peek64(&record->freed_bytes) };
    poke64(&record->pending, 0);
    poke64(&record->link, 0);
    poke64(&record->allocations, 0);
    poke64(&record->allocated_bytes, 0);
    poke64(&record->frees, 0);
    poke64(&record->freed_bytes, 0);
    PM_POINT("record.emptied");
    add64(&heap->counts->allocations, counts[0]);
    add64(&heap->counts->allocated_bytes, counts[1]);
    add64(&heap->counts->frees, counts[2]);
    add64(&heap->counts->freed_bytes, counts[3]);
    order_store64(&record->holder, 0);
    PM_POINT("record.freed");
}

/* ---- caches ---- */

static void unlink_from_segment(struct pm_cache *cache)
{
    struct pm_cache **at = &cache->segment->heap.caches;
    while (*at != cache)
        at = &(*at)->next_of_segment;
    *at = cache->next_of_segment;
}

/* What it holds goes to others, under pm_hold_forks(), by its own thread or by one that detaches.  From the store on it is its thread's alone. */
static void retire(struct pm_cache *cache)
{
    if (!pm_lost(cache->segment)) {
        pm_large_give_parked(cache);
        pm_spans_leave(cache);
        pm_record_free(&cache->segment->heap, cache->owner);
    }
    unlink_from_segment(cache);
    store64(&cache->serial, 0);
}

/* The calling thread's cache of this heap, or NULL.  Those that were retired on the way there are unmapped. */
static struct pm_cache *find(const peermap_segment *segment)
{
    struct pm_cache **at = &caches_of_thread, *cache;
    while ((cache = *at) != NULL) {
        uint64_t serial = load64(&cache->serial);
        PM_POINT("cache.read");
        if (serial == segment->heap.serial)
            return cache;
        if (serial != 0) {
            at = &cache->next_of_thread;
            continue;
        }
        *at = cache->next_of_thread;
        munmap(cache, sizeof *cache);
    }
    return NULL;
}

/* In a child, the caches are of the parent's heaps, whose handles may be gone. */
static void end_thread(void *any)
{
    (void)any;
    PM_UNCANCELLED;
    thread_is_over = true;
    memset(pm_thread.near, 0, sizeof pm_thread.near);
    pm_hold_forks();
    for (struct pm_cache *cache = caches_of_thread; cache; cache = cache->next_of_thread)
        if (load64(&cache->serial) != 0 && cache->mark == load32(load_pointer(&pm_mark_at)))
            retire(cache);
    pm_let_fork();
    while (caches_of_thread) {
        struct pm_cache *cache = caches_of_thread;
        caches_of_thread = cache->next_of_thread;
        munmap(cache, sizeof *cache);
    }
}

static void watch_threads(void) { watches_threads = pthread_key_create(&ending, end_thread) == 0; }

/* Somebody sees to what this thread has when it ends.  Not if it is ending, and other destructors come after ours; nor without a key. */
static bool end_is_watched(void)
{
    pthread_once(&once, watch_threads);
    return watches_threads && !thread_is_over && pthread_setspecific(ending, &thread_is_over) == 0; /* any value: it is called where there is one */
}

static void link_cache(struct pm_cache *cache)
{
    cache->next_of_thread = caches_of_thread;
    caches_of_thread = cache;
    pm_hold_forks();
    cache->next_of_segment = cache->segment->heap.caches;
    cache->segment->heap.caches = cache;
    pm_let_fork();
}

static struct pm_cache *create(peermap_segment *segment, bool lasts)
{
    void *got = PM_FAILED("heap.cache") ? MAP_FAILED : mmap(NULL, sizeof(struct pm_cache), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got == MAP_FAILED) {
        pm_fail_own_memory();
        return NULL;
    }
    struct pm_cache *cache = got;
    if (pm_record_claim(segment, &cache->owner) != 0) {
        munmap(cache, sizeof *cache);
        return NULL;
    }
    cache->segment = segment;
    cache->serial = segment->heap.serial;
    cache->lasts = lasts;
    cache->mark = segment->mark;
    cache->record = &segment->heap.records[cache->owner - 1];
    link_cache(cache);
    return cache;
}

static struct pm_cache *keep_near(struct pm_cache *cache)
{
    if (cache)
        pm_thread.near[cache->serial % PM_NEAR] = (struct pm_near){ cache->serial, cache };
    return cache;
}

struct pm_cache *pm_cache_find(const peermap_segment *segment) { return keep_near(find(segment)); }

static struct pm_cache *obtain(peermap_segment *segment, bool for_one_call)
{
    PM_UNCANCELLED;
    struct pm_cache *cache = pm_cache_find(segment);
    if (cache)
        return cache;
    if (end_is_watched())
        return keep_near(create(segment, true));
    return for_one_call ? keep_near(create(segment, false)) : NULL;
}

struct pm_cache *pm_cache_make(peermap_segment *segment) { return obtain(segment, true); }
struct pm_cache *pm_cache_make_lasting(peermap_segment *segment) { return obtain(segment, false); }

void pm_cache_done(struct pm_cache *cache)
{
    PM_UNCANCELLED;
    const peermap_segment *segment = cache->segment;
    if (cache->lasts)
        return;
    pm_thread.near[cache->serial % PM_NEAR] = (struct pm_near){ 0, NULL };
    pm_hold_forks();
    retire(cache);
    pm_let_fork();
    find(segment);
}

/* Words of two runs are never the same, which is for whoever looks for damage; reclaim.c does not go by it.  The counter lies where everybody reads. */
uint32_t pm_cache_claim(struct pm_cache *cache)
{
    if (cache->claims % CLAIMS == 0)
        cache->claims = add64(&cache->segment->heap.counts->claims, CLAIMS);
    return (uint32_t)++cache->claims;
}

void pm_cache_give_idle(struct pm_cache *cache)
{
    pm_spans_give_empty(cache);
    pm_large_give_parked(cache);
}

/* ---- with the attachment ---- */

static uint64_t next_serial;

static void find_places(peermap_segment *segment)
{
    const struct pm_heap_places *places = &segment->shape.places.heap;
    struct pm_heap *heap = &segment->heap;
    char *start = segment->start;
    heap->units = pm_heap_units(segment->shape.reserved);
    heap->counts = &segment->header->heap;
    heap->secret = peek64(&heap->counts->secret);
    heap->created_ns = peek64(&segment->header->created_ns);
    heap->hints = (uint32_t *)(void *)(start + places->hints);
    heap->summary = (uint64_t *)(void *)(start + places->summary);
    heap->records = (struct pm_record *)(void *)(start + places->records);
    heap->words = (uint64_t *)(void *)(start + places->words);
    heap->bits = (struct pm_bits *)(void *)(start + places->bits);
}

/* Of which objects have the low bits: no other that is in the registry has those. */
static uint64_t next_attachment(const peermap_segment *segment)
{
    for (;;) {
        const uint64_t number = add64(&segment->heap.counts->attachments, 1) + 1, name = pm_note_attachment(number);
        bool taken = name == 0;
        for (uint32_t i = 0; i < segment->shape.slot_count && !taken; i++)
            taken = i != segment->index && pm_note_attachment(load64(&segment->slots[i].attachment)) == name;
        if (!taken)
            return number;
    }
}

/* A record counts as abandoned when its peer's slot says that it ended; but a killed process's threads end one after the other, and one that runs
 * on for a moment shall find nothing of its heap in others' hands: the mark goes when the last one is gone. */
int pm_heap_enter(peermap_segment *segment, uint64_t step)
{
    struct pm_heap *heap = &segment->heap;
    find_places(segment);
    heap->step = step ? step : UINT64_C(64) << 20;
    heap->holder = pm_holder_of(segment->tag, segment->index);
    if (pm_only_reads(segment)) /* without a serial it is nobody's to change */
        return 0;
    int rc = pm_record_claim(segment, &heap->owner);
    if (rc == 0) {
        heap->serial = add64(&next_serial, 1) + 1;
        heap->attachment = next_attachment(segment);
        store64(&segment->slots[segment->index].attachment, heap->attachment);
        pm_reclaim(segment, false);
    }
    return rc;
}

void pm_heap_leave(peermap_segment *segment)
{
    struct pm_heap *heap = &segment->heap;
    if (heap->serial == 0)
        return;
    pm_hold_forks();
    while (heap->caches)
        retire(heap->caches);
    pm_let_fork();
    find(segment); /* unmaps this thread's */
    if (!pm_lost(segment))
        pm_record_free(heap, heap->owner);
    heap->serial = 0;
}

void pm_heap_exit(peermap_segment *segment)
{
    struct pm_heap *heap = &segment->heap;
    if (heap->serial == 0 || pm_lost(segment))
        return;
    pm_hold_forks();
    struct pm_cache *own = find(segment);
    if (own)
        retire(own);
    if (!heap->caches)
        pm_record_free(heap, heap->owner);
    pm_let_fork();
}

uint64_t pm_heap_end(const peermap_segment *segment)
{
    uint64_t backed = order_load64(&segment->header->heap.backed), units = pm_heap_units(segment->shape.reserved);
    return pm_units_end(&segment->heap, backed < units ? backed : units);
}
