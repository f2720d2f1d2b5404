/* SPDX-License-Identifier: MIT */
/*
 * header.c - whether a header can be gone by.
 *
 * Judged on a private copy, before any other byte is looked at.  The constant part must be right to the last field, or nothing behind
 * it can be found and the header is not shown.  The sizes may contradict each other, and then are shown as they are, each with its
 * problem: that is what an inspector is for.
 */
#include "attach.h"
#include "places.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#define PAST_ALL_NUMBERS (UINT64_C(1) << 53) /* what a JavaScript number counts to; far past anything that can be right */

struct judge {
    struct pmo_problems *problems;
    bool ok;
};

static void require(struct judge *judge, bool fact, const char *field, uint64_t value)
{
    if (fact)
        return;
    judge->ok = false;
    pmo_problem_add(judge->problems, PMO_BAD_FIELD, pmo_at("header.%s", field), "%" PRIu64 " (0x%" PRIx64 ") cannot be right", value,
                    value);
}

static bool counts_are_right(const struct pm_header *h, struct judge *judge)
{
    const bool page_ok = h->page_size >= 4096 && h->page_size <= (1u << 21) && (h->page_size & (h->page_size - 1)) == 0;
    require(judge, page_ok, "page_size", h->page_size);
    require(judge, h->slot_count > 0 && h->slot_count <= PM_SLOTS_MAX, "slot_count", h->slot_count);
    require(judge, h->root_count > 0 && h->root_count <= PM_ROOTS_MAX, "root_count", h->root_count);
    const bool ring_ok = h->event_count > 0 && h->event_count <= PM_EVENTS_MAX && (h->event_count & (h->event_count - 1)) == 0;
    require(judge, ring_ok, "event_count", h->event_count);
    return judge->ok;
}

static void judge_places(const struct pm_header *h, struct judge *judge)
{
    const uint64_t most = (h->flags & PM_SEGMENT_HEAP) != 0 ? PM_HEAP_RESERVED_MAX : PM_RESERVED_MAX;
    const uint64_t unit = (h->flags & (PM_SEGMENT_HEAP | PM_SEGMENT_HUGE)) != 0 ? PM_HUGE_PAGE : h->page_size;
    struct pm_places places;
    require(judge, h->reserved > 0 && h->reserved <= most && h->reserved % h->page_size == 0, "reserved", h->reserved);
    if (!judge->ok) /* where what describes a heap ends goes by it */
        return;
    pm_places_find(h, &places);
    require(judge, h->slots_off == places.slots, "slots_off", h->slots_off);
    require(judge, h->roots_off == places.roots, "roots_off", h->roots_off);
    require(judge, h->events_off == places.events, "events_off", h->events_off);
    require(judge, h->header_len == places.header_len && places.roots <= PM_HEADER_MAX, "header_len", h->header_len);
    const bool base_ok = h->base % unit == 0 && h->base > h->header_len && h->base < UINT64_MAX - PM_RESERVED_MAX;
    require(judge, base_ok, "base", h->base);
}

/* A round is under way, or was left half done: sizes may be on their way from one to the other. */
static bool in_motion(const struct pm_header *h)
{
    return pmo_closed(h) || h->intent.op != PM_OP_NONE || (h->lock & ~PM_FUTEX_WAITERS) != 0;
}

static bool whole_pages(const struct pm_header *h, uint64_t size) { return size <= h->reserved && size % h->page_size == 0; }

static void judge_sizes(const struct pm_header *h, struct judge *judge)
{
    const uint64_t active = pmo_active(h), parts = PM_ACTIVE_BYTES | PM_ACTIVE_CLOSED | UINT64_MAX << PM_ACTIVE_SHIFT;
    const bool strict = (h->flags & PM_SEGMENT_STRICT) != 0, still = !in_motion(h);
    require(judge, active > 0 && whole_pages(h, active) && (h->active & ~parts) == 0, "active", h->active);
    require(judge, whole_pages(h, h->target), "target", h->target);
    /* A late peer leaves the horizon below what is active. */
    require(judge, whole_pages(h, h->horizon) && (!still || h->horizon <= h->target), "horizon", h->horizon);
    require(judge, !still || h->target >= active, "target", h->target);
    require(judge, !still || !strict || h->target <= active, "target", h->target);
}

static void judge_rest(const struct pm_header *h, struct judge *judge)
{
    require(judge, (h->flags & ~PM_SEGMENT_FLAGS) == 0, "flags", h->flags);
    require(judge, h->slots_used <= h->slot_count, "slots_used", h->slots_used);
    require(judge, h->populate_epoch < PAST_ALL_NUMBERS, "populate_epoch", h->populate_epoch);
    require(judge, h->intent.op <= PM_OP_LAST, "intent.op", h->intent.op);
    require(judge, h->epoch < PAST_ALL_NUMBERS, "epoch", h->epoch);
    require(judge, h->event_head < PAST_ALL_NUMBERS, "event_head", h->event_head);
}

static bool judge_kind(const struct pm_header *h, uint64_t length, struct pmo_problems *problems)
{
    if (length >= sizeof h->magic && h->magic != PM_MAGIC) {
        pmo_problem_add(problems, PMO_NOT_A_SEGMENT, pmo_at("header.magic"), "0x%016" PRIx64 " is not the mark of a segment", h->magic);
        return false;
    }
    if (length < sizeof *h) {
        pmo_problem_add(problems, length == 0 ? PMO_NOT_A_SEGMENT : PMO_TRUNCATED, pmo_at("object"),
                        "%" PRIu64 " bytes are too few for a segment", length);
        return false;
    }
    if (h->version != PM_VERSION) {
        pmo_problem_add(problems, PMO_OTHER_VERSION, pmo_at("header.version"), "layout %" PRIu32 "; this build knows %" PRIu32, h->version,
                        PM_VERSION);
        return false;
    }
    return true;
}

bool pmo_header_read(int fd, struct pm_header *header, struct stat *object, struct pmo_problems *problems)
{
    *header = (struct pm_header){ 0 };
    ssize_t got = pmo_read(fd, 0, header, sizeof *header);
    /* After the header: a growth allocates before it says so, hence an object shorter than the header says was cut. */
    if (got < 0 || fstat(fd, object) != 0) {
        *object = (struct stat){ 0 };
        pmo_problem_system(problems, pmo_at("object"), got < 0 ? (int)-got : errno);
        return false;
    }
    struct judge judge = { problems, true };
    if (!judge_kind(header, (uint64_t)got, problems) || !counts_are_right(header, &judge))
        return false;
    judge_places(header, &judge);
    if (!judge.ok)
        return false;
    judge_sizes(header, &judge);
    judge_rest(header, &judge);
    const uint64_t length = (uint64_t)object->st_size, active = pmo_active(header);
    if (length < header->header_len) {
        pmo_problem_add(problems, PMO_TRUNCATED, pmo_at("object"), "was cut short from outside: %" PRIu64 " bytes are left of a header of %" PRIu64 "; destroy it, and create it anew", length,
                        header->header_len);
        return false;
    }
    if (active <= header->reserved && length - header->header_len < active)
        pmo_problem_add(problems, PMO_TRUNCATED, pmo_at("object"),
                        "was cut short from outside: %" PRIu64 " of %" PRIu64 " data bytes are left, and who touches the rest gets SIGBUS; destroy it, and create it anew", length - header->header_len,
                        active);
    return true;
}
