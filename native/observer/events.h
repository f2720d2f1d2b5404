/* SPDX-License-Identifier: MIT */
/* events.h - reading the event ring. */
#ifndef PMO_EVENTS_H
#define PMO_EVENTS_H

#include "attach.h"

struct pmo_events {
    struct pm_event *list; /* oldest first */
    size_t count;
    uint64_t last;   /* seq to go on after */
    uint64_t missed; /* overwritten or damaged before they could be read */
    bool more_later; /* stopped at a record that is still being written, though later ones exist: ask again */
};

/* How long a record may take to be written, after which its writer must have died. */
#define PMO_HOLE_NS UINT64_C(100000000)

/* Events with seq > after, at most `limit`.  A segment that cannot be read has none.  0, or PEERMAP_EOS. */
int pmo_events_read(struct pmo_observer *observer, uint64_t after, size_t limit, struct pmo_events *events);
void pmo_events_free(struct pmo_events *events);

#endif
