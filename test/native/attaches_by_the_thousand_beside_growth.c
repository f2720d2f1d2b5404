/* SPDX-License-Identifier: MIT */
/*
 * A thousand attaches and detaches, by threads of one process and by processes, to two heaps at once, while others grow both without a pause: each has all that was
 * active before it came, what it allocates is whole, and in the end nothing is left of any of them.
 */
#include "heap.h"

#include <pthread.h>

#define THREADS 4
#define PROCESSES 4
#define TIMES 125 /* each of the eight: a thousand */
#define KEPT_BYTES 5000
#define GROWTH 16384

static peermap_segment *lasting[2];
static uint32_t coming = THREADS;

static void name_one(char *name, size_t room, int number) { snprintf(name, room, "%s%s", seg(), number ? "-two" : ""); }

/* ---- who comes and goes ---- */

static peermap_segment *attach_to(int number, const char *peer)
{
    char name[80];
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = peer, .deadline_ms = 60000, .flags = PEERMAP_RELOCATABLE };
    name_one(name, sizeof name, number);
    if (peermap_attach(name, &options, &segment) != 0)
        FAIL("%s cannot attach to %s: %s", peer, name, peermap_last_error());
    return segment;
}

/* Up to the end of what was active when it came, or before. */
static void read_all(peermap_segment *segment, uint64_t least)
{
    size_t size = peermap_size(segment);
    volatile const char *base = peermap_base(segment);
    CHECK(size >= least);
    for (size_t at = 4095; at < size; at += at + (1u << 20) < size ? 1u << 20 : 4096)
        (void)base[at];
}

static void stay_a_moment(peermap_segment *segment, uint64_t seed)
{
    unsigned char *small = peermap_alloc(segment, 100), *large = peermap_alloc(segment, 40000);
    CHECK(small != NULL && large != NULL);
    write_pattern(small, 100, seed);
    write_pattern(large, 40000, seed);
    if (seed % 8 == 0)
        CHECK_INT(peermap_grow(segment, GROWTH, NULL), 0);
    CHECK(has_pattern(small, 100, seed) && has_pattern(large, 40000, seed));
    peermap_free(segment, small);
    peermap_free(segment, large);
}

static void come_and_go(const char *peer, uint64_t seed)
{
    uint64_t least[2] = { 0, 0 };
    for (uint64_t i = 0; i < TIMES; i++) {
        int number = (int)((seed + i) % 2);
        peermap_segment *segment = attach_to(number, peer);
        read_all(segment, least[number]);
        if (i % 5 == 0)
            stay_a_moment(segment, seed * 1000 + i);
        least[number] = peermap_size(segment);
        peermap_detach(segment);
    }
}

static void *come_and_go_in_a_thread(void *argument)
{
    char peer[32];
    snprintf(peer, sizeof peer, "thread-%d", (int)(uintptr_t)argument);
    come_and_go(peer, (uintptr_t)argument);
    __atomic_fetch_sub(&coming, 1, __ATOMIC_ACQ_REL);
    return NULL;
}

static int be_a_process(char **argv)
{
    char peer[32];
    int number = be_started(argv);
    snprintf(peer, sizeof peer, "process-%d", number);
    come_and_go(peer, (uint64_t)number);
    return 0;
}

/* ---- who stays, and grows: by allocating, and at once ---- */

static void *grow_on(void *argument)
{
    uint64_t number = (uintptr_t)argument;
    unsigned char *kept[64] = { NULL };
    for (uint64_t i = 0; __atomic_load_n(&coming, __ATOMIC_ACQUIRE) != 0; i++) {
        uint32_t at = i % 64;
        CHECK(!kept[at] || has_pattern(kept[at], KEPT_BYTES, number + i - 64));
        peermap_free(lasting[number], kept[at]);
        CHECK((kept[at] = peermap_alloc(lasting[number], KEPT_BYTES)) != NULL);
        write_pattern(kept[at], KEPT_BYTES, number + i);
        if (i % 256 == 0 && peermap_size(lasting[number]) < 200u << 20)
            CHECK_INT(peermap_grow(lasting[number], GROWTH, NULL), 0);
    }
    for (int i = 0; i < 64; i++)
        peermap_free(lasting[number], kept[i]);
    return NULL;
}

static void forget_the_second(void)
{
    char two[80];
    name_one(two, sizeof two, 1);
    peermap_unlink(two);
}

static void nobody_is_left(int number)
{
    peermap_peer peer;
    peermap_heap_peer rows[3];
    heap = lasting[number];
    CHECK_INT(peermap_peers(heap, &peer, 1), 1);
    CHECK_INT(peermap_heap_peers(heap, rows, 3), 2);
    CHECK_INT(rows[0].allocations + rows[1].allocations, rows[0].frees + rows[1].frees);
    CHECK_INT(stats().lost_threads, 0);
    CHECK_INT(stats().faults, 0);
    is_empty();
    CHECK_INT(peermap_grow(heap, GROWTH, NULL), 0);
}

int main(int argc, char **argv)
{
    char two[80];
    pid_t processes[PROCESSES];
    pthread_t threads[THREADS], growers[2];
    if (argc > 1)
        return be_a_process(argv);
    setup(argv);
    alarm(165);
    atexit(forget_the_second);
    name_one(two, sizeof two, 1);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "stays", .flags = PEERMAP_HEAP, .deadline_ms = 60000, .reserve_size = 1 << 30 };
    CHECK_INT(peermap_create(seg(), &options, &lasting[0]), 0);
    CHECK_INT(peermap_create(two, &options, &lasting[1]), 0);
    for (int i = 0; i < PROCESSES; i++)
        processes[i] = start_self("process", i + THREADS);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, come_and_go_in_a_thread, (void *)i) == 0);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK(pthread_create(&growers[i], NULL, grow_on, (void *)i) == 0);
    bool well = true;
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        CHECK(waitpid(processes[i], &status, 0) == processes[i]);
        well = well && status == 0;
    }
    CHECK(well);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < 2; i++)
        CHECK(pthread_join(growers[i], NULL) == 0);
    for (int i = 0; i < 2; i++) {
        nobody_is_left(i);
        peermap_detach(lasting[i]);
    }
    return 0;
}
