/* SPDX-License-Identifier: MIT */
/*
 * journal.c - the event ring: what happened to a segment, for whoever looks.
 *
 * Writers never wait for each other or for readers: each takes the next index and fills that record.  A reader finds out from seq
 * whether a record is complete, and from event_head how many it missed.  A writer that dies halfway leaves a record whose seq is 0.
 */
#include "segment.h"

#include <limits.h>

void pm_journal(peermap_segment *segment, struct pm_event event)
{
    uint64_t index = add64(&segment->header->event_head, 1);
    struct pm_event *record = &segment->events[index & (segment->shape.event_count - 1)];
    PM_POINT("journal.numbered");
    event.time_ns = pm_now() - segment->clock_offset;
    event.by = (uint16_t)segment->index;
    event.by_pid = segment->self.pid;
    if (event.slot != PM_NO_SLOT && event.pid == 0)
        event.pid = peek32(&segment->slots[event.slot].pid);
    (void)load64(&record->seq); /* a page is read before it is written: the kernel then maps those around it as well */
    order_store64(&record->seq, 0);
    opened();
    write_words(&record->time_ns, &event.time_ns, sizeof event - offsetof(struct pm_event, time_ns));
    PM_POINT("journal.filled");
    /* Release: pairs with the observer's acquire of seq.  Whoever sees the number sees the record. */
    store64(&record->seq, index + 1);
}

void pm_changed(peermap_segment *segment)
{
    add32(&segment->header->change, 1);
    pm_futex_wake(&segment->header->change, UINT32_MAX, INT_MAX);
}
