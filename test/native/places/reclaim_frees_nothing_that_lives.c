/* SPDX-License-Identifier: MIT */
/*
 * While one thread looks through the heap for what the dead have left, others give back what it looks at and take it again: what lives stays whole.
 *
 * The first run of a thread, and the first of another in the same place, once looked the same in every word but their first one's.
 */
#include "../heap.h"
#include "places.h"

#define LARGE (3u << 20) /* too large to be kept by who frees it */
#define SMALL 100
#define SMALLS 2000
#define PEER_OBJECTS 8

static unsigned char *one, *two;

static void *take_one(void *nothing)
{
    one = peermap_alloc(heap, LARGE);
    return nothing;
}
static void *free_one(void *nothing)
{
    peermap_free(heap, one);
    return nothing;
}
static void *take_two(void *nothing)
{
    two = peermap_alloc(heap, LARGE);
    return nothing;
}

static void take_it_again(void) { in_thread(take_two); }
static void free_it(void)
{
    in_thread(free_one);
    at_place("reclaim.compared", take_it_again);
}
static void free_and_take_it(void)
{
    in_thread(free_one);
    in_thread(take_two);
}

/* Nobody gets memory inside of it, and its bytes stay. */
static void is_whole(unsigned char *object)
{
    CHECK(object == one); /* the lowest run that fits */
    CHECK_INT(peermap_object_size(heap, object), LARGE);
    write_pattern(object, LARGE, 7);
    unsigned char *small[SMALLS];
    for (int i = 0; i < SMALLS; i++) {
        CHECK((small[i] = peermap_alloc(heap, SMALL)) != NULL);
        CHECK(small[i] + SMALL <= object || small[i] >= object + LARGE);
        memset(small[i], 0xee, SMALL);
    }
    CHECK(has_pattern(object, LARGE, 7));
    for (int i = 0; i < SMALLS; i++)
        peermap_free(heap, small[i]);
    peermap_free(heap, object);
    CHECK_INT(objects(), 0);
}

/* A process that ends with memory that is on its way, so that there is something to reclaim. */
static int die_with_some(char **argv)
{
    be_started(argv);
    open_heap("dies", 0, 0, 0);
    for (int i = 0; i < PEER_OBJECTS; i++)
        peermap_free(heap, peermap_alloc(heap, 1 << 18)); /* kept, as long as it lives */
    _exit(0);
}

static void leave_a_death(void)
{
    int status;
    pid_t pid = start_self("die", 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return die_with_some(argv);
    setup(argv);
    open_heap("lives", 0, 16 << 20, 0);

    in_thread(take_one);
    at_place("reclaim.read", free_it); /* the word of one's second unit, before what it hangs on is looked at; and then before it would be freed */
    leave_a_death();
    CHECK(peermap_reap(heap) >= 0);
    CHECK(place_was_reached());
    is_whole(two);

    in_thread(take_one);
    at_place("reclaim.read", free_and_take_it);
    leave_a_death();
    CHECK(peermap_reap(heap) >= 0);
    CHECK(place_was_reached());
    is_whole(two);

    is_empty();
    close_heap();
    return 0;
}
