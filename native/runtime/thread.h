/* SPDX-License-Identifier: MIT */
/*
 * thread.h - what a thread of the application has of the library, of which every allocation asks something.  In one variable: to find one is a call where the
 * library is a shared one.
 */
#ifndef PM_THREAD_H
#define PM_THREAD_H

#include <stdint.h>

/* A serial is never used twice: a stale entry is of no heap that there is. */
#define PM_NEAR 4u
struct pm_near {
    uint64_t serial;
    struct pm_cache *cache;
};

/* Addresses; where `to` is 0 there is nothing.  touch.h */
struct pm_touching {
    uint64_t from, to;
    uint64_t also_from, also_to; /* where it copies from the data to the data */
    uint64_t loans;              /* that the segment had, when it began */
    uint64_t lent;               /* pages, since it began, to this thread */
    uint64_t first, last;        /* of those: the lowest, and the highest */
};

/* Process-local, of one thread. */
struct pm_thread {
    struct pm_near near[PM_NEAR]; /* cache.c */
    struct pm_touching touching;
    uint64_t deadline; /* of all its calls, 0: none.  deadline.c */
};
extern _Thread_local struct pm_thread pm_thread;

/* To be asked for once in a call, and handed on: the compiler would look for it anew at each place. */
static inline struct pm_thread *pm_own(void)
{
    struct pm_thread *own = &pm_thread;
    __asm__("" : "+r"(own));
    return own;
}

#endif
