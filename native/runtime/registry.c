/* SPDX-License-Identifier: MIT */
/*
 * registry.c - who is attached: claiming, releasing, reaping and reading slots.
 *
 * A peer claims a slot to attach and releases it to detach.  One that dies in between leaves it LIVE with a dead life word: its
 * place, under its name, until it is restarted or reaped.  Claiming and reaping hold the registry lock; a peer releases its own slot
 * without, by a compare-and-swap on the tag that fails if somebody has given the slot away meanwhile.
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

static bool slot_of_agent(const peermap_segment *segment, uint32_t thread, uint32_t *index, struct pm_slot *copy)
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

static bool slot_of_claimant(const peermap_segment *segment, uint32_t thread, struct pm_slot *copy)
{
    const struct pm_header *header = segment->header;
    if (load32(&header->claimant_thread) != thread)
        return false;
    *copy = (struct pm_slot){ .pid = peek32(&header->claimant_pid),
                              .flags = peek32(&header->claimant_flags),
                              .start_time = peek64(&header->claimant_start),
                              .pidns = peek64(&header->claimant_pidns),
                              .life = thread };
    return true;
}

bool pm_slot_of_holder(const peermap_segment *segment, uint32_t thread, uint32_t *index, struct pm_slot *copy)
{
    *index = PM_NO_SLOT;
    return slot_of_agent(segment, thread, index, copy) || slot_of_claimant(segment, thread, copy);
}

bool pm_slot_is(const peermap_segment *segment, uint32_t index, uint64_t tag)
{
    const struct pm_slot *slot = &segment->slots[index];
    return load64(&slot->tag) == tag && pm_life_alive(load32(&slot->life));
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

/* ---- claiming ---- */

static uint32_t flags_of(const peermap_segment *segment)
{
    return (segment->base == (char *)(uintptr_t)segment->shape.base ? 0 : PM_SLOT_RELOCATED) |
           (segment->flags & PEERMAP_NO_INJECT ? PM_SLOT_NO_INJECT : 0);
}

void pm_announce(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    store32(&header->claimant_thread, 0);
    opened();
    poke32(&header->claimant_pid, segment->self.pid);
    poke32(&header->claimant_flags, flags_of(segment));
    poke64(&header->claimant_start, segment->self.start_time);
    poke64(&header->claimant_pidns, segment->self.pidns);
    store32(&header->claimant_thread, segment->tid);
    PM_POINT("lock.announced");
}

/* Process-local.  What a look through the slots found. */
struct places {
    uint32_t free, dead, own; /* index, or PM_SLOTS_MAX: free, of a dead peer, of a dead peer of the name */
    struct pm_slot holder;    /* the live peer of the name, if `taken` */
    bool taken;
    bool namesake; /* a live peer's agent has this one's thread id, in another pid namespace */
};

static struct places look(const peermap_segment *segment, const char *name)
{
    struct places places = { .free = PM_SLOTS_MAX, .dead = PM_SLOTS_MAX, .own = PM_SLOTS_MAX };
    for (uint32_t i = segment->shape.slot_count; i-- > 0;) {
        struct pm_slot slot;
        bool used = pm_slot_read(segment, i, &slot), alive = used && pm_life_alive(slot.life);
        bool named = used && pm_name_equal(slot.name, name);
        places.namesake = places.namesake || (alive && (slot.life & PM_FUTEX_TID) == segment->tid);
        if (!used || (!alive && (slot.tag & PM_TAG_STATE) == PM_CLAIMED)) {
            places.free = i;
        } else if (!alive) {
            places.dead = i;
            if (named)
                places.own = i;
        } else if (named) {
            places.taken = true;
            places.holder = slot;
        }
    }
    return places;
}

/*
 * Fills the slot.  The life word comes after the list that lets the kernel find it, and before LIVE: a death in between leaves a
 * CLAIMED slot that is not alive, which counts as free.
 */
static void fill(peermap_segment *segment, uint32_t index)
{
    struct pm_slot *slot = &segment->slots[index];
    uint64_t claimed = next(load64(&slot->tag), PM_CLAIMED);
    order_store64(&slot->tag, claimed);
    opened();
    PM_POINT("claim.begun");

    if (peek32(&segment->header->slots_used) <= index)
        store32(&segment->header->slots_used, index + 1);
    segment->index = index;
    segment->bit = UINT32_C(1) << index % 32;
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
    slot->pin = slot->unstopped = slot->populated = 0;
    slot->attached_ns = pm_now_wall();
    memset(slot->name, 0, sizeof slot->name);
    memcpy(slot->name, segment->peer_name, strlen(segment->peer_name));

    PM_POINT("claim.filled");
    struct pm_robust *list = &segment->life_list;
    list->offset = (long)((uintptr_t)&slot->life - (uintptr_t)&segment->life_entry);
    list->list.next = &segment->life_entry;
    segment->life_entry.next = &list->list;
    list->pending = (struct pm_robust_entry *)((uintptr_t)&segment->header->registry_lock - (uintptr_t)list->offset);
    pm_robust_use(list);
    segment->robust = list;
    PM_POINT("claim.listed");

    order_store32(&slot->life, segment->tid | PM_FUTEX_WAITERS);
    PM_POINT("claim.alive");
    segment->tag = (claimed & ~PM_TAG_STATE) | PM_LIVE;
    order_store64(&slot->tag, segment->tag);
    PM_POINT("claim.live");
}

static int choose(peermap_segment *segment, uint32_t *index, bool *restart)
{
    struct places places = look(segment, segment->peer_name);
    if (places.namesake)
        return PM_NAMESAKE;
    if (places.taken && segment->name_is_default) {
        snprintf(segment->peer_name, sizeof segment->peer_name, "%.48s-%" PRIu32, places.holder.name, segment->self.pid);
        places = look(segment, segment->peer_name);
    }
    if (places.taken)
        return pm_fail(PEERMAP_EPEERNAME, "a live peer of segment %s is named %s already (pid %u); choose another peer_name", segment->name,
                       segment->peer_name, places.holder.pid);
    *restart = places.own != PM_SLOTS_MAX;
    *index = *restart ? places.own : places.free != PM_SLOTS_MAX ? places.free : places.dead;
    if (*index == PM_SLOTS_MAX)
        return pm_fail(PEERMAP_ESLOTS, "segment %s has %u peers, and no room for more; create it with a larger max_peers", segment->name,
                       segment->shape.slot_count);
    if ((load64(&segment->slots[*index].tag) & PM_TAG_STATE) == PM_LIVE) {
        pm_slot_tell_death(segment, *index);
        if (!*restart)
            pm_journal(segment, (struct pm_event){ .kind = PM_EV_REAP, .slot = (uint16_t)*index });
    }
    return 0;
}

int pm_registry_lock(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    if (pm_lock(segment, &header->registry_lock, &header->registry_slot, pm_now() + segment->deadline_ns) != 0)
        return pm_lock_busy(segment, &header->registry_lock, "the registry", NULL);
    return 0;
}

void pm_registry_unlock(peermap_segment *segment)
{
    pm_unlock(segment, &segment->header->registry_lock, &segment->header->registry_slot);
}

int pm_registry_claim(peermap_segment *segment, bool *restart)
{
    segment->index = PM_NO_SLOT;
    int rc = pm_registry_lock(segment);
    if (rc != 0)
        return rc;
    uint32_t index;
    rc = choose(segment, &index, restart);
    if (rc == 0)
        fill(segment, index);
    pm_registry_unlock(segment);
    return rc;
}

void pm_registry_release(peermap_segment *segment)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    uint64_t live = segment->tag, closing = (live & ~PM_TAG_STATE) | PM_CLAIMED;
    /* CLAIMED first: a LIVE slot with an empty life word would look like a death.  The list last: a death before the word is
     * empty still marks it. */
    if (cas64(&slot->tag, &live, closing)) {
        PM_POINT("release.begun");
        order_store32(&slot->life, 0);
        PM_POINT("release.lifeless");
        cas64(&slot->tag, &closing, next(closing, PM_FREE));
    }
    PM_POINT("release.freed");
    segment->life_list.list.next = &segment->life_list.list;
    PM_POINT("release.unlisted");
}

/* ---- reaping and reading ---- */

int pm_registry_reap(peermap_segment *segment)
{
    int rc = pm_registry_lock(segment);
    if (rc != 0)
        return rc;
    int freed = 0;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (!pm_slot_read(segment, i, &slot) || pm_life_alive(slot.life))
            continue;
        if ((slot.tag & PM_TAG_STATE) == PM_LIVE) {
            pm_slot_tell_death(segment, i);
            pm_journal(segment, (struct pm_event){ .kind = PM_EV_REAP, .slot = (uint16_t)i });
            freed++;
        }
        PM_POINT("reap.told");
        cas64(&segment->slots[i].tag, &slot.tag, next(slot.tag, PM_FREE));
        PM_POINT("reap.freed");
    }
    pm_registry_unlock(segment);
    if (freed > 0)
        pm_changed(segment);
    return freed;
}

int peermap_reap(peermap_segment *segment)
{
    struct pm_request request = { .kind = PM_ASK_REAP };
    int rc = pm_agent_ask(segment, &request);
    if (rc >= 0)
        pm_heap_reap(segment);
    return rc;
}

static int state_of(const struct pm_slot *slot)
{
    if (!pm_life_alive(slot->life))
        return PEERMAP_DEAD;
    return slot->acked < slot->requested ? PEERMAP_LATE : PEERMAP_ALIVE;
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
                            .id = pm_holder_of(slot->tag, index) };
    memcpy(peer->name, slot->name, sizeof peer->name);
}

int peermap_peers(peermap_segment *segment, peermap_peer *out, int capacity)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (capacity < 0 || (capacity > 0 && !out))
        return pm_fail(PEERMAP_EINVAL, "capacity is %d with %s array", capacity, out ? "an" : "no");
    int count = 0;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (!pm_slot_read(segment, i, &slot) || (slot.tag & PM_TAG_STATE) != PM_LIVE)
            continue;
        if (!pm_life_alive(slot.life))
            pm_slot_tell_death(segment, i);
        if (count < capacity)
            describe(&slot, i, &out[count]);
        count++;
    }
    return pm_unless_lost(segment, count);
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
    if (!whole)
        return pm_fail(PEERMAP_EFORMAT, "the registry of segment %s is damaged: it changes whenever it is read", segment->name);
    describe(&slot, segment->index, out);
    return 0;
}

pid_t peermap_pid_of(peermap_segment *segment, const char *peer_name)
{
    if (!pm_attached(segment) || !peer_name)
        return 0;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (pm_slot_read(segment, i, &slot) && pm_slot_lives(&slot) && pm_name_equal(slot.name, peer_name))
            return (pid_t)slot.pid;
    }
    return 0;
}
