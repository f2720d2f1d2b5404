/* SPDX-License-Identifier: MIT */
/* Any number of processes that see the need of so many bytes make one growth of it; and who has enough already grows nothing. */
#include "drive.h"

#define WANTED ((size_t)5 << 20)

static void it_adds_what_is_missing(uint32_t flags)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "maker", .flags = flags, .reserve_size = 64 << 20 };
    peermap_segment *segment;
    peermap_round round;
    (void)peermap_unlink(seg());
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK_INT(peermap_grow_to(segment, 100001, &round), 0);
    CHECK_INT(peermap_size(segment), 102400);
    CHECK(round.size == 102400 && round.peers == 1);
    CHECK_INT(peermap_grow_to(segment, 100001, &round), 0);
    CHECK(round.size == 102400 && round.peers == 0);
    CHECK_INT(peermap_grow_to(segment, 0, NULL), PEERMAP_EINVAL);
    CHECK_INT(peermap_size(segment), 102400);
    CHECK_INT(peermap_grow_to(segment, (64 << 20) + 1, &round), PEERMAP_ELIMIT);
    CHECK_INT(peermap_size(segment), 102400);
    peermap_detach(segment);
    CHECK_INT(peermap_grow_to(NULL, 1, NULL), PEERMAP_EDETACHED);
}

static void many_make_one(const char *words)
{
    struct peer *peers[6];
    (void)peermap_unlink(seg());
    for (int i = 0; i < 6; i++) {
        char name[8];
        snprintf(name, sizeof name, "p%d", i);
        peers[i] = ready_peer(name, i == 0 ? words : "");
    }
    for (int i = 0; i < 6; i++)
        say(peers[i], "grow-to %zu", WANTED);
    for (int i = 0; i < 6; i++)
        expect_ok(__FILE__, __LINE__, peers[i]);
    for (int i = 0; i < 6; i++)
        CHECK_INT(size_of(peers[i]), WANTED);
    for (int i = 0; i < 6; i++)
        kill_peer(peers[i]);
}

/* An earlier growth has gone on without it. */
static void who_was_late_is_asked_again(void)
{
    (void)peermap_unlink(seg());
    struct peer *generous = ready_peer("generous", "create 4096 late deadline 200"), *stopped = ready_peer("stopped", "no-ptrace");
    stop_peer(stopped);
    ok(generous, "grow 4096");
    struct peer *exact = ready_peer("exact", "deadline 200");
    fails(exact, "PEERMAP_ETIMEDOUT", "grow-to 8192");
    continue_peer(stopped);
    ok(exact, "grow-to 8192");
    CHECK_INT(size_of(stopped), 8192);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    it_adds_what_is_missing(0);
    it_adds_what_is_missing(PEERMAP_STRICT);
    many_make_one("create 4096");
    many_make_one("create 4096 ahead 1000000");
    many_make_one("create 4096 ahead 0");
    who_was_late_is_asked_again();
    return 0;
}
