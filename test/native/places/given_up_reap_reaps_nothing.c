/* SPDX-License-Identifier: MIT */
/* Whoever is told that a reap was given up, because the own agent was held up, finds the dead peer as it was, also when the agent has gone on. */
#include "places.h"

#define DEADLINE_MS 200u

static uint32_t went_on;

static void hold_up(void)
{
    usleep(4 * DEADLINE_MS * 1000);
    __atomic_store_n(&went_on, 1, __ATOMIC_RELEASE);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    peermap_peer rows[4];
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    kill_peer(ready_peer("dead", NULL));
    CHECK_INT(peermap_peers(segment, rows, 4), 2);
    at_place("lock.taken", hold_up);
    CHECK_INT(peermap_reap(segment), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "nothing was changed") != NULL);
    UNTIL(__atomic_load_n(&went_on, __ATOMIC_ACQUIRE));
    CHECK_INT(peermap_set_root(segment, "after", peermap_base(segment), 8, NULL), 0); /* by the same agent, after that */
    CHECK_INT(peermap_peers(segment, rows, 4), 2);
    CHECK_INT(peermap_reap(segment), 1);
    CHECK_INT(peermap_peers(segment, rows, 4), 1);
    peermap_detach(segment);
    return 0;
}
