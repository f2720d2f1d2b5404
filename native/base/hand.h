/* SPDX-License-Identifier: MIT */
/*
 * hand.h - reaching into processes that are stopped: letting one thread of each run, or running one mmap in it, by ptrace.
 *
 * A tracer gets signals and wait results, which must not turn up in the application.  So it is a process of its own, the hand: made by the
 * calling thread without a signal at its end, in the same memory, gone when the work is done.  If it dies, the kernel lets go of whom it
 * holds, and they fall back into their stop.
 *
 * Only the thread that is named is touched.  Letting it run changes no register of it: whatever happens, it runs its own code.  Running
 * an mmap in it does, and a hand that is killed in the middle of that takes the process with it.
 */
#ifndef PM_HAND_H
#define PM_HAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PM_HAND_MAX 64

/* The mmap to run there: shared, readable and writable, over what is there. */
struct pm_hand_call {
    uint64_t address, length, offset;
    int descriptor; /* its number in that process */
};

struct pm_hand_target {
    uint32_t thread;
    int error; /* why it could not be reached; 0 while it is */
    bool held;
    bool wanted; /* its call is to be run */
    struct pm_hand_call call;
    int outcome; /* of the call: 0 or errno */
};

/* Process-local.  Zeroed to begin with. */
struct pm_hand {
    struct pm_hand_target targets[PM_HAND_MAX];
    uint32_t count;
    pid_t pid;        /* 0: none */
    pid_t parent;
    uint32_t order;   /* futex: what the hand shall do */
    uint32_t done;    /* futex: what it has done */
    uint64_t until;   /* it ends by itself then */
    _Alignas(64) char stack[64 << 10];
};

/* Adds a thread to those that the next start is for.  NULL if there are too many. */
struct pm_hand_target *pm_hand_add(struct pm_hand *hand, uint32_t thread);
/* Lets all of them run, each in spite of its process's stop, at most until the deadline.  0, or errno if nothing can be tried; otherwise see the
 * targets. */
int pm_hand_start(struct pm_hand *hand, uint64_t until);
/* False if there is no hand, or if it ended before its time. */
bool pm_hand_works(const struct pm_hand *hand);
/* Runs the wanted calls. */
void pm_hand_call(struct pm_hand *hand);
/* Lets go of all: those whose process is stopped, stop.  Forgets them. */
void pm_hand_end(struct pm_hand *hand);

#endif
