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

int pm_registry_reap(peermap_segment *segment, const struct pm_request *request)
{
    int rc = pm_registry_lock(segment, request->deadline);
    if (rc != 0)
        return rc;
    if (pm_evicted(segment)) { /* whoever is dead there is others' to reap */
        pm_registry_unlock(segment);
        return pm_fail_evicted(segment);
    }
    look_for_ended(segment, request);
    PM_POINT("reap.looked");
    rc = pm_agent_commits(segment, request) ? bury_all(segment) : PEERMAP_EBUSY;
    pm_registry_unlock(segment);
    if (rc > 0)
        pm_changed(segment);
    return rc;
}

int peermap_reap(peermap_segment *segment)
{
    PM_UNCANCELLED;
    struct pm_request request = { .kind = PM_ASK_REAP, .deadline = pm_deadline(segment) };
    int rc = pm_agent_ask(segment, &request);
    if (rc >= 0)
        pm_heap_reap(segment);
    return rc >= 0 ? pm_unless_lost(segment, rc) : rc;
}
