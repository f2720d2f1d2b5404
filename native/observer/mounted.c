/* SPDX-License-Identifier: MIT */
/* mounted.c - objects that are mounted by themselves somewhere. */
#include "mounted.h"

#include "attach.h"
#include "budget.h"
#include "proc_text.h"
#include "process.h"
#include "room.h"
#include "share.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

/* "ID PARENT MAJOR:MINOR ROOT MOUNT ...", a line of mountinfo. */
struct mount {
    dev_t device;
    const char *root, *at;
};

/* Blanks and backslashes in a path are "\040" and the like. */
static void decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        const bool coded = from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' && from[2] <= '7' && from[3] >= '0' && from[3] <= '7';
        const int code = coded ? (from[1] - '0') << 6 | (from[2] - '0') << 3 | (from[3] - '0') : *from;
        *to = (char)code;
        from += coded ? 4 : 1;
    }
    *to = '\0';
}

static bool understand(char *line, struct mount *mount)
{
    char *save, *words[5] = { NULL };
    unsigned int of, number;
    words[0] = strtok_r(line, " ", &save);
    for (int i = 1; i < 5 && words[i - 1]; i++)
        words[i] = strtok_r(NULL, " ", &save);
    if (!words[4] || sscanf(words[2], "%u:%u", &of, &number) != 2)
        return false;
    decode(words[3]);
    decode(words[4]);
    *mount = (struct mount){ makedev(of, number), words[3], words[4] };
    return true;
}

/* Process-local.  The whole look. */
struct search {
    struct pmo_mounted *mounted;
    dev_t device;
    char root[PATH_MAX]; /* of /dev/shm, in its file system */
    size_t length;       /* of the longest mount point above it, or itself */
    ino_t *seen;         /* mount namespaces */
    size_t seen_count;
};

/* What of `path` is below `folder`, with the slash; NULL: nothing. */
static const char *below(const char *path, const char *folder)
{
    const size_t length = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0') ? path + length : NULL;
}

/* The last of those at one place covers the others. */
static bool find_root(char *line, void *context)
{
    struct search *search = context;
    struct mount mount;
    if (!understand(line, &mount) || mount.device != search->device)
        return false;
    const char *rest = below(PM_DIRECTORY, mount.at);
    if (!rest || strlen(mount.at) < search->length)
        return false;
    search->length = strlen(mount.at);
    snprintf(search->root, sizeof search->root, "%s%s", strcmp(mount.root, "/") == 0 ? "" : mount.root, rest);
    return false;
}

static bool note(char *line, void *context)
{
    struct search *search = context;
    struct mount mount;
    if (!pmo_budget_left() || search->mounted->count == PMO_MEMORIES_MAX)
        return true;
    if (!understand(line, &mount) || mount.device != search->device)
        return false;
    const char *name = below(mount.root, search->root);
    if (!name || name[0] != '/' || name[1] == '\0' || pmo_mounted_has(search->mounted, name + 1))
        return false;
    char **one = pmo_room((void **)&search->mounted->list, search->mounted->count, sizeof *one);
    if (one && (*one = strdup(name + 1)) != NULL)
        search->mounted->count++;
    return false;
}

/* Of one whose namespace may not be asked for it is not known whether that was seen already. */
static bool is_seen(struct search *search, const struct pmo_process *process)
{
    struct stat facts;
    if (fstatat(process->dir, "ns/mnt", &facts, 0) != 0)
        return false;
    for (size_t i = 0; i < search->seen_count; i++)
        if (search->seen[i] == facts.st_ino)
            return true;
    ino_t *one = pmo_room((void **)&search->seen, search->seen_count, sizeof *one);
    if (one) {
        *one = facts.st_ino;
        search->seen_count++;
    }
    return false;
}

static bool look(const struct pmo_process *process, void *context)
{
    struct search *search = context;
    if (!is_seen(search, process))
        (void)pm_text_any_line_at(process->dir, "mountinfo", note, search);
    return true;
}

void pmo_mounted_read(struct pmo_mounted *mounted)
{
    struct pmo_shares shares = { 0 };
    struct search search = { .mounted = mounted };
    struct stat facts;
    bool whole;
    *mounted = (struct pmo_mounted){ 0 };
    if (stat(PM_DIRECTORY, &facts) != 0)
        return;
    search.device = facts.st_dev;
    (void)pm_text_any_line("/proc/self/mountinfo", find_root, &search);
    mounted->whole = pmo_process_each(look, &search, &shares, &whole) == 0 && whole && pmo_budget_left() && mounted->count < PMO_MEMORIES_MAX;
    for (uint32_t i = 0; i < shares.count; i++)
        mounted->whole = mounted->whole && !shares.list[i].over;
    free(search.seen);
}

bool pmo_mounted_has(const struct pmo_mounted *mounted, const char *name)
{
    for (size_t i = 0; i < mounted->count; i++)
        if (strcmp(mounted->list[i], name) == 0)
            return true;
    return false;
}

void pmo_mounted_free(struct pmo_mounted *mounted)
{
    for (size_t i = 0; i < mounted->count; i++)
        free(mounted->list[i]);
    free(mounted->list);
    *mounted = (struct pmo_mounted){ 0 };
}
