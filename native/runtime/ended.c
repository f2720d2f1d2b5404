/* SPDX-License-Identifier: MIT */
/*
 * ended.c - whether a peer can still touch the memory.
 *
 * Its slot says that it is dead as soon as its agent has ended; its other threads end when they get to it, and may write until then.  Each attachment
 * has a mark on the object (pm_object_mark), which goes with the last process, and the last thread of it, that has the descriptor.  Where that
 * takes long, as in a process that dumps its core, the kernel says of each thread whether it will ever run code of its own again.
 */
#include "segment.h"

#include <errno.h>

#define PAUSE_NS UINT64_C(50000) /* between two looks at a process that is ending; doubled each time, up to */
#define PAUSE_MAX_NS UINT64_C(10000000)

uint64_t peermap_id(const peermap_segment *segment) { return pm_attached(segment) ? pm_holder_of(segment->tag, segment->index) : 0; }
uint32_t peermap_deadline_ms(const peermap_segment *segment) { return pm_attached(segment) ? (uint32_t)(segment->deadline_ns / 1000000u) : 0; }

static bool own_slot(const peermap_segment *segment, uint64_t id, struct pm_slot *slot)
{
    uint32_t index = (uint32_t)pm_holder_index(id);
    return pm_slot_read(segment, index, slot) && pm_holder_of(slot->tag, index) == id;
}

/* As far as is known `until` then, like all of this. */
static bool lives(peermap_segment *segment, uint64_t id, uint64_t until)
{
    struct pm_slot slot;
    uint32_t index = (uint32_t)pm_holder_index(id);
    if (!own_slot(segment, id, &slot) || (slot.tag & PM_TAG_STATE) != PM_LIVE || !pm_life_alive(slot.life))
        return false;
    return index == segment->index || !pm_slot_ended(segment, index, &slot, until);
}

/* All its threads are on their way out, whatever keeps them there. */
static bool is_over(const peermap_segment *segment, uint64_t id, uint64_t until)
{
    struct pm_slot slot;
    if (pm_holder_index(id) == segment->index || !own_slot(segment, id, &slot))
        return false;
    const struct pm_process who = { .pid = slot.pid, .start_time = slot.start_time, .pidns = slot.pidns };
    return pm_process_is_over(&who, until);
}

static bool was_ended(const peermap_segment *segment, uint64_t id)
{
    for (uint32_t i = 0; i < PM_ENDED; i++)
        if (peek64(&segment->ended[i]) == id)
            return true;
    return false;
}

/* Once it has, it has: that of a process which has not given its descriptors back yet nobody could tell any more when its slot is another's. */
static bool has_ended(peermap_segment *segment, uint64_t id, uint64_t until)
{
    if (was_ended(segment, id))
        return true;
    if (!is_over(segment, id, until) && (lives(segment, id, until) || pm_object_is_marked(segment->fd, id)))
        return false;
    poke64(&segment->ended[add32(&segment->ended_next, 1) % PM_ENDED], id);
    return true;
}

static int refuse(peermap_segment *segment, const peermap_peer *peer)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (!peer || peer->id == 0 || pm_holder_index(peer->id) >= segment->shape.slot_count)
        return pm_fail(PEERMAP_EINVAL, "that is no peer of segment %s", segment->name);
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    if (pm_regain_object(segment))
        return 0;
    return pm_fail_closed(segment, errno);
}

static int ask(peermap_segment *segment, const peermap_peer *peer, uint64_t until)
{
    int rc = refuse(segment, peer);
    if (rc == 0)
        rc = has_ended(segment, peer->id, until);
    return rc < 0 ? rc : pm_unless_lost(segment, pm_evicted(segment) ? pm_fail_evicted(segment) : rc); /* else a registry that is another says that it is gone */
}

int peermap_peer_ended(peermap_segment *segment, const peermap_peer *peer)
{
    PM_UNCANCELLED;
    return ask(segment, peer, pm_deadline(segment));
}

/* Until it may have ended, or detached, or `until`.  The kernel wakes one of those who wait for the life word. */
static void wait_for_end(peermap_segment *segment, uint64_t id, uint64_t until)
{
    uint32_t *life = &segment->slots[pm_holder_index(id)].life;
    const uint32_t *change = &segment->header->change;
    struct pm_wait waits[2] = { { change, order_load32(change) }, { life, order_load32(life) } };
    if (!lives(segment, id, until))
        return;
    if (pm_wait_any(waits, 2, until) == ENOSYS)
        pm_futex_wait(life, waits[1].value, UINT32_MAX, until);
    if (!lives(segment, id, until))
        pm_futex_wake(life, UINT32_MAX, 1);
}

int peermap_wait_ended(peermap_segment *segment, const peermap_peer *peer, uint32_t deadline_ms)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    const uint64_t latest = pm_until(segment, deadline_ms);
    uint64_t pause = PAUSE_NS;
    int ended;
    while ((ended = ask(segment, peer, latest)) == 0) {
        uint64_t now = pm_now(), rest = latest - now;
        if (now >= latest)
            return 0;
        if (lives(segment, peer->id, latest)) {
            wait_for_end(segment, peer->id, now + (rest < PM_TRUST_NS ? rest : PM_TRUST_NS));
        } else {
            pm_sleep_until(now + (rest < pause ? rest : pause));
            pause = pause < PAUSE_MAX_NS ? 2 * pause : pause;
        }
    }
    return ended;
}
