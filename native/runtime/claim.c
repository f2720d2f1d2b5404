/* SPDX-License-Identifier: MIT */
/*
 * claim.c - threads that have no slot, or none any more, and whose robust lists the kernel may still go through: of one that takes or gives back a slot, and of
 * one whose process dumps its core.
 *
 * An agent with such an id in another pid namespace might lose what it has by that, so it ends, and another thread tries (registry.c).  A claim that a death has
 * left is had by the next who wants one, once its thread is no more.  Where all are in use the oldest is given up, whoever has it: it may be stopped anywhere in
 * here.  So nobody writes into an entry but by a compare-and-swap of what it saw while the entry was its own, and every word says by its ticket whose it is: what
 * the former owner still writes is either written over by the new one, or fails.  Each word stands for itself; no order among them is relied upon.
 */
#include "segment.h"

#define TICKET (~PM_CLAIM_VALUE)

static uint32_t thread_in(uint64_t owner) { return (uint32_t)(owner & PM_CLAIM_ID); }

static bool take(struct pm_claim *claim, uint64_t seen, uint64_t wanted, struct pm_kept *kept)
{
    *kept = (struct pm_kept){ claim, ((seen & TICKET) + PM_CLAIM_STEP) | wanted };
    return cas64(&claim->owner, &seen, kept->owner);
}

/* False if the entry is not this owner's any more. */
static bool say(const struct pm_kept *kept, uint64_t *field, uint64_t value)
{
    for (;;) {
        uint64_t seen = load64(field); /* before the look at the owner: what it was while the entry was this one's */
        if (load64(&kept->claim->owner) != kept->owner)
            return false;
        if (cas64(field, &seen, (value <= PM_CLAIM_VALUE ? value : 0) | (kept->owner & TICKET)))
            return true;
    }
}

/* By the first of them it can be told whether the thread is no more. */
static bool say_whose(const struct pm_kept *kept, const struct pm_process *who)
{
    return say(kept, &kept->claim->pidns, who->pidns) && say(kept, &kept->claim->start_time, who->start_time) && say(kept, &kept->claim->pidfd_ino, who->pidfd_ino);
}

static uint64_t said(const uint64_t *field, uint64_t owner, bool *all)
{
    const uint64_t word = load64(field);
    const bool own = (word & TICKET) == (owner & TICKET);
    *all = *all && own;
    return own ? word & PM_CLAIM_VALUE : 0;
}

/* What it says so far, the rest is 0.  False if that is not all. */
static bool read_claim(const struct pm_claim *claim, uint64_t owner, struct pm_process *who)
{
    bool all = true;
    *who = (struct pm_process){ .pid = (uint32_t)(owner >> PM_CLAIM_PID_SHIFT & PM_CLAIM_ID) };
    who->pidns = said(&claim->pidns, owner, &all);
    who->start_time = said(&claim->start_time, owner, &all);
    who->pidfd_ino = said(&claim->pidfd_ino, owner, &all);
    return all;
}

static bool take_free(struct pm_claim *claims, uint64_t wanted, struct pm_kept *kept)
{
    for (uint32_t i = 0; i < PM_CLAIMS; i++) {
        uint64_t seen = load64(&claims[i].owner);
        if (thread_in(seen) == 0 && take(&claims[i], seen, wanted, kept))
            return true;
    }
    return false;
}

/* That it is on its way out is not enough: the kernel may be about to go through its list. */
static bool is_no_more(const struct pm_suspect *suspect)
{
    return pm_process_is_gone(&suspect->who, suspect->thread) || (suspect->ended && suspect->elsewhere && suspect->number == 0);
}

static bool take_left_by_a_death(struct pm_claim *claims, uint64_t wanted, uint64_t until, struct pm_kept *kept)
{
    struct pm_suspect suspects[PM_CLAIMS] = { { .thread = 0 } };
    uint64_t seen[PM_CLAIMS];
    for (uint32_t i = 0; i < PM_CLAIMS; i++) {
        seen[i] = load64(&claims[i].owner);
        suspects[i].thread = thread_in(seen[i]);
        (void)read_claim(&claims[i], seen[i], &suspects[i].who);
        if (is_no_more(&suspects[i]) && take(&claims[i], seen[i], wanted, kept))
            return true;
    }
    pm_processes_ended(suspects, PM_CLAIMS, until);
    for (uint32_t i = 0; i < PM_CLAIMS; i++)
        if (is_no_more(&suspects[i]) && take(&claims[i], seen[i], wanted, kept))
            return true;
    return false;
}

static void take_oldest(struct pm_header *header, uint64_t wanted, struct pm_kept *kept)
{
    struct pm_claim *claim;
    do
        claim = &header->claims[add32(&header->claims_next, 1) % PM_CLAIMS];
    while (!take(claim, load64(&claim->owner), wanted, kept));
}

struct pm_kept pm_claim_take(peermap_segment *segment, uint32_t thread, const struct pm_process *who, uint64_t flags, uint64_t until)
{
    struct pm_header *header = segment->header;
    const uint64_t wanted = (thread & PM_CLAIM_ID) | (who->pid & PM_CLAIM_ID) << PM_CLAIM_PID_SHIFT | flags;
    struct pm_kept kept;
    do {
        if (!take_free(header->claims, wanted, &kept) && !take_left_by_a_death(header->claims, wanted, until, &kept))
            take_oldest(header, wanted, &kept);
        PM_POINT("claim.listed");
    } while (!say_whose(&kept, who)); /* it was given up meanwhile */
    return kept;
}

void pm_claim_give_back(const struct pm_kept *kept)
{
    uint64_t owner = kept->owner;
    PM_POINT("claim.ended");
    cas64(&kept->claim->owner, &owner, owner & TICKET); /* unless it was given up */
}

bool pm_claim_is_doubled(const peermap_segment *segment, uint32_t thread, const struct pm_kept *own)
{
    for (uint32_t i = 0; i < PM_CLAIMS; i++) {
        const struct pm_claim *claim = &segment->header->claims[i];
        uint64_t owner = load64(&claim->owner);
        if (thread_in(owner) == thread && !(claim == own->claim && owner == own->owner))
            return true;
    }
    return false;
}

bool pm_claimant_has_ended(const peermap_segment *segment, uint32_t thread, uint64_t until)
{
    bool any = false;
    for (uint32_t i = 0; i < PM_CLAIMS; i++) {
        const struct pm_claim *claim = &segment->header->claims[i];
        const uint64_t owner = load64(&claim->owner);
        struct pm_suspect one = { .thread = thread };
        if (thread_in(owner) != thread)
            continue;
        if (owner & PM_CLAIM_SEEN_OFF || !read_claim(claim, owner, &one.who))
            return false;
        pm_processes_ended(&one, 1, until);
        if (!one.ended || load64(&claim->owner) != owner)
            return false;
        any = true;
    }
    return any;
}

void pm_claims_void(peermap_segment *segment)
{
    for (uint32_t i = 0; i < PM_CLAIMS; i++)
        and64(&segment->header->claims[i].owner, TICKET);
}
