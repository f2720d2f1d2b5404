/* SPDX-License-Identifier: MIT */
/*
 * endings.c - how each actor ended, so that an end that nobody expected explains itself: its signal or exit code, and what the core says.
 *
 * The supervisor's own children leave their status to it.  An actor that another actor forked is reaped by that one; then the kernel is asked
 * through the pidfd, which it answers since Linux 6.15.
 */
#include "crew.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define KEPT 256u
#define TOLD 12u

/* Process-local. */
struct ending {
    char name[64];
    pid_t pid;
    uint32_t arena, doing;
    bool killed, own;
    int status; /* as wait() gives it; -1: nobody knows */
    uint64_t time;
};

static struct ending endings[KEPT];
static uint64_t ending_count;
static char cores[64];

/* ---- where cores go ---- */

/* A folder of this storm, in which a core falls where the system's pattern is a plain file name. */
void endings_begin(void)
{
    struct rlimit limit;
    snprintf(cores, sizeof cores, "/tmp/peermap-chaos-XXXXXX");
    if (!mkdtemp(cores) || chdir(cores) != 0) {
        perror("chaos: a folder for cores");
        exit(2);
    }
    if (getrlimit(RLIMIT_CORE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_CORE, &limit);
    }
}

/* Calls `each` with every file of the folder; the last one for which it was true is left in `path`. */
static bool find_core(char *path, size_t length, bool (*each)(const char *path, pid_t pid), pid_t pid)
{
    bool found = false;
    DIR *folder = opendir(cores);
    for (struct dirent *entry; folder && (entry = readdir(folder)) != NULL;) {
        char at[512];
        snprintf(at, sizeof at, "%s/%s", cores, entry->d_name);
        if (entry->d_name[0] != '.' && each(at, pid)) {
            snprintf(path, length, "%s", at);
            found = true;
        }
    }
    if (folder)
        closedir(folder);
    return found;
}

static bool removed(const char *path, pid_t pid)
{
    (void)pid;
    unlink(path);
    return false;
}

/* With core_uses_pid, or a pattern that has it, the name ends with it; else there is one core. */
static bool core_of(const char *path, pid_t pid)
{
    char number[32];
    snprintf(number, sizeof number, ".%d", (int)pid);
    const char *at = strrchr(path, '/');
    return strstr(at, number) || !strpbrk(at, "0123456789");
}

void endings_end(void)
{
    char none[8];
    find_core(none, sizeof none, removed, 0);
    if (chdir("/") == 0)
        rmdir(cores);
}

/* ---- how it ended ---- */

/* linux/pidfd.h, which older headers do not have. */
struct facts {
    uint64_t mask, cgroup;
    uint32_t ids[11];
    int32_t status;
};
#define FACTS_EXIT UINT64_C(8)
#define GET_FACTS _IOWR(0xff, 11, struct facts)

static int status_of(const struct known *it)
{
    int status = 0;
    siginfo_t info = { .si_pid = 0 };
    if (it->reaped)
        return it->status;
    if (waitid((idtype_t)3 /* P_PIDFD */, (id_t)it->pidfd, &info, WEXITED | WNOHANG) == 0 && info.si_pid != 0) {
        status = info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;
        return info.si_code == CLD_DUMPED ? status | 0x80 : status;
    }
    struct facts facts = { .mask = FACTS_EXIT };
    if (ioctl(it->pidfd, GET_FACTS, &facts) == 0 && (facts.mask & FACTS_EXIT))
        return facts.status;
    return -1;
}

/* Somebody who is no actor. */
void ending_of_another(const char *what, pid_t pid, int status)
{
    struct ending *ending = &endings[ending_count++ % KEPT];
    *ending = (struct ending){ .pid = pid, .status = status, .time = now_ns() };
    snprintf(ending->name, sizeof ending->name, "%s", what);
}

int ending_keep(const struct actor *actor, const struct known *it)
{
    struct ending *ending = &endings[ending_count++ % KEPT];
    *ending = (struct ending){ .pid = actor->pid,
                               .arena = actor->arena,
                               .doing = load32((const uint32_t *)&actor->doing),
                               .killed = it->killed,
                               .own = load32(&actor->ended) != 0,
                               .status = it->pidfd >= 0 ? status_of(it) : -1,
                               .time = now_ns() };
    memcpy(ending->name, actor->name, sizeof ending->name);
    return ending->status;
}

void ending_words(int status, char *words, size_t length)
{
    if (status == -1)
        snprintf(words, length, "nobody knows how: its parent, another actor, has reaped it");
    else if (WIFSIGNALED(status))
        snprintf(words, length, "by signal %d, %s%s", WTERMSIG(status), strsignal(WTERMSIG(status)), WCOREDUMP(status) ? ", with a core" : "");
    else
        snprintf(words, length, "with exit code %d", WEXITSTATUS(status));
}

/* ---- what to say of it ---- */

static void tell_core(const struct ending *ending)
{
    char path[512], pattern[256] = "", program[512];
    if (!find_core(path, sizeof path, core_of, ending->pid)) {
        FILE *file = fopen("/proc/sys/kernel/core_pattern", "re");
        if (file && fgets(pattern, sizeof pattern, file))
            pattern[strcspn(pattern, "\n")] = '\0';
        if (file)
            fclose(file);
        fprintf(stderr, "  its core went where kernel.core_pattern says: %s\n", pattern);
        return;
    }
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    fprintf(stderr, "  its core:\n");
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(2, 1);
        execlp("gdb", "gdb", "-nx", "-q", "-batch", "-iex", "set debuginfod enabled off", "-ex", "thread apply all bt", program, path, (char *)NULL);
        fprintf(stderr, "  (there is no gdb to read it with)\n");
        _exit(127);
    }
    if (pid > 0)
        waitpid(pid, NULL, 0);
}

void tell_endings(uint32_t arena)
{
    const struct ending *dumped = NULL;
    uint64_t first = ending_count > KEPT ? ending_count - KEPT : 0, count = 0, from = ending_count;
    while (from > first && count < TOLD)
        count += endings[--from % KEPT].arena == arena;
    fprintf(stderr, "  the last that ended there:\n");
    for (uint64_t i = from; i < ending_count; i++) {
        const struct ending *ending = &endings[i % KEPT];
        char words[128];
        if (ending->arena != arena)
            continue;
        ending_words(ending->status, words, sizeof words);
        fprintf(stderr, "  %" PRIu64 ".%06" PRIu64 " %s (pid %d) while it did %s: %s%s\n", ending->time / 1000000000, ending->time / 1000 % 1000000,
                ending->name, (int)ending->pid, operation_names[ending->doing], words, ending->killed ? "; we killed it" : ending->own ? "; it left" : "");
        if (ending->status != -1 && WIFSIGNALED(ending->status) && WCOREDUMP(ending->status))
            dumped = ending;
    }
    if (dumped)
        tell_core(dumped);
}
