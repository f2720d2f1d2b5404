/* SPDX-License-Identifier: MIT */
/*
 * events.c - reading the event ring.
 *
 * Event i is at events[i mod event_count], complete when its seq is i + 1.  Writers wait for nobody, so a reader finds each record in
 * one of three conditions: complete; overwritten by a later lap, and missed; or not complete yet.  The last is a hole.  Mostly its
 * writer is about to fill it, so the reader stops there and comes again.  A writer that died halfway never will: after PMO_HOLE_NS
 * all holes that were there when the first was met are given up, and count as missed.
 *
 * A copy is believed if two copies, one after the other, are the same and complete: seq only grows, and its writer clears it before and
 * sets it after everything else, so the record was whole from the end of the first copy to the beginning of the second.
 */
#include "events.h"

#include "error.h"
#include "os.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK 512u /* records copied at a time */
#define PASSED_MAX 65536u /* records that one reading passes over, and counts as missed */

enum condition { COMPLETE, OVERWRITTEN, HOLE };

/* Process-local. */
struct reader {
    struct pmo_observer *observer;
    struct pm_header header;
    struct pmo_events *events;
    uint64_t now;
    struct pm_event first[CHUNK];
    struct pm_event again[CHUNK];
};

static bool copy_chunk(const struct reader *reader, uint64_t index, size_t count, struct pm_event *into)
{
    const uint64_t offset = reader->header.events_off + (index & (reader->header.event_count - 1)) * sizeof *into;
    return pmo_read(reader->observer->fd, offset, into, count * sizeof *into) == (ssize_t)(count * sizeof *into);
}

static enum condition judge(const struct pm_event *first, const struct pm_event *again, uint64_t index)
{
    if (again->seq > index + 1)
        return OVERWRITTEN;
    return again->seq == index + 1 && memcmp(first, again, sizeof *first) == 0 ? COMPLETE : HOLE;
}

/* Whether the record at `index`, which is not complete, is to be passed over. */
static bool give_up(struct reader *reader, uint64_t index)
{
    struct pmo_hole *hole = &reader->observer->hole;
    const bool known = hole->since != 0 && index >= hole->index && index < hole->head;
    if (known && reader->now - hole->since >= PMO_HOLE_NS)
        return true;
    if (!known || index != hole->index)
        *hole = (struct pmo_hole){ .index = index, .head = reader->header.event_head, .since = reader->now };
    return false;
}

/* Takes `count` records from `index` on.  False: a hole ended it. */
static bool take_chunk(struct reader *reader, uint64_t index, size_t count)
{
    struct pmo_events *events = reader->events;
    for (size_t i = 0; i < count; i++) {
        enum condition condition = judge(&reader->first[i], &reader->again[i], index + i);
        if (condition == HOLE && !give_up(reader, index + i)) {
            events->more_later = index + i + 1 < reader->header.event_head;
            return false;
        }
        if (condition == COMPLETE)
            events->list[events->count++] = reader->again[i];
        else
            events->missed++;
        events->last = index + i + 1;
    }
    return true;
}

static void read_ring(struct reader *reader, size_t limit)
{
    struct pmo_events *events = reader->events;
    const uint64_t head = reader->header.event_head, ring = reader->header.event_count;
    if (events->last > head)
        events->last = head; /* of another segment, or the head was damaged: go on from what there is */
    if (head > ring && events->last < head - ring) {
        events->missed = head - ring - events->last;
        events->last = head - ring;
    }
    /* The list has room for `limit`; what is passed over takes none, so an end is due to one of the two only. */
    const uint64_t begun = events->last;
    while (events->last < head && events->count < limit) {
        if (events->last - begun >= limit + PASSED_MAX) { /* a ring of nothing to pass over, made anew as fast as it is read: what is new is to be found at its end */
            events->missed += head - events->last;
            events->last = head;
            return;
        }
        const uint64_t index = events->last;
        uint64_t count = head - index < CHUNK ? head - index : CHUNK;
        const uint64_t to_end = ring - (index & (ring - 1));
        if (count > to_end)
            count = to_end;
        if (count > limit - events->count)
            count = limit - events->count;
        if (!copy_chunk(reader, index, (size_t)count, reader->first))
            return;
        __atomic_thread_fence(__ATOMIC_SEQ_CST); /* keeps the two copies apart; pairs with the release store of seq by the writer */
        if (!copy_chunk(reader, index, (size_t)count, reader->again) || !take_chunk(reader, index, (size_t)count))
            return;
    }
}

static bool can_be_read(struct reader *reader)
{
    struct stat object;
    struct pmo_problems problems = { 0 };
    bool readable = pmo_header_read(reader->observer->fd, &reader->header, &object, &problems);
    pmo_problems_free(&problems);
    /* A head past all numbers is damage; the snapshot says so. */
    return readable && reader->header.event_head < UINT64_C(1) << 53;
}

int pmo_events_read(struct pmo_observer *observer, uint64_t after, size_t limit, struct pmo_events *events)
{
    *events = (struct pmo_events){ .last = after };
    struct reader *reader = malloc(sizeof *reader);
    if (reader) {
        reader->observer = observer;
        reader->events = events;
        reader->now = pm_now();
        if (can_be_read(reader)) {
            const uint64_t head = reader->header.event_head, ring = reader->header.event_count;
            const uint64_t new = head > after ? head - after : 0;
            if (limit > (new < ring ? new : ring))
                limit = (size_t)(new < ring ? new : ring);
            events->list = malloc((limit ? limit : 1) * sizeof *events->list);
            if (events->list)
                read_ring(reader, limit);
        } else {
            limit = 0;
        }
        free(reader);
    }
    if (reader && (events->list || limit == 0))
        return 0;
    errno = ENOMEM;
    return pm_fail(PEERMAP_EOS, "no memory for the events of segment %s", observer->name);
}

void pmo_events_free(struct pmo_events *events)
{
    free(events->list);
    *events = (struct pmo_events){ 0 };
}
