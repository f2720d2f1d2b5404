/* SPDX-License-Identifier: MIT */
/* An observer counts the same heap as its peers do, by reading alone; also one that is full of lies, without a fault. */
#include "heap.h"

#include "../../native/observer/heap.h"

#include <fcntl.h>
#include <sys/mman.h>

static void compare(struct pmo_observer *observer)
{
    struct pmo_heap seen;
    struct pmo_problems problems = { 0 };
    peermap_heap own = stats();
    CHECK_INT(pmo_heap_take(observer, &seen, &problems), 0);
    CHECK(seen.present);
    CHECK_INT(problems.count, 0);
    CHECK_INT(seen.size, own.size);
    CHECK_INT(pm_tally_used(&seen.tally), own.used);
    CHECK_INT(seen.tally.large_objects, own.large_objects);
    CHECK_INT(seen.tally.span_bytes, own.span_bytes);
    CHECK_INT(seen.tally.free_bytes + seen.tally.claimed_bytes, own.free_bytes);
    CHECK_INT(seen.tally.hole_bytes, own.hole_bytes);
    CHECK_INT(seen.tally.largest_free, own.largest_free);
    CHECK_INT(seen.metadata, own.metadata);
    CHECK_INT(seen.grown, own.grown);
    peermap_heap_class classes[PM_CLASSES + 1];
    CHECK_INT(peermap_heap_classes(heap, classes, PM_CLASSES + 1), PM_CLASSES);
    for (uint32_t i = 0; i < PM_CLASSES; i++) {
        CHECK_INT(seen.tally.classes[i].objects, classes[i].objects);
        CHECK_INT(pm_classes[i].stride, classes[i].stride);
    }
    uint64_t allocations = 0;
    for (size_t i = 0; i < seen.peer_count; i++)
        allocations += seen.peers[i].allocations;
    peermap_heap_peer rows[4];
    CHECK_INT(peermap_heap_peers(heap, rows, 4), 2);
    CHECK_INT(allocations, rows[0].allocations + rows[1].allocations);
    pmo_heap_free(&seen);
}

static void lie(struct pmo_observer *observer, uint64_t *state)
{
    struct pmo_heap seen;
    struct pmo_problems problems = { 0 };
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    struct pm_places places;
    struct pm_header header;
    CHECK(pread(fd, &header, sizeof header, 0) == sizeof header);
    pm_places_find(&header, &places);
    for (int i = 0; i < 3000; i++) {
        uint64_t random = chance_of(state), wide = random & 1 ? random : random & 0xffff0f7;
        off_t where = (off_t)(i % 3 == 0 ? places.heap.records + random % 4096 / 8 * 8 : places.heap.words + random % (header.heap.backed * 8) / 8 * 8);
        CHECK(pwrite(fd, &wide, 8, where) == 8);
        if (i % 50 == 0) {
            problems.count = 0;
            CHECK_INT(pmo_heap_take(observer, &seen, &problems), 0);
            pmo_heap_free(&seen);
        }
    }
    close(fd);
    pmo_problems_free(&problems);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    uint64_t state = 4711;
    struct pmo_observer observer;
    open_heap("one", 0, 0, 0);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    compare(&observer);
    void *object[2000];
    for (int i = 0; i < 2000; i++)
        CHECK((object[i] = peermap_alloc(heap, some_size(&state))) != NULL);
    compare(&observer);
    for (int i = 0; i < 2000; i++)
        if (i % 3)
            peermap_free(heap, object[i]);
    compare(&observer);
    peermap_trim(heap, NULL);
    compare(&observer);
    lie(&observer, &state);
    pmo_observer_close(&observer);
    _exit((forget_everything(), 0)); /* what is left of the heap is not to be gone by */
}
