/* SPDX-License-Identifier: MIT */
/*
 * os_linux_ended.c - os.h on Linux: whether a process, or a thread of it, runs code of its own any more.
 *
 * What cannot be seen from here is not taken for ended.  Agents call this, so no lock of the C library is taken.
 */
#include "os.h"

#include "order.h"
#include "os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- one thread ---- */

#define INITIAL_PIDNS UINT64_C(0xeffffffc) /* from which every process can be seen */

/*
 * Field 9 of /proc/PID/stat, include/linux/sched.h: PF_EXITING, PF_POSTCOREDUMP, PF_SIGNALED.  A thread with one of them has left its last system call and never goes
 * back to its own code, whatever keeps it: a core that is dumped, or a tracer that stops it at its exit, where PF_EXITING is still to come.
 */
#define FLAGS_LEAVING (0x4u | 0x8u | 0x400u)

/* Process-local.  A look at all processes, for those that are sought. */
struct survey {
    struct pm_suspect *suspects;
    uint32_t count, sought;
    uint64_t until;
    bool late;
};

/* It may be the one that is searched for, unless it is no more. */
static bool may_be(uint32_t number) { return kill((pid_t)number, 0) == 0 || errno == EPERM; }

static bool is_sought(const struct pm_suspect *suspect, uint64_t pidns)
{
    return suspect->elsewhere && suspect->number == 0 && (pidns == 0 || suspect->who.pidns == pidns);
}

static bool is_any_sought(const struct survey *survey, uint64_t pidns)
{
    for (uint32_t i = 0; i < survey->count; i++)
        if (is_sought(&survey->suspects[i], pidns))
            return true;
    return false;
}

/* Of one whose namespace cannot be asked for, its number there can: it may be the one, if that fits. */
static bool surveyed(uint32_t number, void *context)
{
    struct survey *survey = context;
    char path[96];
    struct pm_text_field ids = { .name = "NSpid" };
    survey->late = pm_now() >= survey->until;
    if (survey->late)
        return true;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/ns/pid", number);
    const uint64_t pidns = pm_proc_inode(path);
    if (!is_any_sought(survey, pidns))
        return false;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/status", number);
    pm_text_fields(AT_FDCWD, path, &ids, 1);
    const bool known = ids.value[0] != '\0', there = known || may_be(number);
    for (uint32_t i = 0; i < survey->count && there; i++) {
        struct pm_suspect *suspect = &survey->suspects[i];
        if (!is_sought(suspect, pidns) || (known && pm_text_last_number(ids.value) != suspect->who.pid))
            continue;
        if (pidns != 0 && known) {
            suspect->number = number;
            survey->sought--;
        } else {
            suspect->blind = true;
        }
    }
    return survey->sought == 0;
}

/* True if /proc numbers processes as this process does: it may have been mounted for another namespace. */
bool pm_proc_is_ours(void)
{
    char target[16], own[16];
    ssize_t length = readlink("/proc/self", target, sizeof target - 1);
    snprintf(own, sizeof own, "%d", (int)getpid());
    return length > 0 && strncmp(target, own, (size_t)length) == 0 && own[length] == '\0';
}

/* What a field of a stat line is; 0 if there is none. */
static uint64_t stat_number(const char *line, int number)
{
    const char *at = pm_proc_stat_field(line, number);
    return at ? strtoull(at, NULL, 10) : 0;
}

/* The number is another process's by now.  Start times are as their reader's time namespace has them, so they are of use in one alone. */
bool pm_proc_is_another(const struct pm_process *who, uint32_t pid)
{
    uint64_t inode = who->pidfd_ino ? pm_pidfd_inode(pid) : 0;
    if (inode != 0)
        return inode != who->pidfd_ino;
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/ns/time", pid);
    uint64_t timens = pm_proc_inode(path);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    if (who->start_time == 0 || timens != pm_proc_inode("/proc/self/ns/time") || pm_text_read(path, line, sizeof line) <= 0)
        return false;
    return stat_number(line, 22) != who->start_time;
}

/* Of a line of a thread's stat. */
static bool has_left(const char *line)
{
    const char *state = pm_proc_stat_field(line, 3);
    return (state && (*state == 'Z' || *state == 'X' || *state == 'x')) || stat_number(line, 9) & FLAGS_LEAVING;
}

/* Of a thread that can be seen here.  What cannot be read means nothing: /proc may hide it. */
static bool runs_no_more(uint32_t pid, uint32_t thread)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/stat", pid, thread);
    return pm_text_read(path, line, sizeof line) > 0 && has_left(line);
}

bool pm_process_is_gone(const struct pm_process *who, uint32_t thread)
{
    return who->pid != 0 && thread != 0 && who->pidns != 0 && who->pidns == pm_proc_inode("/proc/self/ns/pid") && syscall(SYS_tgkill, who->pid, thread, 0) != 0 &&
           errno == ESRCH;
}

static bool runs_no_more_elsewhere(const struct pm_suspect *suspect, uint64_t until)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task", suspect->number);
    uint32_t task = pm_proc_number_until(path, suspect->thread, suspect->who.pidns, until);
    return pm_proc_is_another(&suspect->who, suspect->number) || (task != 0 && runs_no_more(suspect->number, task));
}

static void look_elsewhere(struct survey *survey)
{
    bool whole = true;
    /* Where the first process of all is to be seen, which is root's, /proc hides nobody's. */
    if (access("/proc/1", F_OK) != 0)
        return;
    pm_proc_any_number("/proc", surveyed, survey, &whole);
    for (uint32_t i = 0; i < survey->count; i++) {
        struct pm_suspect *suspect = &survey->suspects[i];
        if (!suspect->elsewhere)
            continue;
        if (suspect->number == 0)
            suspect->ended = whole && !survey->late && !suspect->blind;
        else if (pm_now() < survey->until)
            suspect->ended = runs_no_more_elsewhere(suspect, survey->until);
    }
}

void pm_processes_ended(struct pm_suspect *suspects, uint32_t count, uint64_t until)
{
    struct survey survey = { .suspects = suspects, .count = count, .until = until };
    const uint64_t own = pm_proc_inode("/proc/self/ns/pid");
    const bool ours = own != 0 && pm_proc_is_ours();
    for (uint32_t i = 0; i < count; i++) {
        struct pm_suspect *suspect = &suspects[i];
        const struct pm_process *who = &suspect->who;
        suspect->ended = suspect->elsewhere = suspect->blind = false;
        suspect->number = 0;
        if (who->pid == 0 || suspect->thread == 0 || who->pidns == 0 || own == 0)
            continue;
        if (who->pidns == own)
            suspect->ended = pm_process_is_gone(who, suspect->thread) || (ours && (pm_proc_is_another(who, who->pid) || runs_no_more(who->pid, suspect->thread)));
        else
            suspect->elsewhere = ours && own == INITIAL_PIDNS;
        survey.sought += suspect->elsewhere;
    }
    if (survey.sought > 0)
        look_elsewhere(&survey);
}

bool pm_process_ended(const struct pm_process *who, uint32_t thread)
{
    struct pm_suspect suspect = { .who = *who, .thread = thread };
    pm_processes_ended(&suspect, 1, UINT64_MAX);
    return suspect.ended;
}

/* ---- all of a process ---- */

int pm_process_pidfd(const struct pm_process *who)
{
    uint32_t pid = pm_proc_number_here("/proc", who->pid, who->pidns);
    int fd = pid != 0 ? pm_pidfd_open(pid) : -1;
    /* Asked afterwards: then the number was its own when the descriptor was opened. */
    if (fd >= 0 && pm_proc_is_another(who, pid)) {
        close(fd);
        fd = -1;
    }
    return fd;
}

struct threads {
    char folder[64];
    uint32_t seen;
    uint64_t until;
};

/* One whose files are gone has just ended. */
static bool thread_runs(uint32_t number, void *context)
{
    struct threads *threads = context;
    char path[96], line[1024];
    if (threads->seen++ > 0 && pm_now() >= threads->until)
        return true;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/stat", threads->folder, number);
    if (pm_text_read(path, line, sizeof line) <= 0)
        return errno != ENOENT && errno != ESRCH;
    return !has_left(line);
}

bool pm_process_is_over(const struct pm_process *who, uint64_t until)
{
    struct threads threads = { .until = until };
    uint32_t pid = pm_proc_number_until("/proc", who->pid, who->pidns, until);
    if (pid == 0 || pm_proc_is_another(who, pid))
        return false;
    snprintf(threads.folder, sizeof threads.folder, "/proc/%" PRIu32 "/task", pid);
    bool whole = true;
    return !pm_proc_any_number(threads.folder, thread_runs, &threads, &whole) && whole && threads.seen > 0;
}
