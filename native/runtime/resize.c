/* SPDX-License-Identifier: MIT */
/*
 * resize.c - what rounds are for: growing, shrinking, remapping, and recovery after a death.
 *
 * Two sizes keep it honest.  `target` is what peers shall have mapped, `active` what applications may touch.  A growth raises target
 * first, and active when everybody acked; a shrink lowers active first, and target after.  A round that fails puts both back.  The
 * intent record says what is under way, so that whoever takes the lock after a death can finish it or undo it.
 *
 * Runs in the agent of the peer that asked, under the segment's lock.
 */
#include "round.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SLICE_NS UINT64_C(10000000)   /* how long a wait for pins trusts that it is woken */
#define SETTLE_NS UINT64_C(100000000) /* for those who answered a failed round to go back */

/* ---- the file behind it ---- */

static uint64_t file_length(peermap_segment *segment)
{
    struct stat facts;
    return pm_holds_object(segment) && fstat(segment->fd, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

/* A lie must not wrap around, and cut off a part of the header. */
static uint64_t bounded_target(const peermap_segment *segment)
{
    uint64_t target = peek64(&segment->header->target);
    return target < segment->shape.reserved ? target : segment->shape.reserved;
}

static void cut(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    uint64_t end = segment->shape.header_len + bounded_target(segment);
    store64(&header->cut_epoch, 0);
    if (file_length(segment) <= end)
        return;
    pm_object_cut(segment->fd, end);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_CUT, .epoch = peek64(&header->epoch), .slot = PM_NO_SLOT, .size = peek64(&header->target) });
}

/*
 * Gives back what lies past the target and was never active.  While a late peer may still touch memory past it, from before an
 * earlier shrink, the file keeps its length: that peer then reads zeros and gets no SIGBUS.
 */
static void discard(peermap_segment *segment)
{
    uint64_t end = segment->shape.header_len + bounded_target(segment), length = file_length(segment);
    if (peek64(&segment->header->cut_epoch) == 0)
        cut(segment);
    else if (length > end)
        pm_object_punch(segment->fd, end, length);
}

/* Finishes a shrink that a late peer had held up. */
static void cut_if_all_acked(peermap_segment *segment)
{
    uint64_t epoch = peek64(&segment->header->cut_epoch);
    if (epoch == 0)
        return;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        const struct pm_slot *slot = &segment->slots[i];
        if (pm_slot_lives(slot) && load64(&slot->acked) < epoch)
            return;
    }
    cut(segment);
}

/* ---- ends ---- */

static void set_intent(peermap_segment *segment, enum pm_op op, uint64_t from, uint64_t to)
{
    struct pm_intent *intent = &segment->header->intent;
    intent->slot = segment->index;
    poke64(&intent->from, from);
    poke64(&intent->to, to);
    order_store32(&intent->op, (uint32_t)op);
}

static void clear_intent(peermap_segment *segment) { order_store32(&segment->header->intent.op, PM_OP_NONE); }

/* Ends the round as failed, and runs another that puts the target back.  Who answered is waited for; who did not, comes to it later. */
static int roll_back(struct pm_running *round, uint64_t size, int code)
{
    peermap_segment *segment = round->segment;
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROLLBACK,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .pid = (uint32_t)round->report->culprit_pid,
                                           .error = code,
                                           .size = size,
                                           .ns = pm_now() - round->begun });
    peermap_round undone = { 0 };
    struct pm_running undo = { .segment = segment, .op = PM_OP_RECOVER, .begun = pm_now(), .report = &undone };
    pm_round_ask(&undo, size, 0, false);
    pm_round_wait(&undo, pm_now() + (segment->deadline_ns < SETTLE_NS ? segment->deadline_ns : SETTLE_NS));
    order_store64(&segment->header->active, size);
    discard(segment);
    clear_intent(segment);
    pm_round_succeed(&undo);
    round->report->nanoseconds = pm_now() - round->begun;
    return code;
}

/* ---- the operations ---- */

static int grow(struct pm_running *round, uint64_t bytes)
{
    peermap_segment *segment = round->segment;
    struct pm_header *header = segment->header;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = peek64(&header->active), reserved = segment->shape.reserved;
    if (bytes == 0)
        return pm_fail(PEERMAP_EINVAL, "a growth of 0 bytes");
    if (from > reserved || bytes > reserved - from)
        return pm_fail(PEERMAP_ELIMIT, "segment %s has %" PRIu64 " of at most %" PRIu64 " bytes: no room for %" PRIu64 " more", segment->name, from,
                       reserved, bytes);
    uint64_t to = from + (bytes + page - 1) / page * page;
    int rc = pm_preflight(segment, to - from);
    if (rc != 0)
        return rc;
    set_intent(segment, PM_OP_GROW, from, to);
    discard(segment);
    int error = pm_object_extend(segment->fd, segment->shape.header_len + from, segment->shape.header_len + to);
    if (error != 0) {
        clear_intent(segment);
        return pm_no_memory(segment->name, to - from, error);
    }
    pm_round_ask(round, to, 0, false);
    pm_round_wait(round, pm_round_deadline(round));
    if (!pm_round_forgiven(round))
        return roll_back(round, from, pm_round_late(round, "the growth was undone"));
    order_store64(&header->active, to);
    clear_intent(segment);
    return pm_round_succeed(round);
}

static bool pinned(struct pm_running *round, uint64_t size)
{
    peermap_segment *segment = round->segment;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        const struct pm_slot *slot = &segment->slots[i];
        if ((order_load64(&slot->pin) & PM_PIN_BYTES) <= size || !pm_slot_lives(slot))
            continue;
        round->report->culprit_pid = 0;
        pm_round_blame(round, i);
        return true;
    }
    return false;
}

static bool wait_for_pins(struct pm_running *round, uint64_t size, uint64_t deadline)
{
    uint32_t *waiter = &round->segment->header->pin_waiter;
    bool free;
    order_store32(waiter, 1);
    for (;;) {
        uint32_t word = order_load32(waiter);
        uint64_t now = pm_now(), slice = now + SLICE_NS;
        free = !pinned(round, size);
        if (free || now >= deadline)
            break;
        pm_futex_wait(waiter, word, UINT32_MAX, slice < deadline ? slice : deadline);
    }
    order_store32(waiter, 0);
    if (free) {
        round->report->culprit_pid = 0;
        round->report->culprit[0] = '\0';
    }
    return free;
}

static int shrink(struct pm_running *round, uint64_t bytes)
{
    peermap_segment *segment = round->segment;
    struct pm_header *header = segment->header;
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), from = peek64(&header->active);
    bytes -= bytes % page;
    if (bytes == 0)
        return pm_fail(PEERMAP_EINVAL, "a shrink by less than a page, %" PRIu64 " bytes", page);
    if (bytes >= from)
        return pm_fail(PEERMAP_EINVAL, "segment %s has %" PRIu64 " bytes; a shrink by %" PRIu64 " would leave none", segment->name, from, bytes);
    uint64_t to = from - bytes;
    set_intent(segment, PM_OP_SHRINK, from, to);
    order_store64(&header->active, to);
    if (!wait_for_pins(round, to, pm_round_deadline(round))) {
        order_store64(&header->active, from);
        clear_intent(segment);
        return pm_fail(PEERMAP_EBUSY, "peer %s (pid %d) pins memory of segment %s past the new size", round->report->culprit,
                       (int)round->report->culprit_pid, segment->name);
    }
    pm_round_ask(round, to, 0, false);
    pm_round_wait(round, pm_round_deadline(round));
    if (!pm_round_forgiven(round))
        return roll_back(round, from, pm_round_late(round, "the shrink was undone"));
    if (round->report->late > 0)
        store64(&header->cut_epoch, round->epoch);
    else
        cut(segment);
    clear_intent(segment);
    return pm_round_succeed(round);
}

static int remap(struct pm_running *round, pid_t pid)
{
    peermap_segment *segment = round->segment;
    pm_round_ask(round, peek64(&segment->header->target), pid, round->op == PM_OP_REMAP);
    pm_round_wait(round, pm_round_deadline(round));
    if (!pm_round_forgiven(round))
        return pm_round_late(round, "it maps the memory when it runs again");
    return pm_round_succeed(round);
}

/*
 * The lock's last holder died in the middle of something.  A growth is undone unless the new size was already active.  A shrink is
 * finished once peers may have given up the tail, and undone before that.
 */
static void recover(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    enum pm_op op = (enum pm_op)load32(&header->intent.op);
    uint64_t from = peek64(&header->intent.from), to = peek64(&header->intent.to);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_TAKEOVER, .method = (uint16_t)op, .slot = PM_NO_SLOT, .epoch = peek64(&header->epoch) });
    if ((op != PM_OP_GROW && op != PM_OP_SHRINK) || from > segment->shape.reserved || to > segment->shape.reserved) {
        clear_intent(segment);
        return;
    }
    bool done = op == PM_OP_GROW ? peek64(&header->active) == to : peek64(&header->target) == to;
    uint64_t size = done ? to : from;
    order_store64(&header->active, size);
    peermap_round report = { 0 };
    struct pm_running round = { .segment = segment, .op = PM_OP_RECOVER, .begun = pm_now(), .report = &report };
    pm_round_ask(&round, size, 0, false);
    pm_round_wait(&round, pm_round_deadline(&round));
    if (op == PM_OP_SHRINK && report.late > 0)
        store64(&header->cut_epoch, round.epoch);
    else
        discard(segment);
    clear_intent(segment);
    pm_round_succeed(&round);
}

static bool has_peer(const peermap_segment *segment, pid_t pid)
{
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        struct pm_slot slot;
        if (pm_slot_read(segment, i, &slot) && pm_slot_lives(&slot) && slot.pid == (uint32_t)pid)
            return true;
    }
    return false;
}

static int operate(struct pm_running *round, const struct pm_request *request)
{
    if (request->pid < 0)
        return pm_fail(PEERMAP_EINVAL, "pid is %d", (int)request->pid);
    if (request->pid != 0 && !has_peer(round->segment, request->pid))
        return pm_fail(PEERMAP_ESRCH, "segment %s has no live peer with pid %d", round->segment->name, (int)request->pid);
    int rc = pm_object_check(round->segment);
    if (rc != 0)
        return rc;
    switch (round->op) {
    case PM_OP_GROW: return grow(round, request->bytes);
    case PM_OP_SHRINK: return shrink(round, request->bytes);
    default: return remap(round, request->pid);
    }
}

static int refuse(struct pm_running *round, int code)
{
    pm_journal(round->segment, (struct pm_event){ .kind = PM_EV_REFUSE,
                                                  .method = (uint16_t)round->op,
                                                  .slot = PM_NO_SLOT,
                                                  .pid = (uint32_t)round->report->culprit_pid,
                                                  .error = code,
                                                  .epoch = peek64(&round->segment->header->epoch) });
    return code;
}

int pm_round(peermap_segment *segment, struct pm_request *asked)
{
    struct pm_header *header = segment->header;
    peermap_round *report = &asked->round;
    struct pm_running round = { .segment = segment, .op = (enum pm_op)asked->op, .begun = pm_now(), .report = report };
    int rc;
    if (pm_lock(segment, &header->lock, &header->lock_slot, round.begun + segment->deadline_ns) != 0) {
        rc = refuse(&round, pm_lock_busy(segment, load32(&header->lock_slot), "the lock", report));
    } else {
        if (load32(&header->intent.op) != PM_OP_NONE)
            recover(segment);
        cut_if_all_acked(segment);
        rc = operate(&round, asked);
        if (rc != 0 && round.epoch == 0)
            refuse(&round, rc);
        pm_unlock(segment, &header->lock, &header->lock_slot);
    }
    int error = errno;
    report->size = peermap_size(segment);
    pm_changed(segment);
    errno = error;
    return rc;
}

static int ask_for(peermap_segment *segment, enum pm_op op, size_t bytes, pid_t pid, peermap_round *report)
{
    struct pm_request request = { .kind = PM_ASK_ROUND, .op = (uint32_t)op, .bytes = bytes, .pid = pid };
    int rc = pm_agent_ask(segment, &request);
    if (report)
        *report = request.round;
    return rc;
}

int peermap_grow(peermap_segment *segment, size_t by, peermap_round *round) { return ask_for(segment, PM_OP_GROW, by, 0, round); }
int peermap_shrink(peermap_segment *segment, size_t by, peermap_round *round) { return ask_for(segment, PM_OP_SHRINK, by, 0, round); }
int peermap_remap(peermap_segment *segment, pid_t pid, peermap_round *round) { return ask_for(segment, PM_OP_REMAP, 0, pid, round); }
int peermap_map_peer(peermap_segment *segment, pid_t pid, peermap_round *round) { return ask_for(segment, PM_OP_MAP, 0, pid, round); }
