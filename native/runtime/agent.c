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
#include <sys/prctl.h>

#define STACK_SIZE (512u << 10)

static int join(peermap_segment *segment)
{
    uint64_t since = pm_now();
    bool restart = false;
    segment->tid = pm_thread_id();
    segment->idle_list.list.next = &segment->idle_list.list;
    segment->robust = &segment->idle_list;
    int error = PM_FAILS("attach.robust");
    if (error == 0)
        error = pm_robust_use(segment->robust);
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "the kernel has no robust futexes: %s", strerror(error));
    }
    int rc = pm_registry_claim(segment, &restart);
    if (rc != 0)
        return rc;
    PM_POINT("attach.claimed");
    if (segment->nameless)
        rc = pm_publish(segment);
    if (rc == 0)
        rc = pm_converge_first(segment, since);
    if (rc != 0) {
        pm_registry_release(segment);
        return rc;
    }
    pm_object_mark(segment->fd, pm_holder_of(segment->tag, segment->index));
    PM_POINT("attach.converged");
    pm_journal(segment, (struct pm_event){ .kind = restart ? PM_EV_RESTART : PM_EV_ATTACH,
                                           .epoch = segment->tried,
                                           .method = PM_BY_ATTACH,
                                           .slot = (uint16_t)segment->index,
                                           .size = segment->mapped,
                                           .ns = pm_now() - since });
    pm_changed(segment);
    return 0;
}

static void leave(peermap_segment *segment)
{
    uint64_t mapped = segment->mapped;
    store64(&segment->mapped, 0);
    pm_unmap(segment, 0, mapped);
    PM_POINT("leave.unmapped");
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_DETACH, .slot = (uint16_t)segment->index });
    uint64_t requested = load64(&segment->slots[segment->index].requested);
    pm_registry_release(segment);
    PM_POINT("leave.released");
    if (requested > segment->tried)
        pm_answer(segment, requested);
    pm_changed(segment);
}

static void serve(peermap_segment *segment, struct pm_request *request)
{
    switch (request->kind) {
    case PM_ASK_ROUND: request->result = pm_round(segment, request); break;
    case PM_ASK_REAP: request->result = pm_registry_reap(segment); break;
    case PM_ASK_ROOT: request->result = pm_roots_set(segment, request->root, request->only_version); break;
    case PM_ASK_LEAVE: leave(segment); break;
    case PM_ASK_NONE: break;
    }
}

static void answer(peermap_segment *segment, struct pm_request *request)
{
    if (request->result < 0) {
        request->error = errno;
        snprintf(request->sentence, sizeof request->sentence, "%s", peermap_last_error());
    }
    PM_POINT("request.served");
    order_store32(&segment->posted, 0);
    PM_POINT("request.answered");
    pm_futex_wake(&segment->posted, UINT32_MAX, INT_MAX);
}

static void *agent(void *argument)
{
    peermap_segment *segment = argument;
    prctl(PR_SET_NAME, "peermap"); /* by which it is known for an agent: os_linux_process.c */
    pm_thread_be_prompt();
    struct pm_request *request = segment->request;
    request->result = pm_unless_lost(segment, join(segment));
    bool leaving = request->result != 0;
    answer(segment, request);
    while (!leaving) {
        uint32_t bell = order_load32(&segment->header->bell);
        pm_converge(segment, PM_BY_AGENT);
        if (order_load32(&segment->posted)) { /* before the horizon, which nobody waits for */
            request = segment->request;
            leaving = request->kind == PM_ASK_LEAVE;
            serve(segment, request);
            request->result = pm_unless_lost(segment, request->result);
            answer(segment, request);
            continue;
        }
        if (order_load32(&segment->nudged))
            pm_move_horizon(segment);
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

static void await(peermap_segment *segment)
{
    pm_yield_while(&segment->posted, UINT32_MAX);
    while (order_load32(&segment->posted))
        if (pm_futex_wait(&segment->posted, 1, UINT32_MAX, pm_now() + AGAIN_NS) == ETIMEDOUT)
            ring(segment);
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
    struct pm_request request = { .kind = PM_ASK_NONE };
    segment->request = &request;
    segment->posted = 1;
    int error = start_thread(segment);
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot start the agent thread of segment %s: %s", segment->name, strerror(error));
    }
    pm_yield_while(&segment->posted, UINT32_MAX);
    while (order_load32(&segment->posted)) /* it has no bell yet */
        pm_futex_wait(&segment->posted, 1, UINT32_MAX, 0);
    int rc = outcome(&request);
    if (rc != 0)
        pthread_join(segment->agent, NULL);
    return rc;
}

int pm_agent_start(peermap_segment *segment)
{
    int rc;
    do
        rc = start(segment);
    while (rc == PM_NAMESAKE); /* the next thread has another id */
    return rc;
}

static int post(peermap_segment *segment, struct pm_request *request)
{
    pthread_mutex_lock(&segment->calls);
    segment->request = request;
    order_store32(&segment->posted, 1);
    PM_POINT("request.posted");
    ring(segment);
    await(segment);
    int rc = outcome(request);
    pthread_mutex_unlock(&segment->calls);
    return rc;
}

int pm_agent_ask(peermap_segment *segment, struct pm_request *request)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    return post(segment, request);
}

void pm_agent_stop(peermap_segment *segment)
{
    struct pm_request request = { .kind = PM_ASK_LEAVE };
    post(segment, &request);
    pthread_join(segment->agent, NULL);
}
