/* SPDX-License-Identifier: MIT */
/* `rm` under running peers: they go on growing, shrinking and finding each other; the name is free for another segment at once. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536"), *b = ready_peer("b", NULL), *c = ready_peer("c", NULL);
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(unlink(path) == 0);
    ok(a, "grow 65536");
    ok(a, "fill 65536 65536 4");
    ok(b, "check 65536 65536 4");
    ok(b, "root here 65536 100 bytes");
    ok(c, "get here");
    ok(c, "shrink 65536");
    CHECK_INT(size_of(a), 65536);
    ok(b, "remap");
    kill_peer(c);
    ok(b, "grow 4096");
    CHECK(strcmp(ok(b, "reap"), " 1") == 0);
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_ENOENT);

    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK_INT(peermap_peers(segment, NULL, 0), 1);
    ok(a, "grow 4096");
    CHECK_INT(size_of(b), 65536 + 8192);
    CHECK_INT(peermap_size(segment), 65536);
    peermap_detach(segment);
    CHECK_INT(end_peer(a) | end_peer(b), 0);
    return 0;
}
