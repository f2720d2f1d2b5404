/* SPDX-License-Identifier: MIT */
/* os_linux_thread.c - os.h on Linux: when the threads of this process get a core. */
#include "os.h"

#include "os_linux.h"
#include "os_linux_call.h"

#include <fcntl.h>
#include <inttypes.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* '\0': it is not to be seen. */
static char state_of(uint32_t thread)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/stat", thread);
    const char *state = pm_text_read(path, line, sizeof line) > 0 ? pm_proc_stat_field(line, 3) : NULL;
    return state ? *state : '\0';
}

static uint32_t tracer_of(uint32_t thread)
{
    char path[64];
    struct pm_text_field tracer = { .name = "TracerPid" };
    if (state_of(thread) != 't')
        return 0;
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/status", thread);
    pm_text_fields(AT_FDCWD, path, &tracer, 1);
    return pm_text_last_number(tracer.value);
}

/* Process-local. */
struct newborn {
    uint32_t asking; /* the thread that looks */
    uint32_t tracer;
    bool runs;
};

/* Which of the threads it is nobody knows: one that waits for a core may be it; but if one is held, that is. */
static bool may_be_newborn(uint32_t thread, void *context)
{
    struct newborn *newborn = context;
    newborn->tracer = tracer_of(thread);
    newborn->runs = newborn->runs || (thread != newborn->asking && state_of(thread) == 'R');
    return newborn->tracer != 0;
}

static struct newborn find_newborn(void)
{
    struct newborn newborn = { .asking = pm_thread_id() };
    pm_proc_any_number("/proc/self/task", may_be_newborn, &newborn, NULL);
    return newborn;
}

bool pm_thread_wants_to_run(uint32_t thread)
{
    if (thread != 0)
        return state_of(thread) == 'R';
    const struct newborn newborn = find_newborn();
    return newborn.runs && newborn.tracer == 0;
}

uint32_t pm_thread_tracer(uint32_t thread) { return thread != 0 ? tracer_of(thread) : find_newborn().tracer; }

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
    if (pm_calls_are_filtered() || syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0 || attributes.policy != 0)
        return;
    attributes.runtime = SLICE_NS;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}

static int add_locals(struct dl_phdr_info *object, size_t size, void *context)
{
    uint64_t *bytes = context;
    (void)size;
    for (size_t i = 0; i < object->dlpi_phnum; i++)
        if (object->dlpi_phdr[i].p_type == PT_TLS)
            *bytes += object->dlpi_phdr[i].p_memsz + object->dlpi_phdr[i].p_align;
    return 0;
}

uint64_t pm_thread_local_bytes(void)
{
    uint64_t bytes = 0;
    dl_iterate_phdr(add_locals, &bytes);
    return bytes;
}
