/* SPDX-License-Identifier: MIT */
/* A forked child has no mapping and a dead handle, disturbs nothing, and can attach anew under its own name. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child of several threads may start none");
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "parent" };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    void *base = peermap_base(segment);
    pid_t child = fork();
    if (child == 0) {
        peermap_round round;
        if (peermap_grow(segment, 4096, &round) != PEERMAP_EDETACHED || peermap_size(segment) != 0 || peermap_base(segment) != NULL ||
            peermap_pin(segment) != 0 || peermap_epoch(segment) != 0 || peermap_peers(segment, NULL, 0) != PEERMAP_EDETACHED ||
            peermap_root(segment, "x", NULL) != NULL || peermap_reap(segment) != PEERMAP_EDETACHED)
            _exit(1);
        peermap_detach(segment);
        peermap_segment *own;
        options.peer_name = "child";
        if (peermap_attach(seg(), &options, &own) != 0 || peermap_base(own) != base)
            _exit(2);
        if (peermap_grow(own, 4096, &round) != 0 || round.peers != 2 || round.acked != 2)
            _exit(3);
        peermap_detach(own);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK(WIFEXITED(status));
    CHECK_INT(peermap_size(segment), 65536 + 4096);
    ((char *)base)[65536] = 1;
    CHECK_INT(peermap_peers(segment, NULL, 0), 1);
    peermap_detach(segment);
    return 0;
}
