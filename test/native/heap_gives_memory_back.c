/* SPDX-License-Identifier: MIT */
/* Freed memory goes back to the system: by itself where there is much, all of it by trimming; and a hole is filled before it is touched. */
#include "heap.h"

#define COUNT 200
#define MIB (1u << 20)

static unsigned char *object[COUNT];

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("one", 0, 0, 0);
    struct peer *other = ready_peer("other", NULL);
    for (int i = 0; i < COUNT; i++) {
        object[i] = peermap_alloc(heap, MIB);
        CHECK(object[i] != NULL);
        memset(object[i], i + 1, MIB);
    }
    uint64_t all = memory_of_object(), size = peermap_size(heap);
    CHECK(all >= (uint64_t)COUNT * MIB);
    for (int i = 0; i < COUNT - 1; i++)
        peermap_free(heap, object[i]);
    CHECK(memory_of_object() < all / 2); /* holes, without anybody asking */
    CHECK_INT(peermap_size(heap), size);
    CHECK(stats().hole_bytes > 0);

    CHECK_INT(peermap_trim(heap, NULL), 0); /* the last object is in the way of the size, not of the memory */
    CHECK(memory_of_object() < 8u * MIB);
    for (unsigned i = 0; i < MIB; i += 4096)
        CHECK_INT(object[COUNT - 1][i], COUNT);
    uint64_t lower = peermap_size(heap), tail = (uint64_t)(object[COUNT - 1] - (unsigned char *)peermap_base(heap)) + MIB;
    CHECK(lower <= size && lower - tail <= 16384);
    CHECK_INT(stats().free_bytes, 0);

    for (int i = 0; i < COUNT - 1; i++) { /* holes are filled again */
        object[i] = peermap_alloc(heap, MIB);
        CHECK(object[i] != NULL);
        memset(object[i], i + 1, MIB);
    }
    CHECK(memory_of_object() >= (uint64_t)COUNT * MIB);
    for (int i = 0; i < COUNT; i++)
        CHECK(object[i][0] == i + 1 && object[i][MIB - 1] == i + 1);

    /* A shrink does not go below an object, and says so. */
    size = peermap_size(heap);
    CHECK_INT(peermap_shrink(heap, size / 2, NULL), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "peermap_trim") != NULL);
    CHECK_INT(peermap_size(heap), size);
    fails(other, "PEERMAP_EBUSY", "shrink %" PRIu64, size / 2);
    for (int i = 0; i < COUNT; i++)
        peermap_free(heap, object[i]);
    is_empty();
    CHECK(memory_of_object() < 8u * MIB); /* what describes it stays */
    CHECK(peermap_alloc(heap, 10 * MIB) != NULL);
    size = peermap_size(heap);
    maps_all(other, size);
    close_heap();
    return 0;
}
