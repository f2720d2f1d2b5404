/* SPDX-License-Identifier: MIT */
/* A program that closes the segment's descriptor and gets its number for a file of its own: no call changes that file, or maps it. */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>

#define LENGTH (4 << 20)

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "daemon", .initial_size = 1048576, .flags = PEERMAP_STRICT };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);
    for (int fd = 3; fd < 256; fd++)
        if (fd != fileno(other->in) && fd != fileno(other->out))
            close(fd);
    char path[] = "/tmp/peermap-own-file-XXXXXX";
    int own = mkstemp(path);
    CHECK(own >= 3 && unlink(path) == 0 && ftruncate(own, LENGTH) == 0);
    for (int fd = own + 1; fd < 32; fd++)
        CHECK(fd == fileno(other->in) || fd == fileno(other->out) || dup2(own, fd) == fd);

    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_EOS);
    CHECK_INT(errno, EBADF);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_EOS);
    CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_EOS);
    fails(other, "PEERMAP_ELATE", "grow 4096");
    ok(other, "shrink 4096");
    CHECK_INT(peermap_size(segment), 1048576 - 4096);
    CHECK_INT(lseek(own, 0, SEEK_END), LENGTH);
    maps_exactly(other, 1048576 - 4096);
    peermap_detach(segment);
    for (int fd = own; fd < 32; fd++)
        CHECK(fcntl(fd, F_GETFD) >= 0);
    ok(other, "grow 4096");
    return 0;
}
