/* SPDX-License-Identifier: MIT */
/* An allocation that finds no room grows the segment: every peer has the object mapped before the pointer exists, strict or not. */
#include "heap.h"

static void grow_by_allocating(uint32_t flags, size_t step)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "allocating", .initial_size = 1 << 20, .heap_step = step, .flags = PEERMAP_HEAP | flags };
    CHECK_INT(peermap_create(seg(), &options, &heap), 0);
    struct peer *other = ready_peer("other", NULL);
    uint64_t before = peermap_size(heap), least = before;
    for (int i = 0; i < 24; i++) {
        unsigned char *object = peermap_alloc(heap, 1000000);
        CHECK(object != NULL);
        uint64_t off = (uint64_t)(object - (unsigned char *)peermap_base(heap)), size = peermap_size(heap);
        CHECK(size >= off + 1000000);
        CHECK(size == least || size - least <= (step > 1015808 ? step : step ? 1015808 : 64 << 20)); /* by a step, or by what was needed */
        least = size;
        maps_all(other, size);
        memset(object, i + 1, 1000000);
        ok(other, "check %" PRIu64 " 1000000 %d", off, i + 1);
    }
    CHECK(peermap_size(heap) > before);
    CHECK(stats().grown > 0);
    peermap_heap_peer rows[4];
    CHECK_INT(peermap_heap_peers(heap, rows, 4), 3);
    close_heap();
    end_peer(other);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    grow_by_allocating(0, 0);
    grow_by_allocating(0, 2 << 20);
    grow_by_allocating(PEERMAP_STRICT, 0);
    return 0;
}
