/* SPDX-License-Identifier: MIT */
/*
 * suspects.c - the second truth of many peers at once.
 *
 * What has become of a process in another pid namespace is found out by a look at all processes there are.  So it is one look for all who are asked
 * about, not one for each, and it has an end.
 */
#include "segment.h"

#define BATCH 64 /* so many fit on a thread's stack, whoever's it is */

/* Process-local. */
struct looking {
    peermap_segment *segment;
    uint64_t until;
    struct pm_suspect suspects[BATCH];
    struct {
        uint32_t index;
        uint64_t tag;
    } slots[BATCH];
    uint32_t count;
    bool any; /* has ended */
};

static void look(struct looking *looking)
{
    pm_processes_ended(looking->suspects, looking->count, looking->until);
    for (uint32_t i = 0; i < looking->count; i++)
        if (looking->suspects[i].ended && pm_slot_has_ended(looking->segment, looking->slots[i].index, looking->slots[i].tag))
            looking->any = true;
    looking->count = 0;
}

static void add(struct looking *looking, uint32_t index)
{
    peermap_segment *segment = looking->segment;
    struct pm_slot slot;
    if (index == segment->index)
        return;
    if (pm_slot_free_of_claimant(segment, index, looking->until))
        looking->any = true;
    if (!pm_slot_read(segment, index, &slot) || (slot.tag & PM_TAG_STATE) == PM_CLAIMED)
        return;
    if (!pm_life_alive(slot.life) || (slot.tag & PM_TAG_STATE) == PM_DEAD) {
        looking->any = true;
        return;
    }
    looking->suspects[looking->count] = (struct pm_suspect){
        .who = { .pid = slot.pid, .uid = slot.uid, .start_time = slot.start_time, .pidns = slot.pidns, .pidfd_ino = slot.pidfd_ino },
        .thread = slot.life & PM_FUTEX_TID,
    };
    looking->slots[looking->count].index = index;
    looking->slots[looking->count].tag = slot.tag;
    if (++looking->count == BATCH)
        look(looking);
}

bool pm_slots_look(peermap_segment *segment, const struct pm_awaited *only, uint32_t count, uint64_t until)
{
    struct looking looking = { .segment = segment, .until = until };
    for (uint32_t i = 0; i < (only ? count : segment->shape.slot_count); i++)
        add(&looking, only ? only[i].index : i);
    look(&looking);
    return looking.any;
}
