/* SPDX-License-Identifier: MIT */
/* follow.c - a segment's events one after the other. */
#include "follow.h"

int follow_read(struct follow *follow, size_t limit, struct pmo_snapshot *snapshot, struct pmo_events *events)
{
    int rc = pmo_snapshot_take(&follow->observer, PMO_PROCESSES, snapshot);
    if (rc != 0)
        return rc;
    bool living = false;
    for (size_t i = 0; i < snapshot->peer_count; i++)
        living = living || snapshot->peers[i].state != PMO_DEAD;
    follow->ended = snapshot->object.st_nlink == 0 && !living;
    names_learn(&follow->names, snapshot);
    rc = pmo_events_read(&follow->observer, follow->last, limit, events);
    if (rc != 0)
        pmo_snapshot_free(snapshot);
    else
        follow->last = events->last;
    return rc;
}

void follow_remind(const struct pmo_events *events, struct waiter *waiter)
{
    if (events->more_later)
        pmo_watch_remind(waiter->watch, PMO_HOLE_NS / 1000000 + 10);
}

uint64_t follow_offset(const struct pmo_snapshot *snapshot) { return snapshot->realtime_ns - snapshot->monotonic_ns; }
