/* SPDX-License-Identifier: MIT */
/*
 * reserve.c - the address range of an attachment, and mapping inside it.
 *
 * [start, start + reservation) is taken from the system once, as PROT_NONE, and given back once.  In between mappings only replace
 * each other inside it, so nothing that a header says can make a peer map or unmap anything else.
 */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif

/*
 * Where a new segment may lie, the best place first.  The first was found free under every layout and sanitizer, and its end stays clear of where the kernel's
 * own choices grow down to.  The second is for what does not fit there: free everywhere but under ThreadSanitizer.  The third is for processors that are
 * configured for addresses of 39 bits, as many with arm64 are: below where programs are loaded.
 */
static const struct range {
    uint64_t begin, end;
} ranges[] = {
    { UINT64_C(0x7e8000000000), UINT64_C(0x7ef000000000) },
    { UINT64_C(0x520000000000), UINT64_C(0x550000000000) },
    { UINT64_C(0x1000000000), UINT64_C(0x5000000000) },
};
#define RANGES (sizeof ranges / sizeof *ranges)
#define STEP (UINT64_C(1) << 30)

#define SHOWN_LEAST (UINT64_C(64) << 20)

#define SHORT_LEASE_NS UINT64_C(10000000) /* for who has a lease on an object that nobody waits for until a deadline of its own */

static uint64_t range_length(const struct pm_shape *shape) { return shape->header_len + shape->reserved; }

/* The range at `at` (0: anywhere), or NULL and errno: EEXIST if something is there. */
static char *take(uint64_t at, uint64_t length)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | (at ? MAP_FIXED_NOREPLACE : 0);
    void *got = PM_FAILED("reserve.take") ? MAP_FAILED : mmap((void *)(uintptr_t)at, length, PROT_NONE, flags, -1, 0);
    if (got == MAP_FAILED)
        return NULL;
    if (at == 0 || (uintptr_t)got == at) {
        pm_keep_out_of_cores(got, length);
        return got;
    }
    munmap(got, length); /* a kernel that took the address as a hint */
    errno = EEXIST;
    return NULL;
}

static int refused(const char *name, uint64_t length)
{
    int error = errno;
    pm_fail(PEERMAP_EOS, "cannot reserve %" PRIu64 " bytes of address space for segment %s: %s%s", length, name, strerror(error),
            error == ENOMEM   ? "; see ulimit -v, or create it with a smaller reserve_size"
            : error == EAGAIN ? "; the process locks its future memory (mlockall)"
                              : "");
    errno = error;
    return PEERMAP_EOS;
}

static bool is_object(const peermap_segment *segment, int fd)
{
    struct pm_object object = pm_object_of(fd);
    return object.inode == segment->object.inode && object.device == segment->object.device && object.inode != 0;
}

bool pm_holds_descriptor(const peermap_segment *segment) { return is_object(segment, segment->fd); }

uint64_t pm_object_length(const peermap_segment *segment)
{
    struct pm_object object = pm_object_of(segment->fd);
    bool held = object.inode == segment->object.inode && object.device == segment->object.device;
    return held && !pm_lost(segment) ? object.length : 0;
}

bool pm_holds_object(const peermap_segment *segment) { return !pm_lost(segment) && pm_holds_descriptor(segment); }

/* A lock of the descriptor: another one needs its own. */
void pm_mark_attachment(const peermap_segment *segment)
{
    if (segment->tag != 0)
        pm_object_mark(segment->fd, pm_holder_of(segment->tag, segment->index));
}

/* Of who has left: a child that is about to exec, or a thread with descriptors of its own, may have a copy of this one for any length of time. */
void pm_unmark_attachment(const peermap_segment *segment)
{
    if (segment->tag != 0 && pm_holds_descriptor(segment))
        pm_object_unmark(segment->fd, pm_holder_of(segment->tag, segment->index));
}

/* No fork is held up by the wait. */
int pm_open_held(const char *name, bool writable, uint64_t deadline)
{
    for (;;) {
        pm_hold_forks();
        int fd = pm_object_open(name, writable);
        uint64_t now = pm_now();
        if (fd != -EAGAIN || now >= deadline)
            return fd;
        pm_let_fork();
        pm_sleep_until(now + PM_LEASE_REST_NS);
    }
}

/*
 * Two threads may come here at once; one descriptor remains.  It is not one of the first three: a program that has closed those is
 * about to fill their places.
 */
bool pm_regain_object(peermap_segment *segment)
{
    uint32_t *word = (uint32_t *)&segment->fd, old = peek32(word);
    if (is_object(segment, (int)old))
        return true;
    int fd = pm_open_held(segment->name, true, pm_now() + SHORT_LEASE_NS);
    fd = fd >= 0 ? pm_descriptor_beyond(fd, STDERR_FILENO) : fd;
    bool same = fd >= 0 && is_object(segment, fd);
    if (same && cas32(word, &old, (uint32_t)fd))
        pm_mark_attachment(segment);
    else if (fd >= 0)
        close(fd);
    pm_let_fork();
    if (!same)
        errno = fd == -EMFILE || fd == -ENFILE ? -fd : EBADF;
    return same;
}

/* Most of what describes a heap is a hole, which a core file, or gcore, would fill with memory of the segment's. */
static void hide_description(const peermap_segment *segment)
{
    const uint64_t words = segment->shape.places.heap.words;
    if (segment->shape.places.plain_len < segment->shape.header_len)
        pm_keep_out_of_cores(segment->start + words, segment->shape.header_len - words);
}

/* `each` bytes for every unit. */
static void show_rows(const peermap_segment *segment, uint64_t rows, uint64_t each, uint64_t from, uint64_t to)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    const uint64_t begin = (rows + pm_heap_units(from) * each) / page * page, end = (rows + pm_heap_units(to) * each + page - 1) / page * page;
    pm_let_into_cores(segment->start + begin, end - begin);
}

/* What describes this memory, and may do so before this process hears of it, is in a core as well. */
static void show_description(const peermap_segment *segment, uint64_t from, uint64_t to)
{
    const struct pm_heap_places *heap = &segment->shape.places.heap;
    if (!(segment->shape.flags & PM_SEGMENT_HEAP))
        return;
    show_rows(segment, heap->words, sizeof(uint64_t), from, to);
    show_rows(segment, heap->bits, sizeof(struct pm_bits), from, to);
}

void pm_show_roots(peermap_segment *segment, uint32_t opened)
{
    const struct pm_places *places = &segment->shape.places;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), end = pm_root_place(places, opened - 1) + sizeof(struct pm_root);
    if (places->plain_len < segment->shape.header_len && end > places->more_roots)
        pm_let_into_cores(segment->start + places->more_roots, (end - places->more_roots + page - 1) / page * page);
}

int pm_map_header(peermap_segment *segment)
{
    segment->object = pm_object_of(segment->fd);
    uint64_t whole = segment->shape.header_len;
    bool sparse = segment->shape.places.plain_len < whole;
    int error = PM_FAILS("reserve.map");
    if (error == 0)
        error = (sparse ? pm_map_sparse : pm_map_object)(segment->start, whole, segment->fd, 0);
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot map the header of segment %s: %s", segment->name, strerror(error));
    }
    segment->header = (struct pm_header *)(void *)segment->start;
    hide_description(segment);
    PM_POINT("reserve.mapped");
    (void)load64(&segment->header->magic); /* a read: the kernel maps the pages around it as well, which it does for no write */
    return 0;
}

/* The range is taken: it is given back with the handle, whatever happens. */
static int settle(peermap_segment *segment, char *start)
{
    const struct pm_shape *shape = &segment->shape;
    segment->start = start;
    segment->reservation = range_length(shape);
    PM_POINT("reserve.taken");
    segment->base = start + shape->header_len;
    segment->slots = (struct pm_slot *)(void *)(start + shape->places.slots);
    segment->events = (struct pm_event *)(void *)(start + shape->places.events);
    return pm_map_header(segment);
}

int pm_reserve(peermap_segment *segment)
{
    const struct pm_shape *shape = &segment->shape;
    uint64_t at = shape->base - shape->header_len, length = range_length(shape);
    pm_hold_forks();
    char *start = take(at, length);
    if (!start && errno == EEXIST && (segment->flags & PEERMAP_RELOCATABLE))
        start = take(0, length);
    int rc = start ? settle(segment, start) : 0;
    pm_let_fork();
    if (start)
        return rc;
    if (errno != EEXIST)
        return refused(segment->name, length);
    const peermap_segment *own = peermap_segment_at((const void *)(uintptr_t)shape->base);
    if (own && strcmp(own->name, segment->name) == 0)
        return pm_fail(PEERMAP_EADDR, "this process has attached segment %s already, as peer %s; use that handle (peermap_segment_at() finds it), or attach a second time with PEERMAP_RELOCATABLE",
                       segment->name, own->peer_name);
    char occupant[300];
    pm_occupant(at, length, occupant, sizeof occupant);
    return pm_fail(PEERMAP_EADDR,
                   "segment %s needs addresses 0x%" PRIx64 "-0x%" PRIx64 ", but this process has %s there; attach earlier, or with "
                   "PEERMAP_RELOCATABLE",
                   segment->name, at, at + length, occupant);
}

/* Process-local.  The ranges that other segments of this machine use. */
struct taken {
    uint64_t from, to;
};
struct census {
    struct taken taken[256];
    uint32_t count;
    uint64_t until; /* it is a courtesy to who joins two segments: nobody waits long for it */
};

static bool note(const char *name, void *context)
{
    struct census *census = context;
    struct pm_shape shape;
    const uint64_t patience = pm_now() + SHORT_LEASE_NS;
    int fd = pm_open_held(name, false, patience < census->until ? patience : census->until);
    if (fd >= 0 && pm_shape_read(fd, name, &shape) == 0)
        census->taken[census->count++] = (struct taken){ shape.base - shape.header_len, shape.base + shape.reserved };
    if (fd >= 0)
        close(fd);
    pm_let_fork();
    return census->count < 256 && pm_now() < census->until;
}

static bool overlaps(const struct census *census, uint64_t from, uint64_t to)
{
    for (uint32_t i = 0; i < census->count; i++)
        if (from < census->taken[i].to && census->taken[i].from < to)
            return true;
    return false;
}

/* Starts at a place that depends on the name: a process that still has a destroyed segment mapped can then, most likely, attach to a
 * new one of another name. */
static char *search(const struct census *census, const struct range *range, uint64_t length, uint64_t seed)
{
    uint64_t stride = (length + STEP - 1) / STEP * STEP;
    uint64_t places = (range->end - range->begin) / stride;
    for (uint64_t i = 0; i < places; i++) {
        uint64_t at = range->begin + (seed + i) % places * stride;
        if (overlaps(census, at, at + length))
            continue;
        char *start = take(at, length);
        if (start || errno != EEXIST)
            return start;
    }
    errno = EEXIST;
    return NULL;
}

/* Addresses that the processor does not have are refused as too much memory would be: only if no range is different is it that. */
static char *search_all(const struct census *census, uint64_t length, uint64_t seed)
{
    bool taken = false;
    for (size_t i = 0; i < RANGES; i++) {
        char *start = search(census, &ranges[i], length, seed);
        if (start || (errno != EEXIST && errno != ENOMEM))
            return start;
        taken = taken || errno == EEXIST;
    }
    errno = taken ? EEXIST : ENOMEM;
    return NULL;
}

static int settle_fresh(peermap_segment *segment, const struct census *census)
{
    static const struct census nobody;
    uint64_t seed = UINT64_C(14695981039346656037);
    for (const char *c = segment->name; *c; c++)
        seed = (seed ^ (unsigned char)*c) * UINT64_C(1099511628211);
    seed >>= 16;

    uint64_t length = range_length(&segment->shape);
    char *start = search_all(census, length, seed);
    if (!start && errno == EEXIST) /* all spoken for: share addresses with another segment, which only matters to a peer of both */
        start = search_all(&nobody, length, seed);
    if (!start && errno == EEXIST)
        return pm_fail(PEERMAP_EADDR, "no free range of %" PRIu64 " bytes for segment %s; ask for a smaller reserve_size", length, segment->name);
    if (!start)
        return refused(segment->name, length);
    segment->shape.base = (uintptr_t)start + segment->shape.header_len;
    return settle(segment, start);
}

/* Not on the stack, which may be small. */
int pm_reserve_fresh(peermap_segment *segment)
{
    const uint64_t now = pm_now();
    struct census *census = calloc(1, sizeof *census);
    if (!census)
        return pm_fail_own_memory();
    census->until = segment->entered_by > now ? now + (segment->entered_by - now) / 4 : now;
    pm_object_each(note, census);
    pm_hold_forks();
    int rc = settle_fresh(segment, census);
    int error = errno;
    pm_let_fork();
    free(census);
    errno = error;
    return rc;
}

void pm_release_range(peermap_segment *segment)
{
    if (segment->start)
        munmap(segment->start, segment->reservation);
    segment->start = NULL;
}

static int map_data(peermap_segment *segment, uint64_t from, uint64_t to)
{
    char *at = segment->base + from;
    if (!pm_only_reads(segment))
        return pm_map_object(at, to - from, segment->fd, segment->shape.header_len + from);
    if (from < segment->shown)
        segment->shown = from;
    return pm_map_to_read(at, to - from, segment->fd, segment->shape.header_len + from);
}

uint64_t pm_shown_for(const peermap_segment *segment, uint64_t target)
{
    uint64_t shown = SHOWN_LEAST;
    while (shown < target && shown < segment->shape.reserved)
        shown *= 2;
    return shown < segment->shape.reserved ? shown : segment->shape.reserved;
}

void pm_show(peermap_segment *segment)
{
    const uint64_t wanted = pm_shown_for(segment, order_load64(&segment->header->target)), most = segment->mapped;
    const uint64_t now = wanted < most ? wanted : most, before = segment->shown;
    if (now <= before)
        return;
    pm_let_into_cores(segment->base + before, now - before);
    show_description(segment, before, now);
    segment->shown = now;
}

/* As far as whole pages of it go. */
int pm_close_header(peermap_segment *segment)
{
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), before = PM_EVERYBODYS / page * page, after = segment->shape.places.everybodys_end;
    int error = PM_FAILS("reserve.close");
    if (error == 0 && before > 0)
        error = pm_forbid_writing(segment->start, before);
    if (error == 0)
        error = pm_forbid_writing(segment->start + after, segment->shape.header_len - after);
    PM_POINT("reserve.closed");
    if (error == 0)
        return 0;
    errno = error;
    return pm_fail(PEERMAP_EOS, "cannot map the header of segment %s to read: %s", segment->name, strerror(error));
}

int pm_map(peermap_segment *segment, uint64_t from, uint64_t to)
{
    if (from >= to)
        return 0;
    if (pm_lost(segment))
        return ENODATA;
    if (!pm_regain_object(segment))
        return errno;
    int error = PM_FAILS("map.map");
    if (error == 0)
        error = map_data(segment, from, to);
    PM_POINT("map.mapped");
    if (error == 0 && !pm_only_reads(segment))
        show_description(segment, from, to);
    if (error == 0 && segment->shape.flags & PM_SEGMENT_HUGE)
        madvise(segment->base + from, to - from, MADV_HUGEPAGE); /* where the system gives none, these are ordinary pages */
    return error;
}

/* Memory for a hole of the object, which becomes no longer by it.  0 or errno; ENODATA: it does not reach so far any more. */
int pm_fill_hole(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t deadline)
{
    if (!pm_regain_object(segment))
        return errno;
    return pm_object_length(segment) < to ? ENODATA : pm_object_fill(segment->fd, from, to, deadline);
}

/* Where something else was put in the place of the object, by any thread.  If that is not to be had there is nothing, rather than what nobody shares. */
void pm_map_back(peermap_segment *segment, uint64_t from, uint64_t to)
{
    char *at = segment->base + from;
    int (*map)(void *, uint64_t, int, uint64_t) = pm_only_reads(segment) ? pm_map_to_read : pm_map_object;
    if (!pm_regain_object(segment) || map(at, to - from, segment->fd, segment->shape.header_len + from) != 0) {
        (void)pm_map_nothing(at, to - from);
        return;
    }
    if (segment->shape.flags & PM_SEGMENT_HUGE)
        madvise(at, to - from, MADV_HUGEPAGE);
    if (pm_only_reads(segment)) /* it was active memory, which is in a core */
        pm_let_into_cores(at, to - from);
}

/* Of a lost segment the sizes are zeroes: they are no reason to take away what the application may be looking at. */
int pm_unmap(peermap_segment *segment, uint64_t from, uint64_t to)
{
    if (from >= to)
        return 0;
    int error = pm_lost(segment) ? ENODATA : PM_FAILS("unmap.map");
    if (error == 0)
        error = pm_map_nothing(segment->base + from, to - from);
    PM_POINT("unmap.mapped");
    return error;
}
