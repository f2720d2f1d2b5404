/* SPDX-License-Identifier: MIT */
/*
 * A peer that allows others to be late allows them that by the deadline of its calls: what it undoes in the background, or for a call that was given up, has but a moment, and who
 * only has no core to run on for so long must not lack what is active.
 */
#include "places.h"

#include "header.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static struct peer *quick;

static void everybody_has_it(void)
{
    const uint64_t size = __atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_BYTES;
    for (uint32_t i = 0; i < its_header->slot_count; i++)
        if ((slots()[i].tag & PM_TAG_STATE) == PM_LIVE && (slots()[i].life & PM_FUTEX_TID) != 0 && slots()[i].mapped < size)
            FAIL("%s has %llu of %llu bytes", slots()[i].name, (unsigned long long)slots()[i].mapped, (unsigned long long)size);
}

static void ends_well(void)
{
    usleep(100000);
    everybody_has_it();
    continue_peer(quick);
    UNTIL((__atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & (PM_ACTIVE_CLOSED | PM_ACTIVE_BYTES)) == BEFORE);
    everybody_has_it();
    kill_peer(quick);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void in_the_background(void)
{
    struct peer *creates = ready_peer("creates", "create 1048576 deadline 400"), *shrinks = ready_peer("shrinks", "deadline 100000"), *late;
    quick = ready_peer("quick", "no-ptrace");
    late = ready_peer("late", "no-ptrace");
    map_header();
    stop_peer(late);
    shrink_halfway(shrinks, quick, BEFORE, AFTER);
    kill_peer(shrinks);
    struct peer *joins = ready_peer("joins", "late");
    ends_well();
    kill_peer(creates);
    kill_peer(late);
    kill_peer(joins);
}

static void quick_stops(void)
{
    UNTIL(slot_of(quick)->mapped == AFTER);
    stop_peer(quick);
    usleep(600000);
}

static void of_what_was_given_up(void)
{
    const peermap_options options = {
        .struct_size = sizeof options, .peer_name = "here", .initial_size = BEFORE, .flags = PEERMAP_STRICT | PEERMAP_ALLOW_LATE, .deadline_ms = 300
    };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    quick = ready_peer("quick", "no-ptrace");
    map_header();
    at_place("request.committing", quick_stops);
    CHECK_INT(peermap_shrink(segment, BEFORE - AFTER, NULL), PEERMAP_EBUSY);
    UNTIL(__atomic_load_n(&its_header->lock, __ATOMIC_SEQ_CST) == 0);
    ends_well();
    peermap_detach(segment);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    in_the_background();
    of_what_was_given_up();
    return 0;
}
