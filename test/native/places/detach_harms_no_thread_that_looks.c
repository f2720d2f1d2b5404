/* SPDX-License-Identifier: MIT */
/* A thread looks through what it has of several heaps, and stands at that of one, while another thread detaches from just that: it gets on, and so does the other. */
#include "../heap.h"
#include "places.h"

#define HEAPS 4

static peermap_segment *heaps[HEAPS + 1];

static peermap_segment *make(int number)
{
    char name[80];
    peermap_segment *made;
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .deadline_ms = 20000 };
    snprintf(name, sizeof name, "%s-%d", seg(), number);
    CHECK_INT(peermap_create(name, &options, &made), 0);
    CHECK_INT(peermap_unlink(name), 0);
    return made;
}

static void *detach_from_the_last(void *nothing)
{
    peermap_detach(heaps[HEAPS - 1]); /* whose cache is the first that is looked at */
    heaps[HEAPS - 1] = NULL;
    return nothing;
}
static void detach_elsewhere(void) { in_thread(detach_from_the_last); }

static void use(peermap_segment *segment)
{
    unsigned char *object = peermap_alloc(segment, 1000);
    CHECK(object != NULL);
    write_pattern(object, 1000, 3);
    CHECK(has_pattern(object, 1000, 3));
    peermap_free(segment, object);
}

static void *look(void *nothing)
{
    for (int i = 0; i < HEAPS; i++)
        use(heaps[i]);
    at_place("cache.read", detach_elsewhere);
    use(heaps[HEAPS]); /* of which it has nothing yet */
    CHECK(place_was_reached());
    for (int i = 0; i < HEAPS - 1; i++)
        use(heaps[i]);
    return nothing;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    for (int i = 0; i <= HEAPS; i++)
        heaps[i] = make(i);
    in_thread(look);
    for (int i = 0; i <= HEAPS; i++)
        peermap_detach(heaps[i]);
    return 0;
}
