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
#define SLICE_NS UINT64_C(10000000) /* how long a wait trusts that nobody overwrites the word it sleeps on */

/* ---- asking ---- */

static void collect(struct pm_running *round, pid_t pid, bool *self)
{
    peermap_segment *segment = round->segment;
    round->count = 0;
    *self = false;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++) {
        uint64_t tag = order_load64(&segment->slots[i].tag);
        if ((tag & PM_TAG_STATE) != PM_LIVE)
            continue;
        if (!pm_life_alive(load32(&segment->slots[i].life))) {
            pm_slot_tell_death(segment, i);
        } else if (pid == 0 || peek32(&segment->slots[i].pid) == (uint32_t)pid) {
            *self = *self || i == segment->index;
            round->awaited[round->count++] = (struct pm_awaited){ .index = i, .tag = tag };
        }
    }
}

static void request(struct pm_running *round, uint32_t index, uint64_t now, uint64_t size, bool fresh)
{
    struct pm_slot *slot = &round->segment->slots[index];
    store_error(&slot->error, 0);
    poke64(&slot->requested_ns, now);
    if (fresh)
        poke64(&slot->remap, round->epoch);
    pm_journal(round->segment, (struct pm_event){ .kind = PM_EV_MAP_REQUEST, .epoch = round->epoch, .slot = (uint16_t)index, .size = size });
    store64(&slot->requested, round->epoch);
}

/* Publishes the target under a new epoch, asks the peers (`pid` 0: all), and does this peer's own part meanwhile.  This peer is on the
 * list like the others, because it may fail like the others; but it wakes nobody. */
void pm_round_ask(struct pm_running *round, uint64_t target, pid_t pid, bool fresh)
{
    peermap_segment *segment = round->segment;
    struct pm_header *header = segment->header;
    bool self;
    order_store64(&header->horizon, target);
    order_store64(&header->target, target);
    round->epoch = peek64(&header->epoch) + 1;
    order_store64(&header->epoch, round->epoch);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROUND_BEGIN,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .size = target,
                                           .ns = peek64(&header->active) });
    collect(round, pid, &self);
    order_store32(&header->outstanding, (uint32_t)(round->epoch & 0xffff) << 16 | (round->count - self));
    uint32_t bits = 0;
    uint64_t now = pm_now();
    for (uint32_t i = 0; i < round->count; i++) {
        uint32_t index = round->awaited[i].index;
        request(round, index, now, target, fresh);
        if (index != segment->index)
            bits |= UINT32_C(1) << index % 32;
    }
    if (bits != 0) {
        add32(&header->bell, 1);
        pm_futex_wake(&header->bell, bits, INT_MAX);
    }
    round->report->epoch = round->epoch;
    round->report->peers = round->count;
    if (self)
        pm_converge(segment, PM_BY_SELF);
}

/* ---- waiting ---- */

void pm_round_blame(struct pm_running *round, uint32_t index)
{
    struct pm_slot slot;
    if (round->report->culprit_pid != 0 || !pm_slot_read(round->segment, index, &slot))
        return;
    round->report->culprit_pid = (pid_t)slot.pid;
    snprintf(round->report->culprit, sizeof round->report->culprit, "%.63s", slot.name);
}

/* Takes those off the list who answered, ended, left, or could not.  The slot's epoch is the truth, not the count. */
static void sweep(struct pm_running *round)
{
    peermap_segment *segment = round->segment;
    uint32_t kept = 0;
    for (uint32_t i = 0; i < round->count; i++) {
        struct pm_awaited who = round->awaited[i];
        const struct pm_slot *slot = &segment->slots[who.index];
        if (load64(&slot->acked) >= round->epoch && load64(&slot->tag) == who.tag) {
            round->report->acked++;
        } else if (!pm_slot_is(segment, who.index, who.tag)) {
            if (load64(&slot->tag) == who.tag) {
                round->report->died++;
                pm_slot_tell_death(segment, who.index);
            } else {
                round->report->peers--; /* left, or already somebody else */
            }
        } else if (load_error(&slot->error) != 0) {
            round->error = load_error(&slot->error);
            round->report->late++;
            pm_round_blame(round, who.index);
        } else {
            round->awaited[kept++] = who;
        }
    }
    round->count = kept;
}

static void sleep_until_news(struct pm_running *round, uint32_t word, uint64_t soft, uint64_t deadline)
{
    peermap_segment *segment = round->segment;
    uint64_t now = pm_now(), until = now < soft ? soft : now + SLICE_NS;
    if (until > deadline)
        until = deadline;
    if (now >= soft) {
        struct pm_wait waits[PM_WAIT_MAX] = { { &segment->header->outstanding, word } };
        uint32_t count = 1;
        for (uint32_t i = 0; i < round->count && count < PM_WAIT_MAX; i++) {
            const uint32_t *life = &segment->slots[round->awaited[i].index].life;
            uint32_t value = load32(life);
            if (!pm_life_alive(value))
                return;
            waits[count++] = (struct pm_wait){ life, value };
        }
        if (pm_futex_wait_any(waits, count, until) != ENOSYS)
            return;
        until = until > now + SLICE_NS / 10 ? now + SLICE_NS / 10 : until;
    }
    pm_futex_wait(&segment->header->outstanding, word, UINT32_MAX, until);
}

/* Those still on the list afterwards are late. */
void pm_round_wait(struct pm_running *round, uint64_t deadline)
{
    peermap_segment *segment = round->segment;
    uint64_t soft = pm_now() + SOFT_NS;
    bool told = false;
    pm_yield_while(&segment->header->outstanding, 0xffff);
    for (;;) {
        uint32_t word = order_load32(&segment->header->outstanding);
        sweep(round);
        uint64_t now = pm_now();
        if (round->count == 0 || now >= deadline)
            break;
        if (now >= soft && !told) { /* a round that takes its time is worth seeing while it does */
            pm_changed(segment);
            told = true;
        }
        sleep_until_news(round, word, soft, deadline);
    }
    order_store32(&segment->header->outstanding, 0);
    for (uint32_t i = 0; i < round->count; i++) {
        round->report->late++;
        pm_round_blame(round, round->awaited[i].index);
        pm_journal(segment, (struct pm_event){ .kind = PM_EV_MAP_LATE,
                                               .epoch = round->epoch,
                                               .slot = (uint16_t)round->awaited[i].index,
                                               .size = peek64(&segment->header->target),
                                               .ns = pm_now() - round->begun });
    }
}

/* ---- ends ---- */

uint64_t pm_round_deadline(const struct pm_running *round) { return pm_now() + round->segment->deadline_ns; }

int pm_round_succeed(struct pm_running *round)
{
    peermap_segment *segment = round->segment;
    round->report->nanoseconds = pm_now() - round->begun;
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_ROUND_END,
                                           .epoch = round->epoch,
                                           .method = (uint16_t)round->op,
                                           .slot = PM_NO_SLOT,
                                           .size = peek64(&segment->header->active),
                                           .ns = round->report->nanoseconds });
    return 0;
}

int pm_round_late(struct pm_running *round, const char *consequence)
{
    const char *name = round->segment->name;
    peermap_round *report = round->report;
    if (round->error != 0)
        return pm_fail(PEERMAP_ELATE, "peer %s (pid %d) of segment %s could not map: %s; %s", report->culprit, (int)report->culprit_pid, name,
                       strerror(round->error), consequence);
    return pm_fail(PEERMAP_ELATE, "peer %s (pid %d) of segment %s did not answer within %" PRIu64 " ms (is it stopped, or held by a debugger?); %s",
                   report->culprit, (int)report->culprit_pid, name, round->segment->deadline_ns / 1000000u, consequence);
}

bool pm_round_forgiven(const struct pm_running *round)
{
    return round->report->late == 0 || (round->segment->flags & PEERMAP_ALLOW_LATE);
}
