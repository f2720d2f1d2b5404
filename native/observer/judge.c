/* SPDX-License-Identifier: MIT */
/*
 * judge.c - whether anybody has each piece of shared memory, and how that is known.
 *
 * Who was seen to have it has it.  Where nobody was, the kernel decides: it counts the attachments of a System V segment, and grants a lease on a
 * file only if nobody else has it (lease.h).  Where it cannot be asked, nothing is known: that nobody was seen proves nothing.
 */
#include "attach.h"
#include "budget.h"
#include "census.h"
#include "lease.h"
#include "mounted.h"
#include "os.h"
#include "share.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An inspector elsewhere has each object open for some microseconds while it looks: who is refused a lease asks again, so often. */
static const uint64_t rests_ns[] = { 1000000, 4000000 };

/* Opens the object as the segment that it would be by its name, or by the one that it had before it was set aside.  False: it is another, or none. */
static bool open_segment(const char *name, struct pmo_object object, struct pmo_observer *observer)
{
    const char *before = pmo_name_before(name);
    struct pmo_entry entry;
    enum pmo_reason why;
    struct stat facts;
    *observer = (struct pmo_observer){ .fd = -1 };
    if (strncmp(before ? before : name, PM_PREFIX, strlen(PM_PREFIX)) != 0 || strchr(name, '/') || !pmo_folder_open(NULL, name, false, &entry, &why))
        return false;
    if (pmo_entry_is(&entry, object))
        observer->fd = openat(entry.folder, entry.base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    close(entry.folder);
    if (observer->fd >= 0 && fstat(observer->fd, &facts) == 0 && facts.st_ino == object.inode && facts.st_dev == object.device)
        return true;
    pmo_observer_close(observer);
    return false;
}

/* Bytes of the header, if it is a segment's; else 0. */
static uint64_t header_length(const struct pmo_memory *memory)
{
    struct pmo_observer observer;
    struct pmo_problems problems = { 0 };
    struct pm_header header;
    struct stat facts;
    if (memory->kind != PMO_POSIX || memory->elsewhere || !open_segment(memory->name, memory->object, &observer))
        return 0;
    const bool segment = pmo_header_read(observer.fd, &header, &facts, &problems);
    pmo_problems_free(&problems);
    pmo_observer_close(&observer);
    return segment ? header.header_len : 0;
}

bool pmo_registry_lives(const char *object_name, struct pmo_object object, char name[PM_NAME_MAX], uint32_t *pid)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    bool lives = false;
    name[0] = '\0';
    *pid = 0;
    if (!open_segment(object_name, object, &observer))
        return false;
    if (pmo_snapshot_take(&observer, PMO_REGISTRY, &snapshot) == 0) {
        for (size_t i = 0; i < snapshot.peer_count && !lives; i++) {
            lives = snapshot.peers[i].state != PMO_DEAD;
            if (lives) {
                memcpy(name, snapshot.peers[i].slot.name, PM_NAME_MAX);
                *pid = snapshot.peers[i].slot.pid;
            }
        }
        pmo_snapshot_free(&snapshot);
    }
    pmo_observer_close(&observer);
    return lives;
}

/* Marks who only looks, and who only reads.  Whether anybody does more. */
static bool is_seen(struct pmo_memory *memory)
{
    const uint64_t header = memory->user_count ? header_length(memory) : 0;
    bool seen = false;
    for (size_t i = 0; i < memory->user_count; i++) {
        struct pmo_memory_user *user = &memory->users[i];
        user->looks = header > 0 && !user->writes && !user->names && user->mapped <= header;
        user->reads = header > 0 && user->mapped > header && user->mapped_to_write < header;
        seen = seen || !user->looks;
    }
    return seen;
}

/* Whether this process, and no other, looks at it. */
static bool only_we_look(const struct pmo_census *census, const struct pmo_memory *memory)
{
    return memory->user_count == 1 && census->processes[memory->users[0].process].pid == (uint32_t)getpid();
}

/* Of a named object that nobody was seen to use. */
static enum pmo_reason ask_kernel(struct pmo_census *census, const struct pmo_memory *memory)
{
    struct pmo_entry entry;
    struct pmo_lease lease;
    enum pmo_reason reason;
    if (!pmo_folder_open(NULL, memory->name, false, &entry, &reason))
        return reason;
    reason = pmo_lease_take(&entry, memory->object, only_we_look(census, memory), &lease);
    if (reason == PMO_FAILED)
        pmo_problem_system(&census->problems, pmo_at(PM_DIRECTORY "/%.40s", memory->name), errno);
    if (reason == PMO_LEASED)
        pmo_lease_end(&lease);
    close(entry.folder);
    return reason;
}

static enum pmo_reason judge_file(struct pmo_census *census, const struct pmo_memory *memory, const struct pmo_leases *leases)
{
    char name[PM_NAME_MAX];
    uint32_t pid;
    const bool registered = pmo_registry_lives(memory->name, memory->object, name, &pid);
    /* Who holds a lease has it open: it would only be made to give that up. */
    const enum pmo_reason reason = pmo_leases_have(leases, memory->object) ? PMO_UNSEEN : ask_kernel(census, memory);
    if (registered)
        return reason == PMO_LEASED ? PMO_CONTRADICTED : PMO_REGISTERED;
    return reason == PMO_UNSEEN && memory->user_count > 0 ? PMO_LOOKED_AT : reason;
}

/* What leads nowhere but to who has it was seen because somebody has. */
static bool has_name(const struct pmo_memory *memory) { return memory->kind == PMO_POSIX && !memory->elsewhere && !memory->removed; }

static enum pmo_reason judge(struct pmo_census *census, struct pmo_memory *memory, const struct pmo_leases *leases)
{
    if (is_seen(memory))
        return PMO_SEEN;
    if (memory->kind == PMO_SYSV)
        return memory->sysv.attached > 0 ? PMO_COUNTED : PMO_UNATTACHED;
    return has_name(memory) ? judge_file(census, memory, leases) : PMO_SEEN;
}

static void settle(struct pmo_memory *memory, enum pmo_reason reason)
{
    memory->reason = reason;
    memory->orphan = pmo_reason_orphan(reason);
}

/* What there is no time for is not known. */
static enum pmo_reason judge_in_time(struct pmo_census *census, struct pmo_memory *memory, const struct pmo_leases *leases, struct pmo_shares *shares)
{
    const uint32_t owner = memory->known ? memory->uid : UINT32_MAX;
    if (!pmo_budget_left() || !pmo_share_begin(shares, owner)) {
        census->cut = true;
        return memory->user_count > 0 ? PMO_SEEN : PMO_FAILED;
    }
    const enum pmo_reason reason = judge(census, memory, leases);
    pmo_share_end(shares, owner);
    return reason;
}

/* What nobody has, and somebody has seen to that it can be had. */
static void judge_mounted(struct pmo_census *census)
{
    struct pmo_mounted mounted = { 0 };
    bool read = false;
    for (size_t i = 0; i < census->count; i++) {
        struct pmo_memory *memory = &census->list[i];
        if (memory->reason != PMO_LEASED)
            continue;
        if (!read)
            pmo_mounted_read(&mounted);
        read = true;
        if (pmo_mounted_has(&mounted, memory->name))
            settle(memory, PMO_MOUNTED);
        else if (!mounted.whole)
            settle(memory, PMO_FAILED); /* what there was no time for is not known */
        census->cut = census->cut || memory->reason == PMO_FAILED;
    }
    pmo_mounted_free(&mounted);
}

static bool may_be_a_look(enum pmo_reason reason) { return reason == PMO_UNSEEN || reason == PMO_LOOKED_AT; }

void pmo_census_judge(struct pmo_census *census, struct pmo_shares *shares)
{
    struct pmo_leases leases;
    bool again = false;
    pmo_leases_read(&leases);
    for (size_t i = 0; i < census->count; i++) {
        settle(&census->list[i], judge_in_time(census, &census->list[i], &leases, shares));
        again = again || may_be_a_look(census->list[i].reason);
    }
    for (size_t round = 0; round < sizeof rests_ns / sizeof *rests_ns && again; round++) {
        pm_sleep_until(pm_now() + rests_ns[round]);
        again = false;
        for (size_t i = 0; i < census->count; i++) {
            struct pmo_memory *memory = &census->list[i];
            if (!may_be_a_look(memory->reason) || pmo_leases_have(&leases, memory->object))
                continue;
            if (!pmo_budget_left()) {
                census->cut = true; /* it stays unknown */
                break;
            }
            settle(memory, judge_file(census, memory, &leases));
            again = again || may_be_a_look(memory->reason);
        }
    }
    free(leases.list);
    judge_mounted(census);
}
