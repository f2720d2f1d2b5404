/* SPDX-License-Identifier: MIT */
/*
 * objects.c - objects of the heap, made by one process and freed by another.
 *
 *     objects SEGMENT put N    a list of N objects under a root
 *     objects SEGMENT take     checks and frees them all; prints how many there were, and how many are left in the heap
 */
#include <peermap.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct object {
    struct object *next;
    size_t length;
    unsigned char bytes[];
};

static int failed(const char *what)
{
    fprintf(stderr, "%s: %s\n", what, peermap_last_error());
    return 1;
}

static int put(peermap_segment *segment, int count)
{
    struct object *first = NULL;
    for (int i = 0; i < count; i++) {
        size_t length = (size_t)i * 37 % 5000 + (i % 100 == 0 ? 100000u : 0u);
        struct object *made = peermap_alloc(segment, sizeof *made + length);
        if (!made)
            return failed("alloc");
        made->next = first;
        made->length = length;
        memset(made->bytes, (int)(length % 251), length);
        first = made;
    }
    return peermap_set_root(segment, "list", first, sizeof *first, "object") == 0 ? 0 : failed("set_root");
}

static int take(peermap_segment *segment)
{
    int count = 0;
    struct object *at = peermap_root(segment, "list", NULL);
    for (struct object *next; at; at = next, count++) {
        next = at->next;
        for (size_t i = 0; i < at->length; i++)
            if (at->bytes[i] != at->length % 251)
                return fprintf(stderr, "byte %zu of object %d is %d\n", i, count, at->bytes[i]), 1;
        peermap_free(segment, at);
    }
    peermap_heap heap;
    if (peermap_set_root(segment, "list", NULL, 0, NULL) != 0 || peermap_heap_stats(segment, &heap) != 0)
        return failed("take");
    printf("%d %llu\n", count, (unsigned long long)(heap.small_objects + heap.large_objects));
    return 0;
}

int main(int argc, char **argv)
{
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP };
    peermap_segment *segment;
    if (argc < 3)
        return 2;
    if (peermap_open(argv[1], &options, &segment) != 0)
        return failed("open");
    int result = argc > 3 ? put(segment, atoi(argv[3])) : take(segment);
    peermap_detach(segment);
    return result;
}
