/* SPDX-License-Identifier: MIT */
/*
 * agent.c - the thread that keeps this process's mapping what the header says, and works for the application's calls.
 *
 * It sleeps on the header's bell, which a round's runner and this process's own calls ring.  It holds the life word of its slot
 * through its robust list for as long as it lives, which is how everybody knows that the process lives.  All signals but SIGBUS are
 * blocked in it; it takes no lock of the C library, so that it can run while every other thread of the process is stopped.
 *
 * On a machine whose cores are all busy it would wait for a turn with every growth.  It keeps the ordinary policy and niceness, which
 * everybody may use and which take no time from the application, with the shortest slice that there is: a thread that wakes with little to do
 * then runs before one that has been running.  Growth inside the horizon needs no agent at all.
 */
#include "segment.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#define STACK_SIZE (512u << 10)
#define MEANWHILE_NS UINT64_C(500000) /* a holder of the registry that goes on longer than this may have ended */

static int join(peermap_segment *segment)
{
    uint64_t since = pm_now();
    bool restart = false;
    segment->tid = pm_thread_id();
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
        rc = pm_publish(segment);
    pm_mark_attachment(segment);
    if (rc == 0)
        rc = pm_converge_first(segment, since);
    if (rc != 0) {
        pm_registry_release(segment);
        return rc;
    }
    PM_POINT("attach.converged");
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
    uint64_t mapped = segment->mapped;
    pm_finish_cut(segment);
    store64(&segment->mapped, 0);
    pm_unmap(segment, 0, mapped);
    PM_POINT("leave.unmapped");
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_DETACH, .slot = (uint16_t)segment->index });
    uint64_t requested = load64(&segment->slots[segment->index].requested);
    pm_registry_release(segment);
    PM_POINT("leave.released");
    if (requested != segment->tried)
        pm_answer(segment, requested);
    pm_changed(segment);
    segment->left = true;
    return 0;
}

static int serve(peermap_segment *segment, struct pm_request *request)
{
    switch (request->kind) {
    case PM_ASK_ROUND: return pm_round(segment, request);
    case PM_ASK_REAP: return pm_registry_reap(segment, request->deadline);
    case PM_ASK_ROOT: return pm_roots_set(segment, request);
    case PM_ASK_LEAVE: return leave(segment);
    default: return 0;
    }
}

static void answer(struct pm_channel *channel, int result)
{
    struct pm_request *request = &channel->request;
    request->result = result;
    if (result < 0) {
        request->error = errno;
        snprintf(request->sentence, sizeof request->sentence, "%s", peermap_last_error());
    }
    PM_POINT("request.served");
    swap32(&channel->posted, PM_NOT_POSTED);
    PM_POINT("request.answered");
    pm_futex_wake(&channel->posted, UINT32_MAX, INT_MAX);
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

static bool serve_one(peermap_segment *segment, struct pm_channel *channel)
{
    if (order_load32(&channel->posted) != PM_POSTED || !begin(channel))
        return false;
    answer(channel, pm_unless_lost(segment, serve(segment, &channel->request)));
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
    uint32_t posted = PM_SERVED;
    if (rc == PEERMAP_EBUSY && pm_now() < deadline && cas32(&channel->posted, &posted, PM_POSTED))
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
        pm_lock_take_from_the_dead(segment, &segment->header->registry_lock);
    pm_last_error_set(sentence);
    errno = error;
}

static void *agent(void *argument)
{
    peermap_segment *segment = argument;
    struct pm_channel *rounds = &segment->rounds;
    pm_thread_be_agent(!(segment->flags & PEERMAP_NO_PTRACE) && !(segment->shape.flags & PM_SEGMENT_NO_PTRACE));
    pm_thread_be_prompt();
    int rc = pm_unless_lost(segment, join(segment));
    segment->left = rc != 0;
    if (rc == 0)
        pm_nudge_cut(segment);
    answer(rounds, rc);
    while (!segment->left) {
        uint32_t bell = order_load32(&segment->header->bell);
        pm_converge(segment, PM_BY_AGENT);
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

static void ring(peermap_segment *segment)
{
    add32(&segment->header->bell, 1);
    pm_futex_wake(&segment->header->bell, segment->bit, INT_MAX);
}

/* A call rings again, lest somebody put the bell back to what its agent saw last. */
#define AGAIN_NS UINT64_C(50000000)
#define MOMENT_NS UINT64_C(5000000)

/* Of a process-local word: 0 free, 1 held, 2 held and waited for.  No mutex of the C library, whose waits go by a clock that may be another. */
static bool enter_gate(uint32_t *gate, uint64_t deadline)
{
    uint32_t free = 0;
    if (cas32(gate, &free, 1))
        return true;
    while (swap32(gate, 2) != 0)
        if (pm_futex_wait(gate, 2, UINT32_MAX, deadline) == ETIMEDOUT)
            return false;
    return true;
}

static void leave_gate(uint32_t *gate)
{
    if (swap32(gate, 0) == 2)
        pm_futex_wake(gate, UINT32_MAX, 1);
}

/*
 * Until the channel is the asker's again, or the deadline: then false.  An agent that is at work and has no core to run on, where all are busy, is
 * waited for all the same: to give up what it is about to answer would help nobody.  One that sleeps is looked at twice, for where all are busy it
 * may be this thread that had no core.
 */
static bool await(peermap_segment *segment, struct pm_channel *channel, uint64_t deadline)
{
    bool slept = false;
    pm_yield_while(&channel->posted, UINT32_MAX);
    for (uint32_t posted; (posted = order_load32(&channel->posted)) != PM_NOT_POSTED;) {
        uint64_t now = pm_now(), again = now + AGAIN_NS;
        bool over = now >= deadline, sleeps = over && !pm_thread_wants_to_run(segment->tid);
        if (sleeps && slept)
            return false;
        slept = sleeps;
        if (pm_futex_wait(&channel->posted, posted, UINT32_MAX, over ? now + MOMENT_NS : again < deadline ? again : deadline) == ETIMEDOUT)
            ring(segment);
    }
    return true;
}

static int outcome(const struct pm_request *request)
{
    if (request->result < 0) {
        pm_last_error_set(request->sentence);
        errno = request->error;
    }
    return request->result;
}

static int start_thread(peermap_segment *segment)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_SIZE);
    sigset_t all, before;
    sigfillset(&all);
    sigdelset(&all, SIGBUS); /* guard.c */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = PM_FAILS("attach.thread");
    if (error == 0)
        error = pthread_create(&segment->agent, &attributes, agent, segment);
    if (error == EINVAL) /* a program with so many thread-local variables that they do not fit */
        error = pthread_create(&segment->agent, NULL, agent, segment);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static int start(peermap_segment *segment)
{
    struct pm_channel *channel = &segment->rounds;
    channel->posted = PM_SERVED;
    int error = start_thread(segment);
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot start the agent thread of segment %s: %s", segment->name, strerror(error));
    }
    pm_yield_while(&channel->posted, UINT32_MAX);
    while (order_load32(&channel->posted) != PM_NOT_POSTED) /* it has no bell yet */
        pm_futex_wait(&channel->posted, PM_SERVED, UINT32_MAX, 0);
    int rc = outcome(&channel->request);
    if (rc != 0)
        pthread_join(segment->agent, NULL);
    return rc;
}

int pm_agent_start(peermap_segment *segment)
{
    const uint64_t deadline = segment->rounds.request.deadline;
    int rc;
    do
        rc = start(segment);
    while (rc == PM_NAMESAKE && pm_now() < deadline); /* the next thread has another id */
    return rc != PM_NAMESAKE ? rc
                             : pm_fail(PEERMAP_EBUSY, "segment %s: each thread of this process has an id that a peer in another pid namespace has, too; repeat",
                                       segment->name);
}

/* How long after the deadline an agent may need for its answer, if it runs at all. */
static uint64_t grace(const peermap_segment *segment) { return UINT64_C(40000000) + segment->deadline_ns / 10; }

static int held_up(const peermap_segment *segment, const char *what)
{
    return pm_fail(PEERMAP_EBUSY, "segment %s: %s", segment->name, what);
}

/* The gate is the caller's. */
static int post(peermap_segment *segment, struct pm_channel *channel, struct pm_request *request)
{
    const uint64_t latest = request->deadline + grace(segment);
    if (!await(segment, channel, latest)) /* what somebody before has given up */
        return held_up(segment, "the agent thread of this process is still held up in an earlier call; see whether a debugger or a freezer holds it");
    channel->request = *request;
    order_store32(&channel->posted, PM_POSTED);
    PM_POINT("request.posted");
    ring(segment);
    if (channel == &segment->brief) /* in the middle of a round the agent does not hear the bell */
        pm_futex_wake(&channel->posted, UINT32_MAX, INT_MAX);
    if (!await(segment, channel, latest)) {
        uint32_t posted = PM_POSTED;
        if (cas32(&channel->posted, &posted, PM_NOT_POSTED) || (posted == PM_SERVED && cas32(&channel->posted, &posted, PM_GIVEN_UP)))
            return held_up(segment, "the agent thread of this process is held up, so nothing was changed; see whether a debugger or a freezer holds it");
        if (!await(segment, channel, latest + grace(segment))) /* committed */
            return held_up(segment, "the agent thread of this process is held up just when it carries the call out; see whether a debugger or a freezer "
                                    "holds it, and look at what came of the call");
    }
    *request = channel->request;
    return outcome(request);
}

int pm_agent_ask(peermap_segment *segment, struct pm_request *request)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    struct pm_channel *channel = request->kind == PM_ASK_ROUND ? &segment->rounds : &segment->brief;
    request->asked = pm_now();
    request->deadline = request->asked + segment->deadline_ns;
    if (!enter_gate(&channel->gate, request->deadline))
        return held_up(segment, "another thread of this process had a call under way until the deadline; repeat");
    int rc = post(segment, channel, request);
    leave_gate(&channel->gate);
    return rc;
}

bool pm_agent_hold_off(peermap_segment *segment)
{
    struct pm_channel *channel = &segment->rounds;
    const uint64_t deadline = pm_now() + segment->deadline_ns;
    if (!enter_gate(&channel->gate, deadline))
        return false;
    if (await(segment, channel, deadline))
        return true;
    leave_gate(&channel->gate);
    return false;
}

void pm_agent_let_on(peermap_segment *segment) { leave_gate(&segment->rounds.gate); }

/* However long it takes: nothing can be given back before. */
void pm_agent_stop(peermap_segment *segment)
{
    struct pm_channel *channel = &segment->rounds;
    enter_gate(&channel->gate, 0);
    await(segment, channel, UINT64_MAX);
    channel->request = (struct pm_request){ .kind = PM_ASK_LEAVE };
    order_store32(&channel->posted, PM_POSTED);
    PM_POINT("request.posted");
    ring(segment);
    await(segment, channel, UINT64_MAX);
    pthread_join(segment->agent, NULL);
}
