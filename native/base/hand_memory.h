/* SPDX-License-Identifier: MIT */
/*
 * hand_memory.h - what a hand does about the memory of another process.
 *
 * All of it waits for the lock of that process's memory map, and so for whatever has that: a thread that waits in the kernel for a file system that does
 * not answer has it for ever.  So nobody does it who serves a call or has a lock, but a hand alone, which can be left behind.
 */
#ifndef PM_HAND_MEMORY_H
#define PM_HAND_MEMORY_H

#include "hand.h"

/* Both run in the hand.  They count `steps`, by which its maker sees that they get on. */

/* 0 if the process has, shared, without a gap, and as a peer has it, what the view says.  By the kernel's word alone.  ESRCH if not. */
int pm_hand_asks(const struct pm_hand_target *target, uint32_t *steps);
/* Puts the allocated pages of the view's range into the page tables of its process.  0 or errno; ETIMEDOUT after `until`. */
int pm_hand_populates(const struct pm_hand_target *target, uint64_t until, uint32_t *steps);

#endif
