/* SPDX-License-Identifier: MIT */
/*
 * mappings.c - what the kernel maps of an object in a process.
 *
 * By the PROCMAP_QUERY ioctl where there is one (Linux 6.11): binary, and it skips what is not of a file.  Otherwise from the text of
 * /proc/PID/maps.  A piece at a time, by a reader (patient.h).  Never from smaps: that walks the page tables under a lock of the process that is looked at.
 */
#include "mappings.h"

#include "attach.h"
#include "maps_line.h"
#include "patient.h"
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static_assert(PMO_READABLE == (unsigned)PM_MAPS_READ && PMO_WRITABLE == (unsigned)PM_MAPS_WRITE && PMO_EXECUTABLE == (unsigned)PM_MAPS_EXECUTE &&
                  PMO_SHARED == (unsigned)PM_MAPS_SHARED,
              "both are the kernel's");

/* struct procmap_query of linux/fs.h, for headers older than the kernel. */
struct query {
    uint64_t size;
    uint64_t flags;
    uint64_t address;
    uint64_t vma_start;
    uint64_t vma_end;
    uint64_t vma_flags; /* the PMO_ flags are the kernel's */
    uint64_t vma_page_size;
    uint64_t vma_offset;
    uint64_t inode;
    uint32_t dev_major;
    uint32_t dev_minor;
    uint32_t vma_name_size;
    uint32_t build_id_size;
    uint64_t vma_name_address;
    uint64_t build_id_address;
};
static_assert(sizeof(struct query) == 104, "procmap_query");
#define QUERY _IOWR('f', 17, struct query)
#define SHARED 0x08u
#define COVERING_OR_NEXT 0x10u
#define OF_A_FILE 0x20u

typedef bool (*visitor)(struct pmo_object object, const struct pmo_mapping *mapping, void *context);
typedef bool (*path_visitor)(struct pmo_object object, const struct pmo_mapping *mapping, const char *path, void *context);

/* Who is called for each mapping: one of the two. */
struct visit {
    visitor each;
    path_visitor each_shared;
    void *context;
    bool any; /* was told of */
    bool over; /* no more is wanted */
};

static void tell(struct visit *visit, struct pmo_object object, const struct pmo_mapping *mapping, const char *path)
{
    visit->any = true;
    visit->over = visit->each ? !visit->each(object, mapping, visit->context)
                              : (mapping->flags & PMO_SHARED) && !visit->each_shared(object, mapping, path, visit->context);
}

/* ---- the reader's part: a piece of what there is ---- */

#define SHARED_ONLY 1u
#define OF_A_THREAD 2u /* that still runs */

/* In a piece one after the other, each followed by its path, and that by a NUL. */
struct found {
    struct pmo_object object;
    struct pmo_mapping mapping;
    uint64_t length; /* of it all */
};
#define PATH_ROOM (PATH_MAX + 32)
#define FOUND_MOST (sizeof(struct found) + PATH_ROOM + 8)

static bool open_maps(struct pmo_errand *errand)
{
    if (errand->fd < 0)
        errand->fd = errand->flags & OF_A_THREAD ? pmo_process_open_thread(&errand->process, "maps", O_RDONLY | O_CLOEXEC)
                                                 : openat(errand->process.dir, "maps", O_RDONLY | O_CLOEXEC);
    errand->error = errand->fd < 0 ? errno : 0;
    return errand->fd >= 0;
}

static int query(struct pmo_errand *errand, struct found *found)
{
    const bool shared = (errand->flags & SHARED_ONLY) != 0;
    char *path = (char *)(found + 1);
    struct query q = { .size = sizeof q, .flags = COVERING_OR_NEXT | OF_A_FILE | (shared ? SHARED : 0), .address = errand->from };
    if (shared) {
        q.vma_name_address = (uintptr_t)path;
        q.vma_name_size = PATH_ROOM;
    }
    path[0] = '\0';
    if (syscall(SYS_ioctl, errand->fd, QUERY, &q) != 0) /* not ioctl(): its number is an int with some C libraries */
        return errno;
    found->object = (struct pmo_object){ makedev(q.dev_major, q.dev_minor), (ino_t)q.inode };
    found->mapping = (struct pmo_mapping){
        .address = q.vma_start, .length = q.vma_end - q.vma_start, .offset = q.vma_offset, .flags = (uint32_t)q.vma_flags & 0xfu
    };
    found->length = (sizeof *found + strlen(path) + 1 + 7) & ~UINT64_C(7);
    errand->from = q.vma_end;
    return 0;
}

/* ENOTTY or EINVAL where the system has no such call. */
static void query_piece(struct pmo_errand *errand)
{
    errand->length = 0;
    if (!open_maps(errand))
        return;
    while (errand->error == 0 && errand->length + FOUND_MOST <= sizeof errand->bytes) {
        struct found *found = (void *)(errand->bytes + errand->length);
        errand->error = query(errand, found);
        errand->length += errand->error == 0 ? found->length : 0;
    }
    errand->ended = errand->error == ENOENT;
    if (errand->ended)
        errand->error = 0;
}

static void read_piece(struct pmo_errand *errand)
{
    if (!open_maps(errand))
        return;
    const ssize_t length = pmo_read(errand->fd, errand->from, errand->bytes, sizeof errand->bytes);
    errand->error = length < 0 ? errno : 0;
    errand->length = length < 0 ? 0 : (size_t)length;
    errand->from += errand->length;
    errand->ended = length <= 0;
}

/* ---- the asker's ---- */

/* Process-local.  What is taken along from one piece to the next. */
struct walk {
    const struct pmo_process *process;
    struct visit *visit;
    int fd;
    uint64_t from;
    uint32_t flags;
    bool ended;
    size_t length;
    char bytes[2 * PMO_PIECE] __attribute__((aligned(16))); /* of text: after a line whose end is not there yet */
};

/* Puts the next piece after what is kept. */
static int next_piece(struct walk *walk, void (*piece)(struct pmo_errand *errand))
{
    struct pmo_errand *errand = pmo_patient_begin(walk->process);
    if (!errand)
        return errno;
    errand->fd = walk->fd;
    errand->from = walk->from;
    errand->flags = walk->flags;
    walk->fd = -1;
    const int error = pmo_patient_run(errand, piece);
    if (error == EBUSY || error == ETIME) /* it went with the errand */
        return error;
    walk->fd = errand->fd;
    walk->from = errand->from;
    walk->ended = errand->ended;
    memcpy(walk->bytes + walk->length, errand->bytes, errand->length);
    walk->length += errand->length;
    return error;
}

static int each_by_query(struct walk *walk)
{
    int error = 0;
    while (error == 0 && !walk->ended && !walk->visit->over) {
        walk->length = 0;
        error = next_piece(walk, query_piece);
        for (size_t at = 0; at < walk->length && !walk->visit->over;) {
            const struct found *found = (const void *)(walk->bytes + at);
            tell(walk->visit, found->object, &found->mapping, (const char *)(found + 1));
            at += found->length;
        }
    }
    return error;
}

static void tell_line(struct visit *visit, char *text)
{
    struct pm_maps_line line;
    if (!pm_maps_line_read(text, &line) || (line.inode == 0 && line.device == 0))
        return;
    const struct pmo_mapping mapping = { .address = line.from, .length = line.to - line.from, .offset = line.offset, .flags = line.access };
    tell(visit, (struct pmo_object){ (dev_t)line.device, (ino_t)line.inode }, &mapping, line.path);
}

static int each_by_text(struct walk *walk)
{
    int error = 0;
    walk->length = 0;
    walk->from = 0;
    walk->ended = false;
    while (error == 0 && !walk->ended && !walk->visit->over) {
        error = next_piece(walk, read_piece);
        size_t at = 0;
        for (char *end; error == 0 && !walk->visit->over && (end = memchr(walk->bytes + at, '\n', walk->length - at)) != NULL; at = (size_t)(end + 1 - walk->bytes)) {
            *end = '\0';
            tell_line(walk->visit, walk->bytes + at);
        }
        walk->length -= at;
        if (walk->length >= PMO_PIECE) /* the kernel writes no such line */
            return EINVAL;
        memmove(walk->bytes, walk->bytes + at, walk->length);
    }
    return error;
}

static int each_in(struct walk *walk)
{
    walk->fd = -1;
    walk->from = 0;
    walk->ended = false;
    int error = each_by_query(walk);
    if (walk->fd >= 0 && (error == ENOTTY || error == EINVAL))
        error = each_by_text(walk);
    if (walk->fd >= 0)
        close(walk->fd);
    return error;
}

/* A process without any mapping is the kernel's, or has ended, but for one whose main thread alone has. */
static int each_of(const struct pmo_process *process, struct visit *visit)
{
    struct walk *walk = malloc(sizeof *walk);
    if (!walk)
        return ENOMEM;
    walk->process = process;
    walk->visit = visit;
    walk->flags = visit->each_shared ? SHARED_ONLY : 0;
    int error = each_in(walk);
    if (!visit->any && (error == 0 || error == ESRCH) && pmo_process_state(process, NULL) == 'Z') {
        walk->flags |= OF_A_THREAD;
        const int its = each_in(walk);
        error = its == ESRCH ? error : its;
    }
    free(walk);
    return error;
}

int pmo_mappings_each(const struct pmo_process *process, visitor each, void *context)
{
    return each_of(process, &(struct visit){ .each = each, .context = context });
}

int pmo_mappings_shared(const struct pmo_process *process, path_visitor each, void *context)
{
    return each_of(process, &(struct visit){ .each_shared = each, .context = context });
}

struct collection {
    struct pmo_object wanted;
    struct pmo_mappings *mappings;
    struct pmo_allowance *allowance;
    int error;
};

static bool stop(struct collection *collection, int error)
{
    collection->error = error;
    return false;
}

static bool collect(struct pmo_object object, const struct pmo_mapping *mapping, void *context)
{
    struct collection *c = context;
    if (c->allowance->visits == 0 || !pmo_budget_left())
        return stop(c, ETIME);
    c->allowance->visits--;
    if (object.inode != c->wanted.inode || object.device != c->wanted.device)
        return true;
    if (c->mappings->count == PMO_MAPPINGS_MAX || c->mappings->count == c->allowance->listed)
        return stop(c, E2BIG);
    struct pmo_mapping *next = pmo_room((void **)&c->mappings->list, c->mappings->count, sizeof *next);
    if (!next)
        return stop(c, ENOMEM);
    *next = *mapping;
    c->mappings->count++;
    return true;
}

int pmo_mappings_read(const struct pmo_process *process, struct pmo_object object, struct pmo_allowance *allowance,
                      struct pmo_mappings *mappings)
{
    *mappings = (struct pmo_mappings){ 0 };
    struct collection c = { .wanted = object, .mappings = mappings, .allowance = allowance };
    int error = pmo_mappings_each(process, collect, &c);
    if (error == 0)
        error = c.error;
    if (error == 0) {
        allowance->listed -= mappings->count;
        return 0;
    }
    free(mappings->list);
    *mappings = (struct pmo_mappings){ 0 };
    return error;
}

int pmo_mappings_missing(const struct pmo_mappings *mappings, uint32_t needed, uint64_t address, uint64_t length, uint64_t offset, struct pmo_runs *missing)
{
    const uint64_t end = address + length;
    uint64_t at = address;
    *missing = (struct pmo_runs){ .list = calloc(mappings->count + 1, sizeof *missing->list) };
    if (!missing->list)
        return ENOMEM;
    for (size_t i = 0; i < mappings->count && at < end; i++) {
        const struct pmo_mapping *m = &mappings->list[i];
        const uint64_t m_end = m->address + m->length;
        /* The right place: as far into the file as into the range. */
        if ((m->flags & needed) != needed || m->offset - offset != m->address - address || m_end <= at || m->address >= end)
            continue;
        if (m->address > at)
            missing->list[missing->count++] = (struct pmo_run){ at, m->address - at };
        at = m_end;
    }
    if (at < end)
        missing->list[missing->count++] = (struct pmo_run){ at, end - at };
    return 0;
}
