/* SPDX-License-Identifier: MIT */
/*
 * preflight.c - is there memory for a growth?  Asked before it is allocated: a memory cgroup at its limit kills the process inside
 * fallocate(), where a full /dev/shm only fails.
 *
 * Called before every growth, also by threads of the application, so what a look found is kept in the handle and trusted for a
 * second, for as long as this handle has used up no more than a quarter of it since.  Others use memory meanwhile: it is a precaution,
 * and fallocate() has the last word.
 */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FRESH_NS UINT64_C(1000000000)

struct figure {
    char text[32];
};

/* `bytes` in the largest unit that leaves a whole number, with one digit after the point where none does.  Rounded `up` or down, so that
 * too little room never looks like enough. */
static struct figure figure(uint64_t bytes, bool up)
{
    static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
    struct figure figure;
    uint32_t unit = 0;
    while (unit < 4 && bytes >> (10 * (unit + 1)) != 0)
        unit++;
    uint64_t one = UINT64_C(1) << 10 * unit, tenths = bytes / one * 10 + (bytes % one * 10 + (up ? one - 1 : 0)) / one;
    if (tenths % 10 == 0)
        snprintf(figure.text, sizeof figure.text, "%" PRIu64 " %s", tenths / 10, units[unit]);
    else
        snprintf(figure.text, sizeof figure.text, "%" PRIu64 ".%" PRIu64 " %s", tenths / 10, tenths % 10, units[unit]);
    return figure;
}

static int refuse(const char *name, const struct pm_limit *limit, uint64_t bytes)
{
    struct figure room = figure(limit->room, false), whole = figure(limit->whole, false), wanted = figure(bytes, true);
    switch (limit->kind) {
    case PM_LIMIT_DIRECTORY:
        return pm_fail(PEERMAP_ENOSPC, "segment %s: %s has %s free of %s, and %s are wanted; in a container: docker run --shm-size=1g", name,
                       pm_directory(), room.text, whole.text, wanted.text);
    case PM_LIMIT_CGROUP:
        return pm_fail(PEERMAP_ENOSPC, "segment %s: %s leaves %s of %s, and %s are wanted; raise it, or in a container: docker run --memory", name,
                       limit->path, room.text, whole.text, wanted.text);
    case PM_LIMIT_SYSTEM:
        return pm_fail(PEERMAP_ENOSPC, "segment %s: the machine has %s of memory available of %s, and %s are wanted; end something, or add swap", name,
                       room.text, whole.text, wanted.text);
    default:
        pm_fail(PEERMAP_EOS, "segment %s: files of this process may have %s, which leaves %s, and %s are wanted; see ulimit -f", name, whole.text,
                room.text, wanted.text);
        errno = EFBIG;
        return PEERMAP_EOS;
    }
}

static int look(peermap_segment *segment, uint64_t bytes, uint64_t now)
{
    struct pm_headroom *headroom = &segment->headroom;
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    uint64_t length = segment->header ? segment->shape.header_len + (peek64(&segment->header->active) & PM_ACTIVE_BYTES) : 0;
    pm_limit_directory(segment->header ? segment->fd : -1, &limit);
    pm_limit_file(length, &limit);
    pm_limit_cgroups("/proc/self/cgroup", "/sys/fs/cgroup", pm_limit_memory("/proc/meminfo", &limit), &limit);
    uint64_t room = limit.kind == PM_LIMIT_NONE ? UINT64_MAX : limit.room;
    poke64(&headroom->found, room);
    poke64(&headroom->spent, bytes <= room ? bytes : 0);
    poke64(&headroom->looked, now);
    return bytes <= room ? 0 : refuse(segment->name, &limit, bytes);
}

int pm_preflight(peermap_segment *segment, uint64_t bytes)
{
    struct pm_headroom *headroom = &segment->headroom;
    uint64_t now = pm_now_coarse(), spent = add64(&headroom->spent, bytes) + bytes;
    if (now - peek64(&headroom->looked) < FRESH_NS && spent <= peek64(&headroom->found) / 4)
        return 0;
    return look(segment, bytes, now);
}

int pm_fail_own_memory(void)
{
    return pm_fail(PEERMAP_EOS, "the system gives this process no more memory of its own; see ulimit -v and -d, and CommitLimit in /proc/meminfo where vm.overcommit_memory is 2");
}

int pm_no_memory(const char *name, uint64_t bytes, int error)
{
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    pm_limit_directory(-1, &limit);
    if (error == ENOSPC && limit.kind != PM_LIMIT_NONE && limit.room < bytes)
        return refuse(name, &limit, bytes);
    if (error == ETIMEDOUT) {
        struct figure wanted = figure(bytes, true);
        pm_fail(PEERMAP_EOS, "segment %s: the system did not give %s of memory by the deadline; ask for less at once, or with a larger deadline_ms", name,
                wanted.text);
        errno = error;
        return PEERMAP_EOS;
    }
    bool full = error == ENOSPC || error == ENOMEM || error == EDQUOT;
    pm_fail(PEERMAP_EOS, "segment %s: cannot allocate %" PRIu64 " bytes: %s; see %s%s%s", name, bytes, strerror(error),
            error == EFBIG ? "ulimit -f" : full ? "df " : "the mount options of ", error == EFBIG ? "" : pm_directory(),
            full ? ", and CommitLimit in /proc/meminfo where vm.overcommit_memory is 2" : "");
    errno = error;
    return full ? PEERMAP_ENOSPC : PEERMAP_EOS;
}
