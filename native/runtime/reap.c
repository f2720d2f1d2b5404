/* SPDX-License-Identifier: MIT */
/*
 * reap.c - slots of the dead are freed, because somebody asks for it.
 *
 * What becomes of one slot is in registry.c, what of the heap in reclaim.c.
 */
#include "segment.h"

/*
 * Whoever has ended is known from then on; nothing of theirs is changed.  Half of the call's time; a sixteenth of it in the middle of a round
 * (deadline 0), which has its own.
 */
static void look_for_ended(peermap_segment *segment, const struct pm_request *request)
{
    const uint64_t until = request->deadline != 0 ? request->asked + (request->deadline - request->asked) / 2 : pm_now() + segment->deadline_ns / 16;
    (void)pm_slots_look(segment, NULL, 0, until);
}

static int bury_all(peermap_segment *segment)
{
    int freed = 0;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (i == segment->index || !pm_slot_read(segment, i, &slot))
            continue;
        if (pm_slot_is_dead(&slot))
            freed += pm_slot_bury(segment, i, &slot, false);
        else if (!pm_life_alive(slot.life)) /* somebody died in its claim, or is just leaving */
            pm_slot_free(segment, i, slot.tag);
    }
    return freed;
}

static int bury_meant(peermap_segment *segment, int count)
{
    int freed = 0;
    for (int k = 0; k < count; k++) {
        struct pm_slot slot;
        const uint32_t i = (uint32_t)pm_holder_index(segment->reaped[k]);
        if (i != segment->index && pm_slot_read(segment, i, &slot) && pm_holder_of(slot.tag, i) == segment->reaped[k] && pm_slot_is_dead(&slot))
            freed += pm_slot_bury(segment, i, &slot, false);
    }
    return freed;
}

static int bury(peermap_segment *segment, const struct pm_request *request)
{
    return request->count == PM_EVERYBODY ? bury_all(segment) : bury_meant(segment, request->count);
}

/* The asker's memory may be gone when an agent that was held up gets to it. */
void pm_reap_note(peermap_segment *segment, const struct pm_request *request)
{
    for (int k = 0; k < request->count; k++)
        segment->reaped[k] = request->peers[k].id;
}

int pm_registry_reap(peermap_segment *segment, const struct pm_request *request)
{
    int rc = pm_registry_lock(segment, request->deadline);
    if (rc != 0)
        return rc;
    if (pm_evicted(segment)) { /* whoever is dead there is others' to reap; or the header was cut off, and says nothing */
        rc = pm_object_check(segment);
        pm_registry_unlock(segment);
        return rc != 0 ? rc : pm_fail_evicted(segment);
    }
    look_for_ended(segment, request);
    PM_POINT("reap.looked");
    rc = pm_agent_commits(segment, request) ? bury(segment, request) : PEERMAP_EBUSY;
    pm_registry_unlock(segment);
    if (rc > 0)
        pm_changed(segment);
    return rc;
}

static int reap(peermap_segment *segment, const peermap_peer *peers, int count)
{
    if (pm_attached(segment) && pm_only_reads(segment))
        return pm_fail_read_only(segment, "reap: what the dead held of the heap goes with them");
    struct pm_request request = { .kind = PM_ASK_REAP, .deadline = pm_deadline(segment), .peers = peers, .count = count };
    int rc = pm_agent_ask(segment, &request);
    if (rc >= 0)
        pm_heap_reap(segment, peers, count);
    return rc >= 0 ? pm_unless_lost(segment, rc) : rc;
}

int peermap_reap(peermap_segment *segment)
{
    PM_UNCANCELLED;
    return reap(segment, NULL, PM_EVERYBODY);
}

int peermap_reap_peers(peermap_segment *segment, const peermap_peer *peers, int count)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (count < 0 || (uint32_t)count > segment->shape.slot_count || (count > 0 && !peers))
        return pm_fail(PEERMAP_EINVAL, "count is %d with %s array, in a segment of at most %u peers", count, peers ? "an" : "no", segment->shape.slot_count);
    for (int k = 0; k < count; k++)
        if (peers[k].id == 0 || pm_holder_index(peers[k].id) >= segment->shape.slot_count)
            return pm_fail(PEERMAP_EINVAL, "row %d is of no peer of segment %s", k, segment->name);
    return reap(segment, peers, count);
}
