/* SPDX-License-Identifier: MIT */
/*
 * A timer fires every 100 µs, faster than memory for a growth can be allocated.  The growth ends all the same; the handler goes on being called, and
 * the thread's signals are what they were.  Also where the system is one that gives up an allocation at every signal, and undoes it: that is
 * played here by another fallocate().
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define GROWTH (UINT64_C(256) << 20)
#define STEP (INT64_C(1) << 20)

static _Thread_local volatile sig_atomic_t fired; /* a signal that another thread gets disturbs nothing in this one */
static bool old_system;
static unsigned calls, undone;

static void on_timer(int number)
{
    (void)number;
    fired++;
}

/* As the kernel before the fix: after some memory it looks for a signal, and if there is one takes everything back. */
int fallocate(int fd, int mode, off_t from, off_t length)
{
    struct stat before;
    sig_atomic_t seen = fired;
    calls++;
    if (!old_system || fstat(fd, &before) != 0)
        return (int)syscall(SYS_fallocate, fd, mode, from, length);
    for (off_t done = 0; done < length; done += STEP) {
        off_t step = length - done < STEP ? length - done : STEP;
        int rc = (int)syscall(SYS_fallocate, fd, mode, from + done, step);
        if (rc == 0 && fired == seen)
            continue;
        int error = rc == 0 ? EINTR : errno;
        if (mode == 0)
            syscall(SYS_fallocate, fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, done + step);
        undone++;
        if (mode == 0 && ftruncate(fd, before.st_size) != 0)
            FAIL("cannot undo: %s", strerror(errno));
        if (undone > 2000)
            FAIL("the growth begins anew for ever");
        errno = error;
        return -1;
    }
    return 0;
}

/* Not that of alarm(), which is the watchdog's. */
static timer_t start_timer(long every)
{
    struct sigevent event = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1 };
    struct itimerspec times = { { 0, every }, { 0, every } };
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0 && timer_settime(timer, 0, &times, NULL) == 0);
    return timer;
}

static peermap_segment *fresh(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .ahead = 2 * GROWTH, .deadline_ms = 60000 };
    peermap_segment *segment;
    if (peermap_create(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    return segment;
}

static void grow_meanwhile(peermap_segment *segment)
{
    timer_t timer = start_timer(100000);
    while (fired == 0) {}
    sig_atomic_t seen = fired;
    int rc = peermap_grow(segment, GROWTH, NULL);
    if (rc != 0)
        FAIL("%s: %s", peermap_error_name(rc), peermap_last_error());
    if (fired - seen < 4)
        FAIL("signals waited for the whole growth");
    for (seen = fired; fired == seen;) {}
    CHECK(timer_delete(timer) == 0);
}

static void grows(int flags, bool old)
{
    struct sigaction action = { .sa_flags = flags };
    sigset_t before, after;
    action.sa_handler = on_timer;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && pthread_sigmask(SIG_SETMASK, NULL, &before) == 0);
    peermap_segment *segment = fresh();
    size_t size = peermap_size(segment);
    fired = 0;
    calls = undone = 0;
    old_system = old;
    grow_meanwhile(segment);
    old_system = false;
    CHECK(pthread_sigmask(SIG_SETMASK, NULL, &after) == 0);
    for (int number = 1; number < 32; number++)
        CHECK_INT(sigismember(&after, number), sigismember(&before, number));
    if (old && (undone == 0 || undone > 16 || calls > 1000)) /* a piece or two, and not the whole again and again */
        FAIL("%u of %u calls were undone", undone, calls);
    CHECK_INT(peermap_size(segment), size + GROWTH);
    memset((char *)peermap_base(segment) + size, 7, GROWTH);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it delivers signals when it likes");
    setup(argv);
    for (int old = 0; old <= 1; old++) {
        grows(0, old);
        grows(SA_RESTART, old);
    }
    return 0;
}
