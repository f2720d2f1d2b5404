/* SPDX-License-Identifier: MIT */
/* Many threads of one process grow, pin and read at once; the sizes add up and every pin is undone. */
#include "drive.h"

#include <pthread.h>

#define THREADS 8
#define TIMES 40

static peermap_segment *segment;

static void *work(void *unused)
{
    (void)unused;
    for (int i = 0; i < TIMES; i++) {
        CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
        size_t size = peermap_pin(segment);
        const volatile char *base = peermap_base(segment);
        CHECK_INT(base[size - 1], 0);
        peermap_unpin(segment);
    }
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "threads", .deadline_ms = 20000, .flags = PEERMAP_STRICT };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(peermap_size(segment), 65536 + THREADS * TIMES * 4096);
    maps_exactly(other, peermap_size(segment));
    ok(other, "shrink 65536"); /* no pin is left */
    peermap_detach(segment);
    return 0;
}
