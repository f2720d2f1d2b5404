/* SPDX-License-Identifier: MIT */
/* os_fault.c - mapping, and the process's handler of SIGBUS: os.h on Linux. */
#include "os.h"

#include "order.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- mapping ---- */

static int map_raw(void *at, uint64_t length, int protection, int flags, int fd, uint64_t off)
{
    int before = errno;
    bool mapped = syscall(SYS_mmap, at, length, protection, flags | MAP_FIXED, fd, off) != -1;
    int error = mapped ? 0 : errno;
    errno = before;
    return error;
}

/*
 * ThreadSanitizer takes a mapping for a write of all its bytes, and that of an agent for one that races with the reads of the
 * application's threads: what orders the two went through other processes.  It does not see a raw system call.
 */
#ifdef __SANITIZE_THREAD__
#define map map_raw
#else
static int map(void *at, uint64_t length, int protection, int flags, int fd, uint64_t off)
{
    return mmap(at, length, protection, flags | MAP_FIXED, fd, (off_t)off) == MAP_FAILED ? errno : 0;
}
#endif

int pm_map_object(void *at, uint64_t length, int fd, uint64_t off) { return map(at, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, off); }

int pm_map_to_read(void *at, uint64_t length, int fd, uint64_t off)
{
    int error = map(at, length, PROT_READ, MAP_SHARED, fd, off);
    if (error == 0)
        pm_keep_out_of_cores(at, length);
    return error;
}

int pm_forbid_writing(void *at, uint64_t length) { return mprotect(at, length, PROT_READ) == 0 ? 0 : errno; }

/*
 * Without access at first: a process that locks its future memory would fill what is a hole, and all of it.  In one piece, because Valgrind 3.19
 * ends itself over a mapping that mprotect() joins to its neighbour.
 */
int pm_map_sparse(void *at, uint64_t length, int fd, uint64_t off)
{
    int error = map(at, length, PROT_NONE, MAP_SHARED, fd, off);
    if (error != 0)
        return error;
    (void)munlock(at, length);
    return mprotect(at, length, PROT_READ | PROT_WRITE) == 0 ? 0 : errno;
}

int pm_map_nothing(void *at, uint64_t length)
{
    int error = map(at, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (error == 0)
        pm_keep_out_of_cores(at, length); /* as its neighbours, or they would be several mappings */
    return error;
}

static void advise(void *at, uint64_t length, int advice)
{
    int before = errno;
    (void)madvise(at, length, advice);
    errno = before;
}

void pm_keep_out_of_cores(void *at, uint64_t length) { advise(at, length, MADV_DONTDUMP); }
void pm_let_into_cores(void *at, uint64_t length) { advise(at, length, MADV_DODUMP); }

/* Few of them are touched: no reason to refuse what is more than the machine has. */
int pm_map_zeroes(void *at, uint64_t length)
{
    return map_raw(at, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
}

/* ---- the handler ---- */

static bool (*ask)(uintptr_t address);
static struct sigaction previous;
static const char interrupt; /* its address marks our own signals */

/* As if ours had never been: the default action ends the process, whether the fault repeats itself or the signal is sent again. */
static void as_before(bool fault)
{
    sigaction(SIGBUS, &previous, NULL);
    if (!fault && previous.sa_handler == SIG_DFL)
        syscall(SYS_tgkill, getpid(), pm_thread_id(), SIGBUS);
}

static bool is_a_function(const struct sigaction *action)
{
    return action->sa_flags & SA_SIGINFO || (action->sa_handler != SIG_DFL && action->sa_handler != SIG_IGN);
}

/* A crash reporter that is called once counts on the default action when its fault repeats itself. */
static struct sigaction take_previous(void)
{
    const struct sigaction action = previous;
    if (is_a_function(&action) && (action.sa_flags & (int)SA_RESETHAND) != 0)
        previous = (struct sigaction){ .sa_handler = SIG_DFL };
    return action;
}

static void pass_on(int number, siginfo_t *info, void *context)
{
    const struct sigaction action = take_previous();
    sigset_t blocked = action.sa_mask, before;
    bool fault = info->si_code > 0;
    if (!is_a_function(&action)) {
        if (fault || action.sa_handler == SIG_DFL)
            as_before(fault);
        return;
    }
    if (!(action.sa_flags & SA_NODEFER))
        sigaddset(&blocked, SIGBUS);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    if (action.sa_flags & SA_SIGINFO)
        action.sa_sigaction(number, info, context);
    else
        action.sa_handler(number);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void on_bus_error(int number, siginfo_t *info, void *context)
{
    int before = errno;
    bool own = info->si_code == SI_QUEUE && info->si_pid == getpid() && info->si_value.sival_ptr == &interrupt;
    if (!own && !(info->si_code > 0 && ask((uintptr_t)info->si_addr)))
        pass_on(number, info, context);
    errno = before;
}

int pm_fault_watch(bool (*mend)(uintptr_t address))
{
    struct sigaction ours = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
    ours.sa_sigaction = on_bus_error;
    sigemptyset(&ours.sa_mask);
    ask = mend;
    /* First what to pass on to: another thread may fault as soon as ours is there. */
    if (sigaction(SIGBUS, NULL, &previous) != 0 || sigaction(SIGBUS, &ours, NULL) != 0)
        return errno;
    return 0;
}

void pm_interrupt(uint32_t tid)
{
    siginfo_t info;
    int before = errno;
    memset(&info, 0, sizeof info);
    info.si_signo = SIGBUS;
    info.si_code = SI_QUEUE;
    info.si_pid = getpid();
    info.si_uid = getuid();
    info.si_value.sival_ptr = (void *)(uintptr_t)&interrupt;
    syscall(SYS_rt_tgsigqueueinfo, getpid(), tid, SIGBUS, &info);
    errno = before;
}
