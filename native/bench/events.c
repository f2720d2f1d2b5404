/* SPDX-License-Identifier: MIT */
/*
 * events - writes events into a segment's ring at a steady rate, for whoever watches.
 *
 * No call of the library makes events as fast as this is to be: what is measured is who reads them.  So it is no peer, and writes the ring
 * as runtime/journal.c does, one event for each root that might have been set, and tells of a change every 32.
 *
 * events SEGMENT PER_SECOND SECONDS     prints what it managed: {"written":..,"seconds":..}
 */
#include "common/bench.h"
#include "layout.h"
#include "order.h"
#include "os.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>

#define AT_ONCE 32

static struct pm_header *map(const char *segment)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", segment);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    struct pm_header head;
    if (fd < 0 || read(fd, &head, sizeof head) != (ssize_t)sizeof head)
        bench_die(path);
    void *header = mmap(NULL, head.header_len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (header == MAP_FAILED)
        bench_die(path);
    close(fd);
    return header;
}

static void write_event(struct pm_header *header)
{
    struct pm_event *events = (struct pm_event *)(void *)((char *)header + header->events_off);
    const uint64_t index = add64(&header->event_head, 1);
    struct pm_event *record = &events[index & (header->event_count - 1)];
    const struct pm_event event = { .time_ns = pm_now(), .kind = PM_EV_ROOT, .slot = PM_NO_SLOT, .by = PM_NO_SLOT, .size = index, .ns = 8 };
    order_store64(&record->seq, 0);
    opened();
    write_words(&record->time_ns, &event.time_ns, sizeof event - offsetof(struct pm_event, time_ns));
    store64(&record->seq, index + 1);
}

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    struct pm_header *header = map(words[1]);
    const double per_us = atof(words[2]) / 1e6, end = atof(words[3]) * 1e6;
    const double began = bench_us();
    double now = 0;
    unsigned long written = 0;
    for (; now < end; now = bench_us() - began) {
        if ((double)written >= now * per_us) {
            usleep(200);
            continue;
        }
        for (int i = 0; i < AT_ONCE; i++, written++)
            write_event(header);
        add32(&header->change, 1);
        pm_futex_wake(&header->change, UINT32_MAX, INT_MAX);
    }
    printf("{\"written\":%lu,\"seconds\":%.3f}\n", written, now / 1e6);
    return 0;
}
