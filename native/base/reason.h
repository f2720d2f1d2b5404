/* SPDX-License-Identifier: MIT */
/*
 * reason.h - why a process that did not answer could not be reached from outside: an errno, so that it fits into an answer and an event.
 *
 * The one list.  extension/protocol/mapping.ts has the same sentences, to be translated; a test compares the two.
 */
#ifndef PM_REASON_H
#define PM_REASON_H

#define PM_REASONS(X)                                                                                                                                 \
    X(0, "it was starved of processor time, or stopped or frozen in between")                                                                         \
    X(EPERM, "it is stopped, and this process may not let its agent run (see kernel.yama.ptrace_scope, its user, a sandbox); continue it")             \
    X(ESRCH, "its process cannot be seen from here (another pid namespace, or /proc hides it)")                                                        \
    X(EAGAIN, "it is stopped, and no process could be made to let its agent run (see ulimit -u, and pids.max of the cgroup); continue it")              \
    X(EACCES, "it is stopped, and PEERMAP_NO_INJECT forbids to let its agent run; continue it")                                                        \
    X(EBUSY, "a debugger or another tracer holds it; let it go on")                                                                                   \
    X(ENOSYS, "it is stopped, and stopped peers cannot be reached on this kind of processor; continue it")                                             \
    X(EL2HLT, "its cgroup is frozen, as that of a paused container is; thaw it")                                                                       \
    X(EINPROGRESS, "its agent is in the middle of something that nobody can interrupt, such as a system call or an exec; repeat")

/* Another errno is what mapping the memory in it failed with. */
const char *pm_reason_text(int reason);

#endif
