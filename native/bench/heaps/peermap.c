/* SPDX-License-Identifier: MIT */
/* peermap.c - the heap of a segment. */
#include "heaps.h"

#include "../common/bench.h"

static char name[PEERMAP_NAME_MAX], path[128];
static peermap_segment *segment;

static void enter(void)
{
    peermap_options options = { .struct_size = sizeof options, .max_peers = 64, .reserve_size = (size_t)8 << 30, .flags = PEERMAP_HEAP };
    bench_check(peermap_open(name, &options, &segment), "open");
}

static bool begin(void)
{
    snprintf(name, sizeof name, "bench-heap-%ld", (long)getpid());
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    heap_remove_at_end(path);
    enter();
    peermap_detach(segment);
    return true;
}

static void *take(size_t size) { return peermap_alloc(segment, size); }
static void give(void *object) { peermap_free(segment, object); }
static uint64_t word(void *object) { return (uint64_t)((char *)object - (char *)peermap_base(segment)); }
static void *object_of(uint64_t at) { return (char *)peermap_base(segment) + at; }

static uint64_t bytes(void)
{
    static peermap_heap found;
    bench_check(peermap_heap_stats(segment, &found), "stats");
    return found.span_bytes + found.large_bytes;
}

static uint64_t footprint(void) { return heap_file_memory(path); }

struct heap heap_peermap = { "peermap", true, begin, enter, take, give, word, object_of, bytes, footprint, NULL };
