/* SPDX-License-Identifier: MIT */
/* round.h - a round under way, between resize.c, which knows what it is for, round.c, which asks the peers and waits, and reach.c. */
#ifndef PM_ROUND_H
#define PM_ROUND_H

#include "segment.h"

/* Process-local. */
struct pm_running {
    peermap_segment *segment;
    enum pm_op op;
    uint64_t begun;
    uint64_t deadline; /* of the whole call */
    const struct pm_request *request; /* which it is for; NULL: for nobody's */
    uint64_t epoch;
    uint64_t from;      /* bytes that there were before a growth or a shrink; 0: as many as there are */
    uint64_t needs;     /* bytes that a peer must have mapped for the round to succeed; 0: exactly what is asked of it */
    bool reaches;       /* stopped peers are reached from outside */
    bool populates;     /* the new pages, everywhere */
    uint32_t bares;     /* so many peers have answered, and have not done that themselves: */
    uint32_t bare[PM_SLOTS_MAX]; /* 0, or which piece of the new memory is next */
    uint64_t look;      /* earlier than then nobody is looked at again */
    bool reached;       /* by a hand, */
    uint32_t lost;      /* so many of which ended before their time */
    bool incomplete;    /* somebody has what is needed, and not all that was asked */
    int error;          /* errno of a peer that could not map */
    int reason;         /* errno of trying to reach the blocker */
    peermap_round *report;
    peermap_result *answers; /* rows for all slots, or NULL */
    uint32_t answer_count;
    uint32_t count;
    struct pm_awaited *awaited; /* the handle's, from when they are asked: of one round at a time */
};

/* ---- round.c ---- */
/* Publishes the target under a new epoch, asks the peers (`pid` 0: all), and does this peer's own part meanwhile. */
void pm_round_ask(struct pm_running *round, uint64_t target, pid_t pid, bool fresh);
/* Until all have answered or ended, or the deadline; the others are late. */
void pm_round_wait(struct pm_running *round, uint64_t deadline);
/* True if every live peer has mapped all that was asked. */
bool pm_round_complete(const struct pm_running *round);
/* True if nobody is late, or that is allowed. */
bool pm_round_forgiven(const struct pm_running *round);
/* The peer in this slot is to be populated from outside, from this piece on, counted from 1; or, 0, is not any more. */
void pm_round_bare(struct pm_running *round, uint32_t index, uint32_t piece);
/* Makes the peer in this slot the blocker of the report, unless there is one. */
void pm_round_blame(struct pm_running *round, uint32_t index, int reason);
int pm_round_succeed(struct pm_running *round);                         /* 0 */
int pm_round_late(struct pm_running *round, const char *consequence); /* PEERMAP_ETIMEDOUT, and its sentence */

/* ---- reach.c ---- */
/* Lets the agents run whose processes are stopped.  Again and again, until pm_reach_end(). */
void pm_reach(struct pm_running *round, uint64_t deadline);
void pm_reach_end(struct pm_running *round);
/* Populates the new pages from outside, by a hand if that is free, in the peers that answered without having done so. */
void pm_reach_populate(struct pm_running *round);
/* Why the blocker could not be reached, as the end of "peer X did not answer within N ms". */
struct pm_phrase pm_reach_words(const struct pm_running *round);

#endif
