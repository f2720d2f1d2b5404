/* SPDX-License-Identifier: MIT */
/*
 * os_limits.c - what the system would still give: the limits of os.h, on Linux.
 *
 * Read with raw system calls into buffers on the stack: this runs in agents, which take no lock of the C library, and in threads of
 * the application, which may be cancelled at a cancellation point.  What cannot be read limits nothing.
 */
#include "os.h"

#include "layout.h"

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
#define PATH 1024

/* The text of a small file, cut to `size`; false if it cannot be read. */
static bool slurp(const char *path, char *text, size_t size)
{
    int before = errno;
    long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
    size_t length = 0;
    if (fd >= 0) {
        for (long got; length < size - 1 && (got = syscall(SYS_read, (int)fd, text + length, size - 1 - length)) > 0;)
            length += (size_t)got;
        syscall(SYS_close, (int)fd);
    }
    text[length] = '\0';
    errno = before;
    return length > 0;
}

static uint64_t less(uint64_t from, uint64_t amount) { return from > amount ? from - amount : 0; }
static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }
static uint64_t sum(uint64_t a, uint64_t b) { return a > UNLIMITED - b ? UNLIMITED : a + b; }

/* The number after `name` at the beginning of a line, or `otherwise`. */
static uint64_t field(const char *text, const char *name, uint64_t otherwise)
{
    size_t length = strlen(name);
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL)
        if (strncmp(line, name, length) == 0 && (line[length] == ' ' || line[length] == ':'))
            return strtoull(line + length + 1, NULL, 10);
    return otherwise;
}

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
    int rc = fd >= 0 ? fstatfs(fd, &system) : statfs(PM_DIRECTORY, &system);
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
    char text[2048];
    if (!slurp(meminfo, text, sizeof text))
        return 0;
    uint64_t available = field(text, "MemAvailable", VAST) << 10, swap = field(text, "SwapFree", 0) << 10;
    if (available < VAST)
        lower(limit, PM_LIMIT_SYSTEM, usable(sum(available, swap)), field(text, "MemTotal", 0) << 10);
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

static uint64_t number(const char *group, const char *file)
{
    char path[PATH], text[32];
    if ((size_t)snprintf(path, sizeof path, "%s/%s", group, file) >= sizeof path || !slurp(path, text, sizeof text) || strncmp(text, "max", 3) == 0)
        return UNLIMITED;
    uint64_t value = strtoull(text, NULL, 10);
    return value < VAST ? value : UNLIMITED;
}

/* Page cache that goes before anything is killed: what was not used lately, and half of the rest. */
static uint64_t reclaimable(const char *group, const struct dialect *dialect)
{
    char path[PATH], text[4096];
    if ((size_t)snprintf(path, sizeof path, "%s/memory.stat", group) >= sizeof path || !slurp(path, text, sizeof text))
        return 0;
    return field(text, dialect->inactive, 0) + field(text, dialect->active, 0) / 2;
}

static void limit_group(const char *group, const struct dialect *dialect, uint64_t swap, struct pm_limit *limit)
{
    uint64_t most = number(group, dialect->most), used = number(group, dialect->used);
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
    snprintf(limit->path, sizeof limit->path, "%.220s/%s", group, dialect->most);
}

/*
 * The group itself and all above it.  Where a container sees only its own part of the hierarchy but the host's path, the path leads
 * nowhere, and the root of what it sees is its group.
 */
static void limit_groups(const char *mount, const char *path, const struct dialect *dialect, uint64_t swap, struct pm_limit *limit)
{
    char group[PATH - 64];
    size_t root = strlen(mount);
    if ((size_t)snprintf(group, sizeof group, "%s%.*s", mount, (int)strcspn(path, "\n"), path) >= sizeof group)
        return;
    for (;;) {
        limit_group(group, dialect, swap, limit);
        char *slash = strrchr(group + root, '/');
        if (!slash)
            return;
        *slash = '\0';
    }
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

void pm_limit_cgroups(const char *membership, const char *root, uint64_t swap, struct pm_limit *limit)
{
    char text[4096], mount[PATH / 2];
    if (!slurp(membership, text, sizeof text))
        return;
    for (const char *line = text; line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
        if (strncmp(line, "0::", 3) == 0) {
            limit_groups(root, line + 3, &version2, swap, limit);
            snprintf(mount, sizeof mount, "%s/unified", root);
            limit_groups(mount, line + 3, &version2, swap, limit);
        } else if (has_memory(line)) {
            snprintf(mount, sizeof mount, "%s/memory", root);
            limit_groups(mount, strchr(strchr(line, ':') + 1, ':') + 1, &version1, swap, limit);
        }
    }
}
