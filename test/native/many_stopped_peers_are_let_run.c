/* SPDX-License-Identifier: MIT */
/* Several stopped peers are reached in one round, also by one that is continued in the middle of it. */
#include "drive.h"

#define PEERS 12

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *peers[PEERS], *a = ready_peer("a", "create 65536 deadline 60000");
    for (int i = 0; i < PEERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%d", i);
        peers[i] = ready_peer(name, NULL);
    }
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < PEERS; i++)
            kill(peers[i]->pid, SIGSTOP);
        say(a, "grow 4096");
        for (int i = 0; i < PEERS; i += 3)
            kill(peers[i]->pid, SIGCONT);
        expect_ok(__FILE__, __LINE__, a);
        for (int i = 0; i < PEERS; i++)
            maps_exactly(peers[i], 65536 + 4096 * (uint64_t)(round + 1));
        for (int i = 0; i < PEERS; i++)
            kill(peers[i]->pid, SIGCONT);
        for (int i = 0; i < PEERS; i++)
            CHECK_INT(size_of(peers[i]), 65536 + 4096 * (uint64_t)(round + 1));
    }
    return 0;
}
