/* SPDX-License-Identifier: MIT */
/* Growers and shrinkers are killed at random moments: the next one takes the lock over, and sizes, maps and data are right. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    uint64_t state = 7;
    struct peer *witness = ready_peer("witness", "create 65536");
    ok(witness, "fill 0 65536 77");
    for (int i = 0; i < 60; i++) {
        struct peer *spinner = ready_peer("spinner", NULL);
        struct peer *other = ready_peer("other", NULL);
        say(spinner, "spin 1000000");
        say(other, "spin 1000000");
        usleep((useconds_t)(chance(&state) % 3000));
        kill_peer(spinner);
        kill_peer(other);
        ok(witness, "grow 8192");
        ok(witness, "shrink 8192");
        /* What the dead had just grown may be left; a whole number of single pages, and all of it there. */
        uint64_t size = size_of(witness);
        CHECK(size >= 65536 && size <= 65536 + 2 * 4096 * (uint64_t)(i + 1));
        maps_exactly(witness, size);
        CHECK_INT(object_length(), header_length() + size);
        ok(witness, "check 0 65536 77");
    }
    return 0;
}
