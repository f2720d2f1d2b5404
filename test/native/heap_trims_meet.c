/* SPDX-License-Identifier: MIT */
/* Who trims while others trim, and while the heap grows, shrinks it by nothing that was true before, and leaves what lives. */
#include "heap.h"

#include <pthread.h>

#define THREADS 4
#define TIMES 100
#define LARGE ((size_t)1 << 20)

static pthread_barrier_t together;

static void *work(void *number)
{
    uint64_t seed = (uint64_t)(uintptr_t)number;
    for (int i = 0; i < TIMES; i++) {
        unsigned char *object = i % 2 ? peermap_alloc(heap, LARGE) : NULL; /* else there is nothing, and they trim all of the size */
        CHECK(object != NULL || i % 2 == 0);
        if (object)
            write_pattern(object, LARGE, seed);
        pthread_barrier_wait(&together);
        int rc = peermap_trim(heap, NULL);
        if (rc != 0 && rc != PEERMAP_EBUSY) /* somebody allocates or trims past all tries */
            FAIL("trim: %s", peermap_last_error());
        CHECK(!object || has_pattern(object, LARGE, seed));
        peermap_free(heap, object);
        pthread_barrier_wait(&together);
        if (seed == 0)
            CHECK_INT(peermap_grow(heap, 8 * LARGE, NULL), 0);
        pthread_barrier_wait(&together);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    pthread_t threads[THREADS];
    open_heap("trims", 0, 65536, (size_t)1 << 30);
    CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)i) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(peermap_trim(heap, NULL), 0);
    CHECK_INT(objects(), 0);
    close_heap();
    return 0;
}
