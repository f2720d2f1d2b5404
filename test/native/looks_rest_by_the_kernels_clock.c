/* SPDX-License-Identifier: MIT */
/*
 * A look that is refused a lease rests a moment and asks again.  A preloaded library that gives the process another time, as libfaketime does, may make
 * that moment an hour long, or nothing.
 */
#include "beyond.h"

static unsigned asked;

int nanosleep(const struct timespec *time, struct timespec *left)
{
    (void)time, (void)left;
    asked++;
    return 0;
}

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *time, struct timespec *left)
{
    (void)clock, (void)flags;
    return nanosleep(time, left);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    const struct object object = make_object("sent", 0600, geteuid());
    const pid_t holder = holder_of(&object, have_sent); /* nobody is seen to have it */
    asked = 0;
    const uint64_t begun = now_ns();
    CHECK_REASON(verdict_on(&object).reason, PMO_UNSEEN);
    CHECK(now_ns() - begun >= 5000000);
    CHECK_INT(asked, 0);
    end_holder(holder);
    CHECK_REASON(verdict_on(&object).reason, PMO_LEASED);
    return 0;
}
