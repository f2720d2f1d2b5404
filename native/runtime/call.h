/* SPDX-License-Identifier: MIT */
/*
 * call.h - a call of the application, while which its thread is not cancelled.
 *
 * A call takes turns with other threads, claims memory, opens files.  Were its thread cancelled in the middle (pthread_cancel), all that would stay taken, and
 * whoever came next would wait for ever.  So no call is a cancellation point: a thread that is cancelled meanwhile ends at the next one of its own.  Every
 * function of peermap.h that makes a system call begins with this; allocating and freeing do so where they leave their quick ways, which make none.
 */
#ifndef PM_CALL_H
#define PM_CALL_H

#include <pthread.h>

/* Process-local. */
struct pm_uncancelled {
    int before;
};

static inline struct pm_uncancelled pm_cancel_not(void)
{
    struct pm_uncancelled scope;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &scope.before);
    return scope;
}

static inline void pm_cancel_as_before(const struct pm_uncancelled *scope) { pthread_setcancelstate(scope->before, NULL); }

/* To the end of the block, by whichever way. */
#define PM_UNCANCELLED __attribute__((cleanup(pm_cancel_as_before), unused)) const struct pm_uncancelled uncancelled = pm_cancel_not()

#endif
