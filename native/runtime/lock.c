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
#define SOFT_NS UINT64_C(500000)    /* a holder that goes on longer than this may be stopped */
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

/* Until the lock may have become free, or `until`. */
static void wait_for(peermap_segment *segment, const uint32_t *lock, uint32_t word, uint64_t until)
{
    const uint32_t *bell = &segment->header->bell;
    struct pm_wait waits[2] = { { lock, word }, { bell, order_load32(bell) } };
    if (segment->index != PM_NO_SLOT)
        pm_converge(segment, PM_BY_AGENT);
    if (pm_futex_wait_any(waits, 2, until) == ENOSYS)
        pm_futex_wait(bell, waits[1].value, UINT32_MAX, sooner(pm_now() + SLICE_NS, until));
}

/* Process-local.  A wait for a lock. */
struct patience {
    uint64_t soft;    /* from then on the holder's process is looked at: it may be stopped */
    uint32_t reached; /* the holder that was */
    uint32_t lost;    /* hands that reached for it, and ended before their time */
};

static int wait_for_holder(peermap_segment *segment, uint32_t *lock, uint32_t word, uint64_t deadline, struct patience *patience)
{
    uint64_t now = pm_now();
    if (now >= deadline)
        return ETIMEDOUT;
    if (patience->soft == 0)
        patience->soft = now + SOFT_NS;
    if (now >= patience->soft) {
        if (patience->reached != (word & PM_FUTEX_TID))
            pm_hand_end(&segment->hand);
        patience->reached = word & PM_FUTEX_TID;
        if (segment->hand.pid != 0 && !pm_hand_works(&segment->hand)) {
            pm_hand_end(&segment->hand);
            patience->lost++;
        }
        if (patience->lost < PM_HANDS && pm_reach_holder(segment, word, deadline) != 0)
            patience->lost++;
    }
    wait_for(segment, lock, word | PM_FUTEX_WAITERS, sooner(now < patience->soft ? patience->soft : now + TRUST_NS, deadline));
    return 0;
}

int pm_lock(peermap_segment *segment, uint32_t *lock, uint32_t *holder, uint64_t deadline)
{
    uint32_t waiters = 0;
    struct patience patience = { 0, 0, 0 };
    int rc = PEERMAP_EBUSY;
    pending(segment, lock);
    uint32_t word = peek32(lock);
    for (;;) {
        if ((word & PM_FUTEX_TID) == 0) {
            /* Others may still wait: a thread that has waited cannot know, and keeps the bit. */
            if (!cas32(lock, &word, segment->tid | waiters | (word & PM_FUTEX_WAITERS)))
                continue;
            PM_POINT("lock.taken");
            store32(holder, segment->index + 1);
            if (segment->index == PM_NO_SLOT)
                pm_announce(segment);
            rc = 0;
            break;
        }
        if (!(word & PM_FUTEX_WAITERS) && !cas32(lock, &word, word | PM_FUTEX_WAITERS))
            continue;
        if (wait_for_holder(segment, lock, word, deadline, &patience) == ETIMEDOUT) {
            pending(segment, NULL);
            break;
        }
        waiters = PM_FUTEX_WAITERS;
        word = peek32(lock);
    }
    pm_hand_end(&segment->hand);
    return rc;
}

void pm_unlock(peermap_segment *segment, uint32_t *lock, uint32_t *holder)
{
    store32(holder, 0);
    PM_POINT("lock.letting_go");
    if (swap32(lock, 0) & PM_FUTEX_WAITERS)
        pm_futex_wake(lock, UINT32_MAX, 1);
    PM_POINT("lock.let_go");
    pending(segment, NULL);
}

/* By the thread that the lock names: an agent may be stopped before it has said more, or before it has a slot. */
int pm_lock_busy(peermap_segment *segment, const uint32_t *lock, const char *what, peermap_round *round)
{
    uint32_t thread = load32(lock) & PM_FUTEX_TID, index;
    struct pm_slot slot;
    if (pm_object_check(segment) == PEERMAP_ELOST) /* its holder may have lost the header, and the lock with it */
        return PEERMAP_ELOST;
    if (thread == 0)
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s was held by another peer until now; repeat", what, segment->name);
    if (!pm_slot_of_holder(segment, thread, &index, &slot))
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by a process that is attaching (its thread %u); if that is stopped, continue it", what,
                       segment->name, thread);
    if (index == PM_NO_SLOT)
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by a process that is attaching (pid %u): %s", what, segment->name, slot.pid,
                       pm_reach_holder_words(segment, &slot).text);
    if (round) {
        round->culprit_pid = (pid_t)slot.pid;
        snprintf(round->culprit, sizeof round->culprit, "%.63s", slot.name);
    }
    return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by %.63s (pid %u): %s", what, segment->name, slot.name, slot.pid,
                   pm_reach_holder_words(segment, &slot).text);
}
