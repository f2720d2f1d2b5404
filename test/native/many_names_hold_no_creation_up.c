/* SPDX-License-Identifier: MIT */
/* However many objects there are, a creation looks at them for a part of its deadline, and no longer. */
#include "drive.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>

#define NAMES 30000
#define DEADLINE_MS 100u

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char path[64];
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .deadline_ms = DEADLINE_MS };
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("names", "/dev/shm", "tmpfs", 0, NULL) != 0)
        SKIP("no file system can be mounted here");
    for (int i = 0; i < NAMES; i++) {
        snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "x%d", i);
        int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        CHECK(fd >= 0);
        close(fd);
    }
    const struct stopwatch watch = stopwatch_of(getpid());
    if (peermap_create(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    const uint64_t took = fair_ms(&watch);
    if (took > 2 * DEADLINE_MS) /* what a busy machine takes */
        FAIL("a creation took %" PRIu64 " ms", took);
    peermap_detach(segment);
    return 0;
}
