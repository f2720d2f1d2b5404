/* SPDX-License-Identifier: MIT */
/* unlink.c - removing shared memory that nobody has, and nothing else. */
#include "unlink.h"

#include "lease.h"
#include "mounted.h"
#include "named.h"
#include "os.h"
#include "peermap.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* One removal, once the lease is held.  Process-local. */
struct removing {
    const struct pmo_target *target;
    struct pmo_removal *removal;
    struct pmo_entry entry;
    struct pmo_lease lease;
    char aside[NAME_MAX + 1]; /* its name meanwhile */
};

/* errno, told as what it means for a person. */
static bool end_with(struct pmo_removal *removal, enum pmo_outcome outcome, int error)
{
    removal->outcome = outcome != PMO_REMOVAL_FAILED             ? outcome
                       : error == EACCES || error == EPERM ? PMO_REMOVAL_NOT_PERMITTED
                       : error == ENOENT                   ? PMO_REMOVAL_GONE
                                                           : PMO_REMOVAL_FAILED;
    removal->error = error;
    return false;
}

static bool refuse(struct pmo_removal *removal, enum pmo_reason reason, int error)
{
    removal->reason = reason;
    return end_with(removal, reason == PMO_CHANGED ? PMO_REMOVAL_GONE : PMO_REMOVAL_REFUSED, error);
}

/* The name below /dev/shm of `base` in the folder of the object. */
static void tell_name(const struct pmo_target *target, const char *base, struct pmo_removal *removal)
{
    const char *slash = strrchr(target->name, '/');
    snprintf(removal->name, sizeof removal->name, "%.*s%s", slash ? (int)(slash + 1 - target->name) : 0, target->name, base);
}

static bool is_meant(const struct pmo_entry *entry, const struct pmo_target *target)
{
    const uint64_t born = target->born_ns != 0 ? pm_object_born(entry->folder, entry->base) : 0;
    return pmo_entry_is(entry, target->object) && (born == 0 || born == target->born_ns);
}

/* So that nobody can look it up any more. */
static bool set_aside(struct removing *removing)
{
    const char *base = removing->entry.base;
    if (pmo_name_before(base)) { /* it is, by who died in the middle */
        snprintf(removing->aside, sizeof removing->aside, "%s", base);
        return true;
    }
    for (unsigned int i = 0; i < PMO_MOST_ASIDE; i++) {
        if (snprintf(removing->aside, sizeof removing->aside, PMO_ASIDE "%u.%s", i, base) >= (int)sizeof removing->aside)
            return end_with(removing->removal, PMO_REMOVAL_LONG_NAME, 0);
        if (renameat2(removing->entry.folder, base, removing->entry.folder, removing->aside, RENAME_NOREPLACE) == 0)
            return true;
        if (errno != EEXIST)
            break;
    }
    return end_with(removing->removal, PMO_REMOVAL_FAILED, errno);
}

/* What was set aside has its name again, or, if that was taken, keeps the other one: nothing is lost. */
static bool give_back(struct removing *removing, enum pmo_outcome outcome, int error)
{
    const char *before = pmo_name_before(removing->aside);
    if (renameat2(removing->entry.folder, removing->aside, removing->entry.folder, before, RENAME_NOREPLACE) == 0) {
        tell_name(removing->target, before, removing->removal);
        return end_with(removing->removal, outcome, error);
    }
    tell_name(removing->target, removing->aside, removing->removal);
    return end_with(removing->removal, PMO_REMOVAL_RENAMED, errno);
}

/* Whom the kernel does not count. */
static bool find_namer(const char *name, const struct pmo_target *target, struct pmo_removal *removal)
{
    struct pmo_census_process namer;
    if (!pmo_named_by_other(name, target->object, &namer))
        return false;
    removal->pid = namer.pid;
    memcpy(removal->command, namer.command, sizeof removal->command);
    return true;
}

static bool unlink_aside(struct removing *removing)
{
    if (!set_aside(removing))
        return false;
    const struct pmo_entry aside = { removing->entry.folder, removing->aside };
    if (!is_meant(&aside, removing->target))
        return give_back(removing, PMO_REMOVAL_REPLACED, 0); /* another had the name by then */
    if (!removing->target->anyway && find_namer(removing->aside, removing->target, removing->removal))
        return give_back(removing, PMO_REMOVAL_OPENED, 0); /* since the first look; by now nobody can look it up */
    if (!removing->target->anyway && !pmo_lease_is_whole(&removing->lease))
        return give_back(removing, PMO_REMOVAL_OPENED, 0);
    if (unlinkat(aside.folder, aside.base, 0) != 0)
        return give_back(removing, PMO_REMOVAL_FAILED, errno);
    removing->removal->outcome = PMO_REMOVAL_DONE;
    return true;
}

/* Who has it, since the kernel says that somebody does.  False: nobody but this process, which only looks. */
static bool find_holder(const struct pmo_target *target, struct pmo_removal *removal)
{
    struct pmo_census census;
    removal->reason = PMO_UNSEEN;
    if (pmo_census_take(&census) != 0)
        return true;
    const struct pmo_memory *memory = pmo_census_find(&census, target->kind, target->object);
    const struct pmo_census_process *holder = memory ? pmo_census_holder(&census, memory, &removal->others) : NULL;
    if (memory)
        removal->reason = memory->reason;
    if (holder) {
        removal->pid = holder->pid;
        memcpy(removal->command, holder->command, sizeof removal->command);
    }
    pmo_census_free(&census);
    return pmo_reason_orphan(removal->reason) != PMO_ORPHAN;
}

static enum pmo_reason take_lease(struct removing *removing)
{
    const struct pmo_object object = removing->target->object;
    const enum pmo_reason reason = pmo_lease_take(&removing->entry, object, false, &removing->lease);
    if (reason != PMO_UNSEEN)
        return reason;
    if (find_holder(removing->target, removing->removal))
        return removing->removal->reason;
    return pmo_lease_take(&removing->entry, object, true, &removing->lease);
}

/* A registry is read before there is a lease, which that would break: to read it is to open the object. */
static enum pmo_reason take_lease_unless_registered(struct removing *removing)
{
    char peer[PM_NAME_MAX];
    uint32_t pid;
    const bool registered = pmo_registry_lives(removing->target->name, removing->target->object, peer, &pid);
    const enum pmo_reason reason = take_lease(removing);
    if (!registered || reason == PMO_CHANGED)
        return reason;
    if (reason == PMO_LEASED)
        pmo_lease_end(&removing->lease);
    snprintf(removing->removal->name, sizeof removing->removal->name, "%s", peer);
    removing->removal->pid = pid;
    return reason == PMO_LEASED ? PMO_CONTRADICTED : PMO_REGISTERED;
}

/* PMO_LEASED: it is not. */
static enum pmo_reason is_mounted(const struct pmo_target *target)
{
    struct pmo_mounted mounted;
    pmo_mounted_read(&mounted);
    const enum pmo_reason reason = pmo_mounted_has(&mounted, target->name) ? PMO_MOUNTED : mounted.whole ? PMO_LEASED : PMO_FAILED;
    pmo_mounted_free(&mounted);
    errno = reason == PMO_FAILED ? ETIME : errno;
    return reason;
}

/* By what it asks, and by what the kernel does not count. */
static enum pmo_reason take(struct removing *removing)
{
    if (find_namer(removing->target->name, removing->target, removing->removal))
        return PMO_SEEN;
    const enum pmo_reason reason = is_mounted(removing->target);
    return reason == PMO_LEASED ? take_lease_unless_registered(removing) : reason;
}

static bool name_is_taken(const struct pmo_entry *entry)
{
    struct stat facts;
    return fstatat(entry->folder, entry->base, &facts, AT_SYMLINK_NOFOLLOW) == 0;
}

/* CAP_FOWNER, which overrides the sticky bit. */
static bool overrides_owners(void)
{
    struct {
        uint32_t version;
        int pid;
    } head = { 0x20080522, 0 };
    struct {
        uint32_t effective, permitted, inheritable;
    } sets[2] = { 0 };
    return syscall(SYS_capget, &head, sets) == 0 && (sets[0].effective & 1u << 3) != 0;
}

bool pmo_may_unlink(const struct pmo_target *target)
{
    struct pmo_entry entry;
    enum pmo_reason reason;
    struct stat folder, object;
    if (target->kind != PMO_POSIX || !pmo_folder_open(target->directory, target->name, true, &entry, &reason))
        return false;
    bool may = faccessat(entry.folder, ".", W_OK | X_OK, AT_EACCESS) == 0 && fstat(entry.folder, &folder) == 0 &&
               fstatat(entry.folder, entry.base, &object, AT_SYMLINK_NOFOLLOW) == 0;
    if (may && (folder.st_mode & S_ISVTX))
        may = object.st_uid == geteuid() || folder.st_uid == geteuid() || overrides_owners();
    close(entry.folder);
    return may;
}

static void unlink_posix(const struct pmo_target *target, struct pmo_removal *removal)
{
    struct removing removing = { .target = target, .removal = removal };
    enum pmo_reason reason;
    if (!pmo_folder_open(target->directory, target->name, true, &removing.entry, &reason)) {
        refuse(removal, reason, errno);
        return;
    }
    if (!is_meant(&removing.entry, target)) {
        end_with(removal, name_is_taken(&removing.entry) ? PMO_REMOVAL_REPLACED : PMO_REMOVAL_GONE, 0);
    } else if (target->anyway) {
        unlink_aside(&removing);
    } else if ((reason = take(&removing)) == PMO_LEASED) {
        removal->reason = reason;
        unlink_aside(&removing);
        pmo_lease_end(&removing.lease);
    } else if (pmo_name_before(target->name) && pmo_reason_orphan(reason) == PMO_IN_USE) {
        removal->reason = reason; /* a removal that was interrupted, and somebody has it: it is undone */
        snprintf(removing.aside, sizeof removing.aside, "%s", removing.entry.base);
        give_back(&removing, PMO_REMOVAL_UNDONE, 0);
    } else {
        refuse(removal, reason, errno);
    }
    close(removing.entry.folder);
}

/* Who attaches between the two calls keeps the memory: what is removed is the number, as a name is of a file. */
static void unlink_sysv(const struct pmo_target *target, struct pmo_removal *removal)
{
    const int id = (int)target->object.inode;
    struct shmid_ds facts;
    removal->reason = PMO_UNATTACHED;
    if (shmctl(id, IPC_STAT, &facts) == 0 && facts.shm_nattch > 0) {
        find_holder(target, removal);
        refuse(removal, removal->pid ? PMO_SEEN : PMO_COUNTED, 0);
    } else if (shmctl(id, IPC_RMID, NULL) != 0) {
        end_with(removal, errno == EINVAL || errno == EIDRM ? PMO_REMOVAL_GONE : PMO_REMOVAL_FAILED, errno);
    }
}

void pmo_unlink(const struct pmo_target *target, struct pmo_removal *removal)
{
    *removal = (struct pmo_removal){ .outcome = PMO_REMOVAL_DONE };
    if (target->kind == PMO_SYSV)
        unlink_sysv(target, removal);
    else
        unlink_posix(target, removal);
}

/* ---- words ---- */

const char *pmo_outcome_word(enum pmo_outcome outcome)
{
    static const char *const words[] = {
#define X(name, word) word,
        PMO_OUTCOMES(X)
#undef X
    };
    return words[outcome];
}

int pmo_removal_code(const struct pmo_removal *removal)
{
    switch (removal->outcome) {
    case PMO_REMOVAL_DONE: return 0;
    case PMO_REMOVAL_GONE: return PEERMAP_ENOENT;
    case PMO_REMOVAL_NOT_PERMITTED: return PEERMAP_EACCES;
    case PMO_REMOVAL_LONG_NAME: return PEERMAP_ENAME;
    case PMO_REMOVAL_REPLACED: return PEERMAP_EBUSY;
    case PMO_REMOVAL_FAILED: return PEERMAP_EOS;
    default: break;
    }
    switch (removal->reason) {
    case PMO_NOT_OWNER:
    case PMO_NOT_READABLE:
    case PMO_FOREIGN_FOLDER: return PEERMAP_EACCES;
    case PMO_FAILED: return PEERMAP_EOS;
    default: return PEERMAP_EBUSY;
    }
}

static void refusal_text(const struct pmo_removal *removal, char *text, size_t size)
{
    if (removal->reason == PMO_REGISTERED || removal->reason == PMO_CONTRADICTED)
        snprintf(text, size, "%sits registry has a live peer, %s (%u)%s", removal->reason == PMO_REGISTERED ? "" : "no process has it, but ", removal->name, (unsigned)removal->pid,
                 removal->reason == PMO_REGISTERED ? "" : ": reap it, then try again");
    else if (removal->pid && removal->others)
        snprintf(text, size, "it is in use by %s (%u) and %zu more", removal->command, (unsigned)removal->pid, removal->others);
    else if (removal->pid)
        snprintf(text, size, "it is in use by %s (%u)", removal->command, (unsigned)removal->pid);
    else if (removal->reason == PMO_FAILED)
        snprintf(text, size, "%s: %s", pmo_reason_text(removal->reason), strerror(removal->error));
    else
        snprintf(text, size, "%s", pmo_reason_text(removal->reason));
}

void pmo_removal_text(const struct pmo_removal *removal, char *text, size_t size)
{
    switch (removal->outcome) {
    case PMO_REMOVAL_DONE: snprintf(text, size, "removed"); break;
    case PMO_REMOVAL_GONE: snprintf(text, size, "it is not there any more"); break;
    case PMO_REMOVAL_REPLACED: snprintf(text, size, "its name is another object's by now, and nothing was removed: look again"); break;
    case PMO_REMOVAL_REFUSED: refusal_text(removal, text, size); break;
    case PMO_REMOVAL_OPENED: snprintf(text, size, "somebody opened it while it was being removed: it is there as before"); break;
    case PMO_REMOVAL_UNDONE:
        snprintf(text, size, "somebody has it: its removal, which had been interrupted, is undone, and it is called %s again", removal->name);
        break;
    case PMO_REMOVAL_RENAMED:
        snprintf(text, size, "somebody opened it while it was being removed, and another object has its name by now: it is called %s",
                 removal->name);
        break;
    case PMO_REMOVAL_NOT_PERMITTED: snprintf(text, size, "this user may not remove it: %s", strerror(removal->error)); break;
    case PMO_REMOVAL_LONG_NAME: snprintf(text, size, "its name is too long to be set aside while it is removed: give it a shorter one first"); break;
    case PMO_REMOVAL_FAILED: snprintf(text, size, "it cannot be removed: %s", strerror(removal->error)); break;
    }
}
