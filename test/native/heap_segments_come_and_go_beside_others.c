/* SPDX-License-Identifier: MIT */
/*
 * Several heaps in one process: some threads attach to further ones and detach, all at once, while others allocate in those that stay.
 *
 * A worker uses many heaps in turn, and now and then one that is about to go: so what it has of each is looked for all the time, and the
 * list that it is found in is changed from outside as often.
 */
#include "heap.h"

#include <pthread.h>

#define STAYING 9 /* more than a thread has at hand */
#define WORKERS 4
#define COMERS 4
#ifdef __SANITIZE_THREAD__
#define TIMES 20 /* each comer */
#else
#define TIMES 40
#endif
#define KEPT 4

static peermap_segment *staying[STAYING];
static peermap_segment *box[WORKERS]; /* a heap that the worker is to use once, and then empties */
static uint32_t coming = COMERS;

static void segment_named(char *name, size_t room, int number) { snprintf(name, room, "%s-%d", seg(), number); }

static peermap_segment *make(int number)
{
    char name[80];
    peermap_segment *made;
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .reserve_size = 64 << 20, .deadline_ms = 20000 };
    segment_named(name, sizeof name, number);
    if (peermap_create(name, &options, &made) != 0)
        FAIL("cannot create %s: %s", name, peermap_last_error());
    CHECK_INT(peermap_unlink(name), 0);
    return made;
}

/* ---- who stays ---- */

static void use_once(peermap_segment *segment)
{
    unsigned char *small = peermap_alloc(segment, 100), *large = peermap_alloc(segment, 50000);
    CHECK(small != NULL && large != NULL);
    CHECK(peermap_segment_at(small) == segment && peermap_segment_at(large) == segment);
    peermap_free(segment, large);
    peermap_free(segment, small);
}

static void *work(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    uint64_t state = number + 1;
    unsigned char *kept[STAYING][KEPT] = { { NULL } };
    size_t sizes[STAYING][KEPT] = { { 0 } };
    while (__atomic_load_n(&coming, __ATOMIC_ACQUIRE) != 0) {
        peermap_segment *passing = __atomic_load_n(&box[number], __ATOMIC_ACQUIRE);
        if (passing) {
            use_once(passing);
            __atomic_store_n(&box[number], NULL, __ATOMIC_RELEASE); /* from here on it is not touched */
        }
        for (int i = 0; i < STAYING; i++) {
            uint32_t at = (uint32_t)(chance_of(&state) % KEPT);
            CHECK(!kept[i][at] || has_pattern(kept[i][at], sizes[i][at], at + (uint64_t)i));
            peermap_free(staying[i], kept[i][at]);
            sizes[i][at] = 1 + chance_of(&state) % 3000;
            CHECK((kept[i][at] = peermap_alloc(staying[i], sizes[i][at])) != NULL);
            CHECK(peermap_segment_at(kept[i][at]) == staying[i]);
            write_pattern(kept[i][at], sizes[i][at], at + (uint64_t)i);
        }
    }
    for (int i = 0; i < STAYING * KEPT; i++)
        peermap_free(staying[i / KEPT], kept[i / KEPT][i % KEPT]);
    return NULL;
}

/* ---- who comes and goes ---- */

/* One worker each: nobody else empties its box. */
static void have_it_used(uintptr_t number, peermap_segment *segment)
{
    __atomic_store_n(&box[number % WORKERS], segment, __ATOMIC_RELEASE);
    while (__atomic_load_n(&box[number % WORKERS], __ATOMIC_ACQUIRE))
        sched_yield();
}

static void *come_and_go(void *argument)
{
    uintptr_t number = (uintptr_t)argument;
    for (int i = 0; i < TIMES; i++) {
        peermap_segment *one = make(100 + 2 * (int)number), *two = i % 4 == 0 ? make(101 + 2 * (int)number) : NULL;
        have_it_used(number, one);
        if (two)
            have_it_used(number, two);
        use_once(one);
        peermap_detach(one);
        peermap_detach(two);
    }
    __atomic_fetch_sub(&coming, 1, __ATOMIC_ACQ_REL);
    return NULL;
}

int main(int argc, char **argv)
{
    pthread_t workers[WORKERS], comers[COMERS];
    (void)argc;
    setup(argv);
    alarm(165);
    static_assert(COMERS <= WORKERS, "a box each");
    for (int i = 0; i < STAYING; i++)
        staying[i] = make(i);
    for (uintptr_t i = 0; i < WORKERS; i++)
        CHECK(pthread_create(&workers[i], NULL, work, (void *)i) == 0);
    for (uintptr_t i = 0; i < COMERS; i++)
        CHECK(pthread_create(&comers[i], NULL, come_and_go, (void *)i) == 0);
    for (int i = 0; i < COMERS; i++)
        CHECK(pthread_join(comers[i], NULL) == 0);
    for (int i = 0; i < WORKERS; i++)
        CHECK(pthread_join(workers[i], NULL) == 0);
    for (int i = 0; i < STAYING; i++) {
        heap = staying[i];
        CHECK_INT(stats().faults, 0);
        is_empty();
        close_heap();
    }
    return 0;
}
