/* SPDX-License-Identifier: MIT */
/* target.c - a segment or a file in the making: without a name until it is complete. */
#include "target.h"

#include "ask.h"
#include "cli.h"
#include "os.h"
#include "peermap.h"
#include "size.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

/* ---- whether it can be ---- */

static int there_already(const char *name)
{
    return library_error(name, PEERMAP_EEXIST, "a segment of this name exists already, and is never written over: take another name, or destroy it first");
}

static int check_file(struct target *target, bool forced)
{
    struct stat facts;
    if (lstat(target->name, &facts) != 0)
        return errno == ENOENT ? 0 : failure(target->name, "%s", strerror(errno));
    if (!S_ISREG(facts.st_mode))
        return failure(target->name, "it is there, and is not a regular file");
    target->replaces = forced || (can_ask() && ask(target->name, "this file exists already", "Replace it?"));
    if (target->replaces)
        return 0;
    return refusal(target->name, "%s", can_ask() ? "not replaced" : "this file exists already; --force replaces it");
}

int target_check(struct target *target, bool forced)
{
    if (!target->is_segment)
        return check_file(target, forced);
    if (!pmo_name_valid(target->name))
        return library_error(target->name, PEERMAP_ENAME, peermap_error_text(PEERMAP_ENAME));
    return pm_object_is_there(target->name) ? there_already(target->name) : 0;
}

/* ---- making it ---- */

int target_error(const struct target *target, int error)
{
    if (!target->is_segment)
        return failure(target->name, "it cannot be written: %s", strerror(error));
    char *sentence = text_of("segment %s cannot be made: %s", target->name, strerror(error));
    const int rc = library_error(target->name, error == ENOSPC || error == ENOMEM || error == EDQUOT ? PEERMAP_ENOSPC : PEERMAP_EOS, sentence);
    free(sentence);
    return rc;
}

static char *folder_of(const char *path)
{
    char *copy = text_of("%s", path), *folder = text_of("%s", dirname(copy));
    free(copy);
    return folder;
}

/* Where only a name can be had meanwhile, a death leaves that. */
static int make_named(struct target *target, const char *folder)
{
    target->temporary = text_of("%s/.peermap-dump-XXXXXX", folder);
    target->fd = mkstemp(target->temporary);
    if (target->fd >= 0)
        return 0;
    const int error = errno;
    free(target->temporary);
    target->temporary = NULL;
    return target_error(target, error);
}

int target_make(struct target *target)
{
    if (target->is_segment) {
        const int fd = pm_object_make();
        target->fd = fd < 0 ? -1 : fd;
        if (fd >= 0 && !pm_object_is_memory(fd))
            return failure(target->name, "%s is no tmpfs, and segments lie in nothing else", pm_directory());
        return fd < 0 ? target_error(target, -fd) : 0;
    }
    char *folder = folder_of(target->name);
    target->fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    const bool nameless = target->fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL);
    const int rc = target->fd >= 0 ? 0 : nameless ? target_error(target, errno) : make_named(target, folder);
    free(folder);
    return rc;
}

/* Who takes more than a cgroup has is not refused, but ended. */
int target_room(const struct target *target, uint64_t bytes)
{
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    pm_limit_directory(target->fd, &limit);
    pm_limit_cgroups("/proc/self/cgroup", "/sys/fs/cgroup", pm_limit_memory("/proc/meminfo", &limit), &limit);
    if (limit.kind == PM_LIMIT_NONE || bytes <= limit.room)
        return 0;
    char *sentence = text_of("segment %s takes %s, and there are %s left of %s", target->name, figure_bytes(bytes).text, figure_bytes(limit.room).text, figure_bytes(limit.whole).text);
    const int rc = library_error(target->name, PEERMAP_ENOSPC, sentence);
    free(sentence);
    return rc;
}

/* ---- its name ---- */

/* A name for what has none: where that name is taken, EEXIST. */
static int link_to(const struct target *target, const char *path)
{
    char from[64];
    snprintf(from, sizeof from, "/proc/self/fd/%d", target->fd);
    return linkat(AT_FDCWD, from, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

/* Of a file system without hard links, as of a memory card, it is moved. */
static int name_new(struct target *target)
{
    if (!target->temporary)
        return link_to(target, target->name);
    if (link(target->temporary, target->name) == 0)
        return 0; /* and target_end() takes the other name away */
    if (errno != EPERM && errno != EOPNOTSUPP)
        return errno;
    return syscall(SYS_renameat2, AT_FDCWD, target->temporary, AT_FDCWD, target->name, RENAME_NOREPLACE) == 0 ? 0 : errno;
}

static int name_over(struct target *target)
{
    if (!target->temporary) {
        char *folder = folder_of(target->name);
        target->temporary = text_of("%s/.peermap-dump-%d", folder, (int)getpid());
        free(folder);
        unlink(target->temporary); /* of a process of this number that was killed just here */
        const int error = link_to(target, target->temporary);
        if (error != 0)
            return error;
    }
    return rename(target->temporary, target->name) == 0 ? 0 : errno;
}

static int publish_file(struct target *target, mode_t mode)
{
    int error = fchmod(target->fd, mode) == 0 || errno == EPERM ? 0 : errno; /* some file systems have no modes */
    if (error == 0 && fsync(target->fd) != 0)
        error = errno;
    if (error == 0)
        error = target->replaces ? name_over(target) : name_new(target);
    if (error == EEXIST)
        return refusal(target->name, "this file exists by now; --force replaces it");
    return error ? target_error(target, error) : 0;
}

int target_publish(struct target *target, mode_t mode)
{
    if (!target->is_segment)
        return publish_file(target, mode);
    int error = fchmod(target->fd, mode) == 0 ? 0 : errno;
    if (error == 0)
        error = pm_object_publish(target->fd, target->name);
    if (error == EEXIST)
        return there_already(target->name);
    return error ? target_error(target, error) : 0;
}

void target_end(struct target *target)
{
    if (target->fd >= 0)
        close(target->fd);
    target->fd = -1;
    if (target->temporary)
        unlink(target->temporary); /* renamed: there is none any more */
    free(target->temporary);
    target->temporary = NULL;
}
