/* SPDX-License-Identifier: MIT */
/*
 * A growth below the horizon needs nobody: peers that are stopped, held by a debugger or forbid to be touched have the memory when it returns.
 * Past the horizon who holds the peer is told.
 */
#include "drive.h"

#define MIB (UINT64_C(1) << 20)

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 ahead 4194304 deadline 300");
    struct peer *stopped = ready_peer("stopped", "no-ptrace");
    struct peer *traced = ready_peer("traced", NULL);
    stop_peer(stopped);
    hold_peer(traced);
    for (uint64_t size = 65536 + 65536; size <= MIB; size += 65536) {
        CHECK(strstr(ok(a, "grow 65536"), " 3 3 0 0") != NULL);
        CHECK(strcmp(ok(a, "report"), " 0 3 0") == 0);
        CHECK_INT(size_of(a), size);
        maps_all(stopped, size);
        maps_all(traced, size);
    }
    CHECK(strstr(ok(a, "answers"), " traced:ahead:0") != NULL);
    ok(a, "fill 0 %u 3", (unsigned)MIB);
    continue_peer(stopped);
    fails(a, "PEERMAP_ETIMEDOUT", "grow 8388608");
    CHECK(strstr(a->line, "traced") != NULL && strstr(a->line, "debugger") != NULL);
    CHECK_INT(size_of(a), MIB);
    let_peer_go(traced);
    ok(a, "grow 8388608");
    CHECK_INT(size_of(traced), 9 * MIB);
    ok(traced, "check 0 %u 3", (unsigned)MIB);
    return 0;
}
