/* SPDX-License-Identifier: MIT */
/* While a growth with PEERMAP_PREFAULT puts its pages into the page tables, the roots of its process do not wait for all of them. */
#include "drive.h"

#include <pthread.h>

#define LENGTH ((size_t)256 << 20)
#define TRIES 8 /* any of which may lack a core just then */

static peermap_segment *segment;
static bool over;
static uint64_t took;

static void *grow(void *unused)
{
    const uint64_t begun = now_ns();
    CHECK_INT(peermap_grow(segment, LENGTH, NULL), 0);
    took = now_ns() - begun;
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    return unused;
}

/* The longest of the calls that are made meanwhile, in percent of what the growth takes. */
static unsigned part_of_longest(void)
{
    uint64_t longest = 0;
    pthread_t thread;
    over = false;
    CHECK(pthread_create(&thread, NULL, grow, NULL) == 0);
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE)) {
        const uint64_t begun = now_ns();
        CHECK_INT(peermap_set_root(segment, "root", peermap_base(segment), 16, NULL), 0);
        const uint64_t length = now_ns() - begun;
        longest = length > longest ? length : longest;
        usleep(500);
    }
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_INT(peermap_shrink(segment, LENGTH, NULL), 0);
    return (unsigned)(longest * 100 / took);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .ahead = 2 * LENGTH, .flags = PEERMAP_PREFAULT, .deadline_ms = 60000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    unsigned least = 100;
    for (int i = 0; i < TRIES && least > 35; i++) {
        const unsigned part = part_of_longest();
        printf("the longest call took %u %% of the growth\n", part);
        least = part < least ? part : least;
    }
    if (least > 35)
        FAIL("roots wait for the pages: %u %% of the growth", least);
    peermap_detach(segment);
    return 0;
}
