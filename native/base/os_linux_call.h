/* SPDX-License-Identifier: MIT */
/*
 * os_linux_call.h - system calls that no library comes between: the result, or -errno.  errno itself stays as it is.
 *
 * A preloaded library may replace clock_gettime(), and syscall() as well: libfaketime does, to give a program another time.  What waits until a
 * deadline takes both, the time and the wait, from the kernel, so that the two are always of one clock.
 */
#ifndef PM_OS_LINUX_CALL_H
#define PM_OS_LINUX_CALL_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Also for a process that shares its maker's memory, thread-local variables included: sanitizers keep out of it. */
#define PM_UNSANITIZED __attribute__((no_sanitize("address", "undefined", "thread")))

PM_UNSANITIZED static inline long pm_call(long number, long a, long b, long c, long d, long e, long f)
{
#if defined __x86_64__ && defined __LP64__
    long result;
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
    return result;
#elif defined __aarch64__ && defined __LP64__
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    return x0;
#else
    int before = errno;
    long result = syscall(number, a, b, c, d, e, f);
    result = result == -1 ? -errno : result;
    errno = before;
    return result;
#endif
}

/*
 * Whether a filter decides on this thread's system calls (seccomp).  One that is older than a call, or does not expect it, may end the process for it; so
 * calls that make something better, and that there is a way without, are not made then: docs/system-calls.md.
 */
static inline bool pm_calls_are_filtered(void) { return pm_call(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) > 0; }

/* What pm_now() says, by the system call itself: for a hand, which calls nothing else. */
PM_UNSANITIZED static inline uint64_t pm_call_now(void)
{
    struct timespec t;
    pm_call(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0, 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

#endif
