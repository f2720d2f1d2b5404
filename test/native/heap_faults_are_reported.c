/* SPDX-License-Identifier: MIT */
/* A second free, a pointer that is no object, and a byte written past an end are reported with peer, address and offset, and change nothing. */
#include "heap.h"

static peermap_heap_fault last;
static char said[512];
static int times;

static void note(const peermap_heap_fault *fault, void *context)
{
    CHECK(context == &times);
    last = *fault;
    snprintf(said, sizeof said, "%s", fault->sentence);
    times++;
}

static void expect(int kind, void *at)
{
    int before = times;
    uint64_t live = objects();
    peermap_free(heap, at);
    CHECK_INT(times, before + 1);
    CHECK_INT(last.kind, kind);
    CHECK_INT(last.pid, getpid());
    CHECK(strcmp(last.peer, "careless") == 0 && strstr(said, "careless") != NULL);
    CHECK(last.address == at);
    CHECK_INT(objects(), live);
    CHECK(strcmp(peermap_last_error(), said) == 0);
}

static void overflow(size_t size, size_t past)
{
    unsigned char *object = peermap_alloc(heap, size);
    object[size + past] ^= 0x40;
    expect(PEERMAP_FAULT_OVERFLOW, object);
    CHECK_INT(last.offset, object - (unsigned char *)peermap_base(heap));
    for (int i = 0; i < 3000; i++) { /* never used again */
        unsigned char *other = peermap_alloc(heap, size);
        CHECK(other != NULL && other != object);
        if (i % 3)
            peermap_free(heap, other);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("careless", 0, 0, 0);
    peermap_on_heap_fault(note, &times);
    unsigned char *small = peermap_alloc(heap, 100), *large = peermap_alloc(heap, 200000), *kept = peermap_alloc(heap, 100);
    memset(kept, 7, 100);
    expect(PEERMAP_FAULT_FOREIGN, small + 16);
    expect(PEERMAP_FAULT_FOREIGN, small + 1);
    expect(PEERMAP_FAULT_FOREIGN, large + 16384);
    expect(PEERMAP_FAULT_FOREIGN, &last);
    expect(PEERMAP_FAULT_FOREIGN, (char *)peermap_base(heap) + (UINT64_C(1) << 33));
    expect(PEERMAP_FAULT_FOREIGN, (char *)peermap_base(heap) - 4096);
    peermap_free(heap, small);
    expect(PEERMAP_FAULT_DOUBLE_FREE, small);
    peermap_free(heap, large);
    expect(PEERMAP_FAULT_DOUBLE_FREE, large);
    CHECK(peermap_realloc(heap, large, 10) == NULL && errno == EINVAL);
    CHECK_INT(peermap_object_size(heap, small), 0);

    overflow(100, 0);   /* the first byte too many */
    overflow(104, 0);   /* into the guard itself */
    overflow(100, 3);
    overflow(0, 0);
    overflow(4089, 0);
    unsigned char *huge = peermap_alloc(heap, 300000);
    huge[300000] = 1;
    expect(PEERMAP_FAULT_OVERFLOW, huge);

    for (int i = 0; i < 100; i++)
        CHECK_INT(kept[i], 7);
    peermap_free(heap, kept);
    CHECK_INT(times, stats().faults);
    struct peer *peer = ready_peer("later", NULL); /* the heap goes on */
    CHECK(peer->base != 0);
    CHECK(peermap_alloc(heap, 64) != NULL);
    peermap_on_heap_fault(NULL, NULL);
    close_heap();
    return 0;
}
