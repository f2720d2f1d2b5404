/* SPDX-License-Identifier: MIT */
/* os_linux.h - the kernel's numbers of futex(2), which never change: its headers are not there for every C library. */
#ifndef PM_OS_LINUX_H
#define PM_OS_LINUX_H

#define PM_FUTEX_WAIT 0
#define PM_FUTEX_WAKE 1
#define PM_FUTEX_WAIT_BITSET 9
#define PM_FUTEX_WAKE_BITSET 10
#define PM_SYS_FUTEX_WAITV 449

#endif
