/* SPDX-License-Identifier: MIT */
/* A registry without a free slot refuses with PEERMAP_ESLOTS, and takes the next peer when one has left, or has died. */
#include "drive.h"

static void refuses(void)
{
    struct peer *more = start_peer("more", NULL);
    CHECK(strncmp(more->line, "error PEERMAP_ESLOTS ", 21) == 0);
    CHECK(strstr(more->line, "max_peers") != NULL);
    end_peer(more);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 slots 3"), *b = ready_peer("b", NULL), *c = ready_peer("c", NULL);
    refuses();
    CHECK(strstr(ok(a, "grow 4096"), " 3 3 0 0") != NULL);
    CHECK_INT(end_peer(b), 0);
    b = ready_peer("another", NULL);
    refuses();
    kill_peer(c);
    c = ready_peer("yet-another", NULL);
    refuses();
    CHECK(strstr(ok(c, "grow 4096"), " 3 3 0 0") != NULL);
    ok(b, "touch");
    CHECK_INT(size_of(a), 65536 + 8192);
    return 0;
}
