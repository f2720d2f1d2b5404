/* SPDX-License-Identifier: MIT */
/*
 * os_linux_hand.c - hand.h on Linux: PTRACE_SEIZE, in a process made by clone(CLONE_VM).
 *
 * What runs in the hand shares the memory of the thread that made it, thread-local variables included: it makes its system calls itself,
 * because the C library's would write errno, and sanitizers keep out of it.  It shares the descriptors too, and opens none: whoever is killed
 * leaves those open.
 */
#include "hand.h"

#include "fault.h"
#include "hand_memory.h"
#include "order.h"
#include "os.h"
#include "os_linux.h"
#include "os_linux_call.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUN, END };                /* orders */
enum { NOTHING, RUNNING, ENDED }; /* done */

#define POLL_NS 100000u             /* between two looks at whom the hand holds, */
#define SLOW_NS 1000000u            /* when they have not done it soon */
#define SOON_NS UINT64_C(200000)    /* within which a thread usually stops for the hand */
#define LET_GO_NS UINT64_C(10000000)  /* the same, at the end */
#define GRACE_NS UINT64_C(20000000)   /* after which a hand that was told to end is killed */
#define KILLED_NS UINT64_C(10000000)  /* after which one that was killed is left behind */
#define STUCK_NS UINT64_C(10000000)   /* between two looks at a hand that has not begun */
#define LEFT_MAX 16u                  /* hands left behind: then no more are made */
#define MOMENT_NS 20000u

struct pm_hand_target *pm_hand_add(struct pm_hand *hand, const struct pm_agent *who)
{
    if (hand->count == PM_HAND_MAX)
        return NULL;
    struct pm_hand_target *target = &hand->targets[hand->count];
    *target = (struct pm_hand_target){ .agent = *who, .file = -1, .maps = -1, .mem = -1 };
    store32(&hand->count, hand->count + 1); /* last, for the child of a fork by another thread */
    return target;
}

#if defined __x86_64__ || defined __aarch64__

#define QUIET PM_UNSANITIZED __attribute__((noinline))

QUIET static long trace(int request, uint32_t thread, long address, long word)
{
    return pm_call(SYS_ptrace, request, (long)thread, address, word, 0, 0);
}

/*
 * A moment for others: a yield, which is over at once; or, where that lately gave away a whole slice because all cores are busy, a short
 * sleep, after which one comes before those that compute.
 */
QUIET static void give_way(void)
{
    const struct timespec moment = { .tv_sec = 0, .tv_nsec = MOMENT_NS };
    uint64_t before = pm_call_now();
    if (before < __atomic_load_n(&pm_crowded, __ATOMIC_RELAXED)) {
        pm_call(SYS_nanosleep, (long)&moment, 0, 0, 0, 0, 0);
        return;
    }
    pm_call(SYS_sched_yield, 0, 0, 0, 0, 0, 0);
    if (pm_call_now() - before > PM_LONG_NS)
        __atomic_store_n(&pm_crowded, before + PM_CROWDED_NS, __ATOMIC_RELAXED);
}

QUIET static void doze(uint64_t ns)
{
    const struct timespec pause = { .tv_sec = 0, .tv_nsec = (long)ns };
    pm_call(SYS_nanosleep, (long)&pause, 0, 0, 0, 0, 0);
}

/* A step of a wait that began at `since`: short ones at first, since most waits are; later it costs nothing to speak of. */
QUIET static void wait_a_little(uint64_t since)
{
    uint64_t waited = pm_call_now() - since;
    if (waited < SOON_NS)
        give_way();
    else
        doze(waited < 20 * SOON_NS ? POLL_NS : SLOW_NS);
}

QUIET static uint64_t sooner(uint64_t a, uint64_t b) { return a < b ? a : b; }

QUIET static void tell(struct pm_tracer *tracer, uint32_t done)
{
    __atomic_store_n(&tracer->done, done, __ATOMIC_SEQ_CST);
    pm_call(SYS_futex, (long)&tracer->done, PM_FUTEX_WAKE, INT32_MAX, 0, 0, 0);
}

/* ---- one thread ---- */

/* The wait status of the thread if it stopped, or ended; 0 if neither by then. */
QUIET static int stopped(uint32_t thread, uint64_t until)
{
    int status = 0;
    for (uint64_t since = pm_call_now();;) {
        long got = pm_call(SYS_wait4, (long)thread, (long)&status, __WALL | WNOHANG, 0, 0, 0);
        if (got == (long)thread)
            return status;
        if (got < 0 || pm_call_now() >= until)
            return 0;
        wait_a_little(since);
    }
}

/* A signal on its way to the thread, which must reach it; 0 for the stops that are the tracer's own. */
QUIET static int signal_in(int status) { return status >> 16 == 0 ? WSTOPSIG(status) : 0; }

/* The thread of this number is the one that was looked at: the file is of that one, however many have had its number since. */
QUIET static bool is_it(const struct pm_hand_target *target)
{
    char byte;
    return pm_call(SYS_pread64, target->file, (long)&byte, 1, 0, 0, 0) == 1;
}

/* Before, so that nobody else is touched; and again, since only of one that is held the number cannot become another's. */
QUIET static void seize(struct pm_hand_target *target)
{
    if (target->error != 0)
        return;
    long rc = is_it(target) ? trace(PTRACE_SEIZE, target->agent.thread, 0, 0) : -ESRCH;
    target->held = rc == 0;
    target->error = rc < 0 ? (int)-rc : is_it(target) ? 0 : ESRCH;
    if (target->error == 0)
        trace(PTRACE_INTERRUPT, target->agent.thread, 0, 0);
}

QUIET static void note(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_SEQ_CST); }

/* First what waits for its memory map: who is seized then has what it must. */
QUIET static void begin(struct pm_tracer *tracer, struct pm_hand_target *target)
{
    note(&tracer->in_memory, 1);
    if (target->error == 0 && target->view.length > 0)
        target->error = pm_hand_asks(target, &tracer->steps);
    if (target->view.from < target->view.to) {
        if (target->error == 0)
            target->error = pm_hand_populates(target, tracer->until, &tracer->steps);
        return;
    }
    note(&tracer->in_memory, 0);
    seize(target);
}

/* What stops it is handed on to it, and it goes on running.  Who is another after all stops only if its process is stopped, or by a signal: then it is let go
 * of, into just that. */
QUIET static void keep_running(struct pm_hand_target *target, uint64_t until)
{
    for (int status; target->held && (status = stopped(target->agent.thread, until)) != 0; until = 0) {
        if (WIFSTOPPED(status))
            trace(target->error == 0 ? PTRACE_CONT : PTRACE_DETACH, target->agent.thread, 0, signal_in(status));
        target->held = WIFSTOPPED(status) && target->error == 0;
    }
}

/* Whoever does not stop by then is let go of by the end of the hand. */
QUIET static void let_go_of_all(struct pm_tracer *tracer)
{
    const uint64_t until = pm_call_now() + LET_GO_NS;
    for (uint32_t i = 0; i < tracer->count; i++)
        if (tracer->targets[i].held && tracer->targets[i].error == 0)
            trace(PTRACE_INTERRUPT, tracer->targets[i].agent.thread, 0, 0);
    for (uint32_t i = 0; i < tracer->count; i++) {
        struct pm_hand_target *target = &tracer->targets[i];
        int status = target->held && target->error == 0 ? stopped(target->agent.thread, until) : 0;
        if (status != 0 && WIFSTOPPED(status))
            trace(PTRACE_DETACH, target->agent.thread, 0, signal_in(status));
        target->held = false;
    }
}

/* ---- the hand ---- */

QUIET static void serve(struct pm_tracer *tracer)
{
    const uint64_t begun = pm_call_now();
    while (__atomic_load_n(&tracer->order, __ATOMIC_SEQ_CST) != END) {
        const uint64_t time = pm_call_now();
        if (time >= tracer->until)
            break;
        for (uint32_t i = 0; i < tracer->count; i++)
            keep_running(&tracer->targets[i], 0);
        if (time - begun < SOON_NS) { /* most have done by then what they were let run for */
            give_way();
            continue;
        }
        const struct timespec pause = { .tv_sec = 0, .tv_nsec = time - begun < 20 * SOON_NS ? POLL_NS : SLOW_NS };
        pm_call(SYS_futex, (long)&tracer->order, PM_FUTEX_WAIT, RUN, (long)&pause, 0, 0);
    }
}

QUIET static int work(void *argument)
{
    struct pm_tracer *tracer = argument;
    pm_call(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
    if (pm_call(SYS_getppid, 0, 0, 0, 0, 0, 0) != tracer->parent)
        return 0;
    for (uint32_t i = 0; i < tracer->count; i++) {
        note(&tracer->at, i);
        __atomic_fetch_add(&tracer->steps, 1, __ATOMIC_SEQ_CST);
        begin(tracer, &tracer->targets[i]);
    }
    note(&tracer->at, tracer->count);
    for (uint32_t i = 0; i < tracer->count; i++)
        keep_running(&tracer->targets[i], pm_call_now() + SOON_NS);
    PM_POINT("hand.seized");
    tell(tracer, RUNNING);
    serve(tracer);
    let_go_of_all(tracer);
    PM_POINT("hand.let_go");
    tell(tracer, ENDED);
    return 0;
}

/* ---- its maker ---- */

/* glibc's clone() under its other name, which sanitizers do not put themselves before: theirs takes the child for a copy of the process. */
#ifndef __GLIBC__
#define __clone clone
#endif
extern int __clone(int (*function)(void *), void *stack, int flags, void *argument, ...);

/* The stat of the thread that is meant, open: an agent, which may be traced.  A descriptor, or a negative errno. */
static int open_agent(const struct pm_agent *who)
{
    char path[64], line[1024];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/stat", who->pid, who->thread);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT ? -ESRCH : -errno;
    ssize_t length = pread(fd, line, sizeof line - 1, 0);
    line[length > 0 ? length : 0] = '\0';
    const char *name = strchr(line, ' '), *started = pm_proc_stat_field(line, 22);
    if (name && started && strncmp(name, " (" PM_AGENT ") ", sizeof " (" PM_AGENT ") " - 1) == 0 && who->started != 0 &&
        strtoull(started, NULL, 10) == who->started)
        return fd;
    close(fd);
    return -ESRCH;
}

/* To open it waits for nobody. */
static int open_view(const struct pm_agent *who, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%" PRIu32 "/task/%" PRIu32 "/%s", who->pid, who->thread, name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd >= 0 ? fd : errno == ENOENT ? -ESRCH : errno == EACCES ? -EPERM : -errno;
}

static void open_all(struct pm_hand *hand)
{
    for (uint32_t i = 0; i < hand->count; i++) {
        struct pm_hand_target *target = &hand->targets[i];
        int failed = target->file = open_agent(&target->agent);
        if (failed >= 0 && target->view.length > 0)
            failed = target->maps = open_view(&target->agent, "maps");
        if (failed >= 0 && target->view.from < target->view.to)
            failed = target->mem = open_view(&target->agent, "mem");
        if (failed < 0) /* for want of a descriptor, say */
            target->error = failed == -ESRCH || failed == -EPERM ? -failed : EAGAIN;
    }
}

static void close_one(int *place)
{
    int file = *place;
    *place = -1; /* first: its number may be another file's at once, which a forked child must not close */
    order_here();
    if (file >= 0)
        close(file);
}

static void close_all(struct pm_hand *hand)
{
    for (uint32_t i = 0; i < hand->count; i++) {
        close_one(&hand->targets[i].file);
        close_one(&hand->targets[i].maps);
        close_one(&hand->targets[i].mem);
    }
}

/* All hands of this process that were left behind.  Whoever looks takes the whole list. */
static void *left;

static void leave_behind(struct pm_tracer *tracer)
{
    void *head = load_pointer(&left);
    do
        tracer->next = head;
    while (!cas_pointer(&left, &head, tracer));
}

/* Of those that were left behind, frees the memory of who has ended.  How many have not. */
static uint32_t look_back(void)
{
    uint32_t count = 0;
    for (struct pm_tracer *tracer = swap_pointer(&left, NULL), *next; tracer; tracer = next) {
        next = tracer->next;
        if (waitpid(tracer->pid, NULL, __WALL | WNOHANG) == 0) {
            leave_behind(tracer);
            count++;
        } else { /* or it is a forked child's copy, of whose parent's child it knows nothing */
            munmap(tracer, sizeof *tracer);
        }
    }
    return count;
}

/* Fails with an error if it is not a child any more: the application may have waited for whatever child there is. */
static bool runs(pid_t pid)
{
    siginfo_t ended = { 0 };
    return waitid(P_PID, (id_t)pid, &ended, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0 && ended.si_pid == 0;
}

bool pm_hand_works(const struct pm_hand *hand) { return hand->pid != 0 && runs(hand->pid); }

/* Process-local.  A wait for the hand to begin. */
struct doubt {
    uint64_t next;
    uint32_t steps;
};

static bool seems_asleep(const struct pm_hand *hand)
{
    char state = pm_process_state((uint32_t)hand->pid);
    return state == 'D' || state == 'S';
}

/*
 * It has not got on since the last look, and does not run or wait for a processor, nor does the thread that it is to seize: the kernel does not let it.
 */
static bool is_stuck(const struct pm_hand *hand, struct doubt *doubt, uint64_t time)
{
    if (time < doubt->next)
        return false;
    const uint32_t at = order_load32(&hand->tracer->at), steps = order_load32(&hand->tracer->steps), before = doubt->steps;
    *doubt = (struct doubt){ time + STUCK_NS, steps };
    return steps == before && at < hand->count && seems_asleep(hand) &&
           (order_load32(&hand->tracer->in_memory) || pm_process_state(hand->targets[at].agent.thread) != 'R');
}

/* Until the hand has done it, or the time has come; a hand that ended without having done so, or is stuck, is not waited for. */
static bool await(struct pm_hand *hand, uint32_t done, uint64_t until)
{
    uint32_t *word = &hand->tracer->done;
    uint64_t time = pm_call_now(), soon = time + SOON_NS;
    struct doubt doubt = { time + STUCK_NS, UINT32_MAX };
    while (order_load32(word) < done && pm_call_now() < soon)
        give_way(); /* to be woken takes longer than most of what it does */
    for (uint32_t seen; (seen = order_load32(word)) < done && (time = pm_call_now()) < until;) {
        if (!pm_hand_works(hand))
            return order_load32(word) >= done;
        if (seen == NOTHING && is_stuck(hand, &doubt, time))
            return false;
        pm_futex_wait(word, seen, UINT32_MAX, sooner(until, time + STUCK_NS));
    }
    return order_load32(word) >= done;
}

static void command(struct pm_hand *hand, uint32_t order)
{
    order_store32(&hand->tracer->order, order);
    pm_futex_wake(&hand->tracer->order, UINT32_MAX, 1);
}

static bool reaped(pid_t pid, uint64_t until)
{
    for (uint64_t since = pm_call_now(); waitpid(pid, NULL, __WALL | WNOHANG) == 0; wait_a_little(since))
        if (pm_call_now() >= until)
            return false;
    return true;
}

/* Its memory stays with it if the kernel does not let it end. */
static void finish(struct pm_hand *hand, bool patient)
{
    if (patient) {
        command(hand, END);
        patient = await(hand, ENDED, pm_call_now() + GRACE_NS);
    }
    if (!patient || !reaped(hand->pid, pm_call_now() + KILLED_NS)) {
        if (runs(hand->pid))
            kill(hand->pid, SIGKILL);
        if (!reaped(hand->pid, pm_call_now() + KILLED_NS)) {
            leave_behind(hand->tracer);
            hand->tracer = NULL;
        }
    }
    hand->pid = 0;
    PM_POINT("hand.gone");
}

/* What it has found of all of them. */
static void learn(struct pm_hand *hand) { memcpy(hand->targets, hand->tracer->targets, hand->count * sizeof *hand->targets); }

/* It has not begun in time: because of one of the threads, for want of a processor, or because it was ended for trying. */
static void give_up(struct pm_hand *hand)
{
    const uint32_t at = order_load32(&hand->tracer->at);
    const bool lives = runs(hand->pid), sleeps = lives && at < hand->count && seems_asleep(hand);
    const int held = order_load32(&hand->tracer->in_memory) ? EDEADLK : EINPROGRESS;
    for (uint32_t i = 0; i < hand->count; i++)
        hand->targets[i].error = !lives ? EPERM : i == at && sleeps ? held : EAGAIN;
    if (lives)
        finish(hand, false);
}

static bool prepare(struct pm_hand *hand, uint64_t until)
{
    if (!hand->tracer) {
        void *got = mmap(NULL, sizeof *hand->tracer, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED)
            return false;
        hand->tracer = got;
    }
    struct pm_tracer *tracer = hand->tracer;
    open_all(hand);
    memcpy(tracer->targets, hand->targets, hand->count * sizeof *hand->targets);
    tracer->count = hand->count;
    tracer->until = until;
    tracer->parent = getpid();
    order_store32(&tracer->at, 0);
    order_store32(&tracer->in_memory, 0);
    order_store32(&tracer->steps, 0);
    order_store32(&tracer->order, RUN);
    order_store32(&tracer->done, NOTHING);
    return true;
}

static int make(struct pm_hand *hand, uint64_t until)
{
    if (load_pointer(&left) && look_back() >= LEFT_MAX)
        return EAGAIN;
    if (!prepare(hand, until) || PM_FAILED("hand.clone"))
        return errno;
    struct pm_tracer *tracer = hand->tracer;
    pid_t pid = __clone(work, tracer->stack + sizeof tracer->stack, CLONE_VM | CLONE_FS | CLONE_FILES, tracer);
    if (pid < 0)
        return errno;
    hand->pid = tracer->pid = pid;
    return 0;
}

int pm_hand_start(struct pm_hand *hand, uint64_t until)
{
    int error = make(hand, until);
    PM_POINT("hand.cloned");
    if (error == 0 && await(hand, RUNNING, until + GRACE_NS))
        learn(hand);
    else if (error == 0)
        give_up(hand);
    close_all(hand); /* it has looked at all of them, or was killed */
    if (error != 0)
        hand->count = 0;
    return error;
}

void pm_hand_end(struct pm_hand *hand)
{
    if (hand->pid != 0)
        finish(hand, true);
    hand->count = 0;
}

void pm_hand_in_child(struct pm_hand *hand) { close_all(hand); }

void pm_hand_free(struct pm_hand *hand)
{
    if (hand->tracer)
        munmap(hand->tracer, sizeof *hand->tracer);
    hand->tracer = NULL;
    if (load_pointer(&left))
        look_back();
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
void pm_hand_end(struct pm_hand *hand) { hand->count = 0; }
void pm_hand_in_child(struct pm_hand *hand) { (void)hand; }
void pm_hand_free(struct pm_hand *hand) { (void)hand; }

#endif
