/* SPDX-License-Identifier: MIT */
/* A peer that is stopped while it has the lock does not hold up the others: its agent runs until it lets go. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *holder = ready_peer("holder", "create 65536 deadline 3000");
    struct peer *sleeper = ready_peer("sleeper", "no-ptrace");
    struct peer *other = ready_peer("other", "deadline 60000");
    struct peer *quick = ready_peer("quick", "deadline 1");
    /* The holder waits for the sleeper, which nobody may let run, with the lock. */
    stop_peer(sleeper);
    say(holder, "grow 4096");
    while (strncmp(ask(quick, "map"), "error PEERMAP_EBUSY", 19) != 0) {}
    stop_peer(holder);
    char command[64];
    snprintf(command, sizeof command, "map %d", (int)other->pid);
    ok(other, "%s", command);
    CHECK_INT(process_state(holder->pid), 'T');
    CHECK_INT(process_state(sleeper->pid), 'T');
    continue_peer(holder);
    expect_error(__FILE__, __LINE__, "PEERMAP_ETIMEDOUT", holder);
    CHECK(strstr(holder->line, "PEERMAP_NO_PTRACE") != NULL);
    continue_peer(sleeper);
    ok(other, "grow 4096");
    maps_exactly(sleeper, 65536 + 4096);
    return 0;
}
