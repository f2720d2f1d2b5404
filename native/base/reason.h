/* SPDX-License-Identifier: MIT */
/*
 * reason.h - why a process that did not answer could not be reached from outside: an errno, so that it fits into an answer and an event.
 *
 * The one list.  extension/protocol/mapping.ts has the same sentences, to be translated; a test compares the two.
 */
#ifndef PM_REASON_H
#define PM_REASON_H

#define PM_REASONS(X)                                                                                                                            \
    X(0, "it had no processor time, or was stopped or frozen in between")                                                                        \
    X(EPERM, "it is stopped, and the system does not permit running its agent (kernel.yama.ptrace_scope, another user, a sandbox); continue it") \
    X(ESRCH, "its process cannot be seen from here (another pid namespace, or /proc hides it), or is no peer")                                                  \
    X(ETIME, "its process is in another pid namespace, and was not found among all processes before the time was over")                           \
    X(EMFILE, "there is no descriptor free to look at its process by (ulimit -n); close some")                                                              \
    X(EAGAIN, "it is stopped, and no process could be started to run its agent (ulimit -u, or pids.max of the cgroup); continue it")             \
    X(EACCES, "it is stopped, and its agent must not be run from outside (PEERMAP_NO_PTRACE); continue it")                                      \
    X(ECANCELED, "it is stopped, and the process that waits for it must trace nobody (PEERMAP_NO_PTRACE in its environment); continue it")      \
    X(EBUSY, "a debugger or another tracer holds it; let it go on")                                                                              \
    X(ENOSYS, "it is stopped, and stopped peers cannot be reached on this kind of processor; continue it")                                       \
    X(EREMOTE, "it is stopped, and belongs to another user, who does not own the segment; that user can continue it")                            \
    X(EL2HLT, "its cgroup is frozen, as a paused container is; thaw it")                                                                         \
    X(EDEADLK, "its memory map is locked: it waits in the kernel, as for a file system that does not answer; end that wait, or the process")      \
    X(EINPROGRESS, "its agent is in the middle of something that cannot be interrupted, such as a system call; repeat")

/* Another errno is what mapping the memory in it failed with. */
const char *pm_reason_text(int reason);

#endif
