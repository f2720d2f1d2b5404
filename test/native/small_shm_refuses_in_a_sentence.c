/* SPDX-License-Identifier: MIT */
/* In a container's /dev/shm of 64 MiB a growth past it says so and what to do, changes nothing, and the peers go on in what there is. */
#include "drive.h"

#include <sched.h>
#include <sys/mount.h>

#define MIB (1 << 20)

int main(int argc, char **argv)
{
    (void)argc;
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", "/dev/shm", "tmpfs", 0, "size=64m") != 0)
        SKIP("needs a mount namespace for a small /dev/shm: %s", strerror(errno));
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576"), *b = ready_peer("b", NULL);
    ok(a, "grow %d", 47 * MIB);
    ok(b, "fill 0 %d 9", 48 * MIB);
    const char *text = fails(b, "PEERMAP_ENOSPC", "grow %d", 32 * MIB);
    CHECK(strstr(text, "/dev/shm has 15.") != NULL && strstr(text, " MiB free of 64 MiB, and 32 MiB are wanted") != NULL);
    CHECK(strstr(text, "docker run --shm-size=1g") != NULL);
    CHECK_INT(size_of(a), 48 * MIB);
    CHECK_INT(object_length(), header_length() + 48 * MIB);
    ok(a, "check 0 %d 9", 48 * MIB);
    ok(a, "grow %d", 8 * MIB);
    fails(a, "PEERMAP_ENOSPC", "grow %d", 8 * MIB);
    ok(b, "fill %d %d 2", 48 * MIB, 8 * MIB);
    ok(a, "shrink %d", 40 * MIB);
    ok(b, "grow %d", 32 * MIB);
    ok(b, "touch");
    return 0;
}
