/* SPDX-License-Identifier: MIT */
/*
 * os_linux.h - what the files of os.h on Linux have in common.  The kernel's numbers of futex(2) never change; its headers are not there for every
 * C library.
 */
#ifndef PM_OS_LINUX_H
#define PM_OS_LINUX_H

#include "proc_text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PM_FUTEX_WAIT 0
#define PM_FUTEX_WAKE 1
#define PM_FUTEX_WAIT_BITSET 9
#define PM_FUTEX_WAKE_BITSET 10
#define PM_SYS_FUTEX_WAITV 449

/* ---- os_linux_proc.c, with proc_text.h ---- */

/* State and start time: fields 3 and 22. */
bool pm_proc_read_stat(const char *path, char *state, uint64_t *start_time);
/* Calls `each` with the numbers that are names in a folder, until it returns true.  True if it did.  `whole`, if not NULL: whether all could be read. */
bool pm_proc_any_number(const char *path, bool (*each)(uint32_t number, void *context), void *context, bool *whole);
uint64_t pm_proc_inode(const char *path); /* 0 and errno: it is not to be seen */
int pm_pidfd_open(uint32_t pid);          /* -1: the system cannot */
uint64_t pm_pidfd_inode(uint32_t pid); /* pm_pidfd_inode_of(), for the runtime: 0 also where a filter might end the program for the call */

struct pm_proc_search {
    const char *folder; /* "/proc", or "/proc/PID/task" */
    uint32_t inner;     /* the id in its own namespace */
    uint64_t pidns;
    uint64_t until;
    uint32_t found;
};
bool pm_proc_is_it(uint32_t number, void *search);
/* The number here of whoever has the id `inner` in that pid namespace; 0 if nobody who can be seen. */
uint32_t pm_proc_number_here(const char *folder, uint32_t inner, uint64_t pidns);
uint32_t pm_proc_number_until(const char *folder, uint32_t inner, uint64_t pidns, uint64_t until); /* 0 also if it was not found by then */

/* os_linux_ended.c: /proc is of the pid namespace that this process is in; whether the number is another process's by now. */
bool pm_proc_is_ours(void);
struct pm_process;
bool pm_proc_is_another(const struct pm_process *who, uint32_t pid);

#endif
