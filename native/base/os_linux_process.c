/* SPDX-License-Identifier: MIT */
/*
 * os_linux_process.c - os.h on Linux: other processes, found in /proc and seen from outside.
 *
 * Agents call this while threads of their own process may be stopped with locks of the C library: no stdio, no opendir, no malloc.
 */
#include "os.h"

#include "maps_line.h"
#include "os_linux.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

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
static bool is_agent(const struct pm_agent *agent, const char *name, bool *forbids)
{
    *forbids = strcmp(name, "\t" PM_AGENT_NOT_TRACED) == 0;
    return agent->pid != agent->thread && (*forbids || strcmp(name, "\t" PM_AGENT) == 0);
}

/* The second number of "Uid": the effective one. */
static uint32_t user_in(const char *uid)
{
    char *at;
    strtoul(uid, &at, 10);
    return *at == '\t' ? (uint32_t)strtoul(at, NULL, 10) : UINT32_MAX;
}

/* What a look in vain means: nothing, where this process had no descriptor to look by. */
static int unseen(int error) { return error == EMFILE || error == ENFILE ? EMFILE : ESRCH; }

static int unfound(int error, uint64_t until) { return pm_now() >= until ? ETIME : unseen(error); }

void pm_thread_be_agent(bool traced) { prctl(PR_SET_NAME, traced ? PM_AGENT : PM_AGENT_NOT_TRACED); }

int pm_process_find(const struct pm_process *who, uint32_t thread, bool if_stopped, uint64_t until, struct pm_facts *facts)
{
    char path[64];
    enum { NAME, UID, TRACER, FIELDS };
    struct pm_text_field fields[FIELDS] = { [NAME] = { .name = "Name" }, [UID] = { .name = "Uid" }, [TRACER] = { .name = "TracerPid" } };
    errno = 0;
    *facts = (struct pm_facts){ .agent.pid = pm_proc_number_until("/proc", who->pid, who->pidns, until) };
    if (facts->agent.pid == 0)
        return unfound(errno, until);
    if (!pm_proc_is_ours() || pm_proc_is_another(who, facts->agent.pid))
        return ESRCH;
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task", facts->agent.pid);
    errno = 0;
    facts->agent.thread = pm_proc_number_until(path, thread, who->pidns, until);
    if (facts->agent.thread == 0)
        return unfound(errno, until);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/status", facts->agent.pid, facts->agent.thread);
    int error = pm_text_fields(AT_FDCWD, path, fields, FIELDS);
    if (error != 0 || !is_agent(&facts->agent, fields[NAME].value, &facts->forbids))
        return unseen(error);
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/stat", facts->agent.pid, facts->agent.thread);
    errno = 0;
    if (!pm_proc_read_stat(path, &facts->state, &facts->agent.started))
        return unseen(errno);
    facts->uid = user_in(fields[UID].value);
    facts->tracer = pm_text_last_number(fields[TRACER].value);
    facts->traced = facts->tracer != 0 || facts->state == 't'; /* from another pid namespace, perhaps */
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

int pm_process_sandbox(void)
{
    struct pm_text_field seccomp[2] = { { .name = "Seccomp" }, { .name = "NoNewPrivs" } };
    int error = pm_text_fields(AT_FDCWD, "/proc/thread-self/status", seccomp, 2);
    if (!seccomp[0].value[0] || !seccomp[1].value[0])
        return unseen(error) == EMFILE ? EMFILE : EPERM;
    /* A filter that the process set for itself needs "no new privileges", and may end it for a call.  One that a container came with does not. */
    return pm_text_last_number(seccomp[0].value) != 0 && pm_text_last_number(seccomp[1].value) != 0 ? EPERM : 0;
}

/* ---- what this one has mapped ---- */

/* What a peer has of its segment is mapped so. */
static bool is_shared(const struct pm_maps_line *line)
{
    return line->access == (PM_MAPS_READ | PM_MAPS_WRITE | PM_MAPS_SHARED);
}

/* Process-local.  A search for the line of an address. */
struct place {
    uint64_t at;
    struct pm_backing *backing;
};

static bool is_there(char *text, void *context)
{
    const struct place *place = context;
    struct pm_maps_line line;
    if (!pm_maps_line_read(text, &line) || !is_shared(&line) || line.from > place->at || line.to <= place->at)
        return false;
    *place->backing = (struct pm_backing){ line.device, line.inode };
    return true;
}

bool pm_process_backing(const void *address, struct pm_backing *backing)
{
    struct place place = { (uintptr_t)address, backing };
    return pm_text_any_line("/proc/thread-self/maps", is_there, &place);
}
