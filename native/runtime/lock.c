/* SPDX-License-Identifier: MIT */
/*
 * lock.c - the segment's two locks: robust futexes, held by agents only.
 *
 * The word holds the thread id of the holder's agent.  While an agent wants, has, or lets go of a lock, the word is the pending entry
 * of its robust list: if the agent dies then, however it dies, the kernel clears the id, sets DIED and wakes a waiter.  The next
 * holder learns of it, and mends what was left half done (round.c).  That is exact: the agent cannot run one more instruction after
 * the kernel has marked the lock, which an application's thread of a dying process can.
 */
#include "segment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* The kernel adds the list's offset to the entry's address, whatever that is: it does not look into a pending entry. */
static void pending(peermap_segment *segment, uint32_t *lock)
{
    uintptr_t entry = lock ? (uintptr_t)lock - (uintptr_t)segment->robust->offset : 0;
    /* Volatile, and fenced: the reader is the kernel, at any instruction. */
    *(struct pm_robust_entry *volatile *)&segment->robust->pending = (struct pm_robust_entry *)entry;
    __asm__ volatile("" ::: "memory");
}

int pm_lock(peermap_segment *segment, uint32_t *lock, uint32_t *holder, uint64_t deadline, bool *after_death)
{
    uint32_t waiters = 0;
    pending(segment, lock);
    uint32_t word = peek32(lock);
    for (;;) {
        if ((word & PM_FUTEX_TID) == 0) {
            /* Others may still wait: a thread that has waited cannot know, and keeps the bit. */
            if (!cas32(lock, &word, segment->tid | waiters | (word & PM_FUTEX_WAITERS)))
                continue;
            store32(holder, segment->index + 1);
            if (after_death)
                *after_death = (word & PM_FUTEX_DIED) != 0;
            return 0;
        }
        if (!(word & PM_FUTEX_WAITERS) && !cas32(lock, &word, word | PM_FUTEX_WAITERS))
            continue;
        if (pm_futex_wait(lock, word | PM_FUTEX_WAITERS, UINT32_MAX, deadline) == ETIMEDOUT) {
            pending(segment, NULL);
            return PEERMAP_EBUSY;
        }
        waiters = PM_FUTEX_WAITERS;
        word = peek32(lock);
    }
}

void pm_unlock(peermap_segment *segment, uint32_t *lock, uint32_t *holder)
{
    store32(holder, 0);
    if (swap32(lock, 0) & PM_FUTEX_WAITERS)
        pm_futex_wake(lock, UINT32_MAX, 1);
    pending(segment, NULL);
}

int pm_lock_busy(peermap_segment *segment, uint32_t holder, const char *what, peermap_round *round)
{
    struct pm_slot slot;
    if (holder == 0 || holder > segment->shape.slot_count || !pm_slot_read(segment, holder - 1, &slot))
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by another peer; repeat", what, segment->name);
    if (round) {
        round->culprit_pid = (pid_t)slot.pid;
        snprintf(round->culprit, sizeof round->culprit, "%.63s", slot.name);
    }
    return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by %.63s (pid %u); if that is stopped, continue it", what, segment->name, slot.name,
                   slot.pid);
}
