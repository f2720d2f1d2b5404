/* SPDX-License-Identifier: MIT */
/* Objects of all sizes, resized and freed in any order, keep every byte, never overlap, are aligned, and leave nothing behind. */
#include "heap.h"

#define OBJECTS 3000
#define TIMES 60000

static unsigned char *object[OBJECTS];
static size_t size[OBJECTS];

static void check_and_drop(int i)
{
    CHECK_INT(peermap_object_size(heap, object[i]), size[i]);
    CHECK(has_pattern(object[i], size[i], (uint64_t)i));
    peermap_free(heap, object[i]);
    object[i] = NULL;
}

static void resize(int i, size_t wanted)
{
    size_t kept = size[i] < wanted ? size[i] : wanted;
    unsigned char *moved = peermap_realloc(heap, object[i], wanted);
    CHECK(moved != NULL);
    for (size_t at = 0; at + 1 < kept; at += size[i] > 4096 ? 61 : 1)
        CHECK_INT(moved[at], pattern((uint64_t)i, at));
    object[i] = moved;
    size[i] = wanted;
    write_pattern(moved, wanted, (uint64_t)i);
}

static void step(uint64_t *state)
{
    int i = (int)(chance_of(state) % OBJECTS);
    size_t wanted = some_size(state);
    if (object[i] && chance_of(state) % 4 == 0) {
        resize(i, wanted);
        return;
    }
    if (object[i]) {
        check_and_drop(i);
        return;
    }
    uint64_t how = chance_of(state) % 8, alignment = UINT64_C(1) << chance_of(state) % 14;
    object[i] = how == 0   ? peermap_calloc(heap, wanted / 8, 8)
                : how == 1 ? peermap_aligned_alloc(heap, alignment, wanted)
                           : peermap_alloc(heap, wanted);
    if (!object[i])
        FAIL("no object of %zu bytes: %s", wanted, peermap_last_error());
    size[i] = how == 0 ? wanted / 8 * 8 : wanted;
    CHECK_INT((uintptr_t)object[i] % (how == 1 && alignment > 16 ? alignment : 16), 0);
    for (size_t at = 0; how == 0 && at < size[i]; at++)
        CHECK_INT(object[i][at], 0);
    write_pattern(object[i], size[i], (uint64_t)i);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    uint64_t state = 88172645463325252u;
    open_heap("one", 0, 0, UINT64_C(1) << 30);
    for (int i = 0; i < TIMES; i++)
        step(&state);
    for (int i = 0; i < OBJECTS; i++)
        if (object[i])
            check_and_drop(i);
    is_empty();

    for (size_t alignment = 16; alignment <= 2 << 20; alignment *= 2) {
        unsigned char *aligned = peermap_aligned_alloc(heap, alignment, alignment + 1);
        CHECK(aligned != NULL && (uintptr_t)aligned % alignment == 0);
        memset(aligned, 1, alignment + 1);
        peermap_free(heap, aligned);
    }
    for (size_t bytes = 0; bytes < 40000; bytes++) { /* both sides of every class */
        unsigned char *one = peermap_alloc(heap, bytes);
        CHECK(one != NULL);
        memset(one, 0xff, bytes);
        CHECK_INT(peermap_object_size(heap, one), bytes);
        peermap_free(heap, one);
    }
    is_empty();
    CHECK_INT(stats().faults, 0);
    close_heap();
    return 0;
}
