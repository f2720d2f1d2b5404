/* SPDX-License-Identifier: MIT */
/*
 * os_limits.c - what the system would still give: the limits of os.h, on Linux.
 *
 * This runs in agents, which take no lock of the C library, and in threads of the application, which may be cancelled at a cancellation point and have
 * little stack: hence raw system calls, and no path in a buffer but the line that it came in.  What cannot be read limits nothing.
 */
#include "os.h"

#include "layout.h"
#include "os_linux.h"
#include "os_linux_call.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define UNLIMITED UINT64_MAX
#define VAST (UINT64_C(1) << 60) /* no machine has it: how version 1 of the cgroups says "unlimited", rounded in several ways */

static uint64_t less(uint64_t from, uint64_t amount) { return from > amount ? from - amount : 0; }
static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t sum(uint64_t a, uint64_t b) { return a > UNLIMITED - b ? UNLIMITED : a + b; }

static uint64_t value_of(const struct pm_text_field *field, uint64_t otherwise) { return field->value[0] ? strtoull(field->value, NULL, 10) : otherwise; }

static void lower(struct pm_limit *limit, enum pm_limit_kind kind, uint64_t room, uint64_t whole)
{
    if (limit->kind != PM_LIMIT_NONE && room >= limit->room)
        return;
    limit->kind = kind;
    limit->room = room;
    limit->whole = whole;
    limit->path[0] = '\0';
}

void pm_limit_directory(int fd, struct pm_limit *limit)
{
    struct statfs system;
    int rc = fd >= 0 ? fstatfs(fd, &system) : statfs(pm_directory(), &system);
    if (rc == 0 && system.f_blocks != 0) /* 0: a tmpfs without a limit */
        lower(limit, PM_LIMIT_DIRECTORY, (uint64_t)system.f_bavail * (uint64_t)system.f_bsize, (uint64_t)system.f_blocks * (uint64_t)system.f_bsize);
}

void pm_limit_file(uint64_t length, struct pm_limit *limit)
{
    struct rlimit most;
    if (getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY)
        lower(limit, PM_LIMIT_FILE, less(most.rlim_cur, length), most.rlim_cur);
}

/* Building the tree of pages costs memory too, and is charged to whoever allocates them; so are pages that processors keep in stock. */
static uint64_t usable(uint64_t room) { return less(room - room / 64, UINT64_C(1) << 20); }

uint64_t pm_limit_memory(const char *meminfo, struct pm_limit *limit)
{
    enum { TOTAL, AVAILABLE, SWAP, FIELDS };
    struct pm_text_field fields[FIELDS] = { [TOTAL] = { .name = "MemTotal" }, [AVAILABLE] = { .name = "MemAvailable" }, [SWAP] = { .name = "SwapFree" } };
    int before = errno;
    (void)pm_text_fields(AT_FDCWD, meminfo, fields, FIELDS);
    errno = before;
    uint64_t available = value_of(&fields[AVAILABLE], VAST >> 10) << 10, swap = value_of(&fields[SWAP], 0) << 10;
    if (available < VAST)
        lower(limit, PM_LIMIT_SYSTEM, usable(sum(available, swap)), value_of(&fields[TOTAL], 0) << 10);
    return swap;
}

/* ---- cgroups ---- */

/* Names of the files of each version. */
struct dialect {
    const char *most, *used, *swap_most, *swap_used, *inactive, *active;
    bool swap_with_memory; /* the limit of swap is one of memory and swap together */
};
static const struct dialect version1 = { "memory.limit_in_bytes",       "memory.usage_in_bytes", "memory.memsw.limit_in_bytes",
                                         "memory.memsw.usage_in_bytes", "total_inactive_file",   "total_active_file",
                                         true };
static const struct dialect version2 = { "memory.max", "memory.current", "memory.swap.max", "memory.swap.current", "inactive_file", "active_file", false };

/* Process-local.  A hierarchy of groups as this process sees it, and what is asked of it. */
struct hierarchy {
    const struct dialect *dialect;
    char mount[128];
    uint64_t swap; /* free */
    struct pm_limit *limit;
};

static uint64_t number(int group, const char *file)
{
    char text[32];
    if (pm_text_read_at(group, file, text, sizeof text) <= 0 || strncmp(text, "max", 3) == 0)
        return UNLIMITED;
    uint64_t value = strtoull(text, NULL, 10);
    return value < VAST ? value : UNLIMITED;
}

/* Page cache that goes before anything is killed: what was not used lately, and half of the rest. */
static uint64_t reclaimable(int group, const struct dialect *dialect)
{
    struct pm_text_field fields[2] = { { .name = dialect->inactive }, { .name = dialect->active } };
    (void)pm_text_fields(group, "memory.stat", fields, 2);
    return value_of(&fields[0], 0) + value_of(&fields[1], 0) / 2;
}

static void limit_group(int group, const char *path, const struct hierarchy *hierarchy)
{
    const struct dialect *dialect = hierarchy->dialect;
    struct pm_limit *limit = hierarchy->limit;
    uint64_t swap = hierarchy->swap, most = number(group, dialect->most), used = number(group, dialect->used);
    if (most == UNLIMITED || used == UNLIMITED)
        return;
    uint64_t cache = reclaimable(group, dialect), room = sum(less(most, used), cache);
    if (swap != 0) {
        uint64_t swap_most = number(group, dialect->swap_most), swap_used = number(group, dialect->swap_used);
        uint64_t rest = swap_most == UNLIMITED || swap_used == UNLIMITED ? UNLIMITED : less(swap_most, swap_used);
        room = dialect->swap_with_memory ? least(sum(room, swap), sum(rest, cache)) : sum(room, least(swap, rest));
    }
    room = usable(least(room, most));
    if (limit->kind != PM_LIMIT_NONE && room >= limit->room)
        return;
    lower(limit, PM_LIMIT_CGROUP, room, most);
    pm_text_path(limit->path, sizeof limit->path, hierarchy->mount, path[1] ? path : "", dialect->most);
}

static int open_folder(int folder, const char *path) { return (int)pm_call(SYS_openat, folder, (long)path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0, 0, 0); }
static void close_folder(int folder) { (void)pm_call(SYS_close, folder, 0, 0, 0, 0, 0); }

/*
 * The group itself and all above it.  Where a container sees only its own part of the hierarchy but the host's path, the path leads
 * nowhere, and the root of what it sees is its group.
 */
static void limit_groups(char *path, const struct hierarchy *hierarchy)
{
    const size_t length = strlen(path);
    int mount = open_folder(AT_FDCWD, hierarchy->mount);
    for (char *slash = path; mount >= 0 && slash && path[0] == '/';) {
        int group = open_folder(mount, path[1] ? path + 1 : ".");
        if (group >= 0) {
            limit_group(group, path, hierarchy);
            close_folder(group);
        }
        slash = path[1] ? strrchr(path, '/') : NULL;
        if (slash)
            slash[slash == path] = '\0';
    }
    for (size_t i = 0; i < length; i++)
        path[i] = path[i] ? path[i] : '/';
    if (mount >= 0)
        close_folder(mount);
}

/* `line` is "ID:CONTROLLERS:PATH"; those are a list with commas. */
static bool has_memory(const char *line)
{
    const char *at = strchr(line, ':');
    for (const char *end = at ? strchr(at + 1, ':') : NULL; end && at < end; at = strpbrk(at + 1, ",:"))
        if (strncmp(at + 1, "memory", 6) == 0 && (at[7] == ',' || at[7] == ':'))
            return true;
    return false;
}

/* Process-local. */
struct membership {
    const char *root;
    uint64_t swap;
    struct pm_limit *limit;
};

static bool limit_line(char *line, void *context)
{
    const struct membership *own = context;
    struct hierarchy hierarchy = { .swap = own->swap, .limit = own->limit };
    if (strncmp(line, "0::", 3) == 0) {
        hierarchy.dialect = &version2;
        snprintf(hierarchy.mount, sizeof hierarchy.mount, "%s", own->root);
        limit_groups(line + 3, &hierarchy);
        snprintf(hierarchy.mount, sizeof hierarchy.mount, "%s/unified", own->root);
        limit_groups(line + 3, &hierarchy);
    } else if (has_memory(line)) {
        hierarchy.dialect = &version1;
        snprintf(hierarchy.mount, sizeof hierarchy.mount, "%s/memory", own->root);
        limit_groups(strchr(strchr(line, ':') + 1, ':') + 1, &hierarchy);
    }
    return false;
}

void pm_limit_cgroups(const char *membership, const char *root, uint64_t swap, struct pm_limit *limit)
{
    struct membership own = { root, swap, limit };
    int before = errno;
    pm_text_any_line(membership, limit_line, &own);
    errno = before;
}
