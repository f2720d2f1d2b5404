/* SPDX-License-Identifier: MIT */
/* Who waits for a peer that a debugger holds, for its answer or for its lock, is told the debugger's name and pid. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char debugger[64], answer_of_it[64];
    CHECK(prctl(PR_SET_NAME, "a\tdebugger") == 0); /* which may be any bytes */
    snprintf(debugger, sizeof debugger, "a?debugger (pid %d) holds it", (int)getpid());
    struct peer *holder = ready_peer("holder", "create 65536 no-ptrace deadline 100000");
    struct peer *sleeper = ready_peer("sleeper", NULL);
    struct peer *other = ready_peer("other", "deadline 200");
    hold_peer(sleeper);
    fails(other, "PEERMAP_ETIMEDOUT", "grow 4096");
    if (!strstr(other->line, "peer sleeper ") || !strstr(other->line, debugger))
        FAIL("%s", other->line);
    snprintf(answer_of_it, sizeof answer_of_it, " sleeper:none:%d", EBUSY);
    CHECK(strstr(ok(other, "answers"), answer_of_it) != NULL);
    /* The holder waits for the sleeper, with the lock. */
    say(holder, "grow 4096");
    while (strncmp(ask(other, "map"), "error PEERMAP_EBUSY", 19) != 0) {}
    hold_peer(holder);
    fails(other, "PEERMAP_EBUSY", "grow 4096");
    if (!strstr(other->line, "held by holder ") || !strstr(other->line, debugger))
        FAIL("%s", other->line);
    let_peer_go(sleeper);
    let_peer_go(holder);
    expect_ok(__FILE__, __LINE__, holder);
    ok(other, "grow 4096");
    maps_exactly(sleeper, 65536 + 8192);
    return 0;
}
