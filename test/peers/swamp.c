/* SPDX-License-Identifier: MIT */
/*
 * swamp.c - a segment that is too much for whoever looks at it, made by means that every peer has.
 *
 *     swamp SEGMENT NAME flood       all that wakes an observer changes, as fast as a core can: slots, events, epoch
 *     swamp SEGMENT NAME heap        a heap of 2 TiB, all of which its description claims to be in use; a hole in the file
 *     swamp SEGMENT NAME locks       at "lock" its locks are held, by nobody who ever lets go, until "unlock"; it answers "ok"
 *     swamp SEGMENT NAME pieces N    it maps the object N times over, and is in every slot of the registry
 *
 * It creates the segment, says "ready PID BASE SIZE", and ends with its standard input.
 */
#include <peermap.h>

#include "heap_layout.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define KIND_COUNT 21u
#define AT_ONCE 5000u
#define HEAP (UINT64_C(2) << 40)

static struct pm_header *header;
static int object;

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

static bool over(int wait_ms) { return poll(&(struct pollfd){ .fd = STDIN_FILENO, .events = POLLIN }, 1, wait_ms) > 0; }

static struct pm_slot *slots(void) { return (void *)((char *)header + header->slots_off); }

static void flood_once(uint64_t at)
{
    struct pm_event *events = (void *)((char *)header + header->events_off);
    events[at % header->event_count] = (struct pm_event){ .seq = at + 1,
                                                          .kind = (uint8_t)(1 + at % (KIND_COUNT - 1)),
                                                          .epoch = at,
                                                          .slot = (uint16_t)(at % header->slot_count),
                                                          .size = at,
                                                          .pid = (uint32_t)(at % 60000) };
    header->event_head = at + 1;
    header->epoch++;
    header->change++;
    slots()[1 + at % (header->slot_count - 1)] =
        (struct pm_slot){ .tag = at << 8 | PM_LIVE, .pid = (uint32_t)(1 + at % 60000), .life = at % 2 ? 1 : 0, .acked = at, .name = "flood" };
    if (at % 16 == 0)
        syscall(SYS_futex, &header->change, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void flood(void)
{
    while (!over(0))
        for (unsigned i = 0; i < AT_ONCE; i++)
            flood_once(header->event_head);
}

static void claim_heap(void)
{
    if (ftruncate(object, (off_t)(header->header_len + header->reserved)) != 0)
        fail("ftruncate");
    header->heap.backed = pm_heap_units(header->reserved);
    header->target = header->reserved;
    header->active = (header->active & ~PM_ACTIVE_BYTES) | header->reserved;
}

static void map_pieces(unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, object, (off_t)header->header_len) == MAP_FAILED)
            fail("mmap");
    for (uint32_t i = 1; i < header->slot_count; i++)
        slots()[i] = slots()[0];
}

static void hold_locks(void)
{
    char line[16];
    while (fgets(line, sizeof line, stdin)) {
        header->lock = header->registry_lock = strcmp(line, "lock\n") == 0 ? (uint32_t)getpid() : 0;
        syscall(SYS_futex, &header->lock, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
        syscall(SYS_futex, &header->registry_lock, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
        printf("ok\n");
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    const char *mode = argc >= 4 ? argv[3] : "";
    const bool heap = strcmp(mode, "heap") == 0;
    peermap_options options = { .struct_size = sizeof options, .peer_name = argc >= 3 ? argv[2] : "", .max_peers = 1024 };
    peermap_segment *segment;
    char path[256];
    if (heap) {
        options.flags = PEERMAP_HEAP;
        options.reserve_size = HEAP;
    }
    if (peermap_create(argv[1], &options, &segment) != 0)
        return printf("error %s\n", peermap_last_error()), 1;
    snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s", argv[1]);
    object = open(path, O_RDWR | O_CLOEXEC);
    struct stat facts;
    if (object < 0 || fstat(object, &facts) != 0)
        fail(path);
    header = mmap(NULL, sizeof *header + PM_SLOTS_MAX * sizeof(struct pm_slot) + (4u << 20), PROT_READ | PROT_WRITE, MAP_SHARED, object, 0);
    if (header == MAP_FAILED)
        fail("mmap");
    if (heap)
        claim_heap();
    if (strcmp(mode, "pieces") == 0 && argc >= 5)
        map_pieces((unsigned)atoi(argv[4]));
    printf("ready %d %p %zu\n", (int)getpid(), peermap_base(segment), peermap_size(segment));
    fflush(stdout);
    if (strcmp(mode, "flood") == 0)
        flood();
    if (strcmp(mode, "locks") == 0)
        hold_locks();
    while (!over(-1)) {}
    return 0;
}
