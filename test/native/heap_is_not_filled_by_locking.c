/* SPDX-License-Identifier: MIT */
/* What describes a heap is a hole as large as the heap may become: a peer that locks its future memory (mlockall) does not fill it. */
#include "heap.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
    (void)argc;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SKIP("the sanitizer makes mlockall() do nothing");
#endif
    setup(argv);
    open_heap("first", 0, 0, UINT64_C(16) << 30);
    close_heap();
    uint64_t before = memory_of_object();
    if (mlockall(MCL_FUTURE) != 0)
        SKIP("mlockall: %s", strerror(errno));
    peermap_options options = { .struct_size = sizeof options, .peer_name = "locked" };
    if (peermap_attach(seg(), &options, &heap) != 0)
        SKIP("%s", peermap_last_error());
    CHECK(peermap_alloc(heap, 100) != NULL);
    CHECK(memory_of_object() < before + (1 << 20));
    close_heap();
    return 0;
}
