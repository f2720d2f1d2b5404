/* SPDX-License-Identifier: MIT */
/* round.h - a round under way, between resize.c, which knows what it is for, and round.c, which asks the peers and waits for them. */
#ifndef PM_ROUND_H
#define PM_ROUND_H

#include "segment.h"

struct pm_awaited {
    uint32_t index;
    uint64_t tag;
};

/* Process-local. */
struct pm_running {
    peermap_segment *segment;
    enum pm_op op;
    uint64_t begun;
    uint64_t epoch;
    peermap_round *report;
    int error; /* errno of a peer that could not map */
    uint32_t count;
    struct pm_awaited awaited[PM_SLOTS_MAX];
};

/* Publishes the target under a new epoch, asks the peers (`pid` 0: all), and does this peer's own part meanwhile. */
void pm_round_ask(struct pm_running *round, uint64_t target, pid_t pid, bool fresh);
/* Until all have answered or ended, or the deadline; the others are late. */
void pm_round_wait(struct pm_running *round, uint64_t deadline);
/* True if nobody is late, or that is allowed. */
bool pm_round_forgiven(const struct pm_running *round);
/* Makes the peer in this slot the culprit of the report, unless there is one. */
void pm_round_blame(struct pm_running *round, uint32_t index);
uint64_t pm_round_deadline(const struct pm_running *round);
int pm_round_succeed(struct pm_running *round);                         /* 0 */
int pm_round_late(struct pm_running *round, const char *consequence); /* PEERMAP_ELATE, and its sentence */

#endif
