/* SPDX-License-Identifier: MIT */
/*
 * Somebody writes into the header and into a peer's row of the registry what would have a growth pass that peer over: that it only reads, has ended, or has
 * mapped all that there is.  When its own growth returns, it has the memory all the same.
 */
#include "header.h"

static uint64_t size = 65536;

static void grows(struct peer *peer)
{
    ok(peer, "grow 4096");
    maps_exactly(peer, size + 4096);
    ok(peer, "fill %llu 4096 7", (unsigned long long)size);
    size += 4096;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 5000");
    map_header();
    struct pm_slot *slot = slot_of(a);
    const uint32_t life = slot->life;
    grows(a);
    slot->flags |= PM_SLOT_READ_ONLY;
    grows(a);
    slot->flags &= ~PM_SLOT_READ_ONLY;
    its_header->horizon = its_header->reserved;
    grows(a);
    its_header->horizon = its_header->target;
    slot->life = 0;
    grows(a);
    slot->life = life;
    slot->flags &= ~PM_SLOT_DEATH_TOLD;
    grows(a);
    return 0;
}
