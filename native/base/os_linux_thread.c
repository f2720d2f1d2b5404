/* SPDX-License-Identifier: MIT */
/* os_linux_thread.c - os.h on Linux: when the threads of this process get a core. */
#include "os.h"

#include "os_linux.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

bool pm_thread_wants_to_run(uint32_t thread)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/self/task/%" PRIu32 "/stat", thread);
    const char *state = pm_text_read(path, line, sizeof line) > 0 ? pm_proc_stat_field(line, 3) : NULL;
    return state && *state == 'R';
}

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
