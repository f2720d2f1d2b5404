/* SPDX-License-Identifier: MIT */
/*
 * agent.c - the thread that keeps this process's mapping what the header says, and works for the application's calls.
 *
 * It sleeps on the header's bell, which a round's runner and this process's own calls ring.  It holds the life word of its slot
 * through its robust list for as long as it lives, which is how everybody knows that the process lives.  All signals are blocked in it but those that
 * a thread brings upon itself; it takes no lock of the C library, so that it can run while every other thread of the process is stopped.
 *
 * On a machine whose cores are all busy it would wait for a turn with every growth.  It keeps the ordinary policy and niceness, which
 * everybody may use and which take no time from the application, with the shortest slice that there is: a thread that wakes with little to do
 * then runs before one that has been running.  Growth inside the horizon needs no agent at all.
 */
#include "segment.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MEANWHILE_NS UINT64_C(500000) /* a holder of the registry that goes on longer than this may have ended */

static int join(peermap_segment *segment)
{
    uint64_t since = pm_now();
    bool restart = false;
    store32(&segment->tid, pm_thread_id());
    int error = pm_robust_begin(segment);
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "the kernel has no robust futexes: %s", strerror(error));
    }
    int rc = pm_registry_claim(segment, segment->rounds.request.deadline, &restart);
    if (rc != 0)
        return rc;
    PM_POINT("attach.claimed");
    if (segment->nameless)
        rc = pm_agent_commits(segment, &segment->rounds.request) ? pm_publish(segment) : PEERMAP_EBUSY;
    pm_mark_attachment(segment);
    if (rc == 0)
        rc = pm_converge_first(segment, since, segment->nameless ? 0 : segment->rounds.request.deadline); /* what has its name is made */
    if (rc == 0 && pm_only_reads(segment))
        rc = pm_close_header(segment);
    if (rc != 0) {
        pm_registry_release(segment);
        return rc;
    }
    PM_POINT("attach.converged");
    if (pm_only_reads(segment))
        pm_show(segment);
    pm_journal(segment, (struct pm_event){ .kind = restart ? PM_EV_RESTART : PM_EV_ATTACH,
                                           .epoch = peek64(&segment->slots[segment->index].acked),
                                           .method = PM_BY_ATTACH,
                                           .slot = (uint16_t)segment->index,
                                           .size = segment->mapped,
                                           .ns = pm_now() - since });
    pm_changed(segment);
    return 0;
}

static int leave(peermap_segment *segment)
{
    const uint64_t mapped = segment->mapped;
    const bool exits = load32(&segment->exits) != 0;
    pm_finish_cut(segment);
    if (!exits) {
        store64(&segment->mapped, 0);
        pm_unmap(segment, 0, mapped);
    }
    PM_POINT("leave.unmapped");
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_DETACH, .slot = (uint16_t)segment->index });
    uint64_t requested = load64(&segment->slots[segment->index].requested);
    pm_registry_release(segment);
    if (!exits)
        pm_unmark_attachment(segment);
    PM_POINT("leave.released");
    if (requested != segment->tried)
        pm_answer(segment, requested);
    pm_changed(segment);
    segment->left = true;
    return 0;
}

/* Whoever was waited for may have been one of them. */
static int reap(peermap_segment *segment, const struct pm_request *request)
{
    int rc = pm_registry_reap(segment, request);
    pm_nudge_mending(segment);
    return rc;
}

static int serve(peermap_segment *segment, struct pm_request *request)
{
    switch (request->kind) {
    case PM_ASK_ROUND: return pm_round(segment, request);
    case PM_ASK_REAP: return reap(segment, request);
    case PM_ASK_ROOT: return pm_roots_set(segment, request);
    case PM_ASK_LEAVE: return leave(segment);
    default: return 0;
    }
}

/* False if nobody waits for it any more. */
static bool answer(struct pm_channel *channel, int result)
{
    struct pm_request *request = &channel->request;
    request->result = result;
    if (result < 0) {
        request->error = errno;
        snprintf(request->sentence, sizeof request->sentence, "%s", peermap_last_error());
    }
    PM_POINT("request.served");
    bool awaited = swap32(&channel->posted, PM_NOT_POSTED) != PM_GIVEN_UP;
    PM_POINT("request.answered");
    if (awaited) /* of a start that was given up the handle may be no more */
        pm_futex_wake(&channel->posted, UINT32_MAX, INT_MAX);
    return awaited;
}

/* False if nobody waits for it any more. */
static bool begin(struct pm_channel *channel)
{
    uint32_t posted = PM_POSTED;
    return cas32(&channel->posted, &posted, PM_SERVED);
}

bool pm_agent_commits(peermap_segment *segment, const struct pm_request *request)
{
    struct pm_channel *channel = request == &segment->rounds.request ? &segment->rounds : &segment->brief;
    uint32_t posted = PM_SERVED;
    PM_POINT("request.committing");
    if (cas32(&channel->posted, &posted, PM_COMMITTED))
        return true;
    pm_fail(PEERMAP_EBUSY, "segment %s: the call was given up at its deadline", segment->name);
    return false;
}

/* Nothing was done of it yet. */
static bool put_off(struct pm_channel *channel)
{
    uint32_t posted = PM_SERVED;
    return cas32(&channel->posted, &posted, PM_POSTED);
}

/* False: there is none, or it comes after the other channel's. */
static bool serve_one(peermap_segment *segment, struct pm_channel *channel)
{
    if (order_load32(&channel->posted) != PM_POSTED || !begin(channel))
        return false;
    int rc = serve(segment, &channel->request);
    if (rc == PM_LATER && put_off(channel))
        return false;
    answer(channel, pm_unless_lost(segment, rc));
    return true;
}

/* Without waiting for the registry's lock.  False where that is needed first. */
static bool try_to_serve(peermap_segment *segment, struct pm_channel *channel)
{
    struct pm_request *request = &channel->request;
    const uint64_t deadline = request->deadline;
    if (!begin(channel))
        return true;
    request->deadline = 0;
    int rc = pm_unless_lost(segment, serve(segment, request));
    request->deadline = deadline;
    if (rc == PEERMAP_EBUSY && pm_now() < deadline && put_off(channel))
        return false;
    answer(channel, rc);
    return true;
}

/* What this thread has to say of its own call stays as it is. */
void pm_agent_serve_meanwhile(peermap_segment *segment)
{
    char sentence[PM_SENTENCE];
    int error = errno;
    if (order_load32(&segment->brief.posted) != PM_POSTED)
        return;
    snprintf(sentence, sizeof sentence, "%s", peermap_last_error());
    if (!try_to_serve(segment, &segment->brief) && pm_now() > segment->brief.request.asked + MEANWHILE_NS)
        pm_lock_take_from_the_dead(segment, &segment->header->registry_lock, segment->brief.request.deadline);
    pm_last_error_set(sentence);
    errno = error;
}

/* The call that made this thread ended at its deadline, while the thread was held: what it has done is undone, and the handle is its own to free. */
static void go_unnoticed(peermap_segment *segment)
{
    if (!segment->left)
        leave(segment);
    (void)pm_robust_use(NULL); /* it is in the handle */
    pm_handle_free(segment);
}

void *pm_agent(void *argument)
{
    struct pm_start *start = argument;
    uint32_t state = PM_NOT_BEGUN;
    peermap_segment *segment = start->segment;
    if (!cas32(&start->state, &state, PM_BEGUN)) {
        free(start);
        return NULL;
    }
    struct pm_channel *rounds = &segment->rounds;
    pm_thread_be_agent(!(segment->flags & PEERMAP_NO_PTRACE) && !(segment->shape.flags & PM_SEGMENT_NO_PTRACE));
    pm_thread_be_prompt();
    int rc = pm_unless_lost(segment, join(segment));
    segment->left = rc != 0;
    if (rc == 0)
        pm_nudge_cut(segment);
    if (!answer(rounds, rc)) {
        go_unnoticed(segment);
        return NULL;
    }
    while (!segment->left) {
        uint32_t bell = order_load32(&segment->header->bell);
        if (pm_only_reads(segment))
            pm_show(segment);
        pm_converge(segment, PM_BY_AGENT, false);
        if (serve_one(segment, &segment->brief)) /* all of them before the horizon, which nobody waits for */
            continue;
        if (serve_one(segment, rounds))
            continue;
        if (order_load32(&segment->nudged)) {
            pm_move_horizon(segment);
            if (order_load32(&segment->nudged)) /* there is more of it */
                continue;
        }
        pm_futex_wait(&segment->header->bell, bell, segment->bit, 0);
    }
    return NULL;
}
