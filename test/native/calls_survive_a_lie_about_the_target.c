/* SPDX-License-Identifier: MIT */
/*
 * Somebody writes a smaller target into the header, and asks a peer to go by it, which then has not all of its objects mapped any more.  What the library
 * touches itself there ends its calls with an error, not the process; and all goes on when the header is right again.
 */
#include "header.h"
#include "heap.h"

#define SMALL 1000
#define LARGE 200000

static void ask_for(uint64_t target)
{
    static uint64_t great = UINT64_C(1) << 30;
    struct pm_slot *slot = &slots()[0];
    its_header->target = target;
    __atomic_store_n(&slot->requested, ++great, __ATOMIC_SEQ_CST);
    ring();
    UNTIL(__atomic_load_n(&slot->acked, __ATOMIC_SEQ_CST) == great);
    slot->requested = slot->acked = its_header->epoch;
}

static void ends(const void *object)
{
    CHECK(object == NULL);
    CHECK(errno == ENODATA);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    open_heap("a", PEERMAP_STRICT, 4 << 20, 64 << 20);
    map_header();
    char *small = peermap_alloc(heap, SMALL), *large = peermap_calloc(heap, 1, LARGE);
    CHECK(small != NULL && large != NULL);
    memset(small, 7, SMALL);
    const uint64_t target = its_header->target;

    ask_for(16384); /* no object lies before it */
    CHECK_INT(peermap_size(heap), 16384);
    errno = 0;
    ends(peermap_alloc(heap, SMALL));
    ends(peermap_calloc(heap, 1, SMALL));
    CHECK_INT(peermap_object_size(heap, small), 0);

    ask_for(target);
    char *again = peermap_alloc(heap, SMALL);
    CHECK(again != NULL);
    CHECK_INT(peermap_object_size(heap, small), SMALL);
    CHECK(small[SMALL - 1] == 7);
    peermap_free(heap, again);
    peermap_free(heap, small);
    peermap_free(heap, large);
    close_heap();
    return 0;
}
