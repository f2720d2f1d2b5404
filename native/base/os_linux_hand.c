/* SPDX-License-Identifier: MIT */
/*
 * os_linux_hand.c - hand.h on Linux: PTRACE_SEIZE, in a process made by clone(CLONE_VM).
 *
 * What runs in the hand shares the memory of the thread that made it, thread-local variables included: it makes its system calls itself,
 * because the C library's would write errno, and sanitizers keep out of it.
 */
#include "hand.h"

#include "fault.h"
#include "order.h"
#include "os.h"
#include "os_linux.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN, CALL, END };          /* orders */
enum { NOTHING, RUNNING, CALLED, ENDED }; /* done */

#define POLL_NS 100000u          /* between two looks at whom the hand holds */
#define SOON_NS UINT64_C(200000)    /* within which a thread usually stops for the hand */
#define REACH_NS UINT64_C(50000000) /* how long it may take: one in a frozen group never does */
#define TRIES 50                    /* to find a thread asleep */
#define MOMENT_NS 20000u

struct pm_hand_target *pm_hand_add(struct pm_hand *hand, uint32_t thread)
{
    if (hand->count == PM_HAND_MAX)
        return NULL;
    struct pm_hand_target *target = &hand->targets[hand->count++];
    *target = (struct pm_hand_target){ .thread = thread };
    return target;
}

#if defined __x86_64__ || defined __aarch64__

#define QUIET __attribute__((no_sanitize("address", "undefined", "thread"), noinline))

/* ---- system calls without errno: the result, or -errno ---- */

QUIET static long call6(long number, long a, long b, long c, long d, long e, long f)
{
#ifdef __x86_64__
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
#else
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
#endif
}

QUIET static long trace(int request, uint32_t thread, long address, long word)
{
    return call6(SYS_ptrace, request, (long)thread, address, word, 0, 0);
}

QUIET static uint64_t now(void)
{
    struct timespec t;
    call6(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/*
 * A moment for others: a yield, which is over at once; or, where that lately gave away a whole slice because all cores are busy, a short
 * sleep, after which one comes before those that compute.
 */
QUIET static void give_way(void)
{
    const struct timespec moment = { .tv_sec = 0, .tv_nsec = MOMENT_NS };
    uint64_t before = now();
    if (before < __atomic_load_n(&pm_crowded, __ATOMIC_RELAXED)) {
        call6(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
        return;
    }
    call6(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    if (now() - before > PM_LONG_NS)
        __atomic_store_n(&pm_crowded, before + PM_CROWDED_NS, __ATOMIC_RELAXED);
}

QUIET static void tell(struct pm_hand *hand, uint32_t done)
{
    __atomic_store_n(&hand->done, done, __ATOMIC_SEQ_CST);
    call6(SYS_futex, (long)&hand->done, PM_FUTEX_WAKE, INT32_MAX, 0, 0, 0);
}

/* ---- one thread ---- */

/* The wait status of the thread if it stopped, or ended; 0 if neither by then. */
QUIET static int stopped(uint32_t thread, uint64_t until)
{
    int status = 0;
    for (;;) {
        long got = call6(SYS_wait4, (long)thread, (long)&status, __WALL | WNOHANG, 0, 0, 0);
        if (got == (long)thread)
            return status;
        if (got < 0 || now() >= until)
            return 0;
        give_way();
    }
}

/* A signal on its way to the thread, which must reach it; 0 for the stops that are the tracer's own. */
QUIET static int signal_in(int status) { return status >> 16 == 0 ? WSTOPSIG(status) : 0; }

QUIET static void seize(struct pm_hand_target *target)
{
    long rc = trace(PTRACE_SEIZE, target->thread, 0, PTRACE_O_TRACESYSGOOD);
    if (rc < 0) {
        target->error = (int)-rc;
        return;
    }
    target->held = true;
    trace(PTRACE_INTERRUPT, target->thread, 0, 0);
}

/* What stops it is handed on to it, and it goes on running. */
QUIET static void keep_running(struct pm_hand_target *target, uint64_t until)
{
    for (int status; target->held && (status = stopped(target->thread, until)) != 0; until = 0) {
        if (WIFSTOPPED(status))
            trace(PTRACE_CONT, target->thread, 0, signal_in(status));
        else
            target->held = false;
    }
}

QUIET static void let_go(struct pm_hand_target *target)
{
    if (!target->held)
        return;
    trace(PTRACE_INTERRUPT, target->thread, 0, 0);
    int status = stopped(target->thread, now() + REACH_NS);
    if (status != 0 && WIFSTOPPED(status)) /* otherwise the end of the hand lets go of it */
        trace(PTRACE_DETACH, target->thread, 0, signal_in(status));
    target->held = false;
}

#ifdef __x86_64__

#define SYSCALL_INSTRUCTION 0x050fL
#define IS_SYSCALL_STOP(status) ((status) != 0 && WIFSTOPPED(status) && WSTOPSIG(status) == (SIGTRAP | 0x80))

/* Sleeping in a futex call that the stop interrupted: anywhere else its registers are not ours to borrow. */
QUIET static bool parked(uint32_t thread, const struct user_regs_struct *regs)
{
    long word = 0;
    bool futex = (long)regs->orig_rax == SYS_futex || (long)regs->orig_rax == PM_SYS_FUTEX_WAITV;
    bool interrupted = (long)regs->rax <= -512 && (long)regs->rax >= -516;         /* the kernel's ERESTART codes */
    return futex && (interrupted || (long)regs->rax == -EINTR) &&
           trace(PTRACE_PEEKTEXT, thread, (long)regs->rip - 2, (long)&word) == 0 && (word & 0xffff) == SYSCALL_INSTRUCTION;
}

QUIET static int run_call(struct pm_hand_target *target, struct user_regs_struct saved)
{
    struct user_regs_struct regs = saved;
    struct iovec view = { &regs, sizeof regs };
    const struct pm_hand_call *call = &target->call;
    const uint64_t descriptor = (uint64_t)call->descriptor;
    regs.rip -= 2;
    regs.orig_rax = (unsigned long long)-1; /* nothing to be restarted */
    regs.rax = SYS_mmap;
    regs.rdi = call->address;
    regs.rsi = call->length;
    regs.rdx = PROT_READ | PROT_WRITE;
    regs.r10 = MAP_SHARED | MAP_FIXED;
    regs.r8 = descriptor;
    regs.r9 = call->offset;
    long rc = trace(PTRACE_SETREGSET, target->thread, 1 /* NT_PRSTATUS */, (long)&view);
    for (int half = 0; rc == 0 && half < 2;) { /* however long it takes: in between its registers are not its own */
        rc = trace(PTRACE_SYSCALL, target->thread, 0, 0);
        int status = rc == 0 ? stopped(target->thread, UINT64_MAX) : 0;
        half += IS_SYSCALL_STOP(status);
        if (rc == 0 && (status == 0 || !WIFSTOPPED(status)))
            rc = -ESRCH;
    }
    if (rc == 0)
        rc = trace(PTRACE_GETREGSET, target->thread, 1, (long)&view);
    int outcome = rc != 0 ? (int)-rc : (long)regs.rax < 0 && (long)regs.rax > -4096 ? (int)-(long)regs.rax : 0;
    saved.rax = (unsigned long long)-EINTR; /* the futex call's answer: its caller looks again */
    saved.orig_rax = (unsigned long long)-1;
    view = (struct iovec){ &saved, sizeof saved };
    trace(PTRACE_SETREGSET, target->thread, 1, (long)&view);
    return outcome;
}

/* Stops the thread and borrows it, if it sleeps where it may be borrowed.  True if that is decided, false if it should be tried again. */
QUIET static bool borrow(struct pm_hand_target *target)
{
    struct user_regs_struct regs;
    struct iovec view = { &regs, sizeof regs };
    trace(PTRACE_INTERRUPT, target->thread, 0, 0);
    int status = stopped(target->thread, now() + REACH_NS);
    target->outcome = ESRCH;
    if (status == 0 || !WIFSTOPPED(status))
        return true;
    target->outcome = EBUSY;
    int signal_number = signal_in(status);
    bool sleeps = signal_number == 0 && trace(PTRACE_GETREGSET, target->thread, 1, (long)&view) == 0 && parked(target->thread, &regs);
    if (sleeps)
        target->outcome = run_call(target, regs);
    trace(PTRACE_CONT, target->thread, 0, signal_number);
    return sleeps;
}

/* A thread that was seized a moment ago may be on its way back to where it slept. */
QUIET static void inject(struct pm_hand_target *target)
{
    const struct timespec pause = { .tv_sec = 0, .tv_nsec = POLL_NS };
    target->outcome = ESRCH;
    for (int i = 0; i < TRIES && target->held && !borrow(target); i++)
        call6(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
}

#else

static void inject(struct pm_hand_target *target) { target->outcome = ENOSYS; }

#endif

/* ---- the hand ---- */

QUIET static void call_all(struct pm_hand *hand)
{
    for (uint32_t i = 0; i < hand->count; i++)
        if (hand->targets[i].wanted)
            inject(&hand->targets[i]);
    __atomic_store_n(&hand->order, RUN, __ATOMIC_SEQ_CST);
    tell(hand, CALLED);
}

QUIET static int work(void *argument)
{
    struct pm_hand *hand = argument;
    call6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
    if (call6(SYS_getppid, 0, 0, 0, 0, 0, 0) != hand->parent)
        return 0;
    for (uint32_t i = 0; i < hand->count; i++)
        seize(&hand->targets[i]);
    for (uint32_t i = 0; i < hand->count; i++)
        keep_running(&hand->targets[i], now() + SOON_NS);
    PM_POINT("hand.seized");
    tell(hand, RUNNING);
    const struct timespec pause = { .tv_sec = 0, .tv_nsec = POLL_NS };
    const uint64_t soon = now() + SOON_NS; /* until when most have done what they were let run for */
    for (uint32_t order; (order = __atomic_load_n(&hand->order, __ATOMIC_SEQ_CST)) != END && now() < hand->until;) {
        if (order == CALL)
            call_all(hand);
        for (uint32_t i = 0; i < hand->count; i++)
            keep_running(&hand->targets[i], 0);
        if (now() < soon)
            give_way();
        else
            call6(SYS_futex, (long)&hand->order, PM_FUTEX_WAIT, RUN, (long)&pause, 0, 0);
    }
    for (uint32_t i = 0; i < hand->count; i++)
        let_go(&hand->targets[i]);
    PM_POINT("hand.let_go");
    tell(hand, ENDED);
    return 0;
}

/* ---- its maker ---- */

/* glibc's clone() under its other name, which sanitizers do not put themselves before: theirs takes the child for a copy of the process. */
#ifndef __GLIBC__
#define __clone clone
#endif
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

bool pm_hand_works(const struct pm_hand *hand)
{
    siginfo_t ended = { 0 };
    return hand->pid != 0 && waitid(P_PID, (id_t)hand->pid, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && ended.si_pid == 0;
}

/* Until the hand has done it; a hand that ended without having done so is not waited for. */
static bool await(struct pm_hand *hand, uint32_t done)
{
    for (uint64_t until = now() + SOON_NS; order_load32(&hand->done) < done && now() < until;)
        give_way(); /* to be woken takes longer than most of what it does */
    for (uint32_t seen; (seen = order_load32(&hand->done)) < done;) {
        pm_futex_wait(&hand->done, seen, UINT32_MAX, pm_now() + REACH_NS);
        if (!pm_hand_works(hand))
            return order_load32(&hand->done) >= done;
    }
    return true;
}

int pm_hand_start(struct pm_hand *hand, uint64_t until)
{
    hand->until = until;
    hand->parent = getpid();
    order_store32(&hand->order, RUN);
    order_store32(&hand->done, NOTHING);
    hand->pid = PM_FAILED("hand.clone") ? -1 : __clone(work, hand->stack + sizeof hand->stack, CLONE_VM | CLONE_FS | CLONE_FILES, hand);
    PM_POINT("hand.cloned");
    if (hand->pid < 0) {
        hand->pid = 0;
        hand->count = 0;
        return errno;
    }
    if (!await(hand, RUNNING))
        for (uint32_t i = 0; i < hand->count; i++)
            hand->targets[i].error = EPERM; /* it was ended for trying */
    return 0;
}

void pm_hand_call(struct pm_hand *hand)
{
    order_store32(&hand->done, RUNNING);
    order_store32(&hand->order, CALL);
    pm_futex_wake(&hand->order, UINT32_MAX, 1);
    if (!await(hand, CALLED))
        for (uint32_t i = 0; i < hand->count; i++)
            hand->targets[i].outcome = ESRCH;
}

void pm_hand_end(struct pm_hand *hand)
{
    if (hand->pid != 0) {
        order_store32(&hand->order, END);
        pm_futex_wake(&hand->order, UINT32_MAX, 1);
        await(hand, ENDED);
        while (waitpid(hand->pid, NULL, __WALL) < 0 && errno == EINTR) {}
    }
    hand->pid = 0;
    hand->count = 0;
    PM_POINT("hand.gone");
}

#else

int pm_hand_start(struct pm_hand *hand, uint64_t until)
{
    (void)until;
    hand->count = 0;
    return ENOSYS;
}
bool pm_hand_works(const struct pm_hand *hand)
{
    (void)hand;
    return false;
}
void pm_hand_call(struct pm_hand *hand) { (void)hand; }
void pm_hand_end(struct pm_hand *hand) { hand->count = 0; }

#endif
