/* SPDX-License-Identifier: MIT */
/* Removing the object, which no peer needs to do, is told; whoever stops watching in between is not. */
#include "image.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    ready_peer("a", "create 65536");
    struct pmo_observer observer = observe();
    uint32_t calls[3] = { 0 };
    struct pmo_watch *watches[3];
    for (int i = 0; i < 3; i++)
        CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls[i], &watches[i]), 0);
    pmo_watch_stop(watches[1]);
    char path[128];
    object_path(seg(), path);
    CHECK(unlink(path) == 0);
    UNTIL(calls_of(&calls[0]) > 0 && calls_of(&calls[2]) > 0);
    CHECK_INT(calls_of(&calls[1]), 0);
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK_PROBLEM(&s, PMO_GONE, "object");
    CHECK(s.readable);
    CHECK_INT(find_peer(&s, "a")->state, PMO_ALIVE);
    pmo_snapshot_free(&s);
    pmo_watch_stop(watches[0]);
    pmo_watch_stop(watches[2]);
    pmo_observer_close(&observer);
    struct pmo_observer again;
    CHECK_INT(pmo_observer_open(seg(), &again), PEERMAP_ENOENT);
    return 0;
}
