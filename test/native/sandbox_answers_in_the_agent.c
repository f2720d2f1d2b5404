/* SPDX-License-Identifier: MIT */
/*
 * A sandbox that turns forbidden system calls into SIGSYS, which a handler of the program answers by ENOSYS: the agent's calls are answered like all
 * others, and a peer goes on without them.
 */
#include "drive.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <ucontext.h>

static sig_atomic_t answered_elsewhere;

static void say_there_is_none(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)info;
    ucontext_t *state = context;
#ifdef __x86_64__
    state->uc_mcontext.gregs[REG_RAX] = -ENOSYS;
#elif defined __aarch64__
    state->uc_mcontext.regs[0] = (unsigned long long)-ENOSYS;
#else
    (void)state;
#endif
    if (syscall(SYS_gettid) != getpid())
        __atomic_store_n(&answered_elsewhere, 1, __ATOMIC_RELAXED);
}

#define FORBID(number) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP)
#define FUTEX_WAITV 449

static void forbid(void)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        FORBID(SYS_sched_yield), /* which is called in any case */
        FORBID(SYS_sched_setattr),
        FORBID(SYS_sched_getattr),
        FORBID(FUTEX_WAITV),
        FORBID(SYS_pidfd_open),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { sizeof filter / sizeof *filter, filter };
    struct sigaction action = { .sa_sigaction = say_there_is_none, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGSYS, &action, NULL) == 0);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        SKIP("cannot set a filter: %s", strerror(errno));
}

int main(int argc, char **argv)
{
    (void)argc;
#if !defined __x86_64__ && !defined __aarch64__
    SKIP("how a handler answers a system call differs by processor");
#endif
    setup(argv);
    struct peer *sleeper = ready_peer("sleeper", "create 65536 no-ptrace");
    forbid();
    peermap_options options = { .struct_size = sizeof options, .peer_name = "boxed", .deadline_ms = 300 };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    stop_peer(sleeper);
    CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_ETIMEDOUT); /* waits, and looks at who does not answer */
    continue_peer(sleeper);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    CHECK(__atomic_load_n(&answered_elsewhere, __ATOMIC_RELAXED));
    peermap_detach(segment);
    ok(sleeper, "grow 4096");
    return 0;
}
