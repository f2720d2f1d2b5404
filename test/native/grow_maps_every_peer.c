/* SPDX-License-Identifier: MIT */
/* When grow returns, every peer has the whole active memory mapped, whoever grew and by however much. */
#include "drive.h"

#define PEERS 8

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *peers[PEERS];
    uint64_t state = 42, size = 65536;
    peers[0] = ready_peer("p0", "create 65536");
    for (int i = 1; i < PEERS; i++) {
        char name[16];
        snprintf(name, sizeof name, "p%d", i);
        peers[i] = ready_peer(name, NULL);
        CHECK(peers[i]->base == peers[0]->base);
    }
    for (int round = 0; round < 200; round++) {
        uint64_t by = (chance(&state) % 40 + 1) * 4096 - chance(&state) % 4096;
        ok(peers[chance(&state) % PEERS], "grow %" PRIu64, by);
        size += (by + 4095) / 4096 * 4096;
        for (int i = 0; i < PEERS; i++)
            maps_exactly(peers[i], size);
    }
    /* The same bytes at the same address, the last of them included. */
    ok(peers[3], "fill %" PRIu64 " 100 7", size - 100);
    for (int i = 0; i < PEERS; i++)
        ok(peers[i], "check %" PRIu64 " 100 7", size - 100);
    CHECK(strstr(ok(peers[5], "grow 1"), " 8 8 0 0") != NULL);
    return 0;
}
