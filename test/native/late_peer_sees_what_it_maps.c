/* SPDX-License-Identifier: MIT */
/* A peer that was left behind by a growth never sees a size that it has not mapped, not even in the moment it runs again. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 no-ptrace deadline 1 late");
    struct peer *sleeper = ready_peer("sleeper", NULL);
    for (int round = 0; round < 60; round++) {
        /* The question waits in its pipe: the application's thread has work the moment the process continues. */
        stop_peer(sleeper);
        say(sleeper, "touch");
        ok(a, "grow 65536");
        continue_peer(sleeper);
        expect_ok(__FILE__, __LINE__, sleeper);
    }
    return 0;
}
