/* SPDX-License-Identifier: MIT */
/* A peer whose maps disagree with the registry is repaired by a remap from another process, of one peer or of all. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 262144");
    struct peer *b = ready_peer("b", NULL);
    struct peer *c = ready_peer("c", NULL);
    uint64_t header = header_length();
    ok(b, "fill 0 262144 2");
    ok(b, "hole 65536 65536");
    ok(c, "hole 0 4096");
    CHECK_INT(mapped_bytes(b->pid, b->base, b->base + 262144, header), 196608);
    ok(a, "map %d", (int)b->pid); /* maps what the registry says is missing: nothing */
    CHECK_INT(mapped_bytes(b->pid, b->base, b->base + 262144, header), 196608);
    CHECK(strstr(ok(a, "remap %d", (int)b->pid), " 1 1 0 0") != NULL);
    maps_exactly(b, 262144);
    ok(b, "check 0 262144 2");
    CHECK_INT(mapped_bytes(c->pid, c->base, c->base + 262144, header), 262144 - 4096);
    CHECK(strstr(ok(a, "remap 0"), " 3 3 0 0") != NULL);
    maps_exactly(c, 262144);
    fails(a, "PEERMAP_ESRCH", "remap 1");
    return 0;
}
