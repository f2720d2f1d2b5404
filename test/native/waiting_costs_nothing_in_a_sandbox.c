/* SPDX-License-Identifier: MIT */
/* Where a sandbox forbids the system call that waits for several words, waiting for a peer or for the lock still sleeps. */
#include "drive.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>

#define FUTEX_WAITV 449

static void forbid(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, FUTEX_WAITV, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        SKIP("cannot set a filter: %s", strerror(errno));
}

static uint64_t spent(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *sleeper = ready_peer("sleeper", "create 65536 no-ptrace");
    struct peer *holder = ready_peer("holder", "deadline 100000");
    forbid();
    peermap_options options = { .struct_size = sizeof options, .peer_name = "waiter", .deadline_ms = 1000 };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    stop_peer(sleeper);
    uint64_t begun = now_ns(), before = spent();
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ETIMEDOUT);
    CHECK((spent() - before) * 4 < now_ns() - begun);

    say(holder, "grow 4096");
    int rc;
    do {
        begun = now_ns(), before = spent();
        rc = peermap_map_peer(segment, 0, NULL);
    } while (rc != PEERMAP_EBUSY);
    CHECK((spent() - before) * 4 < now_ns() - begun);
    continue_peer(sleeper);
    expect_ok(__FILE__, __LINE__, holder);
    peermap_detach(segment);
    return 0;
}
