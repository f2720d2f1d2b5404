/* SPDX-License-Identifier: MIT */
/*
 * Somebody writes other epochs into the header and the registry, great ones and earlier ones, and puts back what was there, or not: the peers go on
 * hearing what is asked of them, and a growth waits for those who have not mapped it.
 */
#include "header.h"

static uint64_t size = 65536;

static void grows(struct peer *a, struct peer *b)
{
    size += 4096;
    ok(a, "grow 4096");
    maps_exactly(a, size);
    maps_exactly(b, size);
}

static void hear(void)
{
    ring();
    usleep(20000); /* the lie is heard, as far as it is */
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 5000"), *b = ready_peer("b", "deadline 5000");
    map_header();
    struct pm_slot *slot = slot_of(b);
    const uint64_t great = UINT64_C(1) << 40;
    grows(a, b);
    for (int turn = 0; turn < 3; turn++) {
        const uint64_t epoch = its_header->epoch, requested = slot->requested, acked = slot->acked;
        its_header->epoch = slot->requested = great; /* b acts upon a request of times to come */
        hear();
        its_header->epoch = epoch;
        slot->requested = requested;
        slot->acked = turn == 0 ? acked : great;
        grows(a, b);
        slot->requested = slot->remap = great + 1;
        hear();
        grows(a, b);
        slot->acked = great; /* more than what is asked for is no answer to it */
        grows(a, b);
        its_header->epoch--; /* the next is one that there was */
        grows(a, b);
        its_header->epoch = 1;
        grows(a, b);
        its_header->epoch = slot->requested = slot->acked = 1;
        grows(a, b);
        grows(b, a);
    }
    return 0;
}
