/* SPDX-License-Identifier: MIT */
/*
 * A host has a handler of SIGBUS of its own, installed before the library's, after it and leading on to it, or in its place; one that is called once; none; or
 * ignores the signal.  Its own faults end where they would without the library; that an object was cut short is told by the library's calls, where the
 * host leads on to it.
 */
#include "drive.h"

#include <setjmp.h>
#include <sys/mman.h>

#define OWN 42 /* exit status of the host's handler */

static struct sigaction before_ours;
static volatile sig_atomic_t calls;
static sigjmp_buf back;

static void jump(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    CHECK(info->si_addr != NULL);
    calls++;
    siglongjmp(back, 1);
}

static void end(int number)
{
    (void)number;
    _exit(OWN);
}

/* Returns, as a crash reporter does: the fault happens again. */
static void report(int number)
{
    (void)number;
    if (calls++ > 0)
        _exit(1); /* it was to be called once */
}

static volatile char *own_object;

static void lead_on(int number, siginfo_t *info, void *context)
{
    if ((uintptr_t)info->si_addr - (uintptr_t)own_object < 4096)
        jump(number, info, context);
    before_ours.sa_sigaction(number, info, context);
}

static void install(void (*plain)(int), void (*full)(int, siginfo_t *, void *), int flags)
{
    struct sigaction action = { .sa_flags = flags };
    if (full) {
        action.sa_flags |= SA_SIGINFO;
        action.sa_sigaction = full;
    } else {
        action.sa_handler = plain;
    }
    CHECK(sigaction(SIGBUS, &action, &before_ours) == 0);
}

static peermap_segment *have(void)
{
    peermap_segment *segment;
    if (peermap_create(seg(), NULL, &segment) != 0)
        FAIL("%s", peermap_last_error());
    return segment;
}

static void cut(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, 0) == 0);
}

static void touch_own(void)
{
    int fd = memfd_create("the host's", MFD_CLOEXEC);
    own_object = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(fd >= 0 && own_object != MAP_FAILED);
    (void)*own_object;
}

static void own_fault_is_heard(void)
{
    int called = calls;
    if (sigsetjmp(back, 1) == 0)
        touch_own();
    CHECK_INT(calls, called + 1);
}

static void loss_is_told(peermap_segment *segment)
{
    cut();
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ELOST);
    peermap_detach(segment);
}

/* ---- each in a process of its own, since handlers are the process's ---- */

static void installed_before(void)
{
    install(NULL, jump, 0);
    peermap_segment *segment = have();
    own_fault_is_heard();
    loss_is_told(segment);
    own_fault_is_heard();
}

static void installed_after(void)
{
    peermap_segment *segment = have();
    install(NULL, lead_on, 0);
    own_fault_is_heard();
    loss_is_told(segment);
    own_fault_is_heard();
}

static void installed_instead(void)
{
    peermap_segment *segment = have();
    install(end, NULL, 0);
    either_way(peermap_grow(segment, 4096, NULL));
    touch_own();
}

static void installed_instead_and_cut(void)
{
    peermap_segment *segment = have();
    install(end, NULL, 0);
    cut();
    while (peermap_epoch(segment) > 0 || peermap_size(segment) > 0) {} /* the library's own touch */
}

static void called_once(void)
{
    install(report, NULL, (int)SA_RESETHAND);
    (void)have();
    touch_own();
}

static void none(void)
{
    (void)have();
    touch_own();
}

static void ignored(void)
{
    install(SIG_IGN, NULL, 0);
    (void)have();
    raise(SIGBUS);
    touch_own();
}

static void in_child(void (*act)(void), int wanted)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        const struct sigaction none_yet = { .sa_handler = SIG_DFL };
        sigaction(SIGBUS, &none_yet, NULL); /* a sanitizer has one */
        act();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, wanted);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a handler, in whichever thread, knows what the program mapped");
    setup(argv);
    prctl(PR_SET_DUMPABLE, 0); /* no core of those that end by the signal */
    in_child(installed_before, 0);
    in_child(installed_after, 0);
    in_child(installed_instead, OWN << 8);
    in_child(installed_instead_and_cut, OWN << 8);
    in_child(called_once, SIGBUS);
    in_child(none, SIGBUS);
    in_child(ignored, SIGBUS);
    return 0;
}
