/* SPDX-License-Identifier: MIT */
/*
 * lock.c - the segment's two locks: robust futexes, held by agents only.
 *
 * The word holds the thread id of the holder's agent.  While an agent wants, has, or lets go of a lock, the word is the pending entry
 * of its robust list: if the agent dies then, however it dies, the kernel clears the id, sets DIED and wakes a waiter.  The next
 * holder learns of it, and mends what was left half done (round.c).  That is exact: the agent cannot run one more instruction after
 * the kernel has marked the lock, which an application's thread of a dying process can.
 *
 * The holder may be waiting for this very agent's ack: whoever waits for a lock goes on answering the bell.
 */
#include "segment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SLICE_NS UINT64_C(1000000)  /* before Linux 5.16, which cannot wait for two words */
#define TRUST_NS UINT64_C(10000000) /* how long a wait trusts that it is woken: whom an unlock woke may be killed before it can wait again */

/* The kernel adds the list's offset to the entry's address, whatever that is: it does not look into a pending entry. */
static void pending(peermap_segment *segment, uint32_t *lock)
{
    uintptr_t entry = lock ? (uintptr_t)lock - (uintptr_t)segment->robust->offset : 0;
    /* Volatile, and fenced: the reader is the kernel, at any instruction. */
    *(struct pm_robust_entry *volatile *)&segment->robust->pending = (struct pm_robust_entry *)entry;
    __asm__ volatile("" ::: "memory");
}

static uint64_t sooner(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* 0 when the lock may have become free, ETIMEDOUT at the deadline. */
static int wait_for(peermap_segment *segment, const uint32_t *lock, uint32_t word, uint64_t deadline)
{
    const uint32_t *bell = &segment->header->bell;
    struct pm_wait waits[2] = { { lock, word }, { bell, order_load32(bell) } };
    if (segment->index != PM_NO_SLOT)
        pm_converge(segment, PM_BY_AGENT);
    uint64_t now = pm_now();
    if (now >= deadline)
        return ETIMEDOUT;
    if (pm_futex_wait_any(waits, 2, sooner(now + TRUST_NS, deadline)) == ENOSYS)
        pm_futex_wait(bell, waits[1].value, UINT32_MAX, sooner(now + SLICE_NS, deadline));
    return 0;
}

int pm_lock(peermap_segment *segment, uint32_t *lock, uint32_t *holder, uint64_t deadline)
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
            return 0;
        }
        if (!(word & PM_FUTEX_WAITERS) && !cas32(lock, &word, word | PM_FUTEX_WAITERS))
            continue;
        if (wait_for(segment, lock, word | PM_FUTEX_WAITERS, deadline) == ETIMEDOUT) {
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
    if (pm_object_check(segment) == PEERMAP_ELOST) /* its holder may have lost the header, and the lock with it */
        return PEERMAP_ELOST;
    if (holder == 0 || holder > segment->shape.slot_count || !pm_slot_read(segment, holder - 1, &slot))
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by another peer; repeat", what, segment->name);
    if (round) {
        round->culprit_pid = (pid_t)slot.pid;
        snprintf(round->culprit, sizeof round->culprit, "%.63s", slot.name);
    }
    return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by %.63s (pid %u); if that is stopped, continue it", what, segment->name, slot.name,
                   slot.pid);
}
