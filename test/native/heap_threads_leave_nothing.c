/* SPDX-License-Identifier: MIT */
/* Threads allocate, free each other's objects and end: what they held is others' to use, in this process and the next. */
#include "heap.h"
#include "order.h"

#include <pthread.h>

#define THREADS 6
#define TIMES 20000
#define PLACES 512

static void *place[PLACES];

static void *work(void *number)
{
    uint64_t state = (uint64_t)(uintptr_t)number + 1;
    for (int i = 0; i < TIMES; i++) {
        size_t size = chance_of(&state) % 600;
        unsigned char *object = peermap_alloc(heap, size + 1);
        CHECK(object != NULL);
        object[0] = (unsigned char)size;
        object[size] = (unsigned char)size;
        unsigned char *other = __atomic_exchange_n(&place[chance_of(&state) % PLACES], object, __ATOMIC_ACQ_REL);
        if (!other)
            continue;
        size_t others = peermap_object_size(heap, other) - 1;
        CHECK(other[0] == (unsigned char)others && other[others] == (unsigned char)others);
        peermap_free(heap, other);
    }
    return NULL;
}

static void many_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("threads", 0, 0, 0);
    for (int times = 0; times < 3; times++)
        many_threads();
    uint64_t size = peermap_size(heap);
    for (int times = 0; times < 5; times++)
        many_threads();
    CHECK(peermap_size(heap) <= 2 * size); /* those that ended did not keep theirs */
    for (int i = 0; i < PLACES; i++)
        peermap_free(heap, place[i]);
    peermap_heap_peer rows[3];
    CHECK_INT(peermap_heap_peers(heap, rows, 3), 2);
    CHECK_INT(rows[0].threads, 1);
    CHECK_INT(rows[1].allocations, 8 * THREADS * TIMES);
    is_empty();
    CHECK(peermap_alloc(heap, 100) != NULL);
    close_heap();

    open_heap("threads", 0, 0, 0); /* the same thread, another attachment */
    CHECK_INT(objects(), 1);
    CHECK(peermap_alloc(heap, 100) != NULL);
    CHECK_INT(objects(), 2);
    close_heap();
    return 0;
}
