/* SPDX-License-Identifier: MIT */
/*
 * hand.h - letting the agents of stopped processes run, by ptrace.
 *
 * A tracer gets signals and wait results, which must not turn up in the application.  So it is a process of its own, the hand: made by the
 * calling thread without a signal at its end, in the same memory, gone when the work is done.  If it dies, the kernel lets go of whom it
 * holds, and they fall back into their stop.
 *
 * ptrace can block: a thread that is stopped and frozen, or in the middle of an exec, is seized when the kernel comes to it, if ever.  So its maker
 * waits for the hand until a time that is known beforehand, then kills it, and leaves behind what the kernel does not let end: the memory that
 * the two share is of its own, outlives the handle, and is freed once the hand has ended.
 *
 * The memory map of another process may be locked for as long.  So what needs it is asked and done by the hand as well, before it lets anybody run:
 * whether the process has the segment mapped, and putting pages into its page tables (hand_memory.h).
 *
 * Only the thread that is named is touched, and it is looked at again once it is held, since a number can have become another thread's.  Nothing is
 * written into it, no register and no memory: it runs its own code.
 */
#ifndef PM_HAND_H
#define PM_HAND_H

#include "os.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PM_HAND_MAX 64

/* What another process must have: at `start` the first `length` bytes of the object.  Nothing is asked for a length of 0. */
struct pm_hand_view {
    struct pm_backing backing;
    uint64_t start, length;
    uint64_t from, to; /* addresses, whose pages shall be in its page tables: this is done, and nobody let run; both 0: none */
};

struct pm_hand_target {
    struct pm_agent agent;
    struct pm_hand_view view;
    int file; /* its maker's: the thread's stat, by which the hand knows it again; -1: not open */
    int maps, mem; /* the same, of what its process has mapped */
    /* Why it could not be reached; 0 while it is.  ESRCH: it is another by now, or has not what it must; EPERM; EINPROGRESS: the kernel did not let it be
     * held; EDEADLK: its memory map is locked; EAGAIN: not its fault, to be tried again. */
    int error;
    bool held;
};

/* Shared by the hand and its maker, and nobody else.  The targets are the hand's while it works. */
struct pm_tracer {
    struct pm_hand_target targets[PM_HAND_MAX];
    uint32_t count;
    uint32_t at; /* the target that it is at; `count` when it has tried all */
    uint32_t in_memory; /* it waits for its memory map, not to seize it */
    uint32_t steps; /* counted, while it gets on */
    pid_t pid;
    pid_t parent;
    uint32_t order; /* futex: what the hand shall do */
    uint32_t done;  /* futex: what it has done */
    uint64_t until; /* it ends by itself then */
    struct pm_tracer *next; /* of those that were left behind */
    _Alignas(64) char stack[64 << 10];
};

/* Process-local, its maker's.  Zeroed to begin with. */
struct pm_hand {
    struct pm_hand_target targets[PM_HAND_MAX]; /* a copy of what the hand has found */
    uint32_t count;
    pid_t pid; /* 0: none */
    struct pm_tracer *tracer;
};

/* Adds an agent to those that the next start is for, without a view.  NULL if there are too many. */
struct pm_hand_target *pm_hand_add(struct pm_hand *hand, const struct pm_agent *who);
/* Lets all of them run, each in spite of its process's stop, at most until the deadline.  0, or errno if nothing can be tried; otherwise see the
 * targets. */
int pm_hand_start(struct pm_hand *hand, uint64_t until);
/* False if there is no hand, or if it ended before its time. */
bool pm_hand_works(const struct pm_hand *hand);
/* Lets go of all: those whose process is stopped, stop.  Forgets them.  Takes up to 40 ms if the hand is stuck. */
void pm_hand_end(struct pm_hand *hand);
/* In a forked child, at once: closes what was open for the hand of its parent. */
void pm_hand_in_child(struct pm_hand *hand);
/* Gives its memory back, when its maker needs no hand any more, or is a copy in a forked child. */
void pm_hand_free(struct pm_hand *hand);

#endif
