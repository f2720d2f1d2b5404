/* SPDX-License-Identifier: MIT */
/* lease.c - asking the kernel whether anybody has a file below /dev/shm. */
#include "lease.h"

#include "budget.h"
#include "os.h"
#include "room.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

/* Who owns a folder can exchange what is in it between two of our steps. */
static bool is_foreign(int folder)
{
    struct stat facts;
    return fstat(folder, &facts) != 0 || (facts.st_uid != 0 && facts.st_uid != geteuid());
}

static bool same_device(int a, int b)
{
    struct stat one, other;
    return fstat(a, &one) == 0 && fstat(b, &other) == 0 && one.st_dev == other.st_dev;
}

/* The folder `part` of the folder `within`, which it closes; -1 with the reason. */
static int enter(int within, const char *part, bool trusted, enum pmo_reason *why)
{
    int folder = openat(within, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    const int error = errno;
    if (folder < 0)
        *why = error == ENOENT || error == ELOOP || error == ENOTDIR ? PMO_CHANGED : error == EACCES ? PMO_NOT_READABLE : PMO_FAILED;
    else if (!same_device(within, folder))
        *why = PMO_CHANGED;
    else if (trusted && is_foreign(folder))
        *why = PMO_FOREIGN_FOLDER;
    else {
        close(within);
        return folder;
    }
    if (folder >= 0)
        close(folder);
    close(within);
    errno = error;
    return -1;
}

static bool is_part(const char *part) { return *part != '\0' && strcmp(part, ".") != 0 && strcmp(part, "..") != 0; }

bool pmo_folder_open(const char *directory, const char *path, bool trusted, struct pmo_entry *entry, enum pmo_reason *why)
{
    char part[NAME_MAX + 1];
    *why = PMO_FAILED;
    *entry = (struct pmo_entry){ .folder = open(directory ? directory : PM_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC), .base = path };
    for (const char *slash; entry->folder >= 0 && (slash = strchr(entry->base, '/')) != NULL; entry->base = slash + 1) {
        const size_t length = (size_t)(slash - entry->base);
        snprintf(part, sizeof part, "%.*s", (int)length, entry->base);
        if (length > NAME_MAX || !is_part(part))
            break;
        entry->folder = enter(entry->folder, part, trusted, why);
    }
    if (entry->folder < 0)
        return false;
    if (is_part(entry->base) && !strchr(entry->base, '/'))
        return true;
    close(entry->folder);
    *why = PMO_CHANGED; /* nothing below the directory has such a path */
    return false;
}

static bool is_object(const struct stat *facts, struct pmo_object object)
{
    return S_ISREG(facts->st_mode) && facts->st_dev == object.device && facts->st_ino == object.inode;
}

bool pmo_entry_is(const struct pmo_entry *entry, struct pmo_object object)
{
    struct stat facts;
    return fstatat(entry->folder, entry->base, &facts, AT_SYMLINK_NOFOLLOW) == 0 && is_object(&facts, object);
}

const char *pmo_name_before(const char *name)
{
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    if (strncmp(base, PMO_ASIDE, strlen(PMO_ASIDE)) != 0)
        return NULL;
    const char *number = base + strlen(PMO_ASIDE), *end = number + strspn(number, "0123456789");
    return end > number && *end == '.' && end[1] != '\0' ? end + 1 : NULL;
}

/* Before Linux 5.3 the kernel counted what it keeps of a file itself, and a named one of tmpfs was always in use to it. */
static bool counts_opens(int fd)
{
    struct utsname system;
    struct statfs facts;
    unsigned int version = 0, patch = 0;
    if (fstatfs(fd, &facts) != 0 || (uint64_t)facts.f_type != PM_TMPFS || uname(&system) != 0)
        return false;
    return sscanf(system.release, "%u.%u", &version, &patch) == 2 && (version > 5 || (version == 5 && patch >= 3));
}

/*
 * Who comes to open the file makes the kernel send a signal, by default SIGIO, which ends the process.  SIGURG does nothing where it is not
 * handled; and it goes to this thread alone, which set it before there was a lease.
 */
static enum pmo_reason ask(int fd)
{
    const struct f_owner_ex owner = { F_OWNER_TID, (pid_t)pm_thread_id() };
    if (fcntl(fd, F_SETOWN_EX, &owner) != 0 || fcntl(fd, F_SETSIG, SIGURG) != 0)
        return PMO_FAILED;
    if (fcntl(fd, F_SETLEASE, F_WRLCK) == 0)
        return PMO_LEASED;
    switch (errno) {
    case EAGAIN:
    case EBUSY: return PMO_UNSEEN;
    case EACCES:
    case EPERM: return PMO_NOT_OWNER;
    case EINVAL: return PMO_NO_LEASE; /* switched off by fs.leases-enable */
    default: return PMO_FAILED;
    }
}

/* By a descriptor of our own that is open already: an observer's, which would be somebody else to a second one. */
static enum pmo_reason ask_own(struct pmo_object object, struct pmo_lease *lease)
{
    DIR *folder = opendir("/proc/self/fd");
    enum pmo_reason reason = PMO_UNSEEN;
    for (struct dirent *entry; folder && reason != PMO_LEASED && (entry = readdir(folder)) != NULL;) {
        struct stat facts;
        const int number = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || number == dirfd(folder) || fstat(number, &facts) != 0 || !is_object(&facts, object))
            continue;
        lease->fd = fcntl(number, F_DUPFD_CLOEXEC, 0); /* the same open file, whatever becomes of the number */
        if (lease->fd >= 0 && fstat(lease->fd, &facts) == 0 && is_object(&facts, object))
            reason = ask(lease->fd);
        if (lease->fd >= 0 && reason != PMO_LEASED)
            close(lease->fd);
    }
    if (folder)
        closedir(folder);
    if (reason != PMO_LEASED)
        lease->fd = -1;
    return reason == PMO_LEASED ? reason : PMO_UNSEEN;
}

static enum pmo_reason reason_of_open(int error)
{
    switch (error) {
    case EAGAIN: return PMO_UNSEEN; /* somebody else has a lease on it */
    case ENOENT:
    case ELOOP:
    case ENXIO: return PMO_CHANGED;
    case EACCES:
    case EPERM: return PMO_NOT_READABLE;
    default: return PMO_FAILED;
    }
}

enum pmo_reason pmo_lease_take(const struct pmo_entry *entry, struct pmo_object object, bool looks, struct pmo_lease *lease)
{
    struct stat facts;
    lease->fd = -1;
    if (!pmo_entry_is(entry, object))
        return PMO_CHANGED;
    lease->fd = openat(entry->folder, entry->base, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (lease->fd < 0)
        return reason_of_open(errno);
    enum pmo_reason reason = fstat(lease->fd, &facts) != 0 || !is_object(&facts, object) ? PMO_CHANGED
                             : !counts_opens(lease->fd)                                 ? PMO_NO_LEASE
                                                                                        : ask(lease->fd);
    if (reason == PMO_LEASED)
        return reason;
    const int error = errno;
    close(lease->fd);
    lease->fd = -1;
    errno = error;
    return reason == PMO_UNSEEN && looks ? ask_own(object, lease) : reason;
}

bool pmo_lease_is_whole(const struct pmo_lease *lease) { return fcntl(lease->fd, F_GETLEASE) == F_WRLCK; }

void pmo_lease_end(struct pmo_lease *lease)
{
    fcntl(lease->fd, F_SETLEASE, F_UNLCK); /* closing does not end it where the open file is an observer's too */
    close(lease->fd);
    lease->fd = -1;
}

/* "1: LEASE  ACTIVE    WRITE 1234 00:1b:5193 0 EOF" */
void pmo_leases_read(struct pmo_leases *leases)
{
    char line[256];
    unsigned int major_number, minor_number;
    uint64_t inode;
    FILE *file = fopen("/proc/locks", "re");
    *leases = (struct pmo_leases){ .whole = file == NULL }; /* a kernel without locks has no leases */
    while (file && (leases->whole = pmo_budget_left()) && fgets(line, sizeof line, file)) {
        if (sscanf(line, "%*s LEASE %*s %*s %*s %x:%x:%" SCNu64, &major_number, &minor_number, &inode) != 3)
            continue;
        struct pmo_object *object = pmo_room((void **)&leases->list, leases->count, sizeof *object);
        leases->whole = object != NULL;
        if (!object)
            break;
        *object = (struct pmo_object){ makedev(major_number, minor_number), (ino_t)inode };
        leases->count++;
    }
    if (file)
        fclose(file);
}

bool pmo_leases_have(const struct pmo_leases *leases, struct pmo_object object)
{
    for (size_t i = 0; i < leases->count; i++)
        if (leases->list[i].inode == object.inode && leases->list[i].device == object.device)
            return true;
    return !leases->whole;
}
