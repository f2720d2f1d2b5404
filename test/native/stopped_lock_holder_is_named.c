/* SPDX-License-Identifier: MIT */
/* A process that is stopped while it holds the lock makes others fail with PEERMAP_EBUSY and its name, not hang. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *holder = ready_peer("holder", "create 65536 no-ptrace deadline 100000");
    struct peer *sleeper = ready_peer("sleeper", NULL);
    struct peer *other = ready_peer("other", "deadline 100");
    /* The holder waits for the sleeper, with the lock. */
    stop_peer(sleeper);
    say(holder, "grow 4096");
    const char *text = NULL;
    while (!text || strncmp(text, "error PEERMAP_EBUSY", 19) != 0)
        text = ask(other, "map");
    stop_peer(holder);
    text = fails(other, "PEERMAP_EBUSY", "grow 4096");
    CHECK(strstr(text, "holder") != NULL);
    continue_peer(sleeper);
    continue_peer(holder);
    expect_ok(__FILE__, __LINE__, holder);
    ok(other, "grow 4096");
    maps_exactly(sleeper, 65536 + 8192);
    return 0;
}
