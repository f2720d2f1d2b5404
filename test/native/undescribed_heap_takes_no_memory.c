/* SPDX-License-Identifier: MIT */
/* A header says that all of a heap's reservation is described, and of a peer that it ended in there: who attaches and counts gives no memory for what is a hole. */
#include "header.h"
#include "heap.h"

#include "places.h"

#define RESERVE (UINT64_C(64) << 30) /* 32 MiB of words, one for each 16 KiB */

static uint64_t kilobytes(void)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(stat(path, &facts) == 0);
    return (uint64_t)facts.st_blocks / 2;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("a", 0, 4 << 20, RESERVE);
    char *object = peermap_alloc(heap, 100);
    CHECK(object != NULL);
    const peermap_heap before = stats();
    close_heap();
    map_header();
    struct pm_places places;
    pm_places_find(its_header, &places);
    const uint64_t size = its_header->active & PM_ACTIVE_BYTES, had = kilobytes();
    its_header->heap.backed = RESERVE >> PM_UNIT_SHIFT;
    ((struct pm_record *)(void *)((char *)its_header + places.heap.records))[its_header->heap.records_used++].holder = UINT64_C(0x123456789);

    open_heap("b", 0, 0, 0);
    its_header->active = its_header->target = its_header->horizon = RESERVE;
    CHECK(stats().size > size);
    CHECK(kilobytes() < had + 2048);
    its_header->active = its_header->target = its_header->horizon = size;
    const peermap_heap after = stats();
    CHECK_INT(after.small_objects, before.small_objects);
    CHECK_INT(after.free_bytes, before.free_bytes);
    CHECK_INT(after.largest_free, before.largest_free);
    close_heap();
    return 0;
}
