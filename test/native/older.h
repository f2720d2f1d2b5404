/* SPDX-License-Identifier: MIT */
/* older.h - a system that answers as an older one does, by a filter on this process: without futex_waitv, PROCMAP_QUERY and inotify. */
#ifndef OLDER_H
#define OLDER_H

#include "check.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#define PROCMAP_QUERY_LOW UINT32_C(0xc0686611) /* _IOWR('f', 17, 104 bytes) */

static void grow_old(void)
{
    const struct sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 449, 4, 0), /* futex_waitv */
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_inotify_init1, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ioctl, 0, 3),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROCMAP_QUERY_LOW, 2, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOTTY),
    };
    const struct sock_fprog filter = { .len = sizeof program / sizeof *program, .filter = (struct sock_filter *)(uintptr_t)program };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0)
        SKIP("no seccomp filter here: %s", strerror(errno));
    CHECK(syscall(449, NULL, 0, 0, NULL, 0) == -1 && errno == ENOSYS);
}

#endif
