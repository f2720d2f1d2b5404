/* SPDX-License-Identifier: MIT */
/*
 * ahead.c - growing inside what everybody has mapped already, and seeing to it that there is some.
 *
 * Peers map past the active size, past the end of the file, up to the target; `horizon` is what all of them are known to have.  A growth
 * that stays below it allocates the memory and replaces the word `active`: no peer does anything, so it reaches those too that are
 * stopped, frozen or held by a debugger.  It runs in the caller's thread and takes no lock, so nothing is held by a thread that could be
 * stopped: who dies in the middle leaves a file that is longer than it need be, which the next round cuts.
 *
 * A touch past the active memory is a SIGBUS then, not a SIGSEGV; after a shrink it is a SIGSEGV again, until the next growth.
 */
#include "round.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define LEAST (UINT64_C(64) << 20)
#define HASTE_MAX 4                  /* doublings of that */
#define HASTE_NS UINT64_C(100000000) /* a horizon that is to be moved again within it is moved twice as far */
#define TRIES 16
#define WAIT_NS UINT64_C(5000000)     /* a peer that does not answer in time does so later, and the next round counts it */
#define PAUSE_NS UINT64_C(100000000) /* before the horizon is tried again after that */
#define TRUST_NS UINT64_C(100000)    /* how long a look at the object's length is good for, while one growth follows another */

uint64_t pm_ahead_of(const peermap_segment *segment, uint64_t size)
{
    const struct pm_shape *shape = &segment->shape;
    if (shape->flags & PM_SEGMENT_STRICT || size >= shape->reserved)
        return size;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), chosen = (size > LEAST ? size : LEAST) << peek32(&segment->haste);
    uint64_t wish = shape->ahead ? shape->ahead : chosen;
    wish = wish > shape->reserved ? shape->reserved : (wish + page - 1) / page * page;
    return wish < shape->reserved - size ? size + wish : shape->reserved;
}

void pm_nudge(peermap_segment *segment, uint64_t size)
{
    uint64_t horizon = order_load64(&segment->header->horizon), wanted = pm_ahead_of(segment, size);
    if (horizon >= wanted || (horizon > size && horizon - size > (wanted - size) / 2) || swap32(&segment->nudged, 1))
        return;
    add32(&segment->header->bell, 1);
    pm_futex_wake(&segment->header->bell, segment->bit, INT32_MAX);
}

/* Nobody was asked, so nobody was counted: only a caller who wants to know pays for that. */
static void tell(peermap_segment *segment, peermap_round *report, uint64_t epoch, uint64_t size, uint64_t took)
{
    uint32_t used = peek32(&segment->header->slots_used);
    *report = (peermap_round){ .epoch = epoch, .size = size, .nanoseconds = took };
    for (uint32_t i = 0; i < used && i < segment->shape.slot_count; i++)
        report->peers += pm_slot_lives(&segment->slots[i]);
    report->acked = report->ahead = report->peers;
}

static int done(peermap_segment *segment, uint64_t size, uint64_t begun, peermap_round *report)
{
    uint64_t epoch = add64(&segment->header->epoch, 1) + 1, took = pm_now() - begun;
    store32(&segment->last_was_inside, 1);
    pm_journal(segment, (struct pm_event){
                            .kind = PM_EV_ROUND_END, .epoch = epoch, .method = PM_OP_INSIDE, .slot = PM_NO_SLOT, .size = size, .ns = took });
    pm_changed(segment);
    pm_nudge(segment, size);
    if (report)
        tell(segment, report, epoch, size, took);
    return 0;
}

/* Memory that was cut off from outside is lost: a growth over the cut would put zeroes in its place. */
static bool is_whole(peermap_segment *segment, uint64_t length, uint64_t now)
{
    if (now - peek64(&segment->seen_whole) < TRUST_NS)
        return true;
    if (pm_object_length(segment) < length)
        return false;
    poke64(&segment->seen_whole, now);
    return true;
}

int pm_grow_inside(peermap_segment *segment, uint64_t expected, uint64_t by, uint64_t deadline, peermap_round *report)
{
    struct pm_header *header = segment->header;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), begun = pm_now(), reserved = segment->shape.reserved;
    if (by == 0 || by > reserved || segment->shape.flags & PM_SEGMENT_STRICT || segment->flags & PEERMAP_PREFAULT)
        return PM_LONG_WAY;
    if (pm_evicted(segment)) /* what it would grow is others' now, or cut off: the round says which */
        return PM_LONG_WAY;
    by = (by + page - 1) / page * page;
    uint64_t word = order_load64(&header->active);
    for (int i = 0; i < TRIES && !(word & PM_ACTIVE_CLOSED); i++) {
        /* The horizon holds for this word: it is lowered only while the word is closed, and the word is another one afterwards. */
        uint64_t from = word & PM_ACTIVE_BYTES, horizon = order_load64(&header->horizon);
        uint64_t at = segment->shape.header_len + from;
        if (expected != PM_ANY_SIZE && from != expected)
            return PM_CHANGED;
        if (horizon > reserved || from > horizon || by > horizon - from || from + by > load64(&segment->mapped))
            return PM_LONG_WAY;
        if (!is_whole(segment, at, begun) || pm_preflight(segment, by) != 0)
            return PM_LONG_WAY;
        int error = PM_FAILS("inside.allocate");
        if (error == 0)
            error = pm_object_extend(segment->fd, at, at + by, deadline);
        if (error == ETIMEDOUT)
            return pm_no_memory(segment->name, by, error);
        if (error != 0)
            return PM_LONG_WAY;
        PM_POINT("inside.allocated");
        if (cas64(&header->active, &word, word + by)) {
            PM_POINT("inside.grown");
            return done(segment, from + by, begun, report);
        }
    }
    return PM_LONG_WAY;
}

/* Whoever was at it has ended, or waits for somebody to have the memory again: the word is closed, and nobody has the lock. */
static bool is_left_closed(const struct pm_header *header)
{
    return order_load64(&header->active) & PM_ACTIVE_CLOSED && !(order_load32(&header->lock) & PM_FUTEX_TID);
}

/* To mend it would not be in vain: nobody was asked for what the size is to be, or nobody lacks it. */
static bool waits_for_nobody(const peermap_segment *segment)
{
    const uint64_t size = pm_size_to_be(segment);
    if (size <= pm_active(segment->header) || order_load64(&segment->header->target) < size)
        return true;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        const struct pm_slot *slot = &segment->slots[i];
        if (pm_slot_lives(slot) && !pm_slot_only_reads(segment, i) && order_load64(&slot->mapped) < size)
            return false;
    }
    return true;
}

/*
 * In the background: it must be in nobody's way, so it neither waits for the lock nor long for a peer, and closes nothing; but where there is something
 * to be finished, that is, a piece each time that the lock is taken.
 */
void pm_move_horizon(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    store32(&segment->nudged, 0);
    const bool finishes = peek64(&header->cut_epoch) == PM_CUT_LATER || segment->leftover || is_left_closed(header);
    if (!finishes && pm_now() - segment->horizon_failed < PAUSE_NS)
        return;
    if (pm_hold(segment, finishes ? pm_now() + WAIT_NS : 0, NULL) != 0)
        return;
    pm_discard_leftover(segment, pm_now() + WAIT_NS);
    const bool is_cut = peek64(&header->cut_epoch) == 0; /* else it must not be mapped again, with what was in it */
    uint64_t wanted = pm_ahead_of(segment, pm_active(header)), target = peek64(&header->target);
    if (is_cut && wanted > peek64(&header->horizon) && pm_regain_object(segment)) {
        uint64_t begun = pm_now();
        uint32_t haste = peek32(&segment->haste);
        poke32(&segment->haste, begun - segment->horizon_moved > HASTE_NS ? 0 : haste < HASTE_MAX ? haste + 1 : HASTE_MAX);
        segment->horizon_moved = begun;
        wanted = pm_ahead_of(segment, pm_active(header));
        peermap_round report = { 0 };
        struct pm_running round = { .segment = segment, .op = PM_OP_AHEAD, .begun = begun, .report = &report };
        pm_round_ask(&round, wanted > target ? wanted : target, 0, false);
        PM_POINT("ahead.asked");
        pm_round_wait(&round, pm_now() + WAIT_NS);
        if (pm_round_complete(&round))
            order_store64(&header->horizon, peek64(&header->target));
        else
            segment->horizon_failed = pm_now();
        pm_round_succeed(&round);
    }
    pm_let_go(segment);
    pm_changed(segment);
}

/* By who has let go of the lock, and by who has come to the memory, each after that: of two that do so at once, one sees the other. */
void pm_nudge_mending(peermap_segment *segment)
{
    order_all();
    if (pm_only_reads(segment))
        return;
    if (is_left_closed(segment->header) && waits_for_nobody(segment))
        order_store32(&segment->nudged, 1);
}

void pm_nudge_cut(peermap_segment *segment)
{
    if (peek64(&segment->header->cut_epoch) != 0 && !pm_only_reads(segment))
        order_store32(&segment->nudged, 1);
    pm_nudge_mending(segment);
}

/* Nobody else may come to it: who holds the lock meanwhile, does. */
void pm_finish_cut(peermap_segment *segment)
{
    while (order_load32(&segment->nudged) && (peek64(&segment->header->cut_epoch) == PM_CUT_LATER || is_left_closed(segment->header)))
        pm_move_horizon(segment);
}

/* ---- how the peers came to the last round ---- */

static int all_ahead(peermap_segment *segment, peermap_result *out, int capacity)
{
    int count = 0;
    pm_slots_look(segment, NULL, 0, pm_call_ends(pm_now() + segment->deadline_ns / 2));
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (!pm_slot_read(segment, i, &slot) || !pm_slot_lives(&slot))
            continue;
        if (count < capacity) {
            out[count] = (peermap_result){ .pid = (pid_t)slot.pid, .method = PM_BY_AHEAD };
            memcpy(out[count].name, slot.name, sizeof slot.name);
        }
        count++;
    }
    return count;
}

int peermap_results(peermap_segment *segment, peermap_result *out, int capacity)
{
    PM_UNCANCELLED;
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_check_rows(out, capacity) != 0)
        return PEERMAP_EINVAL;
    if (load32(&segment->last_was_inside))
        return all_ahead(segment, out, capacity);
    if (!pm_agent_hold_off(segment))
        return pm_fail(PEERMAP_EBUSY, "segment %s: a round of this process goes on; repeat", segment->name);
    int count = (int)segment->answer_count;
    for (int i = 0; i < count && i < capacity; i++)
        out[i] = segment->answers[i];
    pm_agent_let_on(segment);
    return pm_unless_lost(segment, count);
}
