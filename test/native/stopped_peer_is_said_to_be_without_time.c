/* SPDX-License-Identifier: MIT */
/* A growth whose time is over before a stopped peer could be reached says that it is stopped, not that it may have been. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    peermap_segment *segment;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .flags = PEERMAP_STRICT };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *peer = ready_peer("sleeper", NULL);
    stop_peer(peer);
    peermap_set_thread_deadline(peermap_now() + 1);
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ETIMEDOUT);
    puts(peermap_last_error());
    CHECK(strstr(peermap_last_error(), "peer sleeper ") != NULL && strstr(peermap_last_error(), ": it is stopped; continue it; ") != NULL);
    peermap_set_thread_deadline(0);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    continue_peer(peer);
    CHECK_INT(end_peer(peer), 0);
    peermap_detach(segment);
    return 0;
}
