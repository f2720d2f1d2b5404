/* SPDX-License-Identifier: MIT */
/*
 * deadline.c - when calls end: by the kernel's clock, and by one deadline for several of them, which the calling thread has set.
 */
#include "segment.h"
#include "thread.h"

uint64_t peermap_now(void) { return pm_now(); }

uint64_t peermap_set_thread_deadline(uint64_t until)
{
    uint64_t before = pm_thread.deadline;
    pm_thread.deadline = until;
    return before;
}

uint64_t pm_call_ends(uint64_t own)
{
    uint64_t all = pm_thread.deadline;
    return all != 0 && all < own ? all : own;
}
