/* SPDX-License-Identifier: MIT */
/*
 * mappings.c - what the kernel maps of an object in a process.
 *
 * By the PROCMAP_QUERY ioctl where there is one (Linux 6.11): binary, and it skips what is not of a file.  Otherwise from the text of
 * /proc/PID/maps.  Never from smaps: that walks the page tables under a lock of the process that is looked at.
 */
#include "mappings.h"

#include "maps_line.h"
#include "room.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
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
};

static bool tell(struct visit *visit, struct pmo_object object, const struct pmo_mapping *mapping, const char *path)
{
    visit->any = true;
    if (visit->each)
        return visit->each(object, mapping, visit->context);
    return !(mapping->flags & PMO_SHARED) || visit->each_shared(object, mapping, path, visit->context);
}

/* ENOTTY or EINVAL, before anything was visited, where the system has no such call. */
static int each_by_query(int maps, struct visit *visit)
{
    char path[PATH_MAX + 32] = "";
    const uint64_t flags = COVERING_OR_NEXT | OF_A_FILE | (visit->each_shared ? SHARED : 0);
    for (uint64_t address = 0;;) {
        struct query q = { .size = sizeof q, .flags = flags, .address = address };
        if (visit->each_shared) {
            q.vma_name_address = (uintptr_t)path;
            q.vma_name_size = sizeof path;
            path[0] = '\0';
        }
        if (syscall(SYS_ioctl, maps, QUERY, &q) != 0) /* not ioctl(): its number is an int with some C libraries */
            return errno == ENOENT ? 0 : errno;
        struct pmo_mapping mapping = {
            .address = q.vma_start, .length = q.vma_end - q.vma_start, .offset = q.vma_offset, .flags = (uint32_t)q.vma_flags & 0xfu
        };
        struct pmo_object object = { makedev(q.dev_major, q.dev_minor), (ino_t)q.inode };
        if (!tell(visit, object, &mapping, path))
            return 0;
        address = q.vma_end;
    }
}

static bool tell_line(struct visit *visit, char *text)
{
    struct pm_maps_line line;
    text[strcspn(text, "\n")] = '\0';
    if (!pm_maps_line_read(text, &line) || (line.inode == 0 && line.device == 0))
        return true;
    const struct pmo_mapping mapping = { .address = line.from, .length = line.to - line.from, .offset = line.offset, .flags = line.access };
    return tell(visit, (struct pmo_object){ (dev_t)line.device, (ino_t)line.inode }, &mapping, line.path);
}

static int each_by_text(int maps, struct visit *visit)
{
    FILE *text = fdopen(maps, "r");
    if (!text) {
        int error = errno;
        close(maps);
        return error;
    }
    char *line = NULL;
    size_t size = 0;
    errno = 0;
    while (getline(&line, &size, text) > 0)
        if (!tell_line(visit, line))
            break;
    int error = ferror(text) ? errno : 0;
    free(line);
    fclose(text);
    return error;
}

/* Closes `maps`. */
static int each_in(int maps, struct visit *visit)
{
    int error = each_by_query(maps, visit);
    if (error == ENOTTY || error == EINVAL)
        return each_by_text(maps, visit);
    close(maps);
    return error;
}

/* A process without any mapping is the kernel's, or has ended, but for one whose main thread alone has. */
static int each_of(const struct pmo_process *process, struct visit *visit)
{
    int maps = openat(process->dir, "maps", O_RDONLY | O_CLOEXEC);
    const int error = maps < 0 ? errno : each_in(maps, visit);
    if (visit->any || (error != 0 && error != ESRCH))
        return error;
    maps = pmo_process_open_thread(process, "maps", O_RDONLY | O_CLOEXEC);
    return maps >= 0 ? each_in(maps, visit) : errno == ESRCH ? error : errno;
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

int pmo_mappings_missing(const struct pmo_mappings *mappings, uint64_t address, uint64_t length, uint64_t offset, struct pmo_runs *missing)
{
    const uint32_t needed = PMO_READABLE | PMO_WRITABLE | PMO_SHARED;
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
