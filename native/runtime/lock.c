/* SPDX-License-Identifier: MIT */
/*
 * lock.c - the segment's two locks: robust futexes, held by agents only.
 *
 * The word holds the thread id of the holder's agent.  While an agent has a lock, the word is on its robust list: if the agent dies then, however
 * it dies, the kernel clears the id, sets DIED and wakes a waiter.  The next holder learns of it, and mends what was left half done (resize.c).
 * That is exact: the agent cannot run one more instruction after the kernel has marked the lock, which an application's thread of a dying
 * process can.
 *
 * The kernel knows a holder by its thread id alone, and ids of different pid namespaces meet.  So only who has a slot takes a lock, where no two
 * that live have one id (registry.c), and only while it takes the lock is the word the pending entry of its list, never while it waits.
 * Where the list says nothing, because the process still dumps its core or its memory was taken away before it ended, the slot of the holder tells who
 * that is, and /proc whether it ended.
 *
 * The holder may be waiting for this very agent's ack: whoever waits for a lock goes on answering the bell.
 */
#include "segment.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define SLICE_NS UINT64_C(1000000)  /* before Linux 5.16, which cannot wait for two words */
#define SOFT_NS UINT64_C(500000)    /* a holder that goes on longer than this may be stopped, or have ended */
#define TRUST_NS UINT64_C(10000000) /* how long a wait trusts that it is woken: whom an unlock woke may be killed before it can wait again */

/* ---- the robust list ---- */

/*
 * All words of one header are on one list, which has one distance from an entry to its word: the entries lie in memory of this process as the words
 * do in the header.
 */
static struct pm_robust_entry *entry_of(peermap_segment *segment, const uint32_t *word)
{
    size_t at = (size_t)((const char *)word - (const char *)segment->header);
    return (struct pm_robust_entry *)(void *)(segment->entries + at);
}

/* Volatile, and fenced: the reader is the kernel, at any instruction. */
static void point(struct pm_robust_entry **at, struct pm_robust_entry *to)
{
    __asm__ volatile("" ::: "memory");
    *(struct pm_robust_entry *volatile *)at = to;
    __asm__ volatile("" ::: "memory");
}

int pm_robust_begin(peermap_segment *segment)
{
    struct pm_robust *robust = &segment->robust;
    robust->list.next = &robust->list;
    robust->offset = (long)((uintptr_t)segment->header - (uintptr_t)segment->entries);
    robust->pending = NULL;
    int error = PM_FAILS("attach.robust");
    return error == 0 ? pm_robust_use(robust) : error;
}

bool pm_robust_take(peermap_segment *segment, uint32_t *word, uint32_t *seen, uint32_t mine)
{
    struct pm_robust *robust = &segment->robust;
    struct pm_robust_entry *entry = entry_of(segment, word);
    point(&robust->pending, entry);
    bool taken = cas32(word, seen, mine);
    PM_POINT("robust.tried");
    if (taken) {
        entry->next = robust->list.next;
        point(&robust->list.next, entry);
    }
    point(&robust->pending, NULL);
    return taken;
}

void pm_robust_leave(peermap_segment *segment, const uint32_t *word)
{
    struct pm_robust_entry *entry = entry_of(segment, word), *at = &segment->robust.list;
    while (at->next != entry && at->next != &segment->robust.list)
        at = at->next;
    if (at->next == entry)
        point(&at->next, entry->next);
}

/* ---- waiting ---- */

static uint64_t sooner(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t later(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Until the lock may have become free, or `until`. */
static void wait_for(peermap_segment *segment, const uint32_t *lock, uint32_t word, uint64_t until)
{
    const uint32_t *bell = &segment->header->bell;
    struct pm_wait waits[2] = { { lock, word }, { bell, order_load32(bell) } };
    if (segment->tag != 0)
        pm_converge(segment, PM_BY_AGENT, false);
    if (lock != &segment->header->registry_lock)
        pm_agent_serve_meanwhile(segment);
    if (pm_wait_any(waits, 2, until) == ENOSYS)
        pm_futex_wait(bell, waits[1].value, UINT32_MAX, sooner(pm_now() + SLICE_NS, until));
}

/* Process-local.  A wait for a lock. */
struct patience {
    uint64_t begun;
    uint64_t look;    /* from then on the holder's process is looked at: it may be stopped, or have ended */
    uint32_t reached; /* the holder that was */
    uint32_t lost;    /* hands that reached for it, and ended before their time */
};

/* Does for the kernel what that does when a holder dies. */
static bool mark_dead(uint32_t *lock, uint32_t thread)
{
    uint32_t word = load32(lock);
    while ((word & PM_FUTEX_TID) == thread)
        if (cas32(lock, &word, (word & PM_FUTEX_WAITERS) | PM_FUTEX_DIED)) {
            pm_futex_wake(lock, UINT32_MAX, 1);
            return true;
        }
    return false;
}

void pm_locks_of_the_dead(peermap_segment *segment, uint32_t thread)
{
    mark_dead(&segment->header->lock, thread);
    mark_dead(&segment->header->registry_lock, thread);
}

bool pm_lock_take_from_the_dead(peermap_segment *segment, uint32_t *lock, uint64_t until)
{
    struct pm_slot slot;
    uint32_t index, thread = load32(lock) & PM_FUTEX_TID;
    if (thread == 0 || !pm_slot_of_holder(segment, thread, &index, &slot) || !pm_slot_ended(segment, index, &slot, until))
        return false;
    PM_POINT("lock.holder_ended");
    return mark_dead(lock, thread);
}

static void reach(peermap_segment *segment, uint32_t word, uint64_t deadline, struct patience *patience)
{
    if (patience->reached != (word & PM_FUTEX_TID))
        pm_hand_end(&segment->hand);
    patience->reached = word & PM_FUTEX_TID;
    if (segment->hand.pid != 0 && !pm_hand_works(&segment->hand)) {
        pm_hand_end(&segment->hand);
        patience->lost++;
    }
    int error = patience->lost < PM_HANDS ? pm_reach_holder(segment, word, deadline) : 0;
    if (error != 0 && error != EAGAIN) /* which is for want of a core or a descriptor, and passes */
        patience->lost++;
}

/* True if somebody has ended who had the lock: it is to be had. */
static bool look_at_holder(peermap_segment *segment, uint32_t *lock, uint32_t word, uint64_t deadline, struct patience *patience)
{
    const uint64_t begun = pm_now(), before = pm_now_spent();
    if (pm_lock_take_from_the_dead(segment, lock, deadline))
        return true;
    reach(segment, word, deadline, patience);
    patience->look = later(begun + TRUST_NS, pm_look_again(pm_now_spent() - before, deadline));
    return false;
}

#define TURN_NS UINT64_C(2000000) /* that a wait for the registry has at least: long enough to let a stopped holder run */

/* A round is asked for, which is not to wait for the registry. */
static bool gives_way(const peermap_segment *segment, const uint32_t *lock)
{
    return lock == &segment->header->registry_lock && order_load32(&segment->rounds.posted) == PM_POSTED;
}

static int wait_for_holder(peermap_segment *segment, uint32_t *lock, uint32_t word, uint64_t deadline, struct patience *patience)
{
    uint64_t now = pm_now();
    if (now >= deadline)
        return ETIMEDOUT;
    if (patience->look == 0)
        patience->look = now + SOFT_NS;
    bool is_another = patience->reached != 0 && patience->reached != (word & PM_FUTEX_TID);
    if ((now >= patience->look || is_another) && look_at_holder(segment, lock, word, deadline, patience))
        return 0;
    if (patience->begun == 0)
        patience->begun = now;
    const bool waited = now >= patience->begun + TURN_NS, goes = gives_way(segment, lock);
    if (waited && goes)
        return EINTR;
    uint64_t until = sooner(sooner(patience->look, now + TRUST_NS), deadline);
    wait_for(segment, lock, word | PM_FUTEX_WAITERS, goes ? sooner(until, patience->begun + TURN_NS) : until);
    return 0;
}

/* ---- the locks ---- */

int pm_lock(peermap_segment *segment, uint32_t *lock, uint32_t *holder, uint64_t deadline)
{
    uint32_t waiters = 0;
    struct patience patience = { 0 };
    int rc = PEERMAP_EBUSY;
    for (uint32_t word = peek32(lock);;) {
        if ((word & PM_FUTEX_TID) == 0) {
            /* Others may still wait: a thread that has waited cannot know, and keeps the bit. */
            if (!pm_robust_take(segment, lock, &word, segment->tid | waiters | (word & PM_FUTEX_WAITERS)))
                continue;
            PM_POINT("lock.taken");
            store32(holder, segment->index + 1);
            rc = 0;
            break;
        }
        if (deadline != 0 && !(word & PM_FUTEX_WAITERS) && !cas32(lock, &word, word | PM_FUTEX_WAITERS))
            continue;
        int error = wait_for_holder(segment, lock, word, deadline, &patience);
        if (error == EINTR)
            rc = PM_LATER;
        if (error != 0)
            break;
        waiters = PM_FUTEX_WAITERS;
        word = peek32(lock);
    }
    if (patience.reached != 0)
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
    pm_robust_leave(segment, lock);
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
        return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by a thread with the id %u, which no peer has: the header is damaged, or the peer is gone",
                       what, segment->name, thread);
    if (round) {
        round->blocker_pid = (pid_t)slot.pid;
        snprintf(round->blocker, sizeof round->blocker, "%.63s", slot.name);
    }
    return pm_fail(PEERMAP_EBUSY, "%s of segment %s is held by %.63s (pid %u): %s", what, segment->name, slot.name, slot.pid,
                   pm_reach_holder_words(segment, &slot).text);
}
