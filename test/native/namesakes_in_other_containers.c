/* SPDX-License-Identifier: MIT */
/* Two peers in different pid namespaces whose agents have one thread id: the death of one that waits for the lock is not taken for the
 * death of the one that holds it. */
#include "drive.h"

#include <sched.h>

/* The first process of a new pid namespace; its agent is the second thread there. */
static pid_t contained(const char *name, int *ready)
{
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWPID) != 0)
            _exit(77);
        pid_t first = fork();
        if (first != 0) {
            int status;
            waitpid(first, &status, 0);
            _exit(1);
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap_options options = { .struct_size = sizeof options, .peer_name = name, .deadline_ms = 100000 };
        peermap_segment *segment;
        CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
        CHECK(write(pipes[1], "r", 1) == 1);
        either_way(peermap_remap(segment, 0, NULL));
        _exit(0);
    }
    close(pipes[1]);
    *ready = pipes[0];
    return pid;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char byte;
    int ready;
    struct peer *sleeper = ready_peer("sleeper", "create 65536 no-ptrace");
    struct peer *third = ready_peer("third", "deadline 300");
    stop_peer(sleeper);
    pid_t holder = contained("holder", &ready), waiter;
    if (read(ready, &byte, 1) != 1)
        SKIP("cannot make a pid namespace");
    while (strstr(ask(third, "map"), "holder") == NULL) {}
    waiter = contained("waiter", &ready);
    CHECK(read(ready, &byte, 1) == 1);
    usleep(100000); /* it waits for the lock */
    kill(waiter, SIGKILL); /* and its namespace with it */
    waitpid(waiter, NULL, 0);
    usleep(100000);
    const char *text = fails(third, "PEERMAP_EBUSY", "map");
    CHECK(strstr(text, "holder") != NULL);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    continue_peer(sleeper);
    return 0;
}
