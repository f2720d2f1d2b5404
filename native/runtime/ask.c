/* SPDX-License-Identifier: MIT */
/*
 * ask.c - the application's side of its agent: starting it, handing it a request and waiting for the answer, ending it.
 */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#define STACK_SIZE (512u << 10)

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
        bool over = now >= deadline, sleeps = over && !pm_thread_wants_to_run(load32(&segment->tid));
        if (sleeps && slept)
            return false;
        slept = sleeps;
        const uint64_t until = over ? now + MOMENT_NS : again < deadline ? again : deadline;
        if (pm_futex_wait(&channel->posted, posted, UINT32_MAX, until) == ETIMEDOUT && posted == PM_POSTED)
            ring(segment); /* not of one that serves: it has heard, and the agent of a creation has no bell while it maps its header anew */
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

/*
 * How long an agent may need for its answer, if it runs at all: to the deadline and beyond it, by what peermap.h promises - 10 % and 50 ms - but for a moment to look at a
 * sleeping agent twice, which comes up to three times in a call - before its request, at its end, and where it is being carried out by then - and one for the way back.
 */
static uint64_t latest(const struct pm_request *request)
{
    const uint64_t length = request->deadline > request->asked ? request->deadline - request->asked : 0;
    return request->deadline + UINT64_C(50000000) - 4 * MOMENT_NS + length / 10;
}

/* `what` the agent's thread is, and what came of that. */
static int held_up(const peermap_segment *segment, const char *what)
{
    char name[32] = "";
    struct pm_kernel_wait wait;
    const uint32_t tid = load32(&segment->tid), tracer = pm_thread_tracer(tid);
    if (tracer == 0 && pm_thread_waits(tid, &wait))
        return pm_fail(PEERMAP_EBUSY, "segment %s: the agent thread of this process is %s: it waits in the kernel (%s)", segment->name, what, wait.text);
    if (tracer == 0)
        return pm_fail(PEERMAP_EBUSY, "segment %s: the agent thread of this process is %s; see whether a debugger or a freezer holds it", segment->name, what);
    pm_process_name(tracer, name, sizeof name);
    return pm_fail(PEERMAP_EBUSY, "segment %s: the agent thread of this process is %s: %s (pid %" PRIu32 ") traces it, as a debugger does; let it go on", segment->name, what,
                   name[0] ? name : "a process", tracer);
}

#define NOTHING_CHANGED "held up, so nothing was changed"
#define PERHAPS_CHANGED "held up just when it carries the call out: look at what came of it"

/* ---- starting ---- */

/*
 * What a thread brings upon itself ends the process where it is blocked, also if the program has an answer to it: guard.c to SIGBUS, the program of a
 * sandbox to SIGSYS.
 */
static void fill_mask(sigset_t *mask)
{
    static const int own[] = { SIGBUS, SIGSYS, SIGSEGV, SIGILL, SIGFPE, SIGTRAP };
    sigfillset(mask);
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        sigdelset(mask, own[i]);
}

static int create_thread(peermap_segment *segment, size_t stack, struct pm_start *start)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    int error = pthread_attr_setstacksize(&attributes, stack);
    if (error == 0)
        error = pthread_create(&segment->agent, &attributes, pm_agent, start);
    pthread_attr_destroy(&attributes);
    return error;
}

/* Where thread-local variables lie on the stack, they must not leave a rest of it that is too small.  EINVAL: there are some that are not known of. */
static int start_thread(peermap_segment *segment, struct pm_start *start)
{
    sigset_t all, before;
    fill_mask(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    size_t stack = STACK_SIZE + pm_thread_local_bytes();
    int error = PM_FAILS("attach.thread");
    if (error == 0)
        error = create_thread(segment, stack, start);
    for (int times = 0; error == EINVAL && times < 10; times++)
        error = create_thread(segment, stack *= 2, start);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

/*
 * The thread is held, by a debugger for instance that stops each new one.  One that has not begun finds nothing to do when it does.  One that has is left
 * what it has, and undoes it.  False if it has answered meanwhile.
 */
static bool forsake(peermap_segment *segment, struct pm_start *start, int *rc)
{
    struct pm_channel *channel = &segment->rounds;
    const pthread_t thread = segment->agent;
    uint32_t state = PM_NOT_BEGUN, posted = PM_SERVED;
    *rc = held_up(segment, NOTHING_CHANGED);
    if (cas32(&start->state, &state, PM_FORSAKEN)) {
        pthread_detach(thread);
        return true;
    }
    if (!cas32(&channel->posted, &posted, PM_GIVEN_UP)) {
        *rc = posted == PM_COMMITTED ? held_up(segment, PERHAPS_CHANGED) : 0;
        if (posted != PM_COMMITTED || !cas32(&channel->posted, &posted, PM_GIVEN_UP))
            return false;
    }
    *rc = PM_LEFT_BEHIND;
    pthread_detach(thread);
    free(start);
    return true;
}

static int start(peermap_segment *segment)
{
    struct pm_channel *channel = &segment->rounds;
    const uint64_t until = latest(&channel->request);
    struct pm_start *start = PM_FAILED("attach.start") ? NULL : calloc(1, sizeof *start);
    if (!start)
        return pm_fail_own_memory();
    start->segment = segment;
    channel->posted = PM_SERVED;
    segment->tid = 0;
    int rc, error = start_thread(segment, start);
    if (error != 0) {
        free(start);
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot start the agent thread of segment %s: %s%s", segment->name, strerror(error),
                       error == EAGAIN ? "; see ulimit -u, -v and -d, and pids.max of the cgroup" : "");
    }
    while (!await(segment, channel, until))
        if (forsake(segment, start, &rc))
            return rc;
    free(start);
    rc = outcome(&channel->request);
    if (rc != 0)
        pthread_join(segment->agent, NULL);
    return rc;
}

int pm_agent_start(peermap_segment *segment)
{
    const uint64_t deadline = segment->rounds.request.deadline;
    int rc;
    segment->rounds.request.asked = pm_now();
    do
        rc = start(segment);
    while (rc == PM_NAMESAKE && pm_now() < deadline); /* the next thread has another id */
    return rc != PM_NAMESAKE ? rc
                             : pm_fail(PEERMAP_EBUSY, "segment %s: each thread of this process has an id that a peer in another pid namespace has, too; repeat",
                                       segment->name);
}

/* The gate is the caller's. */
static int post(peermap_segment *segment, struct pm_channel *channel, struct pm_request *request)
{
    const uint64_t until = latest(request);
    if (!await(segment, channel, until)) /* what somebody before has given up */
        return held_up(segment, "still held up in an earlier call");
    channel->request = *request;
    if (request->kind == PM_ASK_REAP)
        pm_reap_note(segment, request);
    order_store32(&channel->posted, PM_POSTED);
    PM_POINT("request.posted");
    ring(segment);
    if (channel == &segment->brief) /* in the middle of a round the agent does not hear the bell */
        pm_futex_wake(&channel->posted, UINT32_MAX, INT_MAX);
    if (!await(segment, channel, until)) {
        uint32_t posted = PM_POSTED;
        if (cas32(&channel->posted, &posted, PM_NOT_POSTED) || (posted == PM_SERVED && cas32(&channel->posted, &posted, PM_GIVEN_UP)))
            return held_up(segment, NOTHING_CHANGED);
        if (!await(segment, channel, until)) /* committed: if the thread runs, the answer is about to come; if it is held, that takes a moment to see */
            return held_up(segment, PERHAPS_CHANGED);
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
    if (!enter_gate(&channel->gate, request->deadline))
        return pm_fail(PEERMAP_EBUSY, "segment %s: another thread of this process had a call under way until the deadline; repeat", segment->name);
    int rc = post(segment, channel, request);
    leave_gate(&channel->gate);
    return rc;
}

bool pm_agent_hold_off(peermap_segment *segment)
{
    struct pm_channel *channel = &segment->rounds;
    const uint64_t deadline = pm_deadline(segment);
    if (!enter_gate(&channel->gate, deadline))
        return false;
    if (await(segment, channel, deadline))
        return true;
    leave_gate(&channel->gate);
    return false;
}

void pm_agent_let_on(peermap_segment *segment) { leave_gate(&segment->rounds.gate); }

static bool leave(peermap_segment *segment, uint64_t deadline)
{
    struct pm_channel *channel = &segment->rounds;
    if (!enter_gate(&channel->gate, deadline == UINT64_MAX ? 0 : deadline) || !await(segment, channel, deadline))
        return false;
    channel->request = (struct pm_request){ .kind = PM_ASK_LEAVE };
    order_store32(&channel->posted, PM_POSTED);
    PM_POINT("request.posted");
    ring(segment);
    return await(segment, channel, deadline);
}

/* However long it takes: nothing can be given back before. */
void pm_agent_stop(peermap_segment *segment)
{
    leave(segment, UINT64_MAX);
    pthread_join(segment->agent, NULL);
}

void pm_agent_leave(peermap_segment *segment, uint64_t deadline)
{
    if (leave(segment, deadline))
        pthread_detach(segment->agent); /* it is about to end; nothing of it is waited for */
}
