/* SPDX-License-Identifier: MIT */
/* Where the segment's addresses are taken, attach says by what; PEERMAP_RELOCATABLE attaches elsewhere, and the registry says where. */
#include "drive.h"

#include <sys/mman.h>

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    ok(a, "fill 0 100 4");
    void *got = mmap((void *)a->base, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(got == (void *)a->base);
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_EADDR);
    CHECK(strstr(peermap_last_error(), "anonymous memory at 0x") != NULL);
    CHECK(((volatile char *)got)[0] == 0);

    peermap_options options = { .struct_size = sizeof options, .peer_name = "elsewhere", .flags = PEERMAP_RELOCATABLE };
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    CHECK(peermap_base(segment) != got);
    CHECK(((char *)peermap_base(segment))[99] == 4);
    ok(a, "grow 65536");
    ok(a, "fill 131071 1 6");
    CHECK(((char *)peermap_base(segment))[131071] == 6);
    peermap_peer peers[2];
    CHECK_INT(peermap_peers(segment, peers, 2), 2);
    CHECK(peers[1].base == peermap_base(segment));
    CHECK(peers[0].base == (void *)a->base);
    ok(a, "root here 131071 1 byte");
    CHECK(peermap_root(segment, "here", NULL) == (char *)peermap_base(segment) + 131071);
    peermap_detach(segment);

    /* Twice in one process is the same thing: its own addresses are taken. */
    munmap(got, 4096);
    options.flags = 0;
    peermap_segment *second;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    options.peer_name = "twice";
    CHECK_INT(peermap_attach(seg(), &options, &second), PEERMAP_EADDR);
    CHECK(strstr(peermap_last_error(), "attached") != NULL && strstr(peermap_last_error(), "peermap_segment_at()") != NULL);
    peermap_detach(segment);
    return 0;
}
