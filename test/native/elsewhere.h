/* SPDX-License-Identifier: MIT */
/* elsewhere.h - processes in pid namespaces of their own, each the first one there. */
#ifndef ELSEWHERE_H
#define ELSEWHERE_H

#include "drive.h"

#include <sched.h>

/*
 * The process here that is the parent of the one there, and with which that ends.  It exits as that one does, by 99 where a signal ended it, and by 77
 * where no namespace can be made.  `inner`, if not NULL, is shared memory, and receives the pid that it has here.
 */
static inline pid_t in_namespace(void (*work)(void), uint32_t *inner)
{
    pid_t outer = fork();
    CHECK(outer >= 0);
    if (outer != 0)
        return outer;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (unshare(CLONE_NEWPID) != 0)
        _exit(77);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        work();
        _exit(0);
    }
    int status;
    if (inner)
        __atomic_store_n(inner, (uint32_t)pid, __ATOMIC_RELEASE);
    waitpid(pid, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

#endif
