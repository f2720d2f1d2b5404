/* SPDX-License-Identifier: MIT */
/* A peer that dies while a growth waits for it ends the waiting: the growth succeeds without it. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 no-ptrace deadline 60000");
    struct peer *victim = ready_peer("victim", NULL);
    struct peer *b = ready_peer("b", NULL); /* before, so that the round has it in its count */
    stop_peer(victim);
    say(a, "grow 65536");
    /* The round is under way once the registry says so. */
    while (strstr(ok(b, "peers"), ":late:") == NULL)
        usleep(200);
    kill_peer(victim);
    CHECK(strstr(expect_ok(__FILE__, __LINE__, a), " 3 2 0 1") != NULL);
    maps_exactly(b, 131072);
    return 0;
}
