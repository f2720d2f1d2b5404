/* SPDX-License-Identifier: MIT */
/* Every size class by every alignment, with the sizes around each boundary: each object is aligned, in the segment, and overlaps no other. */
#include "heap.h"
#include "heap_layout.h"

#define LIVE 12 /* at once: above a unit each may be 2 MiB from the next */

/* Process-local. */
struct object {
    unsigned char *at;
    size_t size;
    uint64_t seed;
};

static struct object live[LIVE];
static uint64_t made;

static bool apart(const struct object *a, const struct object *b) { return a->at + a->size <= b->at || b->at + b->size <= a->at; }

static void expect(const struct object *object, size_t alignment)
{
    const unsigned char *base = peermap_base(heap);
    CHECK(object->at != NULL);
    if ((uintptr_t)object->at % alignment != 0)
        FAIL("%zu bytes aligned to %zu are at %p", object->size, alignment, (void *)object->at);
    CHECK(object->at > base && object->at + object->size <= base + peermap_size(heap));
    CHECK_INT(peermap_object_size(heap, object->at), object->size);
    for (int i = 0; i < LIVE; i++)
        if (live[i].at && &live[i] != object && !apart(&live[i], object))
            FAIL("%zu bytes at %p overlap %zu at %p", object->size, (void *)object->at, live[i].size, (void *)live[i].at);
}

static void give(struct object *object)
{
    CHECK(!object->at || has_pattern(object->at, object->size, object->seed));
    peermap_free(heap, object->at);
    object->at = NULL;
}

static struct object *next(void)
{
    struct object *object = &live[made++ % LIVE];
    give(object);
    object->seed = made;
    return object;
}

static void have_aligned(size_t size, size_t alignment)
{
    struct object *object = next();
    *object = (struct object){ peermap_aligned_alloc(heap, alignment, size), size, object->seed };
    expect(object, alignment);
    write_pattern(object->at, size, object->seed);
}

/* It need not be aligned so any more, but to 16, and has its bytes. */
static void resize(struct object *object, size_t size)
{
    size_t kept = object->size < size ? object->size : size;
    unsigned char before[256];
    size_t length = kept < sizeof before ? kept : sizeof before;
    memcpy(before, object->at, length);
    object->at = peermap_realloc(heap, object->at, size);
    object->size = size;
    expect(object, 16);
    CHECK(memcmp(object->at, before, length) == 0);
    write_pattern(object->at, size, object->seed);
}

static void have_cleared(size_t size)
{
    struct object *object = next();
    *object = (struct object){ peermap_calloc(heap, 1, size), size, object->seed };
    expect(object, 16);
    for (size_t i = 0; i < size; i++)
        CHECK(object->at[i] == 0);
    write_pattern(object->at, size, object->seed);
}

static void around(size_t size, size_t alignment)
{
    for (size_t i = 0; i < 3; i++) {
        if (size + i == 0)
            continue;
        have_aligned(size + i - 1, alignment);
        resize(&live[(made - 1) % LIVE], size + i + (made % 3 == 0 ? 40 : 0) - 1);
    }
    if (alignment == 16)
        have_cleared(size);
}

static void every_size(size_t alignment)
{
    for (uint32_t i = 0; i < PM_CLASSES; i++)
        around(pm_classes[i].stride - PM_GUARD, alignment);
    static const size_t large[] = { PM_SMALL_MAX, 3 * PM_UNIT - PM_GUARD, 5 * PM_UNIT, 100000, 8 * PM_UNIT - PM_GUARD, 300000 };
    for (size_t i = 0; i < sizeof large / sizeof *large; i++)
        around(large[i], alignment);
}

/* As many as there are multiples of the alignment, and no more: none is at offset 0. */
static void fill_up(void)
{
    char name[80];
    peermap_segment *small;
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .initial_size = 1 << 20, .reserve_size = 10 << 20, .deadline_ms = 20000 };
    snprintf(name, sizeof name, "%s-small", seg());
    CHECK_INT(peermap_create(name, &options, &small), 0);
    CHECK_INT(peermap_unlink(name), 0);
    for (int i = 0; i < 4; i++)
        CHECK(peermap_aligned_alloc(small, PM_ALIGN_MAX, PM_ALIGN_MAX - PM_UNIT) == (char *)peermap_base(small) + (size_t)(i + 1) * PM_ALIGN_MAX);
    CHECK(peermap_aligned_alloc(small, PM_ALIGN_MAX, 1) == NULL && errno == ENOMEM);
    CHECK(peermap_alloc(small, 1) != NULL);
    peermap_detach(small);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("aligned", 0, 0, 0);
    for (size_t alignment = 1; alignment <= PM_ALIGN_MAX; alignment *= 2)
        every_size(alignment);
    CHECK(peermap_aligned_alloc(heap, 2 * PM_ALIGN_MAX, 1) == NULL && errno == EINVAL);
    for (int i = 0; i < LIVE; i++)
        give(&live[i]);
    is_empty();
    fill_up();

    /* At addresses of its own, a peer has it up to a page. */
    peermap_segment *first = heap;
    open_heap("elsewhere", PEERMAP_RELOCATABLE, 0, 0);
    CHECK(peermap_base(heap) != peermap_base(first));
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2)
        every_size(alignment);
    for (int i = 0; i < LIVE; i++)
        give(&live[i]);
    is_empty();
    close_heap();
    heap = first;
    CHECK_INT(stats().faults, 0);
    close_heap();
    return 0;
}
