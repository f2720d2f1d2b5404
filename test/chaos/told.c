/* SPDX-License-Identifier: MIT */
/* told.c - what to say when something is wrong: who, what, and the last events of the segment's ring. */
#include "control.h"
#include "layout.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define LAST_EVENTS 80u

/* clang-format off */
const char *const count_names[] = {
#define X(name) #name,
    COUNTS(X)
#undef X
};
const char *const operation_names[] = {
#define X(name) #name,
    OPERATIONS(X)
#undef X
};
/* clang-format on */

/* The first failure is the one to tell. */
void fail(uint32_t arena, const char *format, ...)
{
    uint32_t none = 0;
    if (cas32(&control->failed, &none, 1)) {
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(control->failure, sizeof control->failure, format, arguments);
        va_end(arguments);
        control->failed_arena = arena;
        store32(&control->failed, 2);
    }
    _exit(98);
}

static void tell_event(const struct pm_event *event)
{
    static const char *const kinds[] = { "?",        "create",   "attach", "restart", "detach",    "peer-died", "reap", "round-begin", "map-request",
                                         "map-ack",  "map-late", "round-end", "rollback", "cut", "refuse", "root", "takeover", "unstop", "lost" };
    const char *kind = event->kind < sizeof kinds / sizeof *kinds ? kinds[event->kind] : "?";
    fprintf(stderr, "  %" PRIu64 ".%06" PRIu64 " %-11s epoch %-6" PRIu64 " method %-2u slot %-3d pid %-7u by %-3d pid %-7u error %-4d size %-9" PRIu64 " ns %" PRIu64 "\n",
            event->time_ns / 1000000000, event->time_ns / 1000 % 1000000, kind, event->epoch, event->method, event->slot == PM_NO_SLOT ? -1 : event->slot,
            event->pid, event->by == PM_NO_SLOT ? -1 : event->by, event->by_pid, event->error, event->size, event->ns);
}

static void tell_header(const struct pm_header *header)
{
    fprintf(stderr,
            "  active %" PRIu64 "%s changes %" PRIu64 ", target %" PRIu64 ", horizon %" PRIu64 ", epoch %" PRIu64 ", cut_epoch %" PRIu64
            ", intent %u (%" PRIu64 " -> %" PRIu64 "), lock 0x%x of slot %d, registry lock 0x%x of slot %d\n",
            header->active & PM_ACTIVE_BYTES, header->active & PM_ACTIVE_CLOSED ? " closed" : "", header->active >> PM_ACTIVE_SHIFT, header->target,
            header->horizon, header->epoch, header->cut_epoch, header->intent.op, header->intent.from, header->intent.to, header->lock,
            (int)header->lock_slot - 1, header->registry_lock, (int)header->registry_slot - 1);
}

static void tell_slot(uint32_t index, const struct pm_slot *slot)
{
    fprintf(stderr,
            "  slot %-3u %s %-16.63s pid %-7u life 0x%08x mapped %-9" PRIu64 " requested %" PRIu64 " acked %" PRIu64 " unstopped %" PRIu64
            " pin %" PRIu64 "x%" PRIu64 " method %u error %d\n",
            index, (slot->tag & PM_TAG_STATE) == PM_LIVE ? "live   " : "claimed", slot->name, slot->pid, slot->life, slot->mapped, slot->requested,
            slot->acked, slot->unstopped, pm_pin_count(slot->pin), pm_pin_bytes(slot->pin), slot->method, slot->error);
}

void tell_events(const char *segment)
{
    char path[128];
    struct pm_header header;
    snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s", segment);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header || header.event_count == 0) {
        fprintf(stderr, "  %s cannot be read\n", path);
        return;
    }
    tell_header(&header);
    for (uint32_t i = 0; i < header.slot_count; i++) {
        struct pm_slot slot;
        off_t at = (off_t)(header.slots_off + i * sizeof slot);
        if (pread(fd, &slot, sizeof slot, at) == (ssize_t)sizeof slot && (slot.tag & PM_TAG_STATE) != PM_FREE)
            tell_slot(i, &slot);
    }
    for (uint64_t i = header.event_head > LAST_EVENTS ? header.event_head - LAST_EVENTS : 0; i < header.event_head; i++) {
        struct pm_event event;
        off_t at = (off_t)(header.events_off + i % header.event_count * sizeof event);
        if (pread(fd, &event, sizeof event, at) == (ssize_t)sizeof event)
            tell_event(&event);
    }
    close(fd);
}
