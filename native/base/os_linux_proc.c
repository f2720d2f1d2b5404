/* SPDX-License-Identifier: MIT */
/*
 * os_linux_proc.c - reading /proc: its small files, and which process has a number of another pid namespace here.
 *
 * Agents call this while threads of their own process may be stopped with locks of the C library: no stdio, no opendir, no malloc.
 */
#include "os_linux.h"

#include "os.h"
#include "os_linux_call.h"

#include <errno.h>
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

static int open_text(int folder, const char *name)
{
    long fd = pm_call(SYS_openat, folder, (long)name, O_RDONLY | O_CLOEXEC, 0, 0, 0);
    if (fd < 0)
        errno = (int)-fd;
    return fd < 0 ? -1 : (int)fd;
}

static void close_text(int fd) { (void)pm_call(SYS_close, fd, 0, 0, 0, 0, 0); }

/* It may come in pieces.  The length, which is less than `size` only at the end; or -1 and errno. */
static ssize_t fill(int fd, char *text, size_t size)
{
    size_t length = 0;
    for (long got = 1; length < size && got > 0; length += got > 0 ? (size_t)got : 0) {
        got = pm_call(SYS_read, fd, (long)(text + length), (long)(size - length), 0, 0, 0);
        if (got < 0 && length == 0) {
            errno = (int)-got;
            return -1;
        }
    }
    return (ssize_t)length;
}

ssize_t pm_text_read_at(int folder, const char *name, char *text, size_t size)
{
    int fd = open_text(folder, name);
    text[0] = '\0';
    if (fd < 0)
        return -1;
    ssize_t length = fill(fd, text, size - 1);
    close_text(fd);
    text[length > 0 ? length : 0] = '\0';
    return length;
}

ssize_t pm_text_read(const char *path, char *text, size_t size) { return pm_text_read_at(AT_FDCWD, path, text, size); }

/* `text` is for one line of `most` bytes, and the final NUL. */
static bool any_line(int folder, const char *name, char *text, size_t most, bool (*each)(char *line, void *context), void *context)
{
    size_t kept = 0;
    bool found = false, told = false; /* of a long line, whose rest is passed over */
    int fd = open_text(folder, name);
    if (fd < 0)
        return false;
    for (ssize_t got; !found && (got = fill(fd, text + kept, most - kept)) > 0;) {
        char *line = text, *past = text + kept + got, *end;
        for (; !found && (end = memchr(line, '\n', (size_t)(past - line))) != NULL; line = end + 1, told = false) {
            *end = '\0';
            found = !told && each(line, context);
        }
        kept = told ? 0 : (size_t)(past - line);
        memmove(text, line, kept);
        if (kept == most && !found) {
            text[kept] = '\0';
            found = each(text, context);
            told = true;
            kept = 0;
        }
    }
    text[kept] = '\0';
    found = found || (kept > 0 && each(text, context));
    close_text(fd);
    return found;
}

bool pm_text_any_line_at(int folder, const char *name, bool (*each)(char *line, void *context), void *context)
{
    char text[PM_TEXT_LINE + 1];
    return any_line(folder, name, text, PM_TEXT_LINE, each, context);
}

bool pm_text_any_line(const char *path, bool (*each)(char *line, void *context), void *context)
{
    return pm_text_any_line_at(AT_FDCWD, path, each, context);
}

#define FIELD_LINE 512u /* of longer ones the beginning: more is not kept of a value */

struct wanted {
    struct pm_text_field *fields;
    size_t count, missing;
};

static bool has_all(char *line, void *context)
{
    struct wanted *wanted = context;
    for (size_t i = 0; i < wanted->count; i++) {
        struct pm_text_field *field = &wanted->fields[i];
        size_t length = strlen(field->name);
        if (field->value[0] != '\0' || strncmp(line, field->name, length) != 0 || (line[length] != ':' && line[length] != ' '))
            continue;
        size_t most = strnlen(line + length + 1, sizeof field->value - 1);
        memcpy(field->value, line + length + 1, most);
        field->value[most] = '\0';
        wanted->missing--;
    }
    return wanted->missing == 0;
}

int pm_text_fields(int folder, const char *name, struct pm_text_field *fields, size_t count)
{
    char line[FIELD_LINE + 1];
    struct wanted wanted = { fields, count, count };
    for (size_t i = 0; i < count; i++)
        fields[i].value[0] = '\0';
    errno = 0;
    any_line(folder, name, line, FIELD_LINE, has_all, &wanted);
    return errno;
}

uint32_t pm_text_last_number(const char *at)
{
    uint32_t value = 0;
    while (*at) {
        char *end = NULL;
        if (*at >= '0' && *at <= '9')
            value = (uint32_t)strtoul(at, &end, 10);
        at = end ? end : at + 1;
    }
    return value;
}

void pm_text_tame(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

void pm_text_path(char *path, size_t size, const char *mount, const char *group, const char *name)
{
    static const char dots[] = "...";
    const char *parts[] = { mount, group, "/", name };
    size_t length = strlen(mount) + strlen(group) + 1 + strlen(name), skipped = length < size ? 0 : length - size + sizeof dots, at = 0;
    for (size_t i = 0; skipped > 0 && dots[i]; i++)
        path[at++] = dots[i];
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        for (const char *c = parts[i]; *c; c++) {
            if (skipped > 0)
                skipped--;
            else
                path[at++] = *c;
        }
    path[at] = '\0';
    pm_text_tame(path);
}

/* ---- files and folders ---- */

uint64_t pm_proc_inode(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
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
    char path[96];
    struct pm_text_field ids = { .name = "NSpid" };
    if (pm_now() >= search->until)
        return true;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/ns/pid", search->folder, number);
    if (pm_proc_inode(path) != search->pidns)
        return false;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/status", search->folder, number);
    pm_text_fields(AT_FDCWD, path, &ids, 1);
    if (pm_text_last_number(ids.value) != search->inner)
        return false;
    search->found = number;
    return true;
}

/* The same number where the namespace is ours, which is the usual case; otherwise whoever has the id there. */
uint32_t pm_proc_number_here(const char *folder, uint32_t inner, uint64_t pidns) { return pm_proc_number_until(folder, inner, pidns, UINT64_MAX); }

uint32_t pm_proc_number_until(const char *folder, uint32_t inner, uint64_t pidns, uint64_t until)
{
    struct pm_proc_search search = { .folder = folder, .inner = inner, .pidns = pidns, .until = until };
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

#ifndef SYS_pidfd_open
#define SYS_pidfd_open 434
#endif
#define PIDFS_MAGIC UINT64_C(0x50494446)

int pm_pidfd_open(uint32_t pid) { return (int)syscall(SYS_pidfd_open, (pid_t)pid, 0); }

uint64_t pm_pidfd_inode_of(uint32_t pid)
{
    struct stat facts;
    struct statfs system;
    int fd = pm_pidfd_open(pid);
    if (fd < 0)
        return 0;
    bool unique = fstatfs(fd, &system) == 0 && (uint64_t)system.f_type == PIDFS_MAGIC;
    uint64_t inode = unique && fstat(fd, &facts) == 0 ? facts.st_ino : 0;
    close(fd);
    return inode;
}

uint64_t pm_pidfd_inode(uint32_t pid) { return pm_calls_are_filtered() ? 0 : pm_pidfd_inode_of(pid); }
