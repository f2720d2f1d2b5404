/* SPDX-License-Identifier: MIT */
/*
 * os_linux_proc.c - reading /proc: its small files, and which process has a number of another pid namespace here.
 *
 * Agents call this while threads of their own process may be stopped with locks of the C library: no stdio, no opendir, no malloc.
 */
#include "os_linux.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- texts ---- */


ssize_t pm_text_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length;
}

void pm_text_tame(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

bool pm_text_any_line(const char *path, bool (*each)(const char *line, void *context), void *context)
{
    char text[4096]; /* longer lines are passed over */
    size_t kept = 0;
    bool found = false, too_long = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (ssize_t got; !found && (got = read(fd, text + kept, sizeof text - 1 - kept)) > 0;) {
        char *line = text, *end;
        text[kept + (size_t)got] = '\0';
        for (; !found && (end = strchr(line, '\n')) != NULL; line = end + 1, too_long = false) {
            *end = '\0';
            found = !too_long && each(line, context);
        }
        kept = strlen(line);
        if (kept == sizeof text - 1)
            too_long = true, kept = 0;
        memmove(text, line, kept);
    }
    close(fd);
    return found;
}

uint64_t pm_proc_inode(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

/* What follows "NAME:" in the text of a status file. */
const char *pm_proc_field(const char *status, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = status; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1;
    }
    return NULL;
}

/* The last number of a field: of NSpid, the id in the innermost namespace. */
uint32_t pm_proc_last_number(const char *at)
{
    uint32_t value = 0;
    for (; at && *at && *at != '\n'; at++) {
        if (*at >= '0' && *at <= '9') {
            char *end;
            value = (uint32_t)strtoul(at, &end, 10);
            at = end - 1;
        }
    }
    return value;
}

/* As getdents64() gives them. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Calls `each` with the numbers that are names in a folder, until it returns true.  True if it did. */
bool pm_proc_any_number(const char *path, bool (*each)(uint32_t number, void *context), void *context, bool *whole)
{
    _Alignas(8) char buffer[4096];
    bool found = false, unused, *all = whole ? whole : &unused;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *all = fd >= 0;
    if (fd < 0)
        return false;
    for (long length = 1; !found && length > 0;) {
        length = syscall(SYS_getdents64, fd, buffer, sizeof buffer);
        *all = length >= 0;
        for (long at = 0; at < length && !found;) {
            const struct entry *entry = (const void *)(buffer + at);
            if (entry->name[0] >= '0' && entry->name[0] <= '9')
                found = each((uint32_t)strtoul(entry->name, NULL, 10), context);
            at += entry->length;
        }
    }
    close(fd);
    return found;
}

/* ---- processes by their numbers elsewhere ---- */

bool pm_proc_is_it(uint32_t number, void *context)
{
    struct pm_proc_search *search = context;
    char path[96], status[4096];
    snprintf(path, sizeof path, "%s/%" PRIu32 "/ns/pid", search->folder, number);
    if (pm_proc_inode(path) != search->pidns)
        return false;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/status", search->folder, number);
    if (pm_text_read(path, status, sizeof status) <= 0 || pm_proc_last_number(pm_proc_field(status, "NSpid")) != search->inner)
        return false;
    search->found = number;
    return true;
}

/* The same number where the namespace is ours, which is the usual case; otherwise whoever has the id there. */
uint32_t pm_proc_number_here(const char *folder, uint32_t inner, uint64_t pidns)
{
    struct pm_proc_search search = { .folder = folder, .inner = inner, .pidns = pidns };
    if (pidns == 0 || pm_proc_inode("/proc/self/ns/pid") == pidns)
        return inner;
    pm_proc_any_number(folder, pm_proc_is_it, &search, NULL);
    return search.found;
}

/* ---- what tells one process from another ---- */

/* The second field, the command in parentheses, may hold anything. */
const char *pm_proc_stat_field(const char *line, int number)
{
    const char *at = strrchr(line, ')');
    for (int skipped = 2; at && skipped < number; skipped++)
        at = strchr(at + 1, ' ');
    return at ? at + 1 : NULL;
}

bool pm_proc_read_stat(const char *path, char *state, uint64_t *start_time)
{
    char line[1024];
    if (pm_text_read(path, line, sizeof line) <= 0)
        return false;
    const char *third = pm_proc_stat_field(line, 3), *begun = pm_proc_stat_field(line, 22);
    if (!third)
        return false;
    *state = *third;
    *start_time = begun ? strtoull(begun, NULL, 10) : 0;
    return begun != NULL;
}

#define PIDFS_MAGIC UINT64_C(0x50494446)

uint64_t pm_pidfd_inode(uint32_t pid)
{
#ifdef SYS_pidfd_open
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (fd < 0)
        return 0;
    struct stat facts;
    struct statfs system;
    /* Before Linux 6.9 pidfds are not of a file system of their own, and all share one inode. */
    bool unique = fstatfs(fd, &system) == 0 && (uint64_t)system.f_type == PIDFS_MAGIC;
    uint64_t inode = unique && fstat(fd, &facts) == 0 ? facts.st_ino : 0;
    close(fd);
    return inode;
#else
    (void)pid;
    return 0;
#endif
}
