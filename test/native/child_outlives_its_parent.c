/* SPDX-License-Identifier: MIT */
/* A peer forks, and ends before its child: the peer is known dead, though a process that it began lives on; the child's handle is dead, and
 * it becomes a peer of its own. */
#include "drive.h"

#include <sys/socket.h>

/* `line` is to the test, which says when its parent has ended. */
static int child(peermap_segment *inherited, int line)
{
    char byte;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "child" };
    peermap_segment *own;
    peermap_round round;
    if (read(line, &byte, 1) != 1 || peermap_grow(inherited, 4096, NULL) != PEERMAP_EDETACHED)
        return 1;
    peermap_detach(inherited);
    if (peermap_attach(seg(), &options, &own) != 0 || peermap_grow(own, 65536, &round) != 0 || round.acked != 2)
        return 2;
    if (write(line, &byte, 1) != 1 || read(line, &byte, 1) != 1 || peermap_size(own) != 65536 * 3)
        return 3;
    peermap_detach(own);
    return write(line, &byte, 1) == 1 ? 0 : 4;
}

/* Attaches, forks, and ends without a word. */
static int parent(int line)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "parent" };
    peermap_segment *segment;
    if (peermap_attach(seg(), &options, &segment) != 0)
        return 1;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, 0);
        _exit(child(segment, line));
    }
    return pid > 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child of several threads may start none");
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    int line[2], status;
    char byte = 'x';
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, line) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(line[0]); /* a child that is left alone reads the end, and ends */
        _exit(parent(line[1]));
    }
    close(line[1]);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    CHECK(strstr(ok(a, "peers"), " parent:") != NULL && strstr(a->line, ":dead:") != NULL);
    CHECK(write(line[0], &byte, 1) == 1 && read(line[0], &byte, 1) == 1);
    CHECK(strstr(ok(a, "peers"), " child:") != NULL);
    ok(a, "grow 65536");
    CHECK(write(line[0], &byte, 1) == 1 && read(line[0], &byte, 1) == 1);
    CHECK(strstr(ok(a, "peers"), " child:") == NULL);
    return 0;
}
