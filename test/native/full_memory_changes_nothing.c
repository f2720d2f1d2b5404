/* SPDX-License-Identifier: MIT */
/* A full /dev/shm is PEERMAP_ENOSPC from grow and create, never SIGBUS, and changes nothing. */
#include "drive.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

int main(int argc, char **argv)
{
    (void)argc;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=2m") != 0)
        SKIP("needs a mount namespace for a small /dev/shm: %s", strerror(errno));
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct peer *b = ready_peer("b", NULL);
    ok(a, "fill 0 65536 8");
    const char *text = fails(a, "PEERMAP_ENOSPC", "grow 4194304");
    CHECK(strstr(text, "/dev/shm has 1.") != NULL && strstr(text, " MiB free of 2 MiB, and 4 MiB are wanted") != NULL);
    CHECK(strstr(text, "docker run --shm-size=1g") != NULL);
    CHECK_INT(size_of(b), 65536);
    CHECK_INT(object_length(), header_length() + 65536);
    /* Up to the last page, and all of it can be written. */
    uint64_t size = 65536;
    while (strncmp(ask(a, "grow 4096"), "ok", 2) == 0)
        size += 4096;
    CHECK(strncmp(a->line, "error PEERMAP_ENOSPC", 20) == 0);
    CHECK(size > 1 << 20);
    CHECK_INT(size_of(b), size);
    ok(b, "fill 65536 %" PRIu64 " 1", size - 65536);
    ok(a, "check 0 65536 8");
    peermap_segment *segment;
    CHECK_INT(peermap_create("no-room", NULL, &segment), PEERMAP_ENOSPC);
    CHECK(segment == NULL);
    CHECK_INT(peermap_unlink("no-room"), PEERMAP_ENOENT);
    return 0;
}
