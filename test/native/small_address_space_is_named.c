/* SPDX-License-Identifier: MIT */
/* Where the address space is limited (ulimit -v), attach and create say so, and a smaller reservation works. */
#include "drive.h"

#include <sys/resource.h>

int main(int argc, char **argv)
{
    (void)argc;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SKIP("the sanitizer itself needs more address space than the limit");
#endif
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct rlimit limit = { (rlim_t)2 << 30, (rlim_t)2 << 30 };
    CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_EOS);
    CHECK_INT(errno, ENOMEM);
    CHECK(strstr(peermap_last_error(), "cannot reserve") != NULL && strstr(peermap_last_error(), "ulimit -v") != NULL);
    CHECK_INT(peermap_create("no-room", NULL, &segment), PEERMAP_EOS);
    CHECK(strstr(peermap_last_error(), "ulimit -v") != NULL);
    CHECK_INT(peermap_unlink("no-room"), PEERMAP_ENOENT);
    ok(a, "grow 65536");
    CHECK(strchr(ok(a, "peers") + 1, ' ') == NULL);
    end_peer(a);
    CHECK_INT(peermap_unlink(seg()), 0);

    peermap_options options = { .struct_size = sizeof options, .peer_name = "small", .reserve_size = 1 << 30 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *b = ready_peer("b", NULL);
    ok(b, "grow 65536");
    CHECK_INT(peermap_size(segment), 131072);
    peermap_detach(segment);
    return 0;
}
