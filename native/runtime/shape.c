/* SPDX-License-Identifier: MIT */
/*
 * shape.c - what a header must look like before anything in it is believed, what a new one will look like, and whether one is what it was asked to be.
 *
 * A header is judged on a private copy, and the copy is what the process goes by from then on.
 */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOTS 64u
#define HEAP_ROOTS PM_ROOTS_MAX
#define EVENTS 4096u
#define DEFAULT_PEERS 128u
#define DEFAULT_RESERVE (UINT64_C(16) << 30)

/*
 * Where a reservation may be.  Below are programs that were linked to fixed addresses, and their heaps; above are the stacks and the
 * kernel's own choices, which grow down.  Free addresses there are no less needed.
 */
#define ADDRESSES_BEGIN (UINT64_C(1) << 32)
#define ADDRESSES_END UINT64_C(0x7ef000000000)

static uint64_t page(void) { return (uint64_t)sysconf(_SC_PAGESIZE); }

bool pm_name_valid(const char *name)
{
    size_t length = 0;
    if (!name || name[0] == '.')
        return false;
    for (; length < PM_NAME_MAX && name[length]; length++) {
        char c = name[length], letter = (char)(c | 0x20);
        bool allowed = (letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        if (!allowed)
            return false;
    }
    return length > 0 && length < PM_NAME_MAX;
}

int pm_fail_name(const char *what, const char *name)
{
    const char *must = peermap_error_text(PEERMAP_ENAME);
    return !name   ? pm_fail(PEERMAP_ENAME, "the name of the %s is NULL: %s", what, must)
           : !*name ? pm_fail(PEERMAP_ENAME, "the name of the %s is empty: %s", what, must)
                    : pm_fail(PEERMAP_ENAME, "the %s cannot be called %.80s: %s", what, name, must);
}

bool pm_name_equal(const char *shared, const char *name) { return strncmp(shared, name, PM_NAME_MAX) == 0; }

/* What the counts of a header, which are within their bounds, make of it. */
static void take_shape(const struct pm_header *header, struct pm_shape *shape)
{
    *shape = (struct pm_shape){ .base = header->base,
                                .flags = header->flags,
                                .ahead = header->ahead,
                                .reserved = header->reserved,
                                .generation = header->generation,
                                .slot_count = header->slot_count,
                                .root_count = header->root_count,
                                .event_count = header->event_count };
    pm_places_find(header, &shape->places);
    shape->header_len = shape->places.header_len;
}

static uint64_t most_reserved(uint32_t flags) { return flags & PM_SEGMENT_HEAP ? PM_HEAP_RESERVED_MAX : PM_RESERVED_MAX; }

/* What of the options of a creation a segment has for good.  Without a name: who attaches may ask for it as well, for itself. */
static const struct {
    uint32_t asked, has;
    const char *name;
} flags[] = {
    { PEERMAP_STRICT, PM_SEGMENT_STRICT, "PEERMAP_STRICT" },
    { PEERMAP_HUGE, PM_SEGMENT_HUGE, "PEERMAP_HUGE" },
    { PEERMAP_HEAP, PM_SEGMENT_HEAP, "PEERMAP_HEAP" },
    { PEERMAP_NO_PTRACE, PM_SEGMENT_NO_PTRACE, NULL },
};
#define FLAGS (sizeof flags / sizeof *flags)

int pm_shape_plan(const peermap_options *options, struct pm_shape *shape)
{
    struct pm_header planned = { .event_count = EVENTS, .generation = pm_random(), .page_size = (uint32_t)page(), .ahead = options->ahead };
    planned.slot_count = options->max_peers ? options->max_peers : DEFAULT_PEERS;
    planned.reserved = options->reserve_size ? options->reserve_size : DEFAULT_RESERVE;
    for (size_t i = 0; i < FLAGS; i++)
        planned.flags |= options->flags & flags[i].asked ? flags[i].has : 0;
    planned.root_count = options->max_roots ? options->max_roots : planned.flags & PM_SEGMENT_HEAP ? HEAP_ROOTS : ROOTS;
    if (planned.root_count > PM_ROOTS_MAX)
        return pm_fail(PEERMAP_EINVAL, "max_roots is %" PRIu32 "; the most is %" PRIu32, planned.root_count, PM_ROOTS_MAX);
    if (planned.slot_count > PM_SLOTS_MAX)
        return pm_fail(PEERMAP_EINVAL, "max_peers is %" PRIu32 "; the most is %" PRIu32, planned.slot_count, PM_SLOTS_MAX);
    uint64_t most = most_reserved(planned.flags);
    if (planned.reserved > most)
        return pm_fail(PEERMAP_EINVAL, "reserve_size is %" PRIu64 "; the most is %" PRIu64, planned.reserved, most);
    planned.reserved = (planned.reserved + page() - 1) / page() * page();
    take_shape(&planned, shape);
    return 0;
}

static int wrong(const char *name, const char *field, uint64_t value)
{
    return pm_fail(PEERMAP_EFORMAT, "the header of segment %s is damaged: %s is %" PRIu64 "; destroy it and create it anew", name, field,
                   value);
}

static int judge(const struct pm_header *header, const char *name, uint64_t length, struct pm_shape *shape)
{
    if (header->magic != PM_MAGIC)
        return pm_fail(PEERMAP_EFORMAT, "%s/%s%s is not a segment", pm_directory(), PM_PREFIX, name);
    if (header->version != PM_VERSION)
        return pm_fail(PEERMAP_EVERSION, "segment %s has layout %" PRIu32 ", this library knows %" PRIu32, name, header->version, PM_VERSION);
    if (header->page_size != page())
        return wrong(name, "page_size", header->page_size);
    if (header->slot_count == 0 || header->slot_count > PM_SLOTS_MAX)
        return wrong(name, "slot_count", header->slot_count);
    if (header->root_count == 0 || header->root_count > PM_ROOTS_MAX)
        return wrong(name, "root_count", header->root_count);
    if (header->event_count == 0 || header->event_count > PM_EVENTS_MAX || (header->event_count & (header->event_count - 1)) != 0)
        return wrong(name, "event_count", header->event_count);
    if (header->flags & ~PM_SEGMENT_FLAGS)
        return wrong(name, "flags", header->flags);
    if (header->reserved == 0 || header->reserved > most_reserved(header->flags) || header->reserved % page() != 0)
        return wrong(name, "reserved", header->reserved);
    take_shape(header, shape);
    if (header->header_len != shape->header_len)
        return wrong(name, "header_len", header->header_len);
    if (header->slots_off != shape->places.slots)
        return wrong(name, "slots_off", header->slots_off);
    if (header->roots_off != shape->places.roots)
        return wrong(name, "roots_off", header->roots_off);
    if (header->events_off != shape->places.events)
        return wrong(name, "events_off", header->events_off);
    uint64_t unit = header->flags & PM_SEGMENT_HEAP ? PM_ALIGN_MAX : page();
    if (header->base % unit != 0 || header->base < ADDRESSES_BEGIN + shape->header_len || header->base > ADDRESSES_END - shape->reserved)
        return wrong(name, "base", header->base);
    if (length < shape->header_len)
        return pm_fail(PEERMAP_EFORMAT, "segment %s was cut short: %" PRIu64 " bytes are left of a header of %" PRIu64, name, length,
                       shape->header_len);
    return 0;
}

int pm_shape_read(int fd, const char *name, struct pm_shape *shape)
{
    struct pm_header header;
    struct stat facts;
    if (PM_FAILED("shape.look") || fstat(fd, &facts) != 0)
        return pm_fail(PEERMAP_EOS, "cannot look at segment %s: %s", name, strerror(errno));
    ssize_t length = PM_FAILED("shape.read") ? -1 : pread(fd, &header, sizeof header, 0);
    if (length < 0)
        return pm_fail(PEERMAP_EOS, "cannot read segment %s: %s", name, strerror(errno));
    if (length < (ssize_t)sizeof header)
        return pm_fail(PEERMAP_EFORMAT, "%s/%s%s is too short to be a segment", pm_directory(), PM_PREFIX, name);
    return judge(&header, name, (uint64_t)facts.st_size, shape);
}

/* ---- what it is to be, and is not ---- */

static int contradict(const peermap_segment *segment, const char *what)
{
    return pm_fail(PEERMAP_EINVAL, "segment %s exists already, %s; leave out that option, or destroy the segment and create it anew", segment->name, what);
}

static int lacks(const peermap_segment *segment, const char *option, uint64_t wanted, uint64_t is)
{
    char what[160];
    snprintf(what, sizeof what, "with %s %" PRIu64 ", and not %" PRIu64, option, is, wanted);
    return contradict(segment, what);
}

static int check_flags(const peermap_segment *segment, uint32_t wanted)
{
    for (size_t i = 0; i < FLAGS; i++) {
        char what[64];
        if (!flags[i].name || !(wanted & flags[i].asked) || segment->shape.flags & flags[i].has)
            continue;
        snprintf(what, sizeof what, "without %s", flags[i].name);
        return contradict(segment, what);
    }
    return 0;
}

/* Options of creation say what a program goes by: what is not so is told here, not by what fails for it later.  Sizes change, so initial_size says nothing. */
int pm_shape_meets(const peermap_segment *segment, const peermap_options *options)
{
    const struct pm_shape *shape = &segment->shape;
    struct stat facts;
    int rc = check_flags(segment, options->flags);
    if (rc != 0)
        return rc;
    if (options->reserve_size > shape->reserved)
        return lacks(segment, "reserve_size", options->reserve_size, shape->reserved);
    if (options->max_peers > shape->slot_count)
        return lacks(segment, "max_peers", options->max_peers, shape->slot_count);
    if (options->max_roots > shape->root_count)
        return lacks(segment, "max_roots", options->max_roots, shape->root_count);
    if (options->ahead != 0 && options->ahead != shape->ahead)
        return lacks(segment, "ahead", options->ahead, shape->ahead);
    if (options->mode == 0 || fstat(segment->fd, &facts) != 0 || (facts.st_mode & 0777) == options->mode)
        return 0;
    char what[64];
    snprintf(what, sizeof what, "with mode 0%03o, and not 0%03o", (unsigned)facts.st_mode & 0777, (unsigned)options->mode);
    return contradict(segment, what);
}
