/* SPDX-License-Identifier: MIT */
/*
 * A look whose budget ends in the middle opens no further entry of /proc or of a folder, and says that something is left out: wherever that is.  The
 * C library's readdir() is this test's own, which ends the budget with its nth entry and counts what is asked afterwards.
 */
#include "drive.h"

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/syscall.h>

#include "budget.h"
#include "census.h"
#include "snapshot.h"
#include "system.h"

#define FOLDERS 20u
#define ZOMBIES 60u /* more than the steps are wide (ends_at_once) */

static struct {
    uint32_t stop;
    unsigned entries, last; /* read, and to be read; 0: no end */
    unsigned entries_after, processes_after, folders_after;
} look;

struct dirent *readdir(DIR *folder)
{
    static struct dirent *(*next)(DIR *);
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "readdir");
    look.entries_after += look.stop;
    struct dirent *entry = next(folder);
    /* What a reader is at (patient.h) when the budget ends, it does: the thread that looks waits for it meanwhile, and it is the one with the budget. */
    if (entry && syscall(SYS_gettid) == getpid() && ++look.entries == look.last)
        look.stop = 1;
    return entry;
}

static int opened(int folder, const char *path, int flags, mode_t mode)
{
    const bool process = strncmp(path, "/proc/", 6) == 0 && path[6] >= '1' && path[6] <= '9';
    look.processes_after += look.stop && process;
    look.folders_after += look.stop && !process && (flags & O_DIRECTORY);
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return opened(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list list;
    va_start(list, flags);
    const mode_t mode = flags & O_CREAT ? va_arg(list, mode_t) : 0;
    va_end(list);
    return opened(folder, path, flags, mode);
}

static bool left_out(const struct pmo_problems *problems, const char *where)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->list[i].code == PMO_LEFT_OUT && strcmp(problems->list[i].where, where) == 0)
            return true;
    return false;
}

/* Each says whether it says that something is left out. */
static bool list(void)
{
    struct pmo_summary *segments;
    size_t count, others;
    bool whole;
    CHECK_INT(pmo_list(&segments, &count, &others, &whole), 0);
    free(segments);
    return !whole;
}

static bool users(void)
{
    struct pmo_user *all;
    size_t count;
    bool whole;
    struct pmo_problems problems;
    CHECK_INT(pmo_users_find(&all, &count, &whole, &problems), 0);
    pmo_users_free(all, count);
    pmo_problems_free(&problems);
    return !whole;
}

static bool inventory(void)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    const bool said = census.cut && left_out(&census.problems, "inventory");
    pmo_census_free(&census);
    return said;
}

static bool strangers(void)
{
    struct pmo_observer observer;
    struct pmo_snapshot s;
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    const bool said = left_out(&s.problems, "/proc");
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    return said;
}

/* Wherever its time ends: at each entry that it reads, the farther ones in steps. */
static void ends_at_once(bool (*take)(void), const char *what)
{
    for (unsigned at = 1, step = 1;; at += step, step += at / 32) {
        memset(&look, 0, sizeof look);
        look.last = at;
        pmo_budget_begin(0, &look.stop);
        const bool said = take();
        pmo_budget_end();
        if (look.stop == 0)
            break; /* it reads fewer */
        look.stop = 0;
        if (!said || look.entries_after > 0 || look.processes_after > 1 || look.folders_after > 1)
            FAIL("%s, ended at entry %u: it %s, and read %u entries, opened %u processes and %u folders", what, at, said ? "says so" : "says nothing",
                 look.entries_after, look.processes_after, look.folders_after);
    }
}

static void each_name(void (*folder)(const char *path), void (*file)(const char *path))
{
    char path[300];
    for (unsigned i = 0; i < FOLDERS; i++) {
        snprintf(path, sizeof path, "/dev/shm/%s-%u", seg(), i);
        folder(path);
        snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s-%u", seg(), i);
        file(path);
    }
}

/* Of whom a thread is looked for that still runs.  They go with this process. */
static void make_zombies(void)
{
    for (unsigned i = 0; i < ZOMBIES; i++) {
        const pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0)
            _exit(0);
    }
}

static void make_folder(const char *path) { CHECK_INT(mkdir(path, 0700), 0); }
static void make_file(const char *path) { close(open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)); }
static void take_folder(const char *path) { rmdir(path); }
static void take_file(const char *path) { unlink(path); }

static void clean(void)
{
    each_name(take_folder, take_file);
    peermap_unlink(seg());
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    ready_peer("a", "create 65536");
    atexit(clean);
    each_name(make_folder, make_file);
    make_zombies();
    ends_at_once(list, "the list");
    ends_at_once(users, "the processes");
    ends_at_once(inventory, "the inventory");
    ends_at_once(strangers, "the unregistered");
    return 0;
}
