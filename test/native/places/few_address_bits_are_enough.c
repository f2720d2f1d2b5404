/* SPDX-License-Identifier: MIT */
/*
 * On a processor that is configured for addresses of 39 bits, where higher ones are refused as too much memory would be, a segment is made below, and all have it
 * at one address; where nothing is free at all, the limit is named.
 */
#include "places.h"

#define ADDRESSES_END (UINT64_C(1) << 39)

static int refusals;

static void refuse(void)
{
    place_error = ENOMEM;
    if (--refusals > 0)
        at_place("reserve.take", refuse);
}

static int create(peermap_segment **segment, uint32_t flags, int refused)
{
    peermap_options options = { .struct_size = sizeof options, .flags = flags };
    refusals = refused;
    at_place("reserve.take", refuse);
    int rc = peermap_create(seg(), &options, segment);
    CHECK(place_was_reached() && refusals == 0);
    return rc;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    const uint32_t flags[] = { 0, PEERMAP_HEAP };
    for (int i = 0; i < 2; i++) {
        CHECK_INT(create(&segment, flags[i], 2), 0);
        CHECK((uintptr_t)peermap_base(segment) + ((uint64_t)16 << 30) <= ADDRESSES_END);
        struct peer *other = ready_peer("other", NULL);
        CHECK_INT(other->base, (uintptr_t)peermap_base(segment));
        CHECK_INT(peermap_grow(segment, 80 << 20, NULL), 0);
        ok(other, "touch");
        CHECK_INT(end_peer(other), 0);
        peermap_detach(segment);
        CHECK_INT(peermap_unlink(seg()), 0);
    }
    CHECK_INT(create(&segment, 0, 3), PEERMAP_EOS);
    CHECK_INT(errno, ENOMEM);
    CHECK(strstr(peermap_last_error(), "ulimit -v") != NULL);
    return 0;
}
