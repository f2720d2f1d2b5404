/* SPDX-License-Identifier: MIT */
/* A stopped peer makes grow undo itself and name it; with PEERMAP_ALLOW_LATE grow succeeds, and the peer maps when it runs again. */
#include "drive.h"

static void wait_until_mapped(struct peer *peer, uint64_t size)
{
    while (mapped_bytes(peer->pid, peer->base, peer->base + size, header_length()) != size)
        usleep(500);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 no-ptrace deadline 200");
    struct peer *b = ready_peer("b", NULL);
    struct peer *sleeper = ready_peer("sleeper", NULL);
    stop_peer(sleeper);
    const char *text = fails(a, "PEERMAP_ETIMEDOUT", "grow 65536");
    CHECK(strstr(text, "sleeper") != NULL);
    CHECK_INT(size_of(a), 65536);
    comes_to_map_exactly(a, 65536);
    comes_to_map_exactly(b, 65536);
    CHECK_INT(object_length(), header_length() + 65536);

    continue_peer(sleeper);
    ok(b, "grow 65536");
    maps_exactly(sleeper, 131072);

    struct peer *patient = ready_peer("patient", "late deadline 100");
    stop_peer(sleeper);
    CHECK(strstr(ok(patient, "grow 65536"), " 4 3 1 0") != NULL);
    CHECK_INT(size_of(b), 196608);
    maps_exactly(b, 196608);
    maps_exactly(sleeper, 131072);
    CHECK(strstr(ok(b, "peers"), ":late:131072") != NULL);
    continue_peer(sleeper);
    wait_until_mapped(sleeper, 196608);
    ok(sleeper, "touch");
    ok(a, "grow 4096");
    CHECK(strstr(ok(b, "peers"), ":late:") == NULL);
    return 0;
}
