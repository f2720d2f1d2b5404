/* SPDX-License-Identifier: MIT */
/*
 * converge.c - a peer's own part of a round: map what the header says, and ack it.
 *
 * Idempotent, and the same for growth, shrink, remap, attach and recovery.  Runs in the agent only.
 */
#include "segment.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define PIECE (UINT64_C(1) << 30)
#define POPULATED (UINT64_C(64) << 20) /* at a time: some ten milliseconds */
/* Of what is mapped: so much at first, then by how long that took.  Where the process locks its future memory (mlockall) each page is there when mmap()
 * returns; elsewhere a piece takes microseconds, whatever its length. */
#define FIRST (UINT64_C(16) << 20)
#define LEAST (2 * PM_HUGE_PAGE)
#define QUICK_NS UINT64_C(100000)
#define SLOW_NS UINT64_C(8000000)
#define WORK_NS UINT64_C(5000000) /* of a processor, for mappings that are worth giving up: others are done before that is */
#define TRIES 64 /* at a target that keeps changing: no honest one does */

void pm_answer(peermap_segment *segment, uint64_t epoch)
{
    uint32_t *outstanding = &segment->header->outstanding;
    uint32_t word = peek32(outstanding);
    for (;;) {
        bool counted = word >> 16 == (epoch & 0xffff) && (word & 0xffff) != 0;
        if (!counted) { /* nobody waits for it any more: it is news */
            pm_changed(segment);
            return;
        }
        if (!cas32(outstanding, &word, word - 1))
            continue;
        if (((word - 1) & 0xffff) == 0)
            pm_futex_wake(outstanding, UINT32_MAX, 1);
        return;
    }
}

/* What the application's threads go by, and those who ask whether this peer has what is needed.  Sequentially consistent: see apply(). */
static void claim(peermap_segment *segment, uint64_t mapped)
{
    order_store64(&segment->mapped, mapped);
    order_store64(&segment->slots[segment->index].mapped, mapped);
}

/*
 * By pieces, since to put pages into the page tables, or to take them out, takes its time where there are many.  Until when this peer's own call lets it; another's gives up by
 * itself.  In between its application's other calls have their turn.
 */
static bool goes_on(peermap_segment *segment, uint64_t until)
{
    pm_agent_serve_meanwhile(segment);
    return until == 0 || pm_now() < until;
}

static uint64_t next_piece(uint64_t piece, uint64_t took)
{
    if (took < QUICK_NS)
        return piece * 16;
    if (took > SLOW_NS)
        return piece / 2 > LEAST ? piece / 2 : LEAST;
    return piece;
}

/* From `*at` on, which is then how far it came.  EAGAIN: what was to be mapped, as it was told, is another by now. */
static int map_pieces(peermap_segment *segment, uint64_t told, uint64_t target, uint64_t until, uint64_t *at)
{
    uint64_t piece = FIRST;
    const uint64_t spent = pm_now_spent();
    for (const uint64_t from = *at; *at < target;) {
        const uint64_t end = (*at + piece) / PM_HUGE_PAGE * PM_HUGE_PAGE, next = target - *at > piece ? end : target, begun = pm_now();
        if (*at > from && !goes_on(segment, until) && pm_now_spent() - spent > WORK_NS)
            return ETIMEDOUT;
        if (*at > from && !pm_only_reads(segment) && order_load64(&segment->header->target) != told)
            return EAGAIN;
        int error = pm_map(segment, *at, next);
        if (error != 0)
            return error;
        *at = next;
        piece = next_piece(piece, pm_now() - begun);
    }
    return 0;
}

/* What is mapped past the target, from the end; `left` is what still is. */
static int give_up(peermap_segment *segment, uint64_t target, uint64_t until, uint64_t *left)
{
    const uint64_t before = *left;
    int error = 0;
    while (*left > target && error == 0) {
        uint64_t next = *left - target > PIECE ? *left - PIECE : target;
        error = *left < before && !goes_on(segment, until) ? ETIMEDOUT : pm_unmap(segment, next, *left);
        *left = error == 0 ? next : *left;
    }
    return error;
}

/*
 * Maps what the target is now: what is missing is mapped before it is claimed, and what is too much is given up after it is not any more.
 * A target that is taken back in between, because this peer was too late for it, is not acted upon: whoever took it back did so before
 * it opened the active size again, so a pin or a growth that relies on the old mapping reads `mapped` after it was lowered here, or this
 * reads the other target.
 */
static int apply(peermap_segment *segment, bool fresh, uint64_t map_until, uint64_t until)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < TRIES; i++) {
        uint64_t told = order_load64(&segment->header->target), before = segment->mapped, left = before;
        uint64_t target = told < segment->shape.reserved ? told / page * page : segment->shape.reserved;
        if (pm_only_reads(segment))
            target = segment->shape.reserved;
        uint64_t at = fresh ? 0 : before;
        int error = map_pieces(segment, told, target, map_until, &at);
        if (error != 0) {
            if (at > before) /* perhaps that is enough; else the target is put back, and it goes like all that is too much */
                claim(segment, at);
            if (error == EAGAIN)
                continue;
            return error;
        }
        claim(segment, target);
        PM_POINT("converge.claimed");
        if (target >= before)
            return 0;
        if (order_load64(&segment->header->target) == told && (error = give_up(segment, target, until, &left)) == 0)
            return 0;
        claim(segment, left); /* it is still there */
        if (error != 0)
            return error;
    }
    return EAGAIN;
}

/* False: not all of it. */
static bool populate_pieces(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t until)
{
    for (uint64_t at = from, next; at < to; at = next) {
        next = to - at > POPULATED ? at + POPULATED : to;
        if ((at > from && !goes_on(segment, until)) || pm_memory_populate(segment->base + at, next - at, until) != 0)
            return false;
    }
    return true;
}

/* The new pages of a growth, into this process's page tables: it is not finished before this has answered, so nobody cuts them meanwhile; and for who has
 * just joined, past the end of the file is an error like another. */
static void populate(peermap_segment *segment, uint64_t epoch, uint64_t asked, uint64_t deadline)
{
    const uint64_t now = pm_now(), until = deadline ? deadline : (asked < now ? asked : now) + segment->deadline_ns;
    const struct pm_intent *intent = &segment->header->intent;
    uint64_t from = peek64(&intent->from), to = peek64(&intent->to);
    if (peek64(&segment->header->populate_epoch) != epoch || from >= to || to > segment->mapped)
        return;
    if (PM_FAILS("converge.populate") == 0 && populate_pieces(segment, from, to, until))
        poke64(&segment->slots[segment->index].populated, epoch);
    PM_POINT("converge.populated");
}

static void record(peermap_segment *segment, uint64_t epoch, uint32_t method, int error, uint64_t since)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    uint64_t now = pm_now(), took = now > since ? now - since : 0;
    poke32(&slot->method, method);
    poke64(&slot->latency_ns, took);
    store_error(&slot->error, error);
    if (error == 0)
        store64(&slot->acked, epoch); /* release: pairs with the runner's load.  Whoever sees the ack sees the mapping's record */
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_MAP_ACK,
                                           .epoch = epoch,
                                           .method = (uint16_t)method,
                                           .slot = (uint16_t)segment->index,
                                           .error = error,
                                           .size = segment->mapped,
                                           .ns = took });
}

/*
 * A request is told from the one before by being another, not by being later: whoever can write the registry can write any epoch there, and what came
 * after a great one would never be heard.  The same epoch again, of a header that was put back, has another time.
 */
static bool is_news(const peermap_segment *segment, uint64_t epoch, uint64_t since)
{
    return epoch != segment->tried || (since != segment->tried_ns && epoch == order_load64(&segment->header->epoch));
}

/* Of the call that this is done for, if it is this peer's own; 0: none. */
static uint64_t own_deadline(const peermap_segment *segment, uint32_t method)
{
    const uint32_t posted = order_load32(&segment->rounds.posted);
    return method == PM_BY_SELF && (posted == PM_SERVED || posted == PM_COMMITTED) ? segment->rounds.request.deadline : 0;
}

void pm_converge(peermap_segment *segment, uint32_t method, bool restores)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    const uint64_t epoch = load64(&slot->requested), since = peek64(&slot->requested_ns), remap = load64(&slot->remap);
    if (!is_news(segment, epoch, since) || pm_evicted(segment))
        return;
    const bool fresh = remap == epoch || remap != segment->remade;
    segment->tried = epoch;
    segment->tried_ns = since;
    segment->remade = remap;
    const uint64_t until = own_deadline(segment, method);
    int error = apply(segment, fresh, restores ? 0 : until, until);
    PM_POINT("converge.mapped");
    if (pm_only_reads(segment)) /* what is mapped anew is in no core yet */
        pm_show(segment);
    if (error == 0)
        populate(segment, epoch, since + segment->clock_offset, until);
    bool unstopped = method == PM_BY_AGENT && peek64(&slot->unstopped) == epoch;
    record(segment, epoch, unstopped ? PM_BY_UNSTOP : method, error, since + segment->clock_offset);
    PM_POINT("converge.acked");
    if (method == PM_BY_AGENT) { /* the runner does not count itself */
        pm_answer(segment, epoch);
        pm_nudge_cut(segment); /* it was late, and is the last that was waited for */
    }
}

static int refuse_late(const peermap_segment *segment)
{
    pm_fail(PEERMAP_EOS, "segment %s could not be mapped by the deadline: that takes its time where the process locks its future memory (mlockall); attach with a larger "
                         "deadline_ms", segment->name);
    errno = ETIMEDOUT;
    return PEERMAP_EOS;
}

/*
 * The slot is LIVE, so a round that begins from now on asks it.  One that began before may have missed it, but published its target
 * before it looked at the slots: then this sees that target.  Both sides are sequentially consistent.
 */
int pm_converge_first(peermap_segment *segment, uint64_t since, uint64_t until)
{
    struct pm_slot *slot = &segment->slots[segment->index];
    uint64_t epoch;
    do {
        epoch = order_load64(&segment->header->epoch);
        int error = apply(segment, false, until, 0);
        if (error == ETIMEDOUT)
            return refuse_late(segment);
        if (error != 0) {
            errno = error;
            return pm_fail(PEERMAP_EOS, "cannot map segment %s: %s", segment->name, strerror(error));
        }
        PM_POINT("first.mapped");
        poke32(&slot->method, PM_BY_ATTACH);
        poke64(&slot->latency_ns, pm_now() - since);
        store64(&slot->acked, epoch);
    } while (order_load64(&segment->header->epoch) != epoch);
    return 0; /* what was asked meanwhile has its own answer, by its own epoch, when the agent first looks */
}
