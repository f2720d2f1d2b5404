/* SPDX-License-Identifier: MIT */
/* A shrink takes the tail from every peer, then from the system; pins hold it up, by name; a stopped peer undoes it. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576 no-ptrace deadline 200");
    struct peer *reader = ready_peer("reader", NULL);
    ok(a, "fill 0 1048576 3");
    ok(a, "shrink 524288");
    maps_exactly(a, 524288);
    maps_exactly(reader, 524288);
    CHECK_INT(object_length(), header_length() + 524288);

    CHECK_INT(atoi(ok(reader, "pin")), 524288);
    ok(reader, "pin");
    const char *text = fails(a, "PEERMAP_EBUSY", "shrink 4096");
    CHECK(strstr(text, "reader") != NULL);
    CHECK_INT(size_of(a), 524288);
    ok(reader, "unpin");
    fails(a, "PEERMAP_EBUSY", "shrink 4096");
    ok(reader, "unpin");
    ok(a, "shrink 4096");
    CHECK_INT(size_of(reader), 520192);

    stop_peer(reader);
    CHECK(strstr(fails(a, "PEERMAP_ETIMEDOUT", "shrink 4096"), "reader") != NULL);
    CHECK_INT(size_of(a), 520192);
    maps_exactly(a, 520192);
    ok(a, "check 0 520192 3");
    continue_peer(reader);
    ok(reader, "check 0 520192 3");

    fails(a, "PEERMAP_EINVAL", "shrink 520192");
    fails(a, "PEERMAP_EINVAL", "shrink 4095");

    /* Grown again, the tail is new memory. */
    ok(a, "grow 1048576");
    ok(reader, "check 520192 1048576 0");
    return 0;
}
