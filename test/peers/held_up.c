/* SPDX-License-Identifier: MIT */
/*
 * held_up.c - a process that holds the lock of its own address space: "ready PID", until its standard input ends, or for 20 seconds at most.  Ends with 77 where there
 * can be none.
 */
#include "../native/hanging.h"

int main(int argc, char **argv)
{
    char byte;
    (void)argc;
    setup(argv);
    hanging_make();
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    alarm(20);
    printf("ready %d\n", (int)hanging_start_holder("held-up", 0, NULL));
    fflush(stdout);
    while (read(0, &byte, 1) > 0) {}
    return 0;
}
