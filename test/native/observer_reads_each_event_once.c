/* SPDX-License-Identifier: MIT */
/* Events come in order, each once; those that were overwritten are counted; a writer that died in a record holds nobody up for good. */
#include "image.h"

static struct image image;
static struct pmo_observer observer;

static void write_event(uint64_t index)
{
    struct pm_event *record = &image.events[index % image.header->event_count];
    *record = (struct pm_event){ .seq = index + 1, .time_ns = index * 10, .kind = PM_EV_ROOT, .slot = PM_NO_SLOT, .size = index };
}

static void write_events(uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++)
        write_event(i);
    image.header->event_head = to;
}

static struct pmo_events read_events(uint64_t after, size_t limit)
{
    struct pmo_events events;
    CHECK_INT(pmo_events_read(&observer, after, limit, &events), 0);
    for (size_t i = 0; i < events.count; i++) {
        CHECK_INT(events.list[i].size, events.list[i].seq - 1);
        CHECK(i == 0 || events.list[i].seq > events.list[i - 1].seq);
    }
    return events;
}

#define EXPECT(after, limit, count_, last_, missed_)                                                                   \
    do {                                                                                                               \
        struct pmo_events e_ = read_events((after), (limit));                                                          \
        CHECK_INT(e_.count, (count_));                                                                                 \
        CHECK_INT(e_.last, (last_));                                                                                   \
        CHECK_INT(e_.missed, (missed_));                                                                               \
        pmo_events_free(&e_);                                                                                          \
    } while (0)

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(4, 4, 16, 65536);
    observer = observe();
    EXPECT(0, 100, 0, 0, 0);
    write_events(0, 10);
    EXPECT(0, 100, 10, 10, 0);
    EXPECT(0, 3, 3, 3, 0);
    EXPECT(3, 3, 3, 6, 0);
    EXPECT(10, 100, 0, 10, 0);
    write_events(10, 40); /* round the ring: 24 of them are gone */
    EXPECT(10, 100, 16, 40, 14);
    EXPECT(0, 5, 5, 29, 24);
    EXPECT(1000, 100, 0, 40, 0); /* of another segment */

    /* Overwritten by a later lap than the head says. */
    write_event(56);
    EXPECT(39, 100, 1, 40, 0);
    EXPECT(24, 100, 15, 40, 1);

    /* Being written, the last: the batch ends before it, and nothing is lost. */
    write_events(41, 60);
    image.events[59 % 16].seq = 0;
    EXPECT(50, 100, 9, 59, 0);
    write_event(59);
    EXPECT(59, 100, 1, 60, 0);

    /* Being written, with others behind it: they wait for it a moment, in case its writer is only slow. */
    write_events(60, 70);
    image.events[62 % 16].seq = 0;
    image.events[63 % 16].seq = 63 + 1 - 16;
    struct pmo_events first = read_events(60, 100);
    CHECK_INT(first.count, 2);
    CHECK(first.more_later);
    pmo_events_free(&first);
    /* Its writer died: given up, and the record after it likewise, in one go. */
    struct pmo_events rest;
    const uint64_t begun = now_ns();
    for (;;) {
        rest = read_events(62, 100);
        if (rest.count > 0)
            break;
        CHECK(rest.more_later);
        pmo_events_free(&rest);
        usleep(1000);
    }
    CHECK(now_ns() - begun > PMO_HOLE_NS / 2);
    CHECK_INT(rest.missed, 2);
    CHECK_INT(rest.count, 6);
    CHECK_INT(rest.last, 70);
    CHECK(!rest.more_later);
    pmo_events_free(&rest);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
