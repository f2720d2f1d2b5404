/* SPDX-License-Identifier: MIT */
/*
 * os_linux.h - what the files of os.h on Linux have in common.  The kernel's numbers of futex(2) never change; its headers are not there for every
 * C library.
 */
#ifndef PM_OS_LINUX_H
#define PM_OS_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PM_FUTEX_WAIT 0
#define PM_FUTEX_WAKE 1
#define PM_FUTEX_WAIT_BITSET 9
#define PM_FUTEX_WAKE_BITSET 10
#define PM_SYS_FUTEX_WAITV 449

/* os_linux_hand.c: the code that a thread of this process is sent to for a system call that somebody else wants of it; NULL: there is none. */
const void *pm_landing(void);

/* os_linux_process.c: small files of the kernel's, without a lock of the C library. */
ssize_t pm_text_read(const char *path, char *text, size_t size); /* its beginning as text; its length, or -1 */
void pm_text_tame(char *text); /* a name that may be any bytes becomes fit for a sentence */
/* Calls `each` with each line, without its end, until it returns true.  True if it did. */
bool pm_text_any_line(const char *path, bool (*each)(const char *line, void *context), void *context);

#endif
