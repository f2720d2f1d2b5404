/* SPDX-License-Identifier: MIT */
/* segment.c - from a name to a mapped segment and back: create, attach, open, detach, destroy. */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define DEFAULT_SIZE (UINT64_C(64) << 10)
#define DEFAULT_HEAP (UINT64_C(1) << 20)
#define DEFAULT_DEADLINE_MS 1000u
#define KNOWN_FLAGS \
    (PEERMAP_ALLOW_LATE | PEERMAP_STRICT | PEERMAP_RELOCATABLE | PEERMAP_NO_PTRACE | PEERMAP_PREFAULT | PEERMAP_HUGE | PEERMAP_HEAP | PEERMAP_FOREIGN | PEERMAP_OWNER | \
     PEERMAP_READ_ONLY)

/* While it is being loaded, when whoever waits for the loader waits for this thread anyway. */
__attribute__((constructor)) static void stay_loaded(void) { pm_stay_loaded(); }

void pm_give_back(peermap_segment *segment)
{
    pm_unguard(segment);
    pm_release_range(segment);
    if (segment->fd >= 0 && (!segment->header || pm_holds_descriptor(segment)))
        close(segment->fd);
    segment->fd = -1;
}

/* ---- arguments ---- */

#define OPTIONS_LEAST (offsetof(peermap_options, reserved) + sizeof((peermap_options *)0)->reserved) /* bytes that 0.2.0 has */
#define OPTIONS_MOST 4096 /* that a later version may have: more is no size, but what lay there */

/* Before any of it is read: how long it is, and that what is not known here, reserved or added by a later version, is not wanted. */
static int check_size(const peermap_options *given)
{
    const size_t size = given->struct_size;
    if (size == offsetof(peermap_options, reserved))
        return pm_fail(PEERMAP_EINVAL, "this program was built with the peermap.h of version 0.1, and the library is " PEERMAP_VERSION ": build it with that one's");
    if (size < OPTIONS_LEAST || size > OPTIONS_MOST)
        return pm_fail(PEERMAP_EINVAL, "options.struct_size is %zu; set it to sizeof(peermap_options)", size);
    for (size_t i = offsetof(peermap_options, reserved); i < size; i++)
        if (((const unsigned char *)given)[i] != 0)
            return pm_fail(PEERMAP_EINVAL, "options has a value at byte %zu, which peermap " PEERMAP_VERSION
                                           " does not know: set what is not used to 0, unless this program was built with a later peermap.h", i);
    return 0;
}

static int check_options(const peermap_options *options)
{
    if (options->peer_name && !pm_name_valid(options->peer_name))
        return pm_fail_name("peer", options->peer_name);
    if (options->flags & ~(uint32_t)KNOWN_FLAGS)
        return pm_fail(PEERMAP_EINVAL, "options.flags has bits that this version does not know: 0x%" PRIx32, options->flags);
    if (options->mode & ~(uint32_t)0777)
        return pm_fail(PEERMAP_EINVAL, "options.mode is 0%" PRIo32 "; only permission bits are possible", options->mode);
    if (options->owner != 0 && !(options->flags & PEERMAP_OWNER))
        return pm_fail(PEERMAP_EINVAL, "options.owner is %" PRIu32 ", and counts only with PEERMAP_OWNER in options.flags", options->owner);
    return 0;
}

static int check_directory(void)
{
    const char *fault = pm_directory_fault();
    return fault ? pm_fail(PEERMAP_EINVAL, "%s, and is %s", fault, secure_getenv("PEERMAP_DIR")) : 0;
}

/* The program's name, with everything that a name may not hold replaced. */
static void default_peer_name(char name[PM_NAME_MAX])
{
    snprintf(name, PM_NAME_MAX, "%.40s", program_invocation_short_name);
    for (char *c = name; *c; c++) {
        char one[2] = { *c == '.' && c == name ? '_' : *c, '\0' };
        *c = pm_name_valid(one) || *c == '.' ? one[0] : '_';
    }
    if (name[0] == '\0')
        snprintf(name, PM_NAME_MAX, "peer");
}

/* A wish for all programs of a session or a machine, which they need not know of.  It is no flag of a segment that is created: that would be for others. */
static bool wants_no_ptrace(void)
{
    const char *wish = getenv("PEERMAP_NO_PTRACE");
    return wish && wish[0] != '\0' && strcmp(wish, "0") != 0;
}

static uint64_t deadline_ns(const peermap_options *options)
{
    return (uint64_t)(options->deadline_ms ? options->deadline_ms : DEFAULT_DEADLINE_MS) * 1000000u;
}

/* In pages of its own, zero and not there until they are touched: only rounds that meet a stopped peer need most of them. */
static peermap_segment *make_handle(const char *name, const peermap_options *options, uint64_t deadline)
{
    if (PM_FAILED("attach.handle"))
        return NULL;
    peermap_segment *segment = mmap(NULL, sizeof *segment, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (segment == MAP_FAILED)
        return NULL;
    segment->fd = -1;
    segment->index = PM_NO_SLOT;
    segment->traces_nobody = wants_no_ptrace();
    segment->flags = options->flags | (segment->traces_nobody ? PEERMAP_NO_PTRACE : 0);
    segment->deadline_ns = deadline_ns(options);
    segment->entered_by = segment->rounds.request.deadline = deadline;
    segment->name_is_default = !options->peer_name;
    memcpy(segment->name, name, strlen(name));
    if (options->peer_name)
        memcpy(segment->peer_name, options->peer_name, strlen(options->peer_name));
    else
        default_peer_name(segment->peer_name);
    pm_process_self(&segment->self);
    segment->clock_offset = pm_clock_offset();
    pm_enlist(segment);
    return segment;
}

void pm_handle_free(peermap_segment *segment)
{
    pm_delist(segment);
    pm_hand_free(&segment->hand);
    munmap(segment, sizeof *segment);
}

/* ---- creating ---- */

static int object_error(const char *name, const char *what, int error)
{
    if (error == EACCES || error == EPERM) {
        pm_fail(PEERMAP_EACCES, "cannot %s segment %s: %s; see the owner and mode of %s/%s%s", what, name, strerror(error), pm_directory(), PM_PREFIX, name);
        errno = error;
        return PEERMAP_EACCES;
    }
    if (error == ENOENT && strcmp(what, "create") != 0)
        return pm_fail(PEERMAP_ENOENT, "there is no segment %s", name);
    if (error == EEXIST)
        return pm_fail(PEERMAP_EEXIST, "segment %s exists already", name);
    if (error == EINVAL)
        return pm_fail(PEERMAP_EFORMAT, "%s/%s%s is not a regular file", pm_directory(), PM_PREFIX, name);
    if (error == EAGAIN)
        return pm_fail(PEERMAP_EBUSY, "cannot %s segment %s: another process has had a lease on %s/%s%s until now (F_SETLEASE); see /proc/locks", what, name, pm_directory(), PM_PREFIX,
                       name);
    pm_fail(PEERMAP_EOS, "cannot %s segment %s: %s%s", what, name, strerror(error), error == EMFILE ? "; see ulimit -n" : "");
    errno = error;
    return PEERMAP_EOS;
}

static void write_header(peermap_segment *segment, uint64_t size)
{
    const struct pm_shape *shape = &segment->shape;
    struct pm_header *header = segment->header;
    (void)pm_memory_populate(header, shape->places.plain_len, 0); /* pages that were never touched are not mapped around one that is */
    *header = (struct pm_header){ .version = PM_VERSION,
                                  .page_size = (uint32_t)sysconf(_SC_PAGESIZE),
                                  .generation = shape->generation,
                                  .base = shape->base,
                                  .reserved = shape->reserved,
                                  .slot_count = shape->slot_count,
                                  .root_count = shape->root_count,
                                  .event_count = shape->event_count,
                                  .flags = shape->flags,
                                  .ahead = shape->ahead,
                                  .created_ns = pm_now_wall(),
                                  .creator_pid = segment->self.pid,
                                  .creator_uid = segment->self.uid,
                                  .creator_start = segment->self.start_time,
                                  .active = size,
                                  .target = pm_ahead_of(segment, size),
                                  .horizon = pm_ahead_of(segment, size),
                                  .epoch = 1,
                                  .root_regions = shape->flags & PM_SEGMENT_HEAP ? 1 : pm_root_regions(shape->root_count),
                                  .heap = { .secret = pm_random() },
                                  .identity = pm_identity_of(segment->fd) };
    pm_places_write(&shape->places, header);
    memcpy(header->creator_name, segment->peer_name, sizeof header->creator_name);
    store64(&header->magic, PM_MAGIC);
}

/*
 * The object was made without a name; /proc/PID/maps would go on showing it without one.  Opened and mapped anew by its name, it is
 * the creator's like everybody else's.
 */
static int take_place(peermap_segment *segment, int fd)
{
    int nameless = segment->fd;
    segment->fd = fd;
    if (!pm_holds_object(segment)) {
        segment->fd = nameless;
        close(fd);
        return pm_fail(PEERMAP_ENOENT, "segment %s was destroyed while it was being created", segment->name);
    }
    close(nameless);
    PM_POINT("create.reopened");
    return pm_map_header(segment);
}

static int reopen(peermap_segment *segment)
{
    int error = PM_FAILS("create.reopen");
    if (error != 0)
        return object_error(segment->name, "open", error);
    int fd = pm_open_held(segment->name, true, segment->entered_by);
    int rc = fd < 0 ? 0 : take_place(segment, fd);
    pm_let_fork();
    return fd < 0 ? object_error(segment->name, "open", -fd) : rc;
}

/*
 * In the agent, which has its slot by now: from here on others may attach, so nothing may be left that they could be in the way of.
 * For the same reason a failure after this does not take the name away again; it may be another object's by then, too.
 */
int pm_publish(peermap_segment *segment)
{
    int error = PM_FAILS("create.publish");
    if (error == 0)
        error = pm_object_publish(segment->fd, segment->name);
    if (error != 0)
        return object_error(segment->name, "create", error);
    PM_POINT("create.published");
    return reopen(segment);
}

/* After a file was made there, or was not. */
static int check_folder(const peermap_segment *segment)
{
    const char *name = segment->name, *folder = pm_directory();
    if (segment->fd == -ENOENT || segment->fd == -ENOTDIR)
        return pm_fail(PEERMAP_EINVAL, "segment %s cannot be created: there is no folder %s (PEERMAP_DIR)", name, folder);
    if (segment->fd == -EOPNOTSUPP || segment->fd == -EISDIR || (segment->fd >= 0 && !pm_object_is_memory(segment->fd)))
        return pm_fail(PEERMAP_EINVAL, "segment %s cannot be created in %s (PEERMAP_DIR): that is no tmpfs, as a segment needs; see df -T", name, folder);
    return 0;
}

static int make(peermap_segment *segment, uint64_t size, uint32_t mode)
{
    const struct pm_shape *shape = &segment->shape;
    uint64_t length = shape->places.plain_len + size;
    int rc = pm_preflight(segment, length);
    if (rc != 0)
        return rc;
    pm_hold_forks();
    segment->fd = PM_FAILED("create.make") ? -errno : pm_object_make();
    pm_let_fork();
    rc = check_folder(segment);
    if (rc != 0)
        return rc;
    int error = segment->fd < 0 ? -segment->fd : pm_object_furnish(segment->fd, shape->places.plain_len, shape->header_len, shape->header_len + size, mode, segment->entered_by);
    PM_POINT("create.made");
    if (error == ENOSPC || error == ENOMEM || error == EDQUOT || error == ETIMEDOUT)
        return pm_no_memory(segment->name, length, error);
    if (error == EFBIG) /* which counts what of the header is a hole */
        return pm_no_memory(segment->name, shape->header_len + size, error);
    if (error != 0)
        return object_error(segment->name, "create", error);
    rc = pm_reserve_fresh(segment);
    return rc == 0 ? pm_guard(segment) : rc;
}

/* The object has no name until its header is right: nobody ever sees half a segment, and a death before leaves nothing. */
static int build(peermap_segment *segment, const peermap_options *options)
{
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t size = options->initial_size ? options->initial_size : options->flags & PEERMAP_HEAP ? DEFAULT_HEAP : DEFAULT_SIZE;
    if (pm_object_is_there(segment->name)) /* a quick answer; the one that counts is the publishing */
        return object_error(segment->name, "create", EEXIST);
    int rc = pm_only_reads(segment) ? pm_fail(PEERMAP_EINVAL, "segment %s cannot be created to be read only: PEERMAP_READ_ONLY is for attaching", segment->name) : 0;
    rc = rc == 0 ? pm_owner_of_new(segment->name, options) : rc;
    rc = rc == 0 ? pm_shape_plan(options, &segment->shape) : rc;
    if (rc != 0)
        return rc;
    if (size > segment->shape.reserved)
        return pm_fail(PEERMAP_EINVAL, "initial_size is %" PRIu64 ", more than reserve_size, %" PRIu64, size, segment->shape.reserved);
    size = (size + page - 1) / page * page;
    rc = make(segment, size, options->mode ? options->mode : 0600);
    if (rc != 0)
        return rc;
    write_header(segment, size);
    segment->nameless = true;
    PM_POINT("create.described");
    rc = pm_agent_start(segment);
    if (rc != 0)
        return rc;
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_CREATE, .epoch = 1, .slot = (uint16_t)segment->index, .size = size });
    return 0;
}

/* ---- attaching ---- */

static int find(peermap_segment *segment, const peermap_options *options)
{
    int error = PM_FAILS("attach.open");
    if (error == 0) {
        segment->fd = pm_open_held(segment->name, true, segment->entered_by);
        pm_let_fork();
        error = segment->fd < 0 ? -segment->fd : 0;
    }
    PM_POINT("attach.opened");
    if (error == EACCES && pm_only_reads(segment)) {
        errno = error;
        return pm_fail(PEERMAP_EACCES, "cannot open segment %s: %s; who only reads enters the registry as well, and needs write permission for %s/" PM_PREFIX "%s", segment->name,
                       strerror(error), pm_directory(), segment->name);
    }
    if (error != 0)
        return object_error(segment->name, "open", error);
    int rc = pm_owner_check(segment, options);
    rc = rc == 0 ? pm_shape_read(segment->fd, segment->name, &segment->shape) : rc;
    rc = rc == 0 ? pm_shape_meets(segment, options) : rc;
    rc = rc == 0 ? pm_reserve(segment) : rc;
    rc = rc == 0 ? pm_guard(segment) : rc;
    rc = rc == 0 ? pm_object_check(segment) : rc;
    return rc == 0 ? pm_renew_copy(segment) : rc;
}

static int join(peermap_segment *segment, const peermap_options *options)
{
    int rc = find(segment, options);
    return rc == 0 ? pm_agent_start(segment) : rc;
}

/* ---- one way in for both ---- */

typedef int entry(peermap_segment *segment, const peermap_options *options);

/* Of a program that was built with an earlier header of this version, what that did not have is 0. */
static peermap_options complete(const peermap_options *given)
{
    peermap_options options = { .struct_size = sizeof options };
    if (given) {
        memcpy(&options, given, given->struct_size < sizeof options ? given->struct_size : sizeof options);
        options.struct_size = given->struct_size;
    }
    return options;
}

static int enter_with_heap(peermap_segment *segment, const peermap_options *options, entry *enter)
{
    int rc = enter(segment, options);
    if (rc == 0 && segment->shape.flags & PM_SEGMENT_HEAP) {
        rc = pm_heap_enter(segment, options->heap_step);
        if (rc != 0)
            pm_agent_stop(segment);
    }
    return rc;
}

static int obtain(const char *name, const peermap_options *given, peermap_segment **out, entry *enter, uint64_t deadline)
{
    PM_UNCANCELLED;
    const peermap_options full = complete(given), *options = &full;
    if (!out)
        return pm_fail(PEERMAP_EINVAL, "out is NULL");
    *out = NULL;
    if (!pm_name_valid(name))
        return pm_fail_name("segment", name);
    int rc = check_directory();
    rc = rc == 0 && given ? check_size(given) : rc;
    rc = rc == 0 ? check_options(options) : rc;
    if (rc != 0)
        return rc;
    peermap_segment *segment = make_handle(name, options, deadline);
    if (!segment)
        return pm_fail_own_memory();
    rc = enter_with_heap(segment, options, enter);
    if (rc == PM_LEFT_BEHIND)
        return PEERMAP_EBUSY;
    if (rc != 0) {
        pm_handle_free(segment);
        return rc;
    }
    *out = segment;
    return 0;
}

static uint64_t deadline_of(const peermap_options *given)
{
    const peermap_options options = complete(given);
    return pm_call_ends(pm_now() + deadline_ns(&options));
}

int peermap_create(const char *name, const peermap_options *options, peermap_segment **out) { return obtain(name, options, out, build, deadline_of(options)); }
int peermap_attach(const char *name, const peermap_options *options, peermap_segment **out) { return obtain(name, options, out, join, deadline_of(options)); }

/* Who looks for another user's segment must not take its name; and who only reads makes none. */
static bool creates_nothing(const peermap_options *given)
{
    const peermap_options options = complete(given);
    return (options.flags & PEERMAP_READ_ONLY) != 0 || pm_owner_is_another(&options);
}

int peermap_open(const char *name, const peermap_options *options, peermap_segment **out)
{
    const uint64_t deadline = deadline_of(options);
    do {
        int rc = obtain(name, options, out, join, deadline);
        if (rc != PEERMAP_ENOENT || creates_nothing(options))
            return rc;
        rc = obtain(name, options, out, build, deadline);
        if (rc != PEERMAP_EEXIST && rc != PEERMAP_ENOENT) /* there is another by now, or it was destroyed at once */
            return rc;
    } while (pm_now() < deadline);
    return pm_fail(PEERMAP_EBUSY, "segment %s was created and destroyed by others, again and again, until now", name);
}

void peermap_detach(peermap_segment *segment)
{
    PM_UNCANCELLED;
    if (!segment)
        return;
    if (load32(&segment->detached)) { /* in a forked child: the maps and the descriptor are gone already */
        pm_hand_free(&segment->hand);
        munmap(segment, sizeof *segment);
        return;
    }
    uint32_t no = 0;
    if (!cas32(&segment->leaving, &no, 1)) /* by another thread, in which the process ends */
        return;
    if (pm_inherited(segment)) /* in the child of a bare clone(), where not even free() may be called */
        return;
    pm_heap_leave(segment);
    PM_POINT("detach.given");
    pm_agent_stop(segment);
    PM_POINT("detach.left");
    pm_handle_free(segment);
    PM_POINT("detach.freed");
}

int peermap_unlink(const char *name)
{
    PM_UNCANCELLED;
    if (!pm_name_valid(name))
        return pm_fail_name("segment", name);
    const int rc = check_directory();
    if (rc != 0)
        return rc;
    int error = PM_FAILS("destroy.remove");
    if (error == 0)
        error = pm_object_remove(name);
    PM_POINT("destroy.removed");
    return error == 0 ? 0 : object_error(name, "destroy", error);
}

/* ---- the memory ---- */

void *peermap_base(const peermap_segment *segment) { return pm_attached(segment) ? segment->base : NULL; }

/* A peer that was late may run before its agent has caught up: what is not mapped here yet is not active here yet. */
static uint64_t active(const peermap_segment *segment)
{
    uint64_t bytes = pm_active(segment->header), mapped = order_load64(&segment->mapped);
    return bytes < mapped ? bytes : mapped;
}

size_t peermap_size(const peermap_segment *segment) { return pm_attached(segment) ? active(segment) : 0; }

uint64_t peermap_epoch(const peermap_segment *segment)
{
    return pm_attached(segment) ? load64(&segment->header->epoch) : 0;
}

size_t peermap_page_size(const peermap_segment *segment)
{
    PM_UNCANCELLED;
    uint64_t huge = pm_attached(segment) && segment->shape.flags & PM_SEGMENT_HUGE ? pm_memory_huge() : 0;
    return huge ? huge : (size_t)sysconf(_SC_PAGESIZE);
}

/*
 * The pin is in the slot before the size is read again, and a shrink lowers the size before it looks for pins, both sequentially
 * consistent: either the shrink sees the pin, or this sees the smaller size.
 */
size_t peermap_pin(peermap_segment *segment)
{
    if (!pm_attached(segment))
        return 0;
    uint64_t *pin = &segment->slots[segment->index].pin;
    uint64_t size = active(segment), word = peek64(pin), wanted;
    do {
        const uint64_t bytes = pm_pin_bytes(word), count = pm_pin_count(word);
        if (count == PM_PIN_COUNT_MAX)
            return 0;
        wanted = pm_pin_word(count + 1, bytes > size ? bytes : size);
    } while (!cas64(pin, &word, wanted));
    uint64_t now = active(segment);
    return now < size ? now : size;
}

void peermap_unpin(peermap_segment *segment)
{
    if (!pm_attached(segment))
        return;
    uint64_t *pin = &segment->slots[segment->index].pin;
    uint64_t word = peek64(pin), count;
    do {
        count = pm_pin_count(word);
        if (count == 0)
            return;
    } while (!cas64(pin, &word, count == 1 ? 0 : pm_pin_word(count - 1, pm_pin_bytes(word))));
    if (count == 1 && order_load32(&segment->header->pin_waiter) != 0) {
        add32(&segment->header->pin_waiter, 1);
        pm_futex_wake(&segment->header->pin_waiter, UINT32_MAX, 1);
    }
}
