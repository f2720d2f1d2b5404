/* SPDX-License-Identifier: MIT */
/*
 * os_linux_wait.c - os.h on Linux: who waits in the kernel, and where.
 *
 * Of /proc it reads what the kernel answers without a lock of that process: stat and wchan, but not stack, cmdline or maps.
 */
#include "os.h"

#include "os_linux.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define THREADS_MAX 64 /* that are looked at */

static bool waits(const char *folder, uint32_t thread, struct pm_kernel_wait *wait)
{
    char path[96], where[64], state;
    uint64_t started;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/stat", folder, thread);
    if (!pm_proc_read_stat(path, &state, &started) || state != 'D')
        return false;
    snprintf(path, sizeof path, "%s/%" PRIu32 "/wchan", folder, thread);
    if (pm_text_read(path, where, sizeof where) <= 0 || strcmp(where, "0") == 0)
        where[0] = '\0';
    pm_text_tame(where);
    snprintf(wait->text, sizeof wait->text, "thread %" PRIu32 ", state D%s%s", thread, where[0] ? ", " : "", where);
    return true;
}

/* Process-local. */
struct search {
    const char *folder;
    struct pm_kernel_wait *wait;
    uint32_t looked;
    bool found;
};

static bool is_first(uint32_t thread, void *context)
{
    struct search *search = context;
    search->found = waits(search->folder, thread, search->wait);
    return search->found || ++search->looked == THREADS_MAX;
}

bool pm_thread_waits(uint32_t thread, struct pm_kernel_wait *wait) { return thread != 0 && waits("/proc/self/task", thread, wait); }

bool pm_process_waits(uint32_t pid, struct pm_kernel_wait *wait)
{
    char folder[64];
    struct search search = { .folder = folder, .wait = wait };
    snprintf(folder, sizeof folder, "/proc/%" PRIu32 "/task", pid);
    pm_proc_any_number(folder, is_first, &search, NULL);
    return search.found;
}
