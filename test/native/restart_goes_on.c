/* SPDX-License-Identifier: MIT */
/* A process that attaches under a dead peer's name takes over its slot, with everything mapped and the roots where they were. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 slots 2");
    struct peer *worker = ready_peer("worker", NULL);
    ok(worker, "grow 65536");
    ok(worker, "fill 70000 100 5");
    ok(worker, "root table 70000 100 bytes");
    CHECK(strstr(start_peer("worker", NULL)->line, "PEERMAP_EPEERNAME") != NULL);
    CHECK(strstr(start_peer("third", NULL)->line, "PEERMAP_ESLOTS") != NULL);
    kill_peer(worker);
    worker = ready_peer("worker", NULL);
    maps_exactly(worker, 131072);
    CHECK(strcmp(ok(worker, "get table"), " 70000 100") == 0);
    ok(worker, "check 70000 100 5");
    ok(worker, "root table 70001 50 bytes");
    CHECK(strcmp(ok(a, "get table"), " 70001 50") == 0);
    ok(a, "grow 4096");
    maps_exactly(worker, 135168);

    /* All at once, with nobody left: the segment waits. */
    kill_peer(worker);
    kill_peer(a);
    a = ready_peer("a", NULL);
    ok(a, "check 70001 50 5");
    CHECK(strcmp(ok(a, "get table"), " 70001 50") == 0);
    /* A full registry of dead peers has room for a new one. */
    ready_peer("stranger", NULL);
    return 0;
}
