/* SPDX-License-Identifier: MIT */
/* Under `ulimit -f` a creation or growth past the limit is an error that says so, and no SIGXFSZ. */
#include "drive.h"

#include <sys/resource.h>

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct rlimit limit = { 8 << 20, 8 << 20 };
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    peermap_options options = { .struct_size = sizeof options, .initial_size = 16 << 20 };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EOS);
    CHECK_INT(errno, EFBIG);
    options.initial_size = 65536;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);
    CHECK_INT(peermap_grow(segment, 16 << 20, NULL), PEERMAP_EOS);
    CHECK_INT(errno, EFBIG);
    CHECK(strstr(peermap_last_error(), "ulimit -f") != NULL);
    int rc = 0;
    for (int i = 0; i < 64 && rc == 0; i++)
        rc = peermap_grow(segment, 1 << 20, NULL);
    CHECK_INT(rc, PEERMAP_EOS);
    CHECK(peermap_size(segment) > 4 << 20);
    ok(other, "touch");
    CHECK_INT(size_of(other), peermap_size(segment));
    peermap_detach(segment);
    return 0;
}
