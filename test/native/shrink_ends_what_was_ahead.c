/* SPDX-License-Identifier: MIT */
/* After a shrink nobody maps past the active memory: a stale access faults.  What grows there afterwards is zero. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576 ahead 0 deadline 60000");
    struct peer *b = ready_peer("b", NULL);
    ok(a, "fill 0 1048576 5");
    maps_all(b, 2 * 1048576);
    ok(a, "shrink 524288");
    maps_exactly(a, 524288);
    maps_exactly(b, 524288);
    CHECK_INT(object_length(), header_length() + 524288);
    ok(b, "grow 524288");
    maps_all(a, 2 * 1048576);
    ok(a, "check 0 524288 5");
    ok(a, "check 524288 524288 0");
    CHECK_INT(object_length(), header_length() + 1048576);
    return 0;
}
