/* SPDX-License-Identifier: MIT */
/*
 * registry.c - who is attached: claiming, releasing, burying and reading slots.  What a reap does with that is in reap.c.
 *
 * A peer claims a slot to attach and releases it to detach.  One that dies in between leaves it LIVE with a dead life word: its
 * place, under its name, until it is restarted or reaped.
 *
 * The slot comes first, and takes no lock: who gets its thread id into a life word that is not alive has the slot.  From then on the others can
 * tell who it is, so that a process that is stopped or ends anywhere in an attach is known; and it looks whether another that lives has the
 * same thread id, in another pid namespace, so that no two of those that take locks do.  Then only, under the registry lock, it looks for its
 * name, and is LIVE.  All that others do to a slot is a compare-and-swap on its tag, which is of one attachment alone.
 */
#include "segment.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static uint64_t next(uint64_t tag, enum pm_record_state state) { return ((tag & ~PM_TAG_STATE) + PM_TAG_STEP) | state; }

bool pm_slot_read(const peermap_segment *segment, uint32_t index, struct pm_slot *copy)
{
    const struct pm_slot *slot = &segment->slots[index];
    for (int attempt = 0; attempt < 16; attempt++) {
        uint64_t tag = load64(&slot->tag);
        if ((tag & PM_TAG_STATE) == PM_FREE)
            return false;
        read_words(copy, slot, sizeof *copy);
        copied();
        if (peek64(&slot->tag) == tag) {
            copy->tag = tag;
            copy->name[PM_NAME_MAX - 1] = '\0';
            return true;
        }
    }
    return false;
}

bool pm_slot_of_holder(const peermap_segment *segment, uint32_t thread, uint32_t *index, struct pm_slot *copy)
{
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        uint32_t life = load32(&segment->slots[i].life);
        if ((life & PM_FUTEX_TID) == thread && pm_life_alive(life) && i != segment->index && pm_slot_read(segment, i, copy)) {
            *index = i;
            return true;
        }
    }
    return false;
}

bool pm_slot_is(const peermap_segment *segment, uint32_t index, uint64_t tag)
{
    const struct pm_slot *slot = &segment->slots[index];
    return load64(&slot->tag) == tag && pm_life_alive(load32(&slot->life));
}

bool pm_evicted(const peermap_segment *segment)
{
    return segment->tag != 0 && load64(&segment->slots[segment->index].tag) != segment->tag;
}

int pm_fail_evicted(const peermap_segment *segment)
{
    return pm_fail(PEERMAP_EDETACHED, "segment %s does not count this process among its peers any more: it was taken for dead, or the object was written over; "
                                      "detach, and attach anew", segment->name);
}

bool pm_slot_died(const peermap_segment *segment, uint32_t index, uint64_t tag)
{
    const struct pm_slot *slot = &segment->slots[index];
    uint64_t now = load64(&slot->tag);
    return now == ((tag & ~PM_TAG_STATE) | PM_DEAD) || (now == tag && !pm_life_alive(load32(&slot->life)));
}

void pm_slot_tell_death(peermap_segment *segment, uint32_t index)
{
    struct pm_slot *slot = &segment->slots[index];
    if (or32(&slot->flags, PM_SLOT_DEATH_TOLD) & PM_SLOT_DEATH_TOLD)
        return;
    PM_POINT("death.flagged");
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_PEER_DIED, .slot = (uint16_t)index, .epoch = peek64(&slot->acked) });
    pm_changed(segment);
}

/* ---- the second truth ---- */

static uint64_t state_in(uint64_t tag) { return tag & PM_TAG_STATE; }

bool pm_slot_is_dead(const struct pm_slot *slot)
{
    return state_in(slot->tag) == PM_DEAD || (state_in(slot->tag) == PM_LIVE && !pm_life_alive(slot->life));
}

/* Whose process comes or goes. */
static bool is_no_peer(uint64_t tag) { return state_in(tag) != PM_LIVE && state_in(tag) != PM_DEAD; }

/* Of a process that still dumps its core, or waits for its end otherwise. */
static void keep_thread_of(peermap_segment *segment, uint32_t index, uint64_t tag, uint32_t thread)
{
    struct pm_slot slot;
    struct pm_process who = { .pid = 0 };
    if (pm_slot_read(segment, index, &slot) && slot.tag == tag)
        who = (struct pm_process){ .pid = slot.pid, .start_time = slot.start_time, .pidns = slot.pidns, .pidfd_ino = slot.pidfd_ino };
    (void)pm_claim_take(segment, thread, &who, PM_CLAIM_SEEN_OFF, 0);
}

/*
 * What kept others from the slot goes before the tag does: a slot that is DEAD is taken by nobody.  The locks of the dead go before that: by the life
 * word alone can it be told whose they are.
 */
bool pm_slot_free(peermap_segment *segment, uint32_t index, uint64_t tag)
{
    struct pm_slot *slot = &segment->slots[index];
    uint32_t life = load32(&slot->life);
    if (state_in(tag) == PM_DEAD && pm_life_alive(life) && load64(&slot->tag) == tag) {
        keep_thread_of(segment, index, tag, life & PM_FUTEX_TID);
        pm_locks_of_the_dead(segment, life & PM_FUTEX_TID);
        cas32(&slot->life, &life, 0);
    }
    PM_POINT("slot.lifeless");
    bool freed = cas64(&slot->tag, &tag, next(tag, PM_FREE));
    PM_POINT("slot.freed");
    return freed;
}

/* Of who took the slot, or was giving it back, and has ended without the kernel's word.  What else the slot says is of somebody else, or void. */
bool pm_slot_free_of_claimant(peermap_segment *segment, uint32_t index, uint64_t until)
{
    struct pm_slot *slot = &segment->slots[index];
    uint64_t tag = load64(&slot->tag);
    uint32_t life = load32(&slot->life);
    if ((state_in(tag) != PM_FREE && state_in(tag) != PM_CLAIMED) || !pm_life_alive(life) || index == segment->index ||
        !pm_claimant_has_ended(segment, life & PM_FUTEX_TID, until) || !cas32(&slot->life, &life, 0))
        return false;
    cas64(&slot->tag, &tag, next(tag, PM_FREE));
    return true;
}

bool pm_slot_has_ended(peermap_segment *segment, uint32_t index, uint64_t tag)
{
    const uint64_t before = tag, dead = (tag & ~PM_TAG_STATE) | PM_DEAD;
    if (!cas64(&segment->slots[index].tag, &tag, dead))
        return false;
    PM_POINT("slot.ended");
    if (state_in(before) == PM_JOINING) /* it never was a peer */
        pm_slot_free(segment, index, dead);
    else
        pm_slot_tell_death(segment, index);
    return true;
}

bool pm_slot_ended(peermap_segment *segment, uint32_t index, const struct pm_slot *copy, uint64_t until)
{
    struct pm_suspect one = {
        .who = { .pid = copy->pid, .uid = copy->uid, .start_time = copy->start_time, .pidns = copy->pidns, .pidfd_ino = copy->pidfd_ino },
        .thread = copy->life & PM_FUTEX_TID,
    };
    if (!pm_life_alive(copy->life) || state_in(copy->tag) == PM_DEAD)
        return true;
    if (state_in(copy->tag) == PM_CLAIMED) /* it does not say which process that is */
        return pm_slot_free_of_claimant(segment, index, until);
    pm_processes_ended(&one, 1, until);
    return one.ended && pm_slot_has_ended(segment, index, copy->tag);
}

bool pm_slot_is_gone(peermap_segment *segment, uint32_t index, uint64_t until)
{
    struct pm_slot slot;
    return index != segment->index && pm_slot_read(segment, index, &slot) && pm_slot_ended(segment, index, &slot, until);
}

/* ---- claiming ---- */

static uint32_t flags_of(const peermap_segment *segment)
{
    return (segment->base == (char *)(uintptr_t)segment->shape.base ? 0 : PM_SLOT_RELOCATED) |
           (segment->flags & PEERMAP_NO_PTRACE ? PM_SLOT_NO_PTRACE : 0) | (segment->flags & PEERMAP_READ_ONLY ? PM_SLOT_READ_ONLY : 0);
}

/* Of a dead peer: what it was is told, and the slot is free. */
bool pm_slot_bury(peermap_segment *segment, uint32_t index, const struct pm_slot *slot, bool restart)
{
    pm_slot_tell_death(segment, index);
    if (!restart)
        pm_journal(segment, (struct pm_event){ .kind = PM_EV_REAP, .slot = (uint16_t)index, .pid = slot->pid });
    PM_POINT("reap.told");
    bool freed = pm_slot_free(segment, index, slot->tag);
    PM_POINT("reap.freed");
    return freed;
}

/* The slot is this peer's if its life word is: nobody else touches it while that is alive. */
static bool take_slot(peermap_segment *segment, uint32_t index)
{
    struct pm_slot *slot = &segment->slots[index];
    uint32_t life = load32(&slot->life);
    uint64_t tag = load64(&slot->tag);
    /* Who joined and ended: from now on its name says nothing of who is in here. */
    if (state_in(tag) == PM_JOINING && !pm_life_alive(life) && cas64(&slot->tag, &tag, next(tag, PM_FREE)))
        tag = next(tag, PM_FREE);
    if ((state_in(tag) != PM_FREE && state_in(tag) != PM_CLAIMED) || pm_life_alive(life) || !pm_robust_take(segment, &slot->life, &life, segment->tid | PM_FUTEX_WAITERS))
        return false;
    PM_POINT("claim.alive");
    segment->index = index;
    segment->bit = UINT32_C(1) << index % 32;
    /* Whoever had it may just be leaving, or be buried. */
    while (!cas64(&slot->tag, &tag, next(tag, PM_CLAIMED))) {}
    opened();
    return true;
}

/* The slot of a dead peer of the name, else one that is free, else one of another dead peer. */
static bool choose(peermap_segment *segment, bool *restart)
{
    uint32_t count = segment->shape.slot_count, dead = count;
    struct pm_slot slot, dead_slot = { .tag = 0 };
    for (uint32_t i = 0; i < count; i++) {
        if (!pm_slot_read(segment, i, &slot) || !pm_slot_is_dead(&slot))
            continue;
        if (pm_name_equal(slot.name, segment->peer_name) && pm_slot_bury(segment, i, &slot, true)) {
            *restart = true;
            if (take_slot(segment, i))
                return true;
        }
        dead = i;
        dead_slot = slot;
    }
    for (uint32_t i = 0; i < count; i++)
        if (take_slot(segment, i))
            return true;
    return dead != count && pm_slot_bury(segment, dead, &dead_slot, false) && take_slot(segment, dead);
}

static void fill(peermap_segment *segment)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    uint32_t used = load32(&segment->header->slots_used);
    while (used <= segment->index && !cas32(&segment->header->slots_used, &used, segment->index + 1)) {}
    slot->pid = segment->self.pid;
    slot->uid = segment->self.uid;
    slot->start_time = segment->self.start_time;
    slot->pidns = segment->self.pidns;
    slot->pidfd_ino = segment->self.pidfd_ino;
    slot->flags = flags_of(segment);
    slot->base = (uintptr_t)segment->base;
    slot->mapped = slot->requested = slot->remap = slot->requested_ns = slot->acked = 0;
    slot->method = PM_BY_NONE;
    slot->error = 0;
    slot->latency_ns = 0;
    slot->pin = slot->unstopped = slot->populated = slot->attachment = 0;
    slot->attached_ns = pm_now_wall();
    memset(slot->name, 0, sizeof slot->name);
    memcpy(slot->name, segment->peer_name, strlen(segment->peer_name));
    PM_POINT("claim.filled");
    order_store64(&slot->tag, (load64(&slot->tag) & ~PM_TAG_STATE) | PM_JOINING);
    PM_POINT("claim.joining");
}

/* Another that has a slot, takes or leaves one, or still is to be seen off by the kernel, has this agent's thread id.  Its own is kept by now, and so is
 * the other's: of two that come at once, one sees it. */
static bool has_namesake(const peermap_segment *segment, const struct pm_kept *own)
{
    order_all();
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        uint32_t life = load32(&segment->slots[i].life);
        if (pm_life_alive(life) && (life & PM_FUTEX_TID) == segment->tid)
            return true;
    }
    return pm_claim_is_doubled(segment, segment->tid, own);
}

/* The pid of the live peer of this name; 0 if there is none. */
static uint32_t holder_of_name(peermap_segment *segment, uint64_t until)
{
    struct pm_slot slot;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++)
        if (i != segment->index && pm_slot_read(segment, i, &slot) && !is_no_peer(slot.tag) && pm_name_equal(slot.name, segment->peer_name) &&
            !pm_slot_ended(segment, i, &slot, until))
            return slot.pid;
    return 0;
}

static int refuse_name(const peermap_segment *segment, uint32_t holder)
{
    return pm_fail(PEERMAP_EPEERNAME, "a live peer of segment %s is named %s already (pid %u); choose another peer_name", segment->name,
                   segment->peer_name, holder);
}

static void bury_namesakes(peermap_segment *segment, bool *restart)
{
    struct pm_slot slot;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++)
        if (pm_slot_read(segment, i, &slot) && pm_slot_is_dead(&slot) && pm_name_equal(slot.name, segment->peer_name) && pm_slot_bury(segment, i, &slot, true))
            *restart = true;
}

/* Under the registry lock. */
static int become_peer(peermap_segment *segment, bool *restart, uint64_t deadline)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    PM_POINT("claim.begun");
    uint32_t holder = holder_of_name(segment, deadline);
    if (holder && segment->name_is_default) {
        snprintf(segment->peer_name, sizeof segment->peer_name, "%.48s-%" PRIu32, slot->name, segment->self.pid);
        memcpy(slot->name, segment->peer_name, strlen(segment->peer_name));
        holder = holder_of_name(segment, deadline);
    }
    if (holder)
        return refuse_name(segment, holder);
    bury_namesakes(segment, restart);
    segment->tag = (load64(&slot->tag) & ~PM_TAG_STATE) | PM_LIVE;
    order_store64(&slot->tag, segment->tag);
    PM_POINT("claim.live");
    return 0;
}

int pm_registry_lock(peermap_segment *segment, uint64_t deadline)
{
    struct pm_header *header = segment->header;
    int rc = pm_lock(segment, &header->registry_lock, &header->registry_slot, deadline);
    return rc == PEERMAP_EBUSY ? pm_lock_busy(segment, &header->registry_lock, "the registry", NULL) : rc;
}

void pm_registry_unlock(peermap_segment *segment)
{
    pm_unlock(segment, &segment->header->registry_lock, &segment->header->registry_slot);
}

int pm_registry_claim(peermap_segment *segment, uint64_t deadline, bool *restart)
{
    segment->index = PM_NO_SLOT;
    segment->tag = 0;
    uint32_t holder = segment->name_is_default ? 0 : holder_of_name(segment, deadline);
    if (holder) /* the answer that counts is become_peer()'s; this one disturbs nobody */
        return refuse_name(segment, holder);
    struct pm_kept kept = pm_claim_take(segment, segment->tid, &segment->self, 0, deadline);
    PM_POINT("claim.kept");
    int rc = has_namesake(segment, &kept) ? PM_NAMESAKE : 0;
    if (rc == 0 && !choose(segment, restart) && !(pm_slots_look(segment, NULL, 0, deadline) && choose(segment, restart)))
        rc = pm_fail(PEERMAP_ESLOTS, "segment %s has %u peers, and no room for more; create it with a larger max_peers", segment->name,
                     segment->shape.slot_count);
    if (rc == 0)
        fill(segment);
    pm_claim_give_back(&kept);
    if (rc != 0)
        return rc;
    rc = pm_registry_lock(segment, deadline);
    if (rc == 0) {
        rc = become_peer(segment, restart, deadline);
        pm_registry_unlock(segment);
    }
    if (rc != 0)
        pm_registry_release(segment);
    return rc;
}

/* CLAIMED first: a LIVE slot with an empty life word would look like a death.  The list last: a death before the word is empty still marks it. */
void pm_registry_release(peermap_segment *segment)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    uint64_t tag = segment->tag != 0 ? segment->tag : load64(&slot->tag), closing = (tag & ~PM_TAG_STATE) | PM_CLAIMED;
    struct pm_kept kept = pm_claim_take(segment, segment->tid, &segment->self, 0, 0);
    if (cas64(&slot->tag, &tag, closing)) {
        PM_POINT("release.begun");
        order_store32(&slot->life, 0);
        PM_POINT("release.lifeless");
        cas64(&slot->tag, &closing, next(closing, PM_FREE));
    }
    PM_POINT("release.freed");
    pm_robust_leave(segment, &slot->life);
    PM_POINT("release.unlisted");
    pm_claim_give_back(&kept);
}

/* Of an object that none of them ever had.  The life words first: a slot is then dead, or free, whatever its tag says. */
void pm_registry_void(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        order_store32(&segment->slots[i].life, 0);
        if (!pm_slot_read(segment, i, &slot))
            continue;
        if (pm_slot_is_dead(&slot))
            pm_slot_bury(segment, i, &slot, false);
        else
            pm_slot_free(segment, i, slot.tag);
    }
    pm_claims_void(segment);
    store32(&header->registry_lock, 0);
    store32(&header->registry_slot, 0);
}

/* ---- reading ---- */

static int state_of(const struct pm_slot *slot)
{
    if (pm_slot_is_dead(slot))
        return PEERMAP_DEAD;
    return slot->acked < slot->requested ? PEERMAP_LATE : PEERMAP_ALIVE;
}

static uint32_t public_flags(uint32_t flags)
{
    return (flags & PM_SLOT_READ_ONLY ? PEERMAP_READ_ONLY : 0) | (flags & PM_SLOT_NO_PTRACE ? PEERMAP_NO_PTRACE : 0) |
           (flags & PM_SLOT_RELOCATED ? PEERMAP_RELOCATABLE : 0);
}

static void describe(const struct pm_slot *slot, uint32_t index, peermap_peer *peer)
{
    *peer = (peermap_peer){ .pid = (pid_t)slot->pid,
                            .uid = (uid_t)slot->uid,
                            .start_time = slot->start_time,
                            .base = (void *)(uintptr_t)slot->base,
                            .mapped = slot->mapped,
                            .epoch_requested = slot->requested,
                            .epoch_acked = slot->acked,
                            .state = state_of(slot),
                            .method = (int)slot->method,
                            .error = slot->error,
                            .nanoseconds = slot->latency_ns,
                            .id = pm_holder_of(slot->tag, index),
                            .flags = public_flags(slot->flags) };
    memcpy(peer->name, slot->name, sizeof peer->name);
}

uint32_t peermap_flags(const peermap_segment *segment) { return pm_attached(segment) ? public_flags(flags_of(segment)) : 0; }

int peermap_peers(peermap_segment *segment, peermap_peer *out, int capacity)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_check_rows(out, capacity) != 0)
        return PEERMAP_EINVAL;
    int count = 0;
    pm_slots_look(segment, NULL, 0, pm_call_ends(pm_now() + segment->deadline_ns / 2));
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (!pm_slot_read(segment, i, &slot) || is_no_peer(slot.tag))
            continue;
        if (pm_slot_is_dead(&slot))
            pm_slot_tell_death(segment, i);
        if (count < capacity)
            describe(&slot, i, &out[count]);
        count++;
    }
    return pm_unless_lost(segment, pm_evicted(segment) ? pm_fail_evicted(segment) : count);
}

int peermap_self(peermap_segment *segment, peermap_peer *out)
{
    struct pm_slot slot;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (!out)
        return pm_fail(PEERMAP_EINVAL, "out is NULL");
    bool whole = pm_slot_read(segment, segment->index, &slot);
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    if (pm_evicted(segment))
        return pm_fail_evicted(segment);
    if (!whole)
        return pm_fail(PEERMAP_EFORMAT, "the registry of segment %s is damaged: it changes whenever it is read", segment->name);
    describe(&slot, segment->index, out);
    return 0;
}

pid_t peermap_pid_of(peermap_segment *segment, const char *peer_name)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment) || !peer_name)
        return 0;
    const uint64_t until = pm_deadline(segment);
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (pm_slot_read(segment, i, &slot) && pm_slot_lives(&slot) && pm_name_equal(slot.name, peer_name) && !pm_slot_is_gone(segment, i, until))
            return pm_evicted(segment) ? 0 : (pid_t)slot.pid;
    }
    return 0;
}
