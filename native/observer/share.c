/* SPDX-License-Identifier: MIT */
/* share.c - see share.h. */
#include "share.h"

#include "budget.h"
#include "os.h"

#include <inttypes.h>
#include <unistd.h>

bool pmo_share_is_whole(uint32_t uid) { return uid == geteuid() || uid == 0; }

uint32_t pmo_share_payer(uint32_t real, uint32_t effective) { return pmo_share_is_whole(real) ? effective : real; }

static struct pmo_share *share_of(struct pmo_shares *shares, uint32_t uid)
{
    uint32_t at = 0;
    while (at < shares->count && shares->list[at].uid != uid)
        at++;
    if (at == PMO_SHARED_MAX)
        uid = UINT32_MAX;
    if (at == shares->count && at <= PMO_SHARED_MAX)
        shares->list[shares->count++] = (struct pmo_share){ .uid = uid };
    return &shares->list[at <= PMO_SHARED_MAX ? at : PMO_SHARED_MAX];
}

bool pmo_share_take(struct pmo_shares *shares, uint32_t uid, uint32_t most)
{
    if (pmo_share_is_whole(uid))
        return true;
    struct pmo_share *share = share_of(shares, uid);
    share->over = share->over || share->taken == most / PMO_SHARES;
    share->taken += !share->over;
    return !share->over;
}

/* Where there is an end to the time. */
static uint64_t time_of_one(void) { return pmo_budget_length() / PMO_SHARES; }

bool pmo_share_begin(struct pmo_shares *shares, uint32_t uid)
{
    if (time_of_one() == 0 || pmo_share_is_whole(uid))
        return true;
    struct pmo_share *share = share_of(shares, uid);
    share->over = share->over || share->spent >= time_of_one();
    if (share->over)
        return false;
    shares->began = pm_now_coarse();
    pmo_budget_part(time_of_one() - share->spent);
    return true;
}

void pmo_share_end(struct pmo_shares *shares, uint32_t uid)
{
    if (time_of_one() == 0 || pmo_share_is_whole(uid))
        return;
    struct pmo_share *share = share_of(shares, uid);
    share->spent += pm_now_coarse() - shares->began;
    share->over = share->over || share->spent >= time_of_one();
    pmo_budget_part(0);
}

void pmo_shares_add(struct pmo_shares *shares, const struct pmo_shares *more)
{
    for (uint32_t i = 0; i < more->count; i++)
        if (more->list[i].over)
            share_of(shares, more->list[i].uid)->over = true;
}

bool pmo_shares_tell(const struct pmo_shares *shares, struct pmo_problems *problems)
{
    bool any = false;
    for (uint32_t i = 0; i < shares->count; i++) {
        const struct pmo_share *share = &shares->list[i];
        any = any || share->over;
        if (share->over && share->uid == UINT32_MAX)
            pmo_problem_add(problems, PMO_LEFT_OUT, pmo_at("other users"), "they have more than their share, a quarter of what one look takes: the rest is left out");
        else if (share->over)
            pmo_problem_add(problems, PMO_LEFT_OUT, pmo_at("uid %" PRIu32, share->uid),
                            "this user has more than its share, a quarter of what one look takes: the rest is left out");
    }
    return any;
}
