/* SPDX-License-Identifier: MIT */
/* Peers are killed at random moments, some in the middle of growing: the others go on, every map is whole, and no byte is lost. */
#include "drive.h"

#define PEERS 8
#define PAGE 4096u

static struct peer *peers[PEERS];

static struct peer *start(int number, const char *words)
{
    char name[16];
    snprintf(name, sizeof name, "p%d", number);
    return ready_peer(name, words);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    uint64_t state = 2024;
    peers[0] = start(0, "create 65536 deadline 20000");
    for (int i = 1; i < PEERS; i++)
        peers[i] = start(i, "deadline 20000");
    for (int i = 0; i < PEERS; i++)
        ok(peers[i], "fill %u %u %d", (unsigned)i * PAGE, PAGE, i + 1);

    uint64_t least = 65536, most = 65536;
    for (int round = 0; round < 100; round++) {
        unsigned victim = chance(&state) % PEERS, grower = chance(&state) % PEERS;
        uint64_t by = (chance(&state) % 64 + 1) * PAGE;
        say(peers[victim], "grow %" PRIu64, by);
        usleep((useconds_t)(chance(&state) % 400));
        kill_peer(peers[victim]);
        peers[victim] = start((int)victim, "deadline 20000");
        most += by; /* the victim's growth is there, or it is not */
        uint64_t own = (chance(&state) % 64 + 1) * PAGE;
        ok(peers[grower], "grow %" PRIu64, own);
        least += own;
        most += own;

        uint64_t size = size_of(peers[grower]);
        CHECK(size >= least && size <= most);
        least = most = size;
        for (int i = 0; i < PEERS; i++)
            comes_to_map_exactly(peers[i], size); /* the victim's growth may have been undone */
        for (int i = 0; i < PEERS; i++)
            ok(peers[chance(&state) % PEERS], "check %u %u %d", (unsigned)i * PAGE, PAGE, i + 1);
    }
    const char *registry = ok(peers[0], "peers");
    CHECK(strstr(registry, ":dead:") == NULL && strstr(registry, ":late:") == NULL);
    CHECK_INT(peermap_unlink(seg()), 0);
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(access(path, F_OK) != 0);
    ok(peers[0], "grow 4096"); /* who is attached keeps the memory */
    return 0;
}
