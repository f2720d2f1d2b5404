/* SPDX-License-Identifier: MIT */
/* The event that a growth, a shrink or a trim begins says the size that there was, and the size that there is to be. */
#include "image.h"

static peermap_segment *segment;
static struct pmo_observer observer;
static uint64_t next;

/* The last beginning of a round of this kind since the last look. */
static struct pm_event begun(enum pm_op op)
{
    struct pmo_events events;
    struct pm_event found = { .kind = 0 };
    CHECK_INT(pmo_events_read(&observer, next, 4096, &events), 0);
    for (size_t i = 0; i < events.count; i++)
        if (events.list[i].kind == PM_EV_ROUND_BEGIN && events.list[i].method == op)
            found = events.list[i];
    next = events.last;
    pmo_events_free(&events);
    CHECK(found.kind != 0);
    return found;
}

static void from_to(enum pm_op op, uint64_t from, uint64_t to)
{
    const struct pm_event event = begun(op);
    CHECK_INT(event.ns, from);
    CHECK_INT(event.size, to);
}

static void make(uint32_t flags, size_t size)
{
    const peermap_options options = { .struct_size = sizeof options, .flags = flags | PEERMAP_STRICT, .initial_size = size };
    (void)peermap_unlink(seg());
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    next = 0;
}

static void leave(void)
{
    pmo_observer_close(&observer);
    peermap_detach(segment);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    make(0, 65536);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    from_to(PM_OP_GROW, 65536, 131072);
    CHECK_INT(peermap_shrink(segment, 32768, NULL), 0);
    from_to(PM_OP_SHRINK, 131072, 98304);
    CHECK_INT(peermap_grow_to(segment, 131072, NULL), 0);
    from_to(PM_OP_GROW, 98304, 131072);
    leave();
    make(PEERMAP_HEAP, 4 << 20);
    CHECK_INT(peermap_trim(segment, NULL), 0);
    from_to(PM_OP_SHRINK, 4 << 20, 16384);
    leave();
    return 0;
}
