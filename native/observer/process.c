/* SPDX-License-Identifier: MIT */
/* process.c - one process, as /proc shows it. */
#include "process.h"

#include "attach.h"
#include "budget.h"
#include "os.h"
#include "patient.h"
#include "proc_text.h"
#include "room.h"
#include "share.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int pmo_process_open(uint32_t pid, struct pmo_process *process)
{
    char path[32];
    snprintf(path, sizeof path, "/proc/%" PRIu32, pid);
    process->pid = pid;
    process->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return process->dir < 0 ? errno : 0;
}

void pmo_process_close(struct pmo_process *process)
{
    close(process->dir);
    process->dir = -1;
}

char pmo_process_state(const struct pmo_process *process, uint64_t *start_time)
{
    char line[1024];
    const ssize_t length = pm_text_read_at(process->dir, "stat", line, sizeof line);
    const char *third = length > 0 ? pm_proc_stat_field(line, 3) : NULL, *begun = third ? pm_proc_stat_field(line, 22) : NULL;
    if (start_time)
        *start_time = begun ? strtoull(begun, NULL, 10) : 0;
    if (length >= 0 && !begun)
        errno = ESRCH;
    return begun ? *third : 0;
}

/* 0; ESRCH: it has ended; or whatever else keeps it from being asked. */
static int thread_runs(int task)
{
    const struct pmo_process thread = { .dir = task };
    const char state = pmo_process_state(&thread, NULL);
    if (state == 0)
        return errno;
    return state != 'Z' && state != 'X' ? 0 : ESRCH;
}

int pmo_process_open_thread(const struct pmo_process *process, const char *file, int flags)
{
    int found = -1, error = ESRCH;
    const bool leaderless = pmo_process_state(process, NULL) == 'Z';
    const int fd = leaderless ? openat(process->dir, "task", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *tasks = fd >= 0 ? fdopendir(fd) : NULL;
    if (leaderless && !tasks)
        error = errno;
    if (fd >= 0 && !tasks)
        close(fd);
    for (struct dirent *entry; tasks && found < 0 && pmo_budget_left() && (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        const int task = openat(fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        error = task >= 0 ? thread_runs(task) : errno;
        if (task >= 0 && error == 0) {
            found = openat(task, file, flags);
            error = errno;
        }
        if (task >= 0)
            close(task);
        if (found < 0 && error != ESRCH && error != ENOENT)
            break; /* what one thread may not be asked, none may */
    }
    if (tasks)
        closedir(tasks);
    errno = error;
    return found;
}

int pmo_process_open_descriptors(const struct pmo_process *process)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC, fd = openat(process->dir, "fd", flags);
    if (pmo_process_state(process, NULL) != 'Z')
        return fd;
    if (fd >= 0)
        close(fd);
    return pmo_process_open_thread(process, "fd", flags);
}

char pmo_process_activity(const struct pmo_process *process)
{
    const char state = pmo_process_state(process, NULL);
    if (state != 'Z' && state != 'X')
        return state;
    const struct pmo_process thread = { .dir = pmo_process_open_thread(process, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (thread.dir < 0)
        return errno == ESRCH || errno == ENOENT ? 0 : state; /* it could not be asked: that proves no end */
    const char activity = pmo_process_state(&thread, NULL);
    close(thread.dir);
    return activity != 0 ? activity : state; /* it ended meanwhile: others may not have */
}

#define SAME_MEMORY 1 /* KCMP_VM */

/* Neither number can have come to mean another process meanwhile: the one that is looked at still has this parent afterwards. */
static uint32_t parent_of(const struct pmo_process *process)
{
    struct pm_text_field parent = { .name = "PPid" };
    return pm_text_fields(process->dir, "status", &parent, 1) == 0 ? pm_text_last_number(parent.value) : 0;
}

bool pmo_process_is_in_its_parent(const struct pmo_process *process)
{
    const uint32_t parent = parent_of(process);
    return parent != 0 && syscall(SYS_kcmp, (pid_t)process->pid, (pid_t)parent, SAME_MEMORY, 0, 0) == 0 && parent_of(process) == parent;
}

/* By its own time namespace it began at another moment than by ours. */
static bool has_other_times(const struct pmo_process *process)
{
    struct stat its, own;
    return fstatat(process->dir, "ns/time", &its, 0) == 0 && stat("/proc/self/ns/time", &own) == 0 && its.st_ino != own.st_ino;
}

enum pmo_match pmo_process_match(const struct pmo_process *process, const struct pm_slot *slot)
{
    uint64_t start_time;
    struct stat ns;
    uint64_t inode = slot->pidfd_ino ? pm_pidfd_inode_of(process->pid) : 0;
    /* That it can still be read afterwards means that its pid was its own when the pidfd was opened. */
    if (pmo_process_state(process, &start_time) == 0)
        return PMO_IS_NOT;
    if (inode)
        return inode == slot->pidfd_ino ? PMO_IS : PMO_IS_NOT;
    const bool asked = slot->pidns && fstatat(process->dir, "ns/pid", &ns, 0) == 0;
    if (asked && ns.st_ino != slot->pidns)
        return PMO_IS_NOT;
    if (slot->start_time == 0 || start_time != slot->start_time)
        return asked && process->pid == slot->pid && has_other_times(process) ? PMO_MAY_BE : PMO_IS_NOT;
    if (asked)
        return PMO_IS;
    /* Of a namespace that may not be asked: in ours the number is one process's alone, in another it is not. */
    return process->pid == slot->pid && (slot->pidns == 0 || slot->pidns == pmo_own_pidns()) ? PMO_IS : PMO_MAY_BE;
}

struct pmo_uids pmo_process_uids(const struct pmo_process *process)
{
    /* The directory itself belongs to root while the process may not be traced; its status says the truth. */
    struct pm_text_field uids = { .name = "Uid" };
    uint32_t real, effective;
    pm_text_fields(process->dir, "status", &uids, 1);
    if (sscanf(uids.value, "%" SCNu32 " %" SCNu32, &real, &effective) != 2)
        return (struct pmo_uids){ UINT32_MAX, UINT32_MAX };
    return (struct pmo_uids){ effective, pmo_share_payer(real, effective) };
}

uint32_t pmo_process_uid(const struct pmo_process *process) { return pmo_process_uids(process).effective; }

int pmo_process_command(const struct pmo_process *process, char *command, size_t size)
{
    ssize_t length = pmo_patient_text(process, "cmdline", command, size);
    const int error = length < 0 ? errno : 0;
    while (length > 0 && command[length - 1] == '\0')
        length--;
    if (length > 0) {
        for (ssize_t i = 0; i < length; i++)
            if ((unsigned char)command[i] < ' ' || command[i] == 0x7f)
                command[i] = ' ';
        return 0;
    }
    char name[64];
    const bool named = pm_text_read_at(process->dir, "comm", name, sizeof name) > 0;
    name[strcspn(name, "\n")] = '\0';
    snprintf(command, size, "[%s]", named ? name : "?");
    return error;
}

/* A process that is asked after those of this user and of root. */
struct later {
    uint32_t pid, payer;
};

/* Process-local. */
struct walk {
    bool (*each)(const struct pmo_process *process, void *context);
    void *context;
    struct later *others;
    size_t count;
};

/* Without memory for it, it comes at once. */
static bool keep(struct walk *walk, uint32_t pid, uint32_t payer)
{
    struct later *later = pmo_share_is_whole(payer) ? NULL : pmo_room((void **)&walk->others, walk->count, sizeof *later);
    if (!later)
        return false;
    *later = (struct later){ pid, payer };
    walk->count++;
    return true;
}

/* What has ended since it was read of is no process. */
static bool visit_now(struct walk *walk, uint32_t pid)
{
    struct pmo_process process;
    if (pmo_process_open(pid, &process) != 0)
        return true;
    const bool more = keep(walk, pid, pmo_process_uids(&process).payer) || walk->each(&process, walk->context);
    pmo_process_close(&process);
    return more;
}

static bool visit_later(struct walk *walk, const struct later *later, struct pmo_shares *shares)
{
    struct pmo_process process;
    if (!pmo_share_begin(shares, later->payer))
        return true;
    bool more = true;
    if (pmo_process_open(later->pid, &process) == 0) {
        more = walk->each(&process, walk->context);
        pmo_process_close(&process);
    }
    pmo_share_end(shares, later->payer);
    return more;
}

int pmo_process_each(bool (*each)(const struct pmo_process *process, void *context), void *context, struct pmo_shares *shares, bool *whole)
{
    struct walk walk = { .each = each, .context = context };
    DIR *directory = opendir("/proc");
    *whole = directory != NULL;
    if (!directory)
        return errno;
    bool more;
    struct dirent *entry;
    while ((more = pmo_budget_left()) && (entry = readdir(directory)) != NULL) {
        char *end;
        const unsigned long pid = strtoul(entry->d_name, &end, 10);
        if (*end == '\0' && pid != 0 && !(more = visit_now(&walk, (uint32_t)pid)))
            break;
    }
    closedir(directory);
    for (size_t i = 0; more && i < walk.count && (more = pmo_budget_left()); i++)
        more = visit_later(&walk, &walk.others[i], shares);
    free(walk.others);
    *whole = more;
    return 0;
}

#define FIRST_PID_NAMESPACE UINT64_C(0xEFFFFFFC) /* its inode, on every Linux */

bool pmo_process_all_seen(void)
{
    struct stat ns;
    char line[1024];
    bool hides = true;
    if (stat("/proc/self/ns/pid", &ns) != 0 || ns.st_ino != FIRST_PID_NAMESPACE)
        return false;
    FILE *mounts = fopen("/proc/self/mounts", "re");
    while (mounts && fgets(line, sizeof line, mounts))
        if (strstr(line, " /proc proc "))
            hides = (strstr(line, "hidepid=") && !strstr(line, "hidepid=0") && !strstr(line, "hidepid=off")) || strstr(line, "subset=");
    if (mounts)
        fclose(mounts);
    return !hides;
}
