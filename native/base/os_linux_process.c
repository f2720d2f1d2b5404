/* SPDX-License-Identifier: MIT */
/*
 * os_linux_process.c - os.h on Linux: other processes, found in /proc and seen from outside.
 *
 * Agents call this while threads of their own process may be stopped with locks of the C library: no stdio, no opendir, no malloc.
 */
#include "os.h"

#include "os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#define AGENT_NAME "peermap" /* agent.c */

/* ---- finding who was registered ---- */

void pm_process_self(struct pm_process *self)
{
    self->pid = (uint32_t)getpid();
    self->uid = (uint32_t)geteuid();
    char state;
    if (!pm_proc_read_stat("/proc/self/stat", &state, &self->start_time))
        self->start_time = 0;
    self->pidns = pm_proc_inode("/proc/self/ns/pid");
    self->pidfd_ino = pm_pidfd_inode(self->pid);
}

/* A registry may say anything: only a thread that the library made is an agent. */
static bool is_agent(uint32_t pid, uint32_t thread, const char *status)
{
    const char *name = pm_proc_field(status, "Name");
    return pid != thread && name && strncmp(name, "\t" AGENT_NAME "\n", sizeof AGENT_NAME + 1) == 0;
}

int pm_process_find(const struct pm_process *who, uint32_t thread, bool if_stopped, struct pm_facts *facts)
{
    char path[64], status[4096];
    *facts = (struct pm_facts){ .pid = pm_proc_number_here("/proc", who->pid, who->pidns) };
    if (facts->pid == 0 || pm_proc_is_another(who, facts->pid))
        return ESRCH;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task", facts->pid);
    facts->thread = pm_proc_number_here(path, thread, who->pidns);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/status", facts->pid, facts->thread);
    if (facts->thread == 0 || pm_text_read(path, status, sizeof status) <= 0 || !is_agent(facts->pid, facts->thread, status))
        return ESRCH;
    const char *word = pm_proc_field(status, "State");
    facts->state = word && *word == '\t' ? word[1] : '\0';
    facts->tracer = pm_proc_last_number(pm_proc_field(status, "TracerPid"));
    facts->traced = facts->tracer != 0 || facts->state == 't'; /* from another pid namespace, perhaps */
    facts->filtered = pm_proc_last_number(pm_proc_field(status, "Seccomp")) != 0;
    return if_stopped && facts->state != 'T' && facts->state != 't' ? EAGAIN : 0;
}

char pm_process_state(uint32_t pid)
{
    char path[64], state = '\0';
    uint64_t start_time;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/stat", pid);
    return pm_proc_read_stat(path, &state, &start_time) ? state : '\0';
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

bool pm_process_is_sandboxed(void)
{
    char status[4096];
    if (pm_text_read("/proc/thread-self/status", status, sizeof status) <= 0)
        return true;
    /* A filter that the process set for itself needs "no new privileges", and may end it for a call.  One that a container came with does not. */
    return pm_proc_last_number(pm_proc_field(status, "Seccomp")) != 0 && pm_proc_last_number(pm_proc_field(status, "NoNewPrivs")) != 0;
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
    const char *flags = pm_proc_field(text, "flags"), *inode = pm_proc_field(text, "ino");
    if (!flags || (strtoul(flags, NULL, 8) & O_ACCMODE) != O_RDWR || !is_among(&search->mounts, pm_proc_field(text, "mnt_id")))
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
    pm_proc_any_number(path, is_object, &search, NULL);
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

int pm_process_populate(uint32_t thread, uint64_t address, uint64_t length, uint64_t until)
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
        if (until != 0 && at < length && pm_now() >= until)
            return ETIMEDOUT;
    }
    return 0;
}
