/* SPDX-License-Identifier: MIT */
/* With PEERMAP_ALLOW_LATE a shrink goes on without a stopped peer, which keeps valid memory; the file is cut once it has run. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576 no-ptrace deadline 100 late");
    struct peer *sleeper = ready_peer("sleeper", NULL);
    uint64_t header = header_length();
    stop_peer(sleeper);
    ok(a, "shrink 524288");
    CHECK_INT(size_of(a), 524288);
    CHECK_INT(object_length(), header + 1048576);
    maps_exactly(sleeper, 1048576);

    /* Growing over the tail that is still there yields zeros. */
    ok(a, "grow 65536");
    ok(a, "check 524288 65536 0");
    ok(a, "shrink 65536");

    continue_peer(sleeper);
    ok(sleeper, "touch");
    while (mapped_bytes(sleeper->pid, sleeper->base, sleeper->base + 1048576, header) != 524288)
        usleep(500);
    ok(a, "map");
    CHECK_INT(object_length(), header + 524288);
    return 0;
}
