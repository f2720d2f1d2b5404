/* SPDX-License-Identifier: MIT */
/*
 * share.h - what one user's processes and objects may have of a look.  Its bounds (budget.h) are for all together, so who fills a list would take it from
 * others: a user has a quarter of it at most, and a quarter of the time.  This process's own user and root have all.  Process-local.
 */
#ifndef PMO_SHARE_H
#define PMO_SHARE_H

#include "problem.h"

#include <stdbool.h>
#include <stdint.h>

#define PMO_SHARES 4u
/* Users that are told apart; those beyond have one share together, for a user may have tens of thousands of numbers (subuid). */
#define PMO_SHARED_MAX 64u

/* All zero: nobody has taken anything. */
struct pmo_shares {
    uint32_t count;
    uint64_t began; /* pm_now_coarse() */
    struct pmo_share {
        uint32_t uid; /* UINT32_MAX: all beyond, and those of whom it is not known */
        uint32_t taken;
        uint64_t spent; /* ns */
        bool over;
    } list[PMO_SHARED_MAX + 1];
};

/* Of this process's user, or root's. */
bool pmo_share_is_whole(uint32_t uid);
/*
 * In whose share something is that one user began and that works as another: the user who began it, unless that is one who has all.  Anybody starts setuid
 * programs of root's, or of this user's, and as many as they like.
 */
uint32_t pmo_share_payer(uint32_t real, uint32_t effective);
/* Whether this user may have one more of a list of `most`. */
bool pmo_share_take(struct pmo_shares *shares, uint32_t uid, uint32_t most);
/* What is between the two is for this user, and of its time: pmo_budget_left() says when that is over.  False: it is, and nothing is begun. */
bool pmo_share_begin(struct pmo_shares *shares, uint32_t uid);
void pmo_share_end(struct pmo_shares *shares, uint32_t uid);
/* Those who went beyond their share in `more` did so. */
void pmo_shares_add(struct pmo_shares *shares, const struct pmo_shares *more);
/* A problem for each user of whom something was left out; whether there are any. */
bool pmo_shares_tell(const struct pmo_shares *shares, struct pmo_problems *problems);

#endif
