/* SPDX-License-Identifier: MIT */
/*
 * Processes are killed and stopped while they allocate, resize, free, trim, reap, attach and detach, some with two threads: no object that others
 * know of changes, nobody waits, and what is lost is at most what each of the killed had in its hand, outside of any call.
 * HEAP_STORM_SECONDS says for how long.
 */
#include "heap.h"
#include "order.h"

#include <pthread.h>

#define WORKERS 5
#define PLACES 2048

struct thing {
    uint64_t sum;
    uint32_t size, seed;
    unsigned char bytes[];
};

/* In the heap itself.  Offsets of things; 0: none. */
struct shelf {
    uint64_t place[PLACES];
    uint64_t rounds[WORKERS];
};

static struct shelf *shelf;
static char *base;

static uint64_t sum_of(const struct thing *thing)
{
    uint64_t sum = thing->size ^ (uint64_t)thing->seed << 32;
    for (uint32_t i = 0; i < thing->size; i += thing->size > 4096 ? 61 : 1)
        sum = (sum ^ thing->bytes[i]) * UINT64_C(1099511628211);
    return sum;
}

static struct thing *at(uint64_t off) { return (struct thing *)(void *)(base + off); }

static void fill(struct thing *thing, uint32_t size, uint32_t seed)
{
    thing->size = size;
    thing->seed = seed;
    write_pattern(thing->bytes, size, seed);
    thing->sum = sum_of(thing);
}

static void must_be_whole(const struct thing *thing, const char *when)
{
    if (thing->sum != sum_of(thing))
        FAIL("%s: the thing at offset %td, %u bytes, is not what was written", when, (const char *)thing - base, thing->size);
}

/* Takes a thing off the shelf and puts another one there, or none. */
static void trade(uint64_t *state)
{
    uint64_t *place = &shelf->place[chance_of(state) % PLACES], old = peek64(place);
    while (old != 0 && !cas64(place, &old, 0)) {}
    struct thing *thing = old ? at(old) : NULL;
    if (thing)
        must_be_whole(thing, "taken off");
    uint32_t size = (uint32_t)some_size(state), seed = (uint32_t)chance_of(state);
    if (thing && chance_of(state) % 3 == 0) {
        peermap_free(heap, thing);
        return;
    }
    struct thing *other = peermap_realloc(heap, thing, sizeof *other + size);
    if (!other)
        FAIL("no memory: %s", peermap_last_error());
    fill(other, size, seed);
    uint64_t none = 0;
    if (!cas64(place, &none, (uint64_t)((char *)other - base)))
        peermap_free(heap, other);
}

static void enter(int number)
{
    char name[32];
    snprintf(name, sizeof name, "worker%d", number);
    open_heap(name, 0, 0, 0);
    base = peermap_base(heap);
    shelf = peermap_root(heap, "shelf", NULL);
    CHECK(shelf != NULL);
}

static void *trade_always(void *unused)
{
    uint64_t state = (uint64_t)getpid() * 3 + 1;
    (void)unused;
    for (;;)
        trade(&state);
    return NULL;
}

/* Whoever shrinks meanwhile, or allocates, may be in the way. */
static void housekeep(uint64_t die)
{
    peermap_heap found;
    if (die == 0) {
        int rc = peermap_trim(heap, NULL);
        if (rc != 0 && rc != PEERMAP_EBUSY)
            FAIL("trim: %s", peermap_last_error());
    } else if (die < 4) {
        CHECK(peermap_reap(heap) >= 0);
    } else if (die < 6) {
        CHECK_INT(peermap_heap_stats(heap, &found), 0);
    } else if (die < 8) {
        CHECK_INT(peermap_grow(heap, 4096, NULL), 0);
    }
}

static void work(int number)
{
    pthread_t second;
    enter(number);
    if (number % 2)
        CHECK(pthread_create(&second, NULL, trade_always, NULL) == 0);
    uint64_t state = (uint64_t)getpid() * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)number;
    for (;;) {
        trade(&state);
        add64(&shelf->rounds[number], 1);
        housekeep(chance_of(&state) % 2000);
        if (number % 2 == 0 && chance_of(&state) % 1000 == 0) {
            close_heap();
            enter(number);
        }
    }
}

/* Nobody holds us up. */
static void use_it(void)
{
    struct thing *own = peermap_alloc(heap, 5000), *large = peermap_alloc(heap, 200000);
    CHECK(own != NULL && large != NULL);
    peermap_free(heap, own);
    peermap_free(heap, large);
}

static void storm(int seconds, pid_t *workers, uint64_t *kills)
{
    uint64_t state = 20260101;
    time_t end = time(NULL) + seconds;
    while (time(NULL) < end) {
        usleep((useconds_t)(chance_of(&state) % 20000));
        unsigned victim = (unsigned)(chance_of(&state) % WORKERS);
        int status;
        if (chance_of(&state) % 4 == 0) {
            unsigned stopped = (unsigned)(chance_of(&state) % WORKERS);
            kill(workers[stopped], SIGSTOP);
            use_it();
            kill(workers[stopped], SIGCONT);
        }
        kill(workers[victim], SIGKILL);
        CHECK_INT(waitpid(workers[victim], &status, 0), workers[victim]);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
            FAIL("worker %u ended by itself, status 0x%x", victim, (unsigned)status);
        workers[victim] = start_self("worker", (int)victim);
        ++*kills;
        use_it();
    }
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        work(be_started(argv));
        return 0;
    }
    setup(argv);
    const char *wish = getenv("HEAP_STORM_SECONDS");
    int seconds = wish ? atoi(wish) : 6;
    alarm((unsigned)seconds + 110);
    open_heap("test", 0, 0, 0);
    base = peermap_base(heap);
    shelf = peermap_calloc(heap, 1, sizeof *shelf);
    CHECK_INT(peermap_set_root(heap, "shelf", shelf, sizeof *shelf, NULL), 0);
    peermap_free(heap, peermap_alloc(heap, 1));
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        workers[i] = start_self("worker", i);
    uint64_t kills = 0;
    storm(seconds, workers, &kills);
    for (int i = 0; i < WORKERS; i++) {
        kill(workers[i], SIGKILL);
        waitpid(workers[i], NULL, 0);
        kills++;
    }

    CHECK(peermap_reap(heap) >= 0);
    uint64_t known = 1, rounds = 0;
    for (int i = 0; i < PLACES; i++) {
        if (shelf->place[i] == 0)
            continue;
        must_be_whole(at(shelf->place[i]), "afterwards");
        known++;
    }
    for (int i = 0; i < WORKERS; i++)
        rounds += shelf->rounds[i];
    peermap_heap after = stats();
    uint64_t live = after.small_objects + after.large_objects;
    printf("%" PRIu64 " kills, %" PRIu64 " trades, %" PRIu64 " things, %" PRIu64 " lost in the hands of the killed, %" PRIu64 " taken back\n", kills, rounds,
           known - 1, live - known, after.reclaimed);
    printf("MiB: %" PRIu64 " in all; %" PRIu64 " used, %" PRIu64 " in spans, %" PRIu64 " large, %" PRIu64 " free, %" PRIu64 " holes; grown %" PRIu64 " times\n", after.size >> 20,
           after.used >> 20, after.span_bytes >> 20, after.large_bytes >> 20, after.free_bytes >> 20, after.hole_bytes >> 20, after.grown);
    CHECK(live >= known);
    CHECK(live - known <= 4 * kills); /* one taken off, one about to be put there, of two threads */
    CHECK_INT(after.faults, 0);
    CHECK_INT(after.lost_threads, 0);
    CHECK(after.span_bytes + after.large_bytes < after.used + (32 << 20)); /* what is not in use is free */
    for (int i = 0; i < PLACES; i++)
        peermap_free(heap, shelf->place[i] ? at(shelf->place[i]) : NULL);
    CHECK_INT(objects(), live - known + 1);
    close_heap();
    return 0;
}
