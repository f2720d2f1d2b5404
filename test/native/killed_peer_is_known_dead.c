/* SPDX-License-Identifier: MIT */
/* A killed peer is dead in the registry at once, holds up nobody, and its bytes stay readable; reaping frees its slot. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct peer *victim = ready_peer("victim", NULL);
    ok(victim, "fill 100 1000 9");
    CHECK(strstr(ok(a, "peers"), "victim:") != NULL);
    kill_peer(victim);
    const char *peers = ok(a, "peers");
    CHECK(strstr(peers, ":dead:") != NULL);
    CHECK(strstr(peers, "a:") != NULL);
    CHECK(strstr(ok(a, "grow 65536"), " 1 1 0 0") != NULL);
    ok(a, "check 100 1000 9");
    CHECK_INT(atoi(ok(a, "reap")), 1);
    CHECK(strstr(ok(a, "peers"), "victim") == NULL);
    CHECK_INT(atoi(ok(a, "reap")), 0);
    return 0;
}
