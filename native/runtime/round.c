/* SPDX-License-Identifier: MIT */
/*
 * round.c - one reconciliation: the header states what should be mapped, the peers are asked, and converge to it.
 *
 * Asking, waiting and reporting.  What the rounds are for, and what becomes of the file, is resize.c.
 */
#include "round.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define SOFT_NS UINT64_C(500000)    /* most peers answer within it; then life words are watched as well */
#define EARLY_NS UINT64_C(150000)   /* after which a few that remain are looked at: who is stopped does not answer however long one waits */
#define FEW 4
#define AGAIN_NS UINT64_C(100000000) /* between two looks at whether somebody has ended */
#define SLICE_NS UINT64_C(10000000) /* how long a wait trusts that nobody overwrites the word it sleeps on */

/* ---- asking ---- */

/* Of the rounds only one that is about the mapping itself is any of a reader's business: it has the whole reservation mapped. */
static bool is_past_asking(const struct pm_running *round, uint32_t index)
{
    return pm_slot_only_reads(round->segment, index) && round->op != PM_OP_REMAP && round->op != PM_OP_MAP;
}

static void enter_row(struct pm_running *round, const struct pm_slot *slot, uint32_t method, int error, uint64_t took)
{
    if (!round->answers)
        return;
    peermap_result *row = &round->answers[round->answer_count++];
    *row = (peermap_result){ .pid = (pid_t)peek32(&slot->pid), .method = (int)method, .error = error, .nanoseconds = took };
    memcpy(row->name, slot->name, sizeof row->name);
    row->name[sizeof row->name - 1] = '\0';
}

static void enter_reader(struct pm_running *round, const struct pm_slot *slot)
{
    round->report->peers++;
    round->report->acked++;
    round->report->ahead++;
    enter_row(round, slot, PM_BY_AHEAD, 0, 0);
}

/* The bits of those who are not asked. */
static uint32_t collect(struct pm_running *round, pid_t pid, bool *self)
{
    peermap_segment *segment = round->segment;
    uint32_t bits = 0;
    round->awaited = segment->awaited;
    round->count = 0;
    *self = false;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        uint64_t tag = order_load64(&segment->slots[i].tag);
        if ((tag & PM_TAG_STATE) != PM_LIVE)
            continue;
        if (i != segment->index && !pm_life_alive(load32(&segment->slots[i].life))) {
            pm_slot_tell_death(segment, i);
        } else if (is_past_asking(round, i)) {
            enter_reader(round, &segment->slots[i]);
            bits |= UINT32_C(1) << i % 32;
        } else if (pid == 0 || peek32(&segment->slots[i].pid) == (uint32_t)pid) {
            *self = *self || i == segment->index;
            round->awaited[round->count++] = (struct pm_awaited){ .index = i, .tag = tag };
        }
    }
    return bits;
}

static void request(struct pm_running *round, struct pm_awaited *who, uint64_t size, bool fresh)
{
    struct pm_slot *slot = &round->segment->slots[who->index];
    store_error(&slot->error, 0);
    if (load64(&slot->acked) == round->epoch) /* of a header whose epoch was put back: that was another round's */
        store64(&slot->acked, 0);
    poke64(&slot->requested_ns, who->asked - round->segment->clock_offset);
    if (fresh)
        poke64(&slot->remap, round->epoch);
    pm_journal(round->segment,
               (struct pm_event){ .kind = PM_EV_MAP_REQUEST, .epoch = round->epoch, .slot = (uint16_t)who->index, .size = size });
    store64(&slot->requested, round->epoch);
}

/* This peer is on the list like the others, because it may fail like the others; but it wakes nobody. */
void pm_round_ask(struct pm_running *round, uint64_t target, pid_t pid, bool fresh)
{
    peermap_segment *segment = round->segment;
    struct pm_header *header = segment->header;
    const uint64_t before = peek64(&header->target);
    bool self;
    order_store64(&header->target, target);
    round->epoch = add64(&header->epoch, 1) + 1;
    round->look = 0;
    if (round->populates)
        poke64(&header->populate_epoch, round->epoch);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROUND_BEGIN,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .size = target,
                                           .ns = round->from != 0 ? round->from : pm_active(header) });
    PM_POINT("round.published");
    const uint32_t readers = collect(round, pid, &self);
    uint32_t bits = pm_shown_for(segment, target) > pm_shown_for(segment, before) ? readers : 0;
    order_store32(&header->outstanding, (uint32_t)(round->epoch & 0xffff) << 16 | (round->count - self));
    const uint64_t now = pm_now();
    for (uint32_t i = 0; i < round->count; i++) {
        struct pm_awaited *who = &round->awaited[i];
        who->asked = now;
        request(round, who, target, fresh);
        if (who->index != segment->index)
            bits |= UINT32_C(1) << who->index % 32;
    }
    PM_POINT("round.requested");
    if (bits != 0) {
        add32(&header->bell, 1);
        pm_futex_wake(&header->bell, bits, INT_MAX);
    }
    PM_POINT("round.rung");
    round->report->epoch = round->epoch;
    round->report->peers += round->count;
    if (self)
        pm_converge(segment, PM_BY_SELF, round->op == PM_OP_RECOVER);
}

/* ---- the ledger ---- */

void pm_round_blame(struct pm_running *round, uint32_t index, int reason)
{
    struct pm_slot slot;
    if (round->report->blocker_pid != 0 || !pm_slot_read(round->segment, index, &slot))
        return;
    round->reason = reason;
    round->report->blocker_pid = (pid_t)slot.pid;
    snprintf(round->report->blocker, sizeof round->report->blocker, "%.63s", slot.name);
}

void pm_round_bare(struct pm_running *round, uint32_t index, uint32_t piece)
{
    round->bares += (uint32_t)(piece != 0) - (uint32_t)(round->bare[index] != 0);
    round->bare[index] = piece;
}

static void enter(struct pm_running *round, const struct pm_awaited *who, uint32_t method, int error)
{
    const struct pm_slot *slot = &round->segment->slots[who->index];
    peermap_round *report = round->report;
    report->acked += method != PM_BY_NONE;
    report->unstopped += method == PM_BY_UNSTOP;
    report->ahead += method == PM_BY_AHEAD;
    if (method != PM_BY_NONE && round->populates) {
        const bool itself = peek64(&slot->populated) == round->epoch;
        report->populated += itself;
        pm_round_bare(round, who->index, itself ? 0 : 1);
    }
    bool measured = method != PM_BY_NONE && method != PM_BY_AHEAD;
    enter_row(round, slot, method, error, measured ? peek64(&slot->latency_ns) : pm_now() - who->asked);
}

/*
 * Takes those off the list who answered, ended, left, or could not.  The slot's epoch is the truth, not the count.  After a while a peer that
 * has mapped what is needed, if not all that was asked, is not waited for.
 */
static void sweep(struct pm_running *round, bool patient)
{
    peermap_segment *segment = round->segment;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < round->count; i++) {
        struct pm_awaited who = round->awaited[i];
        const struct pm_slot *slot = &segment->slots[who.index];
        int error = load_error(&slot->error);
        if (load64(&slot->acked) == round->epoch && load64(&slot->tag) == who.tag) {
            enter(round, &who, peek32(&slot->method), 0);
        } else if (!pm_slot_is(segment, who.index, who.tag)) {
            if (pm_slot_died(segment, who.index, who.tag)) {
                round->report->died++;
                enter(round, &who, PM_BY_NONE, 0);
                pm_slot_tell_death(segment, who.index);
            } else {
                round->report->peers--; /* left, or already somebody else */
            }
        } else if (round->needs != 0 && order_load64(&slot->mapped) >= round->needs && (error != 0 || !patient)) {
            round->incomplete = true;
            enter(round, &who, PM_BY_AHEAD, error);
        } else if (error != 0) {
            round->error = error;
            round->report->late++;
            enter(round, &who, PM_BY_NONE, error);
            pm_round_blame(round, who.index, 0);
        } else {
            round->awaited[kept++] = who;
        }
    }
    round->count = kept;
}

/* ---- waiting ---- */

/*
 * Who does not answer may have ended in a way that the kernel does not tell, or tells late: while it dumps its core, or where its memory was taken
 * away first.  Asked early, and again when time is up.
 */
static bool any_has_ended(const struct pm_running *round, uint64_t deadline, uint64_t *again)
{
    const struct pm_request *call = round->request; /* none: in the background */
    const uint64_t length = call && call->deadline > call->asked ? call->deadline - call->asked : round->segment->deadline_ns;
    const uint64_t begun = pm_now(), before = pm_now_spent(), over = begun + length / 16;
    bool any = pm_slots_look(round->segment, round->awaited, round->count, deadline > over ? deadline : over);
    uint64_t rested = pm_look_again(pm_now_spent() - before, deadline);
    *again = begun + AGAIN_NS > rested ? begun + AGAIN_NS : rested;
    return any;
}

static void sleep_until_news(struct pm_running *round, uint32_t word, uint32_t brief, uint64_t early, uint64_t soft, uint64_t deadline)
{
    peermap_segment *segment = round->segment;
    uint64_t now = pm_now(), until = now < early ? early : now < soft ? soft : now + SLICE_NS;
    if (now >= soft && now < soft + SOFT_NS)
        until = soft + 2 * SOFT_NS;
    if (until > deadline)
        until = deadline;
    if (now >= soft) {
        struct pm_wait waits[PM_WAIT_MAX] = { { &segment->header->outstanding, word }, { &segment->brief.posted, brief } };
        uint32_t count = 2;
        for (uint32_t i = 0; i < round->count && count < PM_WAIT_MAX; i++) {
            const uint32_t *life = &segment->slots[round->awaited[i].index].life;
            uint32_t value = load32(life);
            if (!pm_life_alive(value))
                return;
            waits[count++] = (struct pm_wait){ life, value };
        }
        if (pm_wait_any(waits, count, until) != ENOSYS)
            return;
        until = until > now + SLICE_NS / 10 ? now + SLICE_NS / 10 : until;
    }
    pm_futex_wait(&segment->header->outstanding, word, UINT32_MAX, until);
}

/* Those still on the list are late. */
static void give_up(struct pm_running *round)
{
    for (uint32_t i = 0; i < round->count; i++) {
        const struct pm_awaited *who = &round->awaited[i];
        round->report->late++;
        enter(round, who, PM_BY_NONE, who->error);
        pm_round_blame(round, who->index, who->error);
        pm_journal(round->segment, (struct pm_event){ .kind = PM_EV_MAP_LATE,
                                                      .epoch = round->epoch,
                                                      .slot = (uint16_t)who->index,
                                                      .error = who->error,
                                                      .size = peek64(&round->segment->header->target),
                                                      .ns = pm_now() - who->asked });
    }
}

void pm_round_wait(struct pm_running *round, uint64_t deadline)
{
    peermap_segment *segment = round->segment;
    uint64_t begun = pm_now(), early = begun + EARLY_NS, soft = begun + SOFT_NS;
    uint64_t look = soft;
    bool told = false;
    pm_yield_while(&segment->header->outstanding, 0xffff);
    for (;;) {
        uint32_t word = order_load32(&segment->header->outstanding), brief = order_load32(&segment->brief.posted);
        uint64_t now = pm_now();
        sweep(round, now < soft + 2 * SOFT_NS && now < deadline);
        if (round->count == 0)
            break;
        pm_reach_populate(round);
        pm_agent_serve_meanwhile(segment);
        if ((now >= look || now >= deadline) && any_has_ended(round, deadline, &look))
            continue;
        if (now >= deadline)
            break;
        if (now >= soft && !told) { /* a round that takes its time is worth seeing while it does */
            pm_changed(segment);
            told = true;
        }
        if (now >= (round->count <= FEW ? early : soft))
            pm_reach(round, deadline);
        sleep_until_news(round, word, brief, early, soft, deadline);
    }
    order_store32(&segment->header->outstanding, 0);
    pm_reach_end(round);
    pm_reach_populate(round);
    give_up(round);
    PM_POINT("round.answered");
}

/* ---- ends ---- */

int pm_round_succeed(struct pm_running *round)
{
    peermap_segment *segment = round->segment;
    round->report->nanoseconds = pm_now() - round->begun;
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROUND_END,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .size = pm_active(segment->header),
                                           .ns = round->report->nanoseconds });
    return 0;
}

/* Of the peer: what makes the system refuse it a mapping. */
static const char *remedy(int error)
{
    switch (error) {
    case ENOMEM: return " (its ulimit -v, or vm.max_map_count)";
    case EAGAIN: return " (its ulimit -l: it locks its future memory)";
    case EBADF: return " (it has closed the segment's descriptor)";
    case EMFILE: return " (it has closed the segment's descriptor, and its ulimit -n leaves it no other)";
    default: return "";
    }
}

int pm_round_late(struct pm_running *round, const char *consequence)
{
    const char *name = round->segment->name;
    peermap_round *report = round->report;
    const uint64_t allowed = round->deadline > round->request->asked ? round->deadline - round->request->asked : 0;
    if (round->error == ETIMEDOUT)
        return pm_fail(PEERMAP_ETIMEDOUT, "peer %s (pid %d) of segment %s was not done with its mapping within %" PRIu64 " ms: that takes its time where a process locks its future "
                                      "memory (mlockall); %s", report->blocker, (int)report->blocker_pid, name, allowed / 1000000u, consequence);
    if (round->error != 0)
        return pm_fail(PEERMAP_ETIMEDOUT, "peer %s (pid %d) of segment %s could not map: %s%s; %s", report->blocker, (int)report->blocker_pid, name,
                       strerror(round->error), remedy(round->error), consequence);
    return pm_fail(PEERMAP_ETIMEDOUT, "peer %s (pid %d) of segment %s did not answer within %" PRIu64 " ms: %s; %s", report->blocker,
                   (int)report->blocker_pid, name, allowed / 1000000u, pm_reach_words(round).text, consequence);
}

bool pm_round_complete(const struct pm_running *round) { return round->report->late == 0 && !round->incomplete; }

bool pm_round_forgiven(const struct pm_running *round)
{
    return round->report->late == 0 || (round->segment->flags & PEERMAP_ALLOW_LATE);
}
