/* SPDX-License-Identifier: MIT */
/* follow.h - a segment's events one after the other, and who did what in them: for `events` and `watch`. */
#ifndef CLI_FOLLOW_H
#define CLI_FOLLOW_H

#include "events.h"
#include "view.h"
#include "wait.h"

struct follow {
    struct pmo_observer observer;
    struct names names;
    uint64_t last; /* number of the last event that was read */
    bool ended;    /* the object is removed, and nobody is left in it */
};

/* A snapshot for the names, then the events there are, at most `limit`.  Both are the caller's to free.  A code of the library. */
int follow_read(struct follow *follow, size_t limit, struct pmo_snapshot *snapshot, struct pmo_events *events);

/* Calls again after the time that a half-written event is given, if there is one. */
void follow_remind(const struct pmo_events *events, struct waiter *waiter);

/* CLOCK_MONOTONIC to the wall's. */
uint64_t follow_offset(const struct pmo_snapshot *snapshot);

#endif
