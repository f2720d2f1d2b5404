/* SPDX-License-Identifier: MIT */
/* A process that has no descriptor left cannot attach, and is told why; one that is attached grows, and is grown for. */
#include "descriptors.h"

#include <sys/resource.h>

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct rlimit limit = { 64, 64 };
    CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
    peermap_segment *segment, *none;
    take_all();
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_EOS);
    CHECK_INT(errno, EMFILE);
    CHECK(strstr(peermap_last_error(), "ulimit -n") != NULL);
    CHECK_INT(peermap_create("no-descriptor", NULL, &none), PEERMAP_EOS);
    CHECK_INT(errno, EMFILE);
    CHECK_INT(peermap_unlink("no-descriptor"), PEERMAP_ENOENT);
    give_back();

    CHECK_INT(peermap_attach(seg(), NULL, &segment), 0);
    take_all();
    ok(a, "grow 65536");
    ((char *)peermap_base(segment))[131071] = 1;
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    CHECK_INT(peermap_shrink(segment, 65536, NULL), 0);
    CHECK_INT(size_of(a), 131072);
    ok(a, "check 131071 1 1");
    peermap_detach(segment);
    give_back();
    return 0;
}
