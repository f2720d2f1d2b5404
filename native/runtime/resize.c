/* SPDX-License-Identifier: MIT */
/*
 * resize.c - what rounds are for: growing, shrinking, remapping, and recovery after a death.
 *
 * `target` is what peers shall have mapped, `active` what applications may touch.  A growth raises target first, and active when everybody
 * acked; a shrink lowers active first, and target after.  A round that fails puts both back.  While they are being changed the word
 * `active` is closed, which keeps out those who grow inside the horizon (ahead.c).  The intent record says what is under way, so that
 * whoever takes the lock after a death can finish it or undo it; it is there before the word is closed, and goes after it is opened.
 *
 * Runs in the agent of the peer that asked, under the segment's lock.
 */
#include "round.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SLICE_NS UINT64_C(10000000)   /* how long a wait for pins trusts that it is woken */
#define SETTLE_NS UINT64_C(20000000)  /* for those who answered a failed round to go back; the deadline is over by then */

/* ---- the active size ---- */

/* From here on it changes by us alone.  What it was. */
static uint64_t close_active(peermap_segment *segment)
{
    uint64_t *active = &segment->header->active, word = peek64(active);
    while (!cas64(active, &word, word | PM_ACTIVE_CLOSED)) {}
    PM_POINT("resize.closed");
    return word & PM_ACTIVE_BYTES;
}

static void set_closed(peermap_segment *segment, uint64_t bytes)
{
    uint64_t *active = &segment->header->active;
    order_store64(active, (peek64(active) & ~PM_ACTIVE_BYTES) | bytes | PM_ACTIVE_CLOSED);
}

static void open_active(peermap_segment *segment, uint64_t bytes)
{
    uint64_t *active = &segment->header->active, changes = peek64(active) >> PM_ACTIVE_SHIFT;
    order_store64(active, (changes + 1) << PM_ACTIVE_SHIFT | bytes);
    PM_POINT("resize.opened");
}

/* ---- the intent ---- */

static uint64_t begin(peermap_segment *segment, enum pm_op op)
{
    struct pm_intent *intent = &segment->header->intent;
    intent->slot = segment->index;
    poke64(&intent->from, 0);
    poke64(&intent->to, 0);
    order_store32(&intent->op, (uint32_t)op);
    PM_POINT("resize.intended");
    return close_active(segment);
}

static void intend(peermap_segment *segment, uint64_t from, uint64_t to)
{
    struct pm_intent *intent = &segment->header->intent;
    poke64(&intent->from, from);
    order_store64(&intent->to, to);
}

static void end(peermap_segment *segment, uint64_t size)
{
    open_active(segment, size);
    order_store32(&segment->header->intent.op, PM_OP_NONE);
    PM_POINT("resize.ended");
}

/* Nothing was changed yet. */
static int abandon(peermap_segment *segment, uint64_t size, int code)
{
    int error = errno;
    end(segment, size);
    errno = error;
    return code;
}

/* ---- the file behind it ---- */

#define PIECE (UINT64_C(64) << 20) /* of memory, after which others have their turn: some ten milliseconds */

/* By pieces: giving memory back takes its time, and cannot be interrupted.  What the deadline leaves of it goes in the background, or is cut by whoever
 * next takes the lock. */
static void cut(peermap_segment *segment, uint64_t deadline)
{
    struct pm_header *header = segment->header;
    uint64_t end = segment->shape.header_len + pm_active(header), length = pm_object_length(segment);
    store64(&header->cut_epoch, 0);
    PM_POINT("cut.begun");
    if (length <= end)
        return;
    for (bool fails = PM_FAILS("cut.cut") != 0; length > end && !fails;) {
        length = length - end > PIECE ? length - PIECE : end;
        pm_object_cut(segment->fd, length);
        pm_agent_serve_meanwhile(segment);
        if (length > end && pm_now() >= deadline) {
            store64(&header->cut_epoch, PM_CUT_LATER);
            order_store32(&segment->nudged, 1);
            return;
        }
    }
    PM_POINT("cut.cut");
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_CUT, .epoch = peek64(&header->epoch), .slot = PM_NO_SLOT, .size = pm_active(header) });
}

/*
 * Gives back what lies past the active memory and never was it.  While a late peer may still touch memory past it, from before an
 * earlier shrink, the file keeps its length: that peer then reads zeros and gets no SIGBUS.  False: the deadline has left something, which goes in the
 * background.
 */
static bool discard(peermap_segment *segment, uint64_t deadline)
{
    uint64_t end = segment->shape.header_len + pm_active(segment->header), length = pm_object_length(segment);
    segment->leftover = false;
    if (peek64(&segment->header->cut_epoch) <= PM_CUT_LATER) {
        cut(segment, deadline);
        return peek64(&segment->header->cut_epoch) == 0;
    }
    segment->leftover = length > end && PM_FAILS("discard.punch") == 0 && pm_object_punch(segment->fd, end, length, deadline) == ETIMEDOUT;
    if (segment->leftover)
        order_store32(&segment->nudged, 1);
    return !segment->leftover;
}

void pm_discard_leftover(peermap_segment *segment, uint64_t deadline)
{
    if (!segment->leftover || !pm_regain_object(segment))
        return;
    uint64_t size = close_active(segment); /* nobody grows over the end that is being cut */
    discard(segment, deadline);
    open_active(segment, size);
}

/* Finishes a shrink that a late peer, or the deadline, had held up. */
static void cut_if_all_acked(peermap_segment *segment, uint64_t deadline)
{
    uint64_t epoch = peek64(&segment->header->cut_epoch);
    if (epoch == 0 || !pm_regain_object(segment))
        return;
    const uint64_t until = deadline != 0 ? deadline : pm_now() + segment->deadline_ns / 16;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        const struct pm_slot *slot = &segment->slots[i];
        if (pm_slot_lives(slot) && !pm_slot_only_reads(segment, i) && load64(&slot->acked) < epoch && !pm_slot_is_gone(segment, i, until))
            return;
    }
    uint64_t size = close_active(segment); /* nobody grows over the end that is being cut */
    cut(segment, deadline);
    open_active(segment, size);
}

/* ---- ends ---- */

/* Everybody has mapped the target, or more is not known than before. */
static void settle_horizon(const struct pm_running *round)
{
    struct pm_header *header = round->segment->header;
    if (pm_round_complete(round))
        order_store64(&header->horizon, peek64(&header->target));
    PM_POINT("horizon.settled");
}

/*
 * Ends the round as failed, and runs another that puts the target back.  Who answered is waited for; who did not, comes to it later.  A shrink is undone
 * when all have the memory again: if somebody who had given it up does not come back to it in time, the word stays closed, at the smaller size, for whoever next takes the
 * lock to go on (recover).
 */
static int roll_back(struct pm_running *round, uint64_t size, uint64_t target, int code)
{
    peermap_segment *segment = round->segment;
    const bool regains = pm_active(segment->header) < size;
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROLLBACK,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .pid = (uint32_t)round->report->blocker_pid,
                                           .error = code,
                                           .size = size,
                                           .ns = pm_now() - round->begun });
    PM_POINT("undo.begun");
    peermap_round undone = { 0 };
    const uint64_t soon = pm_now() + SETTLE_NS, latest = round->deadline + SETTLE_NS; /* who had no core to run on is late already */
    struct pm_running undo = { .segment = segment, .op = PM_OP_RECOVER, .begun = pm_now(), .deadline = soon < latest ? soon : latest, .request = round->request, .report = &undone };
    if (regains) {
        undo.reaches = true;
        undo.needs = size;
    }
    pm_round_ask(&undo, target, 0, false);
    PM_POINT("undo.asked");
    pm_round_wait(&undo, undo.deadline);
    if (regains && undone.late > 0) { /* who may be late for a call is not for the moment that there is now */
        char words[192];
        snprintf(words, sizeof words, "the shrink is undone when peer %s (pid %d) has the memory again", undone.blocker, (int)undone.blocker_pid);
        return code == PEERMAP_ETIMEDOUT ? pm_round_late(round, words) : code;
    }
    settle_horizon(&undo);
    set_closed(segment, size);
    discard(segment, pm_now());
    PM_POINT("undo.discarded");
    pm_round_succeed(&undo);
    round->report->nanoseconds = pm_now() - round->begun;
    return abandon(segment, size, code);
}

/* ---- growing ---- */

static int extend(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t deadline)
{
    int error = PM_FAILS("grow.allocate");
    for (uint64_t at = from; at < to && error == 0; pm_agent_serve_meanwhile(segment)) {
        uint64_t next = to - at > PIECE ? at + PIECE : to;
        error = at > from && pm_now() >= deadline ? ETIMEDOUT
                                                  : pm_object_extend(segment->fd, segment->shape.header_len + at, segment->shape.header_len + next, deadline);
        at = next;
    }
    return error;
}

static int allocate(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t deadline)
{
    if (!discard(segment, deadline)) /* what those left behind who grew inside the horizon and were not the first */
        return pm_fail(PEERMAP_EBUSY, "segment %s: memory of a shrink before is still going back to the system; repeat", segment->name);
    int error = extend(segment, from, to, deadline);
    PM_POINT("grow.allocated");
    if (error == 0)
        return 0;
    discard(segment, pm_now()); /* the pieces that were there */
    return pm_no_memory(segment->name, to - from, error);
}

/* All have it mapped: a growth inside the horizon that came too late to be one. */
static int grow_inside(struct pm_running *round, uint64_t to)
{
    peermap_segment *segment = round->segment;
    round->op = PM_OP_INSIDE;
    round->epoch = round->report->epoch = add64(&segment->header->epoch, 1) + 1;
    store32(&segment->last_was_inside, 1);
    for (uint32_t i = 0; i < segment->shape.slot_count; i++)
        round->report->peers += pm_slot_lives(&segment->slots[i]);
    round->report->acked = round->report->ahead = round->report->peers;
    end(segment, to);
    pm_nudge(segment, to);
    return pm_round_succeed(round);
}

/* Where peers may be late, who runs has a moment all the same, however late in the call it is asked: nothing is to be undone after it. */
static uint64_t time_to_answer(const struct pm_running *round)
{
    const uint64_t soon = pm_now() + SETTLE_NS;
    return round->segment->flags & PEERMAP_ALLOW_LATE && soon > round->deadline ? soon : round->deadline;
}

/* By this process's own memory, whatever everybody else could write: the caller goes on to touch it. */
static bool is_mapped_here(const peermap_segment *segment, uint64_t to) { return load64(&segment->mapped) >= to; }

static int refuse_unmapped(const peermap_segment *segment)
{
    return pm_evicted(segment) ? pm_fail_evicted(segment)
                               : pm_fail(PEERMAP_ETIMEDOUT, "this process has not mapped what segment %s was to grow by, for its header says something else by now; the growth was undone",
                                         segment->name);
}

static int grow_by_round(struct pm_running *round, uint64_t from, uint64_t to)
{
    peermap_segment *segment = round->segment;
    uint64_t before = peek64(&segment->header->target), ahead = pm_ahead_of(segment, to);
    round->from = from;
    round->needs = to;
    pm_round_ask(round, ahead > before ? ahead : before, 0, false);
    pm_round_wait(round, time_to_answer(round));
    if (!pm_round_forgiven(round))
        return roll_back(round, from, before, pm_round_late(round, "the growth was undone"));
    if (!is_mapped_here(segment, to) && !(segment->flags & PEERMAP_ALLOW_LATE))
        return roll_back(round, from, before, refuse_unmapped(segment));
    if (!pm_agent_commits(segment, round->request))
        return roll_back(round, from, before, PEERMAP_EBUSY);
    settle_horizon(round);
    end(segment, to);
    return pm_round_succeed(round);
}

int pm_fail_full(const peermap_segment *segment, uint64_t from, uint64_t most, uint64_t bytes)
{
    return pm_fail(PEERMAP_ELIMIT, "segment %s has %" PRIu64 " of at most %" PRIu64 " bytes: no room for %" PRIu64 " more; create it with a larger reserve_size",
                   segment->name, from, most, bytes);
}

static int refuse_growth(const peermap_segment *segment, uint64_t from, uint64_t bytes)
{
    uint64_t reserved = segment->shape.reserved;
    if (bytes == 0)
        return pm_fail(PEERMAP_EINVAL, "a growth of 0 bytes");
    if (from > reserved || bytes > reserved - from)
        return pm_fail_full(segment, from, reserved, bytes);
    return 0;
}

static int grow(struct pm_running *round, uint64_t expected, uint64_t bytes)
{
    peermap_segment *segment = round->segment;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = begin(segment, PM_OP_GROW);
    if (expected != PM_ANY_SIZE && from != expected)
        return abandon(segment, from, PM_CHANGED);
    int rc = refuse_growth(segment, from, bytes);
    if (rc != 0)
        return abandon(segment, from, rc);
    uint64_t to = from + (bytes + page - 1) / page * page;
    intend(segment, from, to);
    PM_POINT("grow.intended");
    rc = pm_preflight(segment, to - from);
    if (rc == 0)
        rc = allocate(segment, from, to, round->deadline);
    if (rc != 0)
        return abandon(segment, from, rc);
    round->populates = segment->flags & PEERMAP_PREFAULT;
    if (to <= peek64(&segment->header->horizon) && is_mapped_here(segment, to) && !round->populates)
        return pm_agent_commits(segment, round->request) ? grow_inside(round, to) : abandon(segment, from, PEERMAP_EBUSY);
    return grow_by_round(round, from, to);
}

/* ---- shrinking ---- */

/* `thorough`: a pin may be of a process that has ended without the kernel's word. */
static bool pinned(struct pm_running *round, uint64_t size, bool thorough)
{
    peermap_segment *segment = round->segment;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        const struct pm_slot *slot = &segment->slots[i];
        if (pm_pin_bytes(order_load64(&slot->pin)) <= size || !pm_slot_lives(slot) || (thorough && pm_slot_is_gone(segment, i, round->deadline)))
            continue;
        round->report->blocker_pid = 0;
        pm_round_blame(round, i, 0);
        return true;
    }
    return false;
}

static bool wait_for_pins(struct pm_running *round, uint64_t size)
{
    peermap_segment *segment = round->segment;
    uint32_t *waiter = &segment->header->pin_waiter;
    bool free, thorough = false;
    order_store32(waiter, 1);
    for (;;) {
        struct pm_wait waits[] = { { waiter, order_load32(waiter) }, { &segment->brief.posted, order_load32(&segment->brief.posted) } };
        uint64_t now = pm_now(), slice = now + SLICE_NS, until = slice < round->deadline ? slice : round->deadline;
        free = !pinned(round, size, thorough);
        if (free || (now >= round->deadline && thorough))
            break;
        thorough = true;
        pm_agent_serve_meanwhile(segment);
        if (pm_wait_any(waits, 2, until) == ENOSYS)
            pm_futex_wait(waiter, waits[0].value, UINT32_MAX, until);
    }
    order_store32(waiter, 0);
    if (free) {
        round->report->blocker_pid = 0;
        round->report->blocker[0] = '\0';
    }
    return free;
}

static int refuse_shrink(const peermap_segment *segment, uint64_t from, uint64_t bytes)
{
    if (bytes == 0)
        return pm_fail(PEERMAP_EINVAL, "a shrink by less than a page, %ld bytes", sysconf(_SC_PAGESIZE));
    if (bytes >= from)
        return pm_fail(PEERMAP_EINVAL, "segment %s has %" PRIu64 " bytes; a shrink by %" PRIu64 " would leave none", segment->name, from, bytes);
    return 0;
}

/*
 * Whoever claims memory of the heap looks at the size afterwards, and this looks for claims after it has lowered the size, both sequentially
 * consistent: either this sees the claim, or the other sees the smaller size and lets go.
 */
static int refuse_objects(const peermap_segment *segment, uint64_t to)
{
    uint64_t end = segment->shape.flags & PM_SEGMENT_HEAP ? pm_heap_end(segment) : 0;
    if (end <= to)
        return 0;
    return pm_fail(PEERMAP_EBUSY, "segment %s has objects up to %" PRIu64 "; free them, or use peermap_trim(), which shrinks as far as possible",
                   segment->name, end);
}

/* Nobody maps ahead after it: a stale access faults until the next growth. */
static int shrink_by_round(struct pm_running *round, uint64_t from, uint64_t to)
{
    peermap_segment *segment = round->segment;
    struct pm_header *header = segment->header;
    uint64_t before = peek64(&header->target);
    round->from = from;
    if (peek64(&header->horizon) > to)
        order_store64(&header->horizon, to);
    PM_POINT("shrink.unpinned");
    pm_round_ask(round, to, 0, false);
    pm_round_wait(round, round->deadline);
    if (!pm_round_forgiven(round))
        return roll_back(round, from, before, pm_round_late(round, "the shrink was undone"));
    if (!pm_agent_commits(segment, round->request))
        return roll_back(round, from, before, PEERMAP_EBUSY);
    intend(segment, to, to); /* it is finished now, whoever does it.  The length would not tell: who was about to grow inside may make the object long again */
    if (round->report->late > 0)
        store64(&header->cut_epoch, round->epoch);
    else
        cut(segment, round->deadline);
    PM_POINT("shrink.cut");
    settle_horizon(round);
    end(segment, to);
    return pm_round_succeed(round);
}

static int shrink(struct pm_running *round, uint64_t expected, uint64_t bytes)
{
    peermap_segment *segment = round->segment;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = begin(segment, PM_OP_SHRINK);
    if (expected != PM_ANY_SIZE && from != expected)
        return abandon(segment, from, PM_CHANGED);
    bytes -= bytes % page;
    int rc = refuse_shrink(segment, from, bytes);
    if (rc != 0)
        return abandon(segment, from, rc);
    uint64_t to = from - bytes;
    rc = refuse_objects(segment, to);
    if (rc != 0)
        return abandon(segment, from, rc);
    intend(segment, from, to);
    PM_POINT("shrink.intended");
    set_closed(segment, to);
    PM_POINT("shrink.lowered");
    rc = refuse_objects(segment, to);
    if (rc != 0)
        return abandon(segment, from, rc);
    if (!wait_for_pins(round, to))
        return abandon(segment, from,
                       pm_fail(PEERMAP_EBUSY, "peer %s (pid %d) pins memory of segment %s past the new size", round->report->blocker,
                               (int)round->report->blocker_pid, segment->name));
    return shrink_by_round(round, from, to);
}

/* ---- remapping ---- */

static int remap(struct pm_running *round, pid_t pid)
{
    peermap_segment *segment = round->segment;
    if (round->op == PM_OP_MAP)
        round->needs = pm_active(segment->header);
    pm_round_ask(round, peek64(&segment->header->target), pid, round->op == PM_OP_REMAP);
    pm_round_wait(round, round->deadline);
    if (!pm_round_forgiven(round))
        return pm_round_late(round, round->error != 0 ? "what it had mapped before, it has" : "it maps the memory when it runs again");
    if (pid == 0)
        settle_horizon(round);
    return pm_round_succeed(round);
}

/* ---- recovery ---- */

/* Process-local.  What the segment shall be after a death in the middle of something. */
struct remedy {
    uint64_t size, target;
};

/*
 * Of a closed word.  A growth is undone: either way the size is what it is.  A shrink is undone as long as all of its memory is there, since whoever asked
 * for it may have been told that it was not made; once it was about to be cut, it is finished.
 */
static struct remedy judge(const peermap_segment *segment, enum pm_op op)
{
    const struct pm_header *header = segment->header;
    uint64_t reserved = segment->shape.reserved, size = pm_active(header), target = peek64(&header->target);
    uint64_t from = peek64(&header->intent.from), to = peek64(&header->intent.to);
    if (op == PM_OP_SHRINK && to != 0 && to <= reserved && from <= reserved)
        size = pm_object_length(segment) >= segment->shape.header_len + from ? from : to;
    size = size < reserved ? size : reserved;
    if (target < size || target > reserved || segment->shape.flags & PM_SEGMENT_STRICT)
        target = size;
    return (struct remedy){ size, target };
}

/* What an open word says is so, whatever the intent says: the operation had ended, or not begun, and others may have grown inside the horizon since. */
static bool is_final(struct pm_header *header)
{
    if (order_load64(&header->active) & PM_ACTIVE_CLOSED)
        return false;
    order_store32(&header->intent.op, PM_OP_NONE);
    PM_POINT("recover.final");
    return true;
}

uint64_t pm_size_to_be(const peermap_segment *segment) { return judge(segment, (enum pm_op)load32(&segment->header->intent.op)).size; }

/* 0, or PEERMAP_ETIMEDOUT: then it goes on when the lock is taken next.  Nobody may be late for that in the background, or where there is less than
 * a moment for it. */
static int recover(peermap_segment *segment, uint64_t deadline, bool background, peermap_round *report)
{
    struct pm_header *header = segment->header;
    enum pm_op op = (enum pm_op)load32(&header->intent.op);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_TAKEOVER, .method = (uint16_t)op, .slot = PM_NO_SLOT, .epoch = peek64(&header->epoch) });
    if (is_final(header))
        return 0;
    struct remedy remedy = judge(segment, op);
    const bool regains = pm_active(header) < remedy.size; /* then it is the size when everybody has it */
    if (peek64(&header->horizon) > remedy.target)
        order_store64(&header->horizon, remedy.target);
    if (!regains)
        set_closed(segment, remedy.size);
    PM_POINT("recover.judged");
    struct pm_request request = { .asked = pm_now(), .deadline = deadline };
    struct pm_running round = {
        .segment = segment, .op = PM_OP_RECOVER, .begun = request.asked, .deadline = deadline, .request = &request, .report = report, .reaches = true
    };
    if (regains || (op == PM_OP_GROW && !(segment->shape.flags & PM_SEGMENT_STRICT))) /* after a growth there, nobody shall keep more than the size */
        round.needs = remedy.size;
    const uint64_t moment = segment->deadline_ns / 4 < SETTLE_NS ? segment->deadline_ns / 4 : SETTLE_NS, left = deadline > round.begun ? deadline - round.begun : 0;
    const bool forgives = regains && !background && segment->flags & PEERMAP_ALLOW_LATE && left >= moment;
    if (forgives) /* the call itself is to come, for which the same peer is late */
        round.deadline -= left / 4;
    pm_round_ask(&round, remedy.target, 0, false);
    PM_POINT("recover.asked");
    pm_round_wait(&round, round.deadline);
    if (regains && report->late > 0 && !forgives)
        return pm_round_late(&round, "a shrink before is undone when it has the memory again");
    set_closed(segment, remedy.size);
    if (op == PM_OP_SHRINK && report->late > 0)
        store64(&header->cut_epoch, round.epoch);
    else
        discard(segment, deadline);
    PM_POINT("recover.mended");
    settle_horizon(&round);
    end(segment, remedy.size);
    return pm_round_succeed(&round);
}

/* As after a death, but that there is nobody to be asked. */
void pm_resize_alone(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    enum pm_op op = (enum pm_op)load32(&header->intent.op);
    struct remedy remedy = judge(segment, is_final(header) ? PM_OP_NONE : op);
    close_active(segment);
    uint64_t ahead = pm_ahead_of(segment, remedy.size);
    order_store64(&header->target, ahead);
    order_store64(&header->horizon, ahead);
    uint64_t length = segment->shape.header_len + remedy.size;
    store64(&header->cut_epoch, pm_object_length(segment) > length ? PM_CUT_LATER : 0); /* by the agent, which is about to begin */
    store64(&header->populate_epoch, 0);
    add64(&header->epoch, 1);
    end(segment, remedy.size);
}

/* ---- under the lock ---- */

int pm_hold(peermap_segment *segment, uint64_t deadline, peermap_round *report)
{
    struct pm_header *header = segment->header;
    int rc = pm_lock(segment, &header->lock, &header->lock_slot, deadline);
    if (rc != 0)
        return rc;
    if (load32(&header->intent.op) != PM_OP_NONE || order_load64(&header->active) & PM_ACTIVE_CLOSED) {
        peermap_round mended = { 0 };
        rc = deadline == 0 ? PEERMAP_EBUSY : pm_object_check(segment); /* what was cut is told by its length */
        if (rc == 0)
            rc = recover(segment, deadline, report == NULL, &mended);
        if (rc != 0) {
            int error = errno;
            pm_let_go(segment);
            if (rc == PEERMAP_ETIMEDOUT || deadline == 0)
                pm_nudge_mending(segment);
            if (rc == PEERMAP_ETIMEDOUT && report)
                *report = mended;
            errno = error;
            return rc;
        }
    }
    cut_if_all_acked(segment, deadline);
    return 0;
}

void pm_let_go(peermap_segment *segment) { pm_unlock(segment, &segment->header->lock, &segment->header->lock_slot); }

/* Whether it lives is asked for a part of the time that there is: its answer is worth more. */
static bool has_peer(peermap_segment *segment, pid_t pid, uint64_t deadline)
{
    const uint64_t now = pm_now(), until = deadline > now ? now + (deadline - now) / 4 : now;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (pm_slot_read(segment, i, &slot) && pm_slot_lives(&slot) && slot.pid == (uint32_t)pid && !pm_slot_is_gone(segment, i, until))
            return true;
    }
    return false;
}

static int operate(struct pm_running *round, const struct pm_request *request)
{
    if (request->pid < 0)
        return pm_fail(PEERMAP_EINVAL, "pid is %d", (int)request->pid);
    if (request->pid != 0 && !has_peer(round->segment, request->pid, round->deadline))
        return pm_fail(PEERMAP_ESRCH, "segment %s has no live peer with pid %d", round->segment->name, (int)request->pid);
    int rc = pm_object_check(round->segment);
    if (rc == 0 && pm_evicted(round->segment)) /* not of a header that was cut off, and says nothing */
        rc = pm_fail_evicted(round->segment);
    if (rc != 0)
        return rc;
    switch (round->op) {
    case PM_OP_GROW: return grow(round, request->from, request->bytes);
    case PM_OP_SHRINK: return shrink(round, request->from, request->bytes);
    default: return remap(round, request->pid);
    }
}

static int refuse(struct pm_running *round, int code)
{
    pm_journal(round->segment, (struct pm_event){ .kind = PM_EV_REFUSE,
                                                  .method = (uint16_t)round->op,
                                                  .slot = PM_NO_SLOT,
                                                  .pid = (uint32_t)round->report->blocker_pid,
                                                  .error = code,
                                                  .epoch = peek64(&round->segment->header->epoch) });
    return code;
}

int pm_round(peermap_segment *segment, struct pm_request *asked)
{
    struct pm_header *header = segment->header;
    peermap_round *report = &asked->round;
    struct pm_running round = { .segment = segment,
                                .op = (enum pm_op)asked->op,
                                .begun = pm_now(),
                                .deadline = asked->deadline,
                                .request = asked,
                                .report = report,
                                .reaches = true,
                                .answers = segment->answers };
    store32(&segment->last_was_inside, 0);
    int rc = pm_hold(segment, round.deadline, report);
    if (rc != 0) {
        rc = refuse(&round, rc == PEERMAP_EBUSY ? pm_lock_busy(segment, &header->lock, "the lock", report) : rc);
    } else {
        rc = operate(&round, asked);
        if (rc < 0 && round.epoch == 0)
            refuse(&round, rc);
        pm_let_go(segment);
        pm_nudge_mending(segment);
    }
    int error = errno;
    segment->answer_count = round.answer_count;
    report->size = peermap_size(segment);
    pm_changed(segment);
    errno = error;
    return rc;
}

static int ask_for(peermap_segment *segment, struct pm_request request, peermap_round *report)
{
    PM_UNCANCELLED;
    request.kind = PM_ASK_ROUND;
    if (pm_attached(segment) && pm_only_reads(segment)) {
        if (report)
            *report = (peermap_round){ .size = peermap_size(segment) };
        return pm_fail_read_only(segment, "change its size, or ask other peers to map it");
    }
    bool grows = request.op == PM_OP_GROW && pm_attached(segment);
    int rc = grows ? pm_grow_inside(segment, request.from, request.bytes, request.deadline, report) : PM_LONG_WAY;
    if (rc < 0 && report)
        *report = (peermap_round){ .size = peermap_size(segment) };
    if (rc != PM_LONG_WAY)
        return rc;
    rc = pm_agent_ask(segment, &request);
    if (report)
        *report = request.round;
    return rc;
}

int pm_grow_from(peermap_segment *segment, uint64_t from, uint64_t by, uint64_t deadline, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_GROW, .from = from, .bytes = by, .deadline = deadline }, round);
}

int pm_shrink_from(peermap_segment *segment, uint64_t from, uint64_t by, uint64_t deadline, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_SHRINK, .from = from, .bytes = by, .deadline = deadline }, round);
}

int peermap_grow(peermap_segment *segment, size_t by, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_GROW, .from = PM_ANY_SIZE, .bytes = by, .deadline = pm_deadline(segment) }, round);
}

static bool is_mapped_by_all(const peermap_segment *segment, uint64_t size)
{
    for (uint32_t i = 0; i < segment->shape.slot_count; i++)
        if (pm_slot_lives(&segment->slots[i]) && !pm_slot_only_reads(segment, i) && order_load64(&segment->slots[i].mapped) < size)
            return false;
    return true;
}

/* It is as large already.  Whoever made it so may have gone on without those who were late, which is not what is asked here. */
static int has_grown(peermap_segment *segment, size_t size, uint64_t deadline, peermap_round *round)
{
    int rc = pm_evicted(segment) ? pm_fail_evicted(segment) : 0;
    if (round)
        *round = (peermap_round){ .epoch = peermap_epoch(segment), .size = peermap_size(segment) };
    if (rc == 0 && !is_mapped_by_all(segment, size))
        rc = ask_for(segment, (struct pm_request){ .op = PM_OP_MAP, .deadline = deadline }, round);
    return pm_unless_lost(segment, rc);
}

/* By what is missing, and only if nobody else changes the size meanwhile: then it is looked at again. */
int peermap_grow_to(peermap_segment *segment, size_t size, peermap_round *round)
{
    PM_UNCANCELLED;
    if (round)
        *round = (peermap_round){ .size = peermap_size(segment) };
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (pm_only_reads(segment))
        return ask_for(segment, (struct pm_request){ .op = PM_OP_GROW }, round);
    if (size == 0)
        return pm_fail(PEERMAP_EINVAL, "a growth to 0 bytes");
    const uint64_t deadline = pm_deadline(segment);
    do {
        const uint64_t from = pm_active(segment->header);
        if (from >= size)
            return has_grown(segment, size, deadline, round);
        if (size > segment->shape.reserved)
            return pm_fail_full(segment, from, segment->shape.reserved, size - from);
        const int rc = pm_grow_from(segment, from, size - from, deadline, round);
        if (rc != PM_CHANGED)
            return rc;
    } while (pm_now() < deadline);
    return pm_fail(PEERMAP_EBUSY, "others went on changing the size of segment %s; repeat", segment->name);
}

int peermap_shrink(peermap_segment *segment, size_t by, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_SHRINK, .from = PM_ANY_SIZE, .bytes = by, .deadline = pm_deadline(segment) }, round);
}

int peermap_remap(peermap_segment *segment, pid_t pid, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_REMAP, .pid = pid, .deadline = pm_deadline(segment) }, round);
}

int peermap_map_peer(peermap_segment *segment, pid_t pid, peermap_round *round)
{
    return ask_for(segment, (struct pm_request){ .op = PM_OP_MAP, .pid = pid, .deadline = pm_deadline(segment) }, round);
}
