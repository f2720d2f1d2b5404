/* SPDX-License-Identifier: MIT */
/* PEERMAP_HUGE aligns the data, says what pages it has, and works with ordinary ones where the system gives no others. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "a", .initial_size = 4u << 20, .flags = PEERMAP_HUGE };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *b = ready_peer("b", NULL);
    CHECK_INT((uintptr_t)peermap_base(segment) % (2u << 20), 0);
    CHECK_INT(header_length() % (2u << 20), 0);
    size_t page = peermap_page_size(segment);
    CHECK(page == (size_t)sysconf(_SC_PAGESIZE) || page == 2u << 20);
    CHECK_INT(peermap_grow(segment, 4u << 20, NULL), 0);
    memset(peermap_base(segment), 9, 8u << 20);
    ok(b, "check 0 %u 9", 8u << 20);
    CHECK_INT(peermap_shrink(segment, 6u << 20, NULL), 0);
    ok(b, "check 0 %u 9", 2u << 20);
    peermap_detach(segment);
    return 0;
}
