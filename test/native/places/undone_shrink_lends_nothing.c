/* SPDX-License-Identifier: MIT */
/*
 * While a shrink is being undone after a death, the size is still the smaller one, which all who live have: whoever allocated past it by then would give away what
 * another peer has not mapped again yet.
 */
#include "places.h"

#include "header.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static unsigned looks;

static void everybody_has_it(void)
{
    const uint64_t size = __atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_BYTES;
    for (uint32_t i = 0; i < its_header->slot_count; i++)
        if ((slots()[i].tag & PM_TAG_STATE) == PM_LIVE && (slots()[i].life & PM_FUTEX_TID) != 0 && slots()[i].mapped < size)
            FAIL("%s has %llu of %llu bytes", slots()[i].name, (unsigned long long)slots()[i].mapped, (unsigned long long)size);
    looks++;
}

static void look_again(void)
{
    everybody_has_it();
    at_place("recover.asked", everybody_has_it);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = BEFORE, .flags = PEERMAP_STRICT, .deadline_ms = 400 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *shrinks = ready_peer("shrinks", "deadline 100000"), *quick = ready_peer("quick", "no-ptrace"), *late = ready_peer("late", "no-ptrace");
    map_header();
    stop_peer(late);
    shrink_halfway(shrinks, quick, BEFORE, AFTER);
    at_place("recover.judged", look_again);
    kill_peer(shrinks);
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ETIMEDOUT);
    CHECK_INT(looks, 2);
    everybody_has_it();
    continue_peer(quick);
    continue_peer(late);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    everybody_has_it();
    return 0;
}
