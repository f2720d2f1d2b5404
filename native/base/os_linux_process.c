/* SPDX-License-Identifier: MIT */
/*
 * os_linux_process.c - os.h on Linux: other processes, found in /proc and seen from outside.
 *
 * Agents call this while threads of their own process may be stopped with locks of the C library: no stdio, no opendir, no malloc.
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
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/vfs.h>
#include <unistd.h>

#define AGENT_NAME "peermap" /* agent.c */

/* ---- reading /proc ---- */

ssize_t pm_text_read(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t length = read(fd, text, size - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    return length;
}

void pm_text_tame(char *text)
{
    for (; *text; text++)
        if (*text < ' ' || *text > '~')
            *text = '?';
}

bool pm_text_any_line(const char *path, bool (*each)(const char *line, void *context), void *context)
{
    char text[4096]; /* longer lines are passed over */
    size_t kept = 0;
    bool found = false, too_long = false;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (ssize_t got; !found && (got = read(fd, text + kept, sizeof text - 1 - kept)) > 0;) {
        char *line = text, *end;
        text[kept + (size_t)got] = '\0';
        for (; !found && (end = strchr(line, '\n')) != NULL; line = end + 1, too_long = false) {
            *end = '\0';
            found = !too_long && each(line, context);
        }
        kept = strlen(line);
        if (kept == sizeof text - 1)
            too_long = true, kept = 0;
        memmove(text, line, kept);
    }
    close(fd);
    return found;
}

static uint64_t inode_of(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

/* What follows "NAME:" in the text of a status file. */
static const char *field(const char *status, const char *name)
{
    size_t length = strlen(name);
    for (const char *line = status; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, length) == 0 && line[length] == ':')
            return line + length + 1;
    }
    return NULL;
}

/* The last number of a field: of NSpid, the id in the innermost namespace. */
static uint32_t last_number(const char *at)
{
    uint32_t value = 0;
    for (; at && *at && *at != '\n'; at++) {
        if (*at >= '0' && *at <= '9') {
            char *end;
            value = (uint32_t)strtoul(at, &end, 10);
            at = end - 1;
        }
    }
    return value;
}

/* As getdents64() gives them. */
struct entry {
    uint64_t inode;
    int64_t next;
    unsigned short length;
    unsigned char type;
    char name[];
};

/* Calls `each` with the numbers that are names in a folder, until it returns true.  True if it did. */
static bool any_number(const char *path, bool (*each)(uint32_t number, void *context), void *context)
{
    _Alignas(8) char buffer[4096];
    bool found = false;
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (long length; !found && (length = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
        for (long at = 0; at < length && !found;) {
            const struct entry *entry = (const void *)(buffer + at);
            if (entry->name[0] >= '0' && entry->name[0] <= '9')
                found = each((uint32_t)strtoul(entry->name, NULL, 10), context);
            at += entry->length;
        }
    }
    close(fd);
    return found;
}

/* ---- finding who was registered ---- */

struct search {
    const char *folder; /* "/proc", or "/proc/PID/task" */
    uint32_t inner;     /* the id in its own namespace */
    uint64_t pidns;
    uint32_t found;
};

static bool is_it(uint32_t number, void *context)
{
    struct search *search = context;
    char path[96], status[4096];
    snprintf(path, sizeof path, "%s/%" PRIu32 "/ns/pid", search->folder, number);
    if (inode_of(path) != search->pidns)
        return false;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/status", search->folder, number);
    if (pm_text_read(path, status, sizeof status) <= 0 || last_number(field(status, "NSpid")) != search->inner)
        return false;
    search->found = number;
    return true;
}

/* The same number where the namespace is ours, which is the usual case; otherwise whoever has the id there. */
static uint32_t here(const char *folder, uint32_t inner, uint64_t pidns)
{
    struct search search = { .folder = folder, .inner = inner, .pidns = pidns };
    if (pidns == 0 || inode_of("/proc/self/ns/pid") == pidns)
        return inner;
    any_number(folder, is_it, &search);
    return search.found;
}

/* State and start time: fields 3 and 22.  The second, the command in parentheses, may hold anything. */
static bool read_stat(const char *path, char *state, uint64_t *start_time)
{
    char line[1024];
    if (pm_text_read(path, line, sizeof line) <= 0)
        return false;
    const char *at = strrchr(line, ')');
    if (!at || at[1] == '\0')
        return false;
    *state = at[2];
    at += 2;
    for (int skipped = 3; at && skipped < 22; skipped++)
        at = strchr(at + 1, ' ');
    *start_time = at ? strtoull(at + 1, NULL, 10) : 0;
    return at != NULL;
}

#define PIDFS_MAGIC UINT64_C(0x50494446)

static uint64_t pidfd_inode(uint32_t pid)
{
#ifdef SYS_pidfd_open
    int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
    if (fd < 0)
        return 0;
    struct stat facts;
    struct statfs system;
    /* Before Linux 6.9 pidfds are not of a file system of their own, and all share one inode. */
    bool unique = fstatfs(fd, &system) == 0 && (uint64_t)system.f_type == PIDFS_MAGIC;
    uint64_t inode = unique && fstat(fd, &facts) == 0 ? facts.st_ino : 0;
    close(fd);
    return inode;
#else
    (void)pid;
    return 0;
#endif
}

void pm_process_self(struct pm_process *self)
{
    self->pid = (uint32_t)getpid();
    self->uid = (uint32_t)geteuid();
    char state;
    if (!read_stat("/proc/self/stat", &state, &self->start_time))
        self->start_time = 0;
    self->pidns = inode_of("/proc/self/ns/pid");
    self->pidfd_ino = pidfd_inode(self->pid);
}

/* A registry may say anything: only a thread that the library made is an agent. */
static bool is_agent(uint32_t pid, uint32_t thread, const char *status)
{
    const char *name = field(status, "Name");
    return pid != thread && name && strncmp(name, "\t" AGENT_NAME "\n", sizeof AGENT_NAME + 1) == 0;
}

int pm_process_find(const struct pm_process *who, uint32_t thread, bool if_stopped, struct pm_facts *facts)
{
    char path[64], status[4096], state;
    uint64_t start_time;
    *facts = (struct pm_facts){ .pid = here("/proc", who->pid, who->pidns) };
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", facts->pid);
    if (facts->pid == 0 || !read_stat(path, &state, &start_time) || start_time != who->start_time)
        return ESRCH;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task", facts->pid);
    facts->thread = here(path, thread, who->pidns);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/status", facts->pid, facts->thread);
    if (facts->thread == 0 || pm_text_read(path, status, sizeof status) <= 0 || !is_agent(facts->pid, facts->thread, status))
        return ESRCH;
    const char *word = field(status, "State");
    facts->state = word && *word == '\t' ? word[1] : '\0';
    facts->tracer = last_number(field(status, "TracerPid"));
    facts->traced = facts->tracer != 0 || facts->state == 't'; /* from another pid namespace, perhaps */
    facts->filtered = last_number(field(status, "Seccomp")) != 0;
    return if_stopped && facts->state != 'T' && facts->state != 't' ? EAGAIN : 0;
}

char pm_process_state(uint32_t pid)
{
    char path[64], state = '\0';
    uint64_t start_time;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    return read_stat(path, &state, &start_time) ? state : '\0';
}

void pm_process_name(uint32_t pid, char *name, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/comm", pid);
    name[0] = '\0';
    (void)pm_text_read(path, name, size);
    name[strcspn(name, "\n")] = '\0';
    pm_text_tame(name);
}

/* ---- has it ended? ---- */

#define INITIAL_PIDNS UINT64_C(0xeffffffc) /* from which every process can be seen */
#define EXITING 4u                         /* PF_EXITING of a task's flags: it returns to its code no more */

/* Process-local.  A search that knows whether it could ask everybody. */
struct survey {
    struct search search;
    bool blind;
};

/* Of one whose namespace cannot be asked for, its number there can: it may be the one, if that fits. */
static bool surveyed(uint32_t number, void *context)
{
    struct survey *survey = context;
    char path[96], status[4096];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/ns/pid", number);
    if (inode_of(path) != 0)
        return is_it(number, &survey->search);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/status", number);
    const char *ids = pm_text_read(path, status, sizeof status) > 0 ? field(status, "NSpid") : NULL;
    survey->blind = survey->blind || (ids ? last_number(ids) == survey->search.inner : kill((pid_t)number, 0) == 0 || errno == EPERM);
    return false;
}

/* True if /proc numbers processes as this process does: it may have been mounted for another namespace. */
static bool proc_is_ours(void)
{
    char target[16], own[16];
    ssize_t length = readlink("/proc/self", target, sizeof target - 1);
    snprintf(own, sizeof own, "%d", (int)getpid());
    return length > 0 && strncmp(target, own, (size_t)length) == 0 && own[length] == '\0';
}

/* What field N, from the third on, of a stat line is; 0 if there is none. */
static uint64_t stat_field(const char *line, int number)
{
    const char *at = strrchr(line, ')');
    for (int skipped = 2; at && skipped < number; skipped++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

/* The number is another process's by now.  Start times are as their reader's time namespace has them, so they are of use in one alone. */
static bool is_another(const struct pm_process *who, uint32_t pid)
{
    uint64_t inode = who->pidfd_ino ? pidfd_inode(pid) : 0;
    if (inode != 0)
        return inode != who->pidfd_ino;
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/ns/time", pid);
    uint64_t timens = inode_of(path);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    if (who->start_time == 0 || timens != inode_of("/proc/self/ns/time") || pm_text_read(path, line, sizeof line) <= 0)
        return false;
    return stat_field(line, 22) != who->start_time;
}

/* Of a thread that can be seen here.  What cannot be read means nothing: /proc may hide it. */
static bool runs_no_more(uint32_t pid, uint32_t thread)
{
    char path[64], text[4096];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/stat", pid, thread);
    if (pm_text_read(path, text, sizeof text) <= 0)
        return false;
    const char *at = strrchr(text, ')');
    char state = at && at[1] ? at[2] : '?';
    if (state == 'Z' || state == 'X' || state == 'x' || stat_field(text, 9) & EXITING)
        return true;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/status", pid, thread);
    return pm_text_read(path, text, sizeof text) > 0 && last_number(field(text, "CoreDumping")) != 0;
}

/* Of this process: it never changes, but in a child. */
static uint64_t own_pidns(void)
{
    static uint64_t known_of, known;
    const uint64_t self = (uint64_t)getpid();
    if (load64(&known_of) == self)
        return peek64(&known);
    const uint64_t pidns = inode_of("/proc/self/ns/pid");
    poke64(&known, pidns);
    store64(&known_of, self);
    return pidns;
}

bool pm_process_is_gone(const struct pm_process *who, uint32_t thread)
{
    return who->pid != 0 && thread != 0 && who->pidns != 0 && who->pidns == own_pidns() && syscall(SYS_tgkill, who->pid, thread, 0) != 0 &&
           errno == ESRCH;
}

static bool ended_elsewhere(const struct pm_process *who, uint32_t thread)
{
    struct survey survey = { .search = { .folder = "/proc", .inner = who->pid, .pidns = who->pidns } };
    any_number("/proc", surveyed, &survey);
    uint32_t pid = survey.search.found;
    if (pid == 0)
        return !survey.blind;
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task", pid);
    uint32_t task = here(path, thread, who->pidns);
    return is_another(who, pid) || (task != 0 && runs_no_more(pid, task));
}

bool pm_process_ended(const struct pm_process *who, uint32_t thread)
{
    const uint64_t own = own_pidns();
    if (who->pid == 0 || thread == 0 || who->pidns == 0 || own == 0)
        return false;
    if (pm_process_is_gone(who, thread))
        return true;
    if (!proc_is_ours())
        return false;
    if (who->pidns == own)
        return is_another(who, who->pid) || runs_no_more(who->pid, thread);
    return own == INITIAL_PIDNS && ended_elsewhere(who, thread);
}

bool pm_thread_wants_to_run(uint32_t thread)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/stat", thread);
    const char *at = pm_text_read(path, line, sizeof line) > 0 ? strrchr(line, ')') : NULL;
    return at && at[1] && at[2] == 'R';
}

bool pm_process_is_sandboxed(void)
{
    char status[4096];
    if (pm_text_read("/proc/thread-self/status", status, sizeof status) <= 0)
        return true;
    /* A filter that the process set for itself needs "no new privileges", and may end it for a call.  One that a container came with does not. */
    return last_number(field(status, "Seccomp")) != 0 && last_number(field(status, "NoNewPrivs")) != 0;
}

/* ---- has it ended? ---- */

/* Field 9 of /proc/PID/stat, include/linux/sched.h: on its way out, and killed by a signal.  No thread with either goes back to its own code. */
#define FLAG_EXITING 0x4ul
#define FLAG_SIGNALED 0x400ul

struct threads {
    char folder[64];
    uint32_t seen;
};

/* One whose files are gone has just ended. */
static bool thread_runs(uint32_t number, void *context)
{
    struct threads *threads = context;
    char path[96], line[1024];
    threads->seen++;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/stat", threads->folder, number);
    if (pm_text_read(path, line, sizeof line) <= 0)
        return errno != ENOENT && errno != ESRCH;
    const char *at = strrchr(line, ')');
    if (at && at[1] != '\0' && (at[2] == 'Z' || at[2] == 'X'))
        return false;
    for (int skipped = 2; at && skipped < 9; skipped++)
        at = strchr(at + 1, ' ');
    return !at || !(strtoul(at + 1, NULL, 10) & (FLAG_EXITING | FLAG_SIGNALED));
}

bool pm_process_is_over(const struct pm_process *who)
{
    struct threads threads = { .seen = 0 };
    char path[64], state;
    uint64_t start_time;
    uint32_t pid = here("/proc", who->pid, who->pidns);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    if (pid == 0 || !read_stat(path, &state, &start_time) || start_time != who->start_time)
        return false;
    snprintf(threads.folder, sizeof threads.folder, "/proc/%" PRIu32 "/task", pid);
    return !any_number(threads.folder, thread_runs, &threads) && threads.seen > 0;
}

/* ---- reaching into them ---- */

#define MOUNTS_MAX 32

/* The mounts of one file system, as one process sees them. */
struct mounts {
    uint64_t device;
    uint64_t ids[MOUNTS_MAX];
    size_t count;
};

/* "ID PARENT MAJOR:MINOR ...", a line of mountinfo. */
static bool note_mount(const char *line, void *context)
{
    struct mounts *mounts = context;
    char *at;
    uint64_t id = strtoull(line, &at, 10), major, minor;
    strtoull(at, &at, 10);
    major = strtoull(at, &at, 10);
    if (*at != ':')
        return false;
    minor = strtoull(at + 1, &at, 10);
    if (makedev((unsigned)major, (unsigned)minor) == mounts->device)
        mounts->ids[mounts->count++] = id;
    return mounts->count == MOUNTS_MAX;
}

struct descriptors {
    uint32_t pid, thread;
    struct pm_object object;
    struct mounts mounts;
    int found;
};

static bool is_among(const struct mounts *mounts, const char *id)
{
    uint64_t number = id ? strtoull(id, NULL, 10) : 0;
    for (size_t i = 0; i < mounts->count; i++)
        if (mounts->ids[i] == number)
            return true;
    return false;
}

/*
 * By what the kernel knows of it without asking its file system, which may be one that never answers.  Before Linux 5.14 that is not the inode;
 * but what is on the object's own file system can be asked.
 */
static bool is_object(uint32_t number, void *context)
{
    struct descriptors *search = context;
    struct stat facts;
    char path[96], text[512];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/fdinfo/%" PRIu32, search->pid, search->thread, number);
    if (pm_text_read(path, text, sizeof text) <= 0)
        return false;
    const char *flags = field(text, "flags"), *inode = field(text, "ino");
    if (!flags || (strtoul(flags, NULL, 8) & O_ACCMODE) != O_RDWR || !is_among(&search->mounts, field(text, "mnt_id")))
        return false;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/fd/%" PRIu32, search->pid, search->thread, number);
    if (inode ? strtoull(inode, NULL, 10) != search->object.inode : stat(path, &facts) != 0 || facts.st_ino != search->object.inode)
        return false;
    search->found = (int)number;
    return true;
}

int pm_process_descriptor(uint32_t pid, uint32_t thread, struct pm_object object)
{
    struct descriptors search = { .pid = pid, .thread = thread, .object = object, .mounts = { .device = object.device }, .found = -1 };
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/mountinfo", pid, thread);
    pm_text_any_line(path, note_mount, &search.mounts);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/fd", pid, thread);
    any_number(path, is_object, &search);
    return search.found;
}

struct place {
    uint64_t address;
    struct pm_object object;
};

/* A line of /proc/PID/maps: does a shared, writable mapping of the object's beginning start at the address? */
static bool is_place(const char *line, void *context)
{
    const struct place *place = context;
    char *at;
    uint64_t from = strtoull(line, &at, 16);
    if (from != place->address || *at != '-')
        return false;
    strtoull(at + 1, &at, 16);
    if (strncmp(at, " rw-s ", 6) != 0)
        return false;
    uint64_t offset = strtoull(at + 6, &at, 16), major = strtoull(at, &at, 16);
    if (*at != ':')
        return false;
    uint64_t minor = strtoull(at + 1, &at, 16), inode = strtoull(at, &at, 10);
    return offset == 0 && inode == place->object.inode && makedev((unsigned)major, (unsigned)minor) == place->object.device;
}

bool pm_process_maps(uint32_t pid, uint32_t thread, uint64_t address, struct pm_object object)
{
    struct place place = { address, object };
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/maps", pid, thread);
    return pm_text_any_line(path, is_place, &place);
}

/* Reading a byte makes the kernel map its page there, and with it those around it that are in memory: 64 KiB at a time. */
#define AROUND UINT64_C(65536)
#define BATCH 256

int pm_process_populate(uint32_t thread, uint64_t address, uint64_t length)
{
    char bytes[BATCH];
    struct iovec there[BATCH];
    for (uint64_t at = 0; at < length;) {
        unsigned long count = 0;
        for (; at < length && count < BATCH; count++, at += AROUND - (address + at) % AROUND)
            there[count] = (struct iovec){ (void *)(uintptr_t)(address + at), 1 };
        struct iovec mine = { bytes, count };
        if (process_vm_readv((pid_t)thread, &mine, 1, there, count, 0) != (ssize_t)count)
            return errno ? errno : EFAULT;
    }
    return 0;
}

/* ---- scheduling ---- */

/* struct sched_attr, which C libraries have under different names, or not. */
struct attributes {
    uint32_t size;
    uint32_t policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime;
    uint64_t deadline;
    uint64_t period;
};
#define SLICE_NS 100000u /* the shortest that the kernel takes */

void pm_thread_be_prompt(void)
{
    prctl(PR_SET_TIMERSLACK, 1UL); /* waits end when they should, not up to 50 µs later */
    struct attributes attributes = { .size = sizeof attributes };
    if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.policy != 0)
        return;
    attributes.runtime = SLICE_NS;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}
