/* SPDX-License-Identifier: MIT */
/* Where peers may be late, who runs has a moment to answer a growth, also where the call has spent its time on something else. */
#include "places.h"

#include "header.h"

#define SIZE 1048576u
#define DEADLINE_MS 500u

static struct peer *peer;
static uint64_t begun;

static void *go_on(void *unused)
{
    (void)unused;
    usleep(2000);
    continue_peer(peer);
    return NULL;
}

/* As if the peer had no core to run on for two milliseconds. */
static void spend_the_time(void)
{
    static pthread_t thread;
    stop_peer(peer);
    while (now_ns() < begun + DEADLINE_MS * UINT64_C(1000000))
        usleep(100);
    CHECK(pthread_create(&thread, NULL, go_on, NULL) == 0 && pthread_detach(thread) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    const peermap_options options = {
        .struct_size = sizeof options, .peer_name = "here", .initial_size = SIZE, .flags = PEERMAP_STRICT | PEERMAP_ALLOW_LATE, .deadline_ms = DEADLINE_MS
    };
    peermap_segment *segment;
    peermap_round round;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    peer = ready_peer("peer", "no-ptrace");
    map_header();
    at_place("grow.allocated", spend_the_time);
    begun = now_ns();
    CHECK_INT(peermap_grow(segment, 65536, &round), 0);
    CHECK_INT(round.late, 0);
    CHECK_INT(slot_of(peer)->mapped, SIZE + 65536);
    peermap_detach(segment);
    return 0;
}
