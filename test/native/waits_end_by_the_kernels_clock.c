/* SPDX-License-Identifier: MIT */
/*
 * A library in the process gives it another time, as libfaketime does: one that stands still, runs a thousand times as fast, or backwards; and bends the
 * time-outs of system calls.  A growth that a stopped peer holds up fails at its deadline all the same, measured from outside.
 */
#include "drive.h"

#include <sys/syscall.h>

#define DEADLINE_MS 500u

enum { TRUE_TIME, CONSTANT, FAST, BACKWARDS };
static int mode;
static uint64_t begun;
static unsigned asked;

static long kernel(long number, long a, long b, long c, long d, long e, long f)
{
    long result;
#ifdef __x86_64__
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    __asm__ volatile("syscall" : "=a"(result) : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9) : "rcx", "r11", "memory");
#elif defined __aarch64__
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    result = x0;
#else
    (void)number, (void)a, (void)b, (void)c, (void)d, (void)e, (void)f;
    result = -ENOSYS;
#endif
    return result;
}

static uint64_t true_now(clockid_t clock)
{
    struct timespec t = { 0, 0 };
    kernel(SYS_clock_gettime, clock, (long)&t, 0, 0, 0, 0);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* What everybody in this program gets who asks the C library. */
int clock_gettime(clockid_t clock, struct timespec *time)
{
    uint64_t now = true_now(clock), since = begun ? now - begun : 0;
    asked++;
    switch (mode) {
    case CONSTANT: now = UINT64_C(100000000000); break;
    case FAST: now = begun + since * 1000; break;
    case BACKWARDS: now = begun - since; break;
    default: break;
    }
    *time = (struct timespec){ .tv_sec = (time_t)(now / 1000000000u), .tv_nsec = (long)(now % 1000000000u) };
    return 0;
}

/* A wait with a time-out ends at once while time runs fast, and never otherwise. */
static long bent(long number, long a, long b, long c, long d, long e, long f)
{
    if (number == SYS_futex && mode != TRUE_TIME && d != 0 && (b & 0x7f) == 9) {
        asked++;
        if (mode == FAST)
            return -ETIMEDOUT;
        d = 0;
    }
    return kernel(number, a, b, c, d, e, f);
}

/* Six words whoever calls, as the C library's does. */
__attribute__((no_sanitize("address"))) long syscall(long number, ...)
{
    long words[6];
    va_list arguments;
    va_start(arguments, number);
    for (int i = 0; i < 6; i++)
        words[i] = va_arg(arguments, long);
    va_end(arguments);
    long result = bent(number, words[0], words[1], words[2], words[3], words[4], words[5]);
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

static void growth_ends_at_its_deadline(peermap_segment *segment, int in)
{
    mode = TRUE_TIME;
    begun = true_now(CLOCK_MONOTONIC);
    mode = in;
    peermap_round round;
    int rc = peermap_grow(segment, 65536, &round);
    mode = TRUE_TIME;
    uint64_t took = (true_now(CLOCK_MONOTONIC) - begun) / 1000000;
    CHECK_INT(rc, PEERMAP_ETIMEDOUT);
    CHECK(strcmp(round.blocker, "stopped") == 0);
    if (took < DEADLINE_MS || took > 20 * DEADLINE_MS)
        FAIL("clock %d: the growth failed after %u ms, not %u", in, (unsigned)took, DEADLINE_MS);
    CHECK(round.nanoseconds > 0 && round.nanoseconds / 1000000 <= took); /* it begins later than the call, by however much is going on */
}

int main(int argc, char **argv)
{
    (void)argc;
#if !defined __x86_64__ && !defined __aarch64__
    SKIP("here the library itself asks the C library");
#endif
    setup(argv);
    peermap_options options = { .struct_size = sizeof options,
                                .peer_name = "here",
                                .deadline_ms = DEADLINE_MS,
                                .flags = PEERMAP_STRICT | PEERMAP_NO_PTRACE };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *peer = ready_peer("stopped", NULL);
    stop_peer(peer);
    for (int in = TRUE_TIME; in <= BACKWARDS; in++)
        growth_ends_at_its_deadline(segment, in);
    continue_peer(peer);
    mode = BACKWARDS;
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    peermap_detach(segment);
    return 0;
}
