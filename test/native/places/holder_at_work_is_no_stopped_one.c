/* SPDX-License-Identifier: MIT */
/* Who waits in vain for the lock of a peer that is only at work is told that, not to continue it. */
#include "places.h"

#define DEADLINE_MS 200u

static void work(void) { usleep(4 * DEADLINE_MS * 1000); }

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = DEADLINE_MS, .flags = PEERMAP_STRICT };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *waits = ready_peer("waits", "deadline 200");
    at_place("lock.taken", work);
    CHECK_INT(peermap_grow(segment, 65536, NULL), PEERMAP_EBUSY);
    fails(waits, "PEERMAP_EBUSY", "grow 65536");
    CHECK(strstr(waits->line, "held by here (pid ") != NULL && strstr(waits->line, ": it is at work; repeat") != NULL);
    CHECK(strstr(waits->line, "continue") == NULL);
    peermap_detach(segment);
    CHECK_INT(end_peer(waits), 0);
    return 0;
}
