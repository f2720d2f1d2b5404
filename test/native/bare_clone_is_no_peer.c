/* SPDX-License-Identifier: MIT */
/* The child of a bare clone(), in which no fork handler ran, has a dead handle, unmaps nothing, disturbs nothing, and may fork again. */
#include "drive.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static pid_t bare_clone(void) { return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0); }

static int child(peermap_segment *segment, const char *base)
{
    peermap_round round;
    if (peermap_grow(segment, 4096, &round) != PEERMAP_EDETACHED || peermap_shrink(segment, 4096, &round) != PEERMAP_EDETACHED)
        return 1;
    if (peermap_size(segment) != 0 || peermap_base(segment) != NULL || peermap_pin(segment) != 0 || peermap_epoch(segment) != 0)
        return 2;
    peermap_unpin(segment);
    if (peermap_peers(segment, NULL, 0) != PEERMAP_EDETACHED || peermap_reap(segment) != PEERMAP_EDETACHED || peermap_pid_of(segment, "a") != 0)
        return 3;
    peermap_detach(segment);
    if (base[65535] != 7) /* still mapped: it is the application's to know what it does here */
        return 4;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "child", .flags = PEERMAP_RELOCATABLE };
    peermap_segment *own;
    if (peermap_attach(seg(), &options, &own) != 0)
        return 5;
    if (peermap_size(segment) != 0 || peermap_grow(own, 4096, &round) != 0 || round.acked != 3)
        return 6;
    pid_t grandchild = fork();
    if (grandchild == 0)
        _exit(peermap_size(own) == 0 && peermap_size(segment) == 0 && base[65535] == 7 ? 0 : 1);
    int status;
    if (waitpid(grandchild, &status, 0) != grandchild || status != 0)
        return 7;
    peermap_detach(own);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    peermap_options options = { .struct_size = sizeof options, .peer_name = "parent" };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    char *base = peermap_base(segment);
    base[65535] = 7;
    CHECK(peermap_pin(segment) == 65536);
    pid_t pid = bare_clone();
    if (pid == 0)
        _exit(child(segment, base));
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);

    peermap_round round;
    CHECK_INT(peermap_grow(segment, 4096, &round), 0);
    CHECK_INT(round.acked, 2);
    fails(a, "PEERMAP_EBUSY", "shrink 69632"); /* the child's unpin was not the parent's */
    peermap_unpin(segment);
    ok(a, "shrink 4096");
    peermap_detach(segment);
    return 0;
}
