/* SPDX-License-Identifier: MIT */
/* PEERMAP_DIR names the folder of all segments of a process, which whoever names another does not meet; a folder where none can lie is refused, with the reason. */
#include "drive.h"

#include <sys/stat.h>

static char folder[64];

/* In a process of its own, since it is read once. */
static void with(const char *directory, void (*act)(void))
{
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        setenv("PEERMAP_DIR", directory, 1);
        act();
        exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    if (status != 0)
        FAIL("with PEERMAP_DIR %s: status %d", directory, status);
}

static void live_there(void)
{
    peermap_segment *segment;
    struct stat facts;
    char path[160];
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_ENOENT);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    snprintf(path, sizeof path, "%s/peermap.%s", folder, seg());
    CHECK(stat(path, &facts) == 0);
    CHECK_INT(peermap_grow(segment, 1 << 20, NULL), 0);
    struct peer *other = ready_peer("other", "");
    CHECK_INT(size_of(other), peermap_size(segment));
    kill_peer(other);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
    CHECK(stat(path, &facts) != 0);
    segment_name[0] = '\0';
}

static void be_refused(void)
{
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), NULL, &segment), PEERMAP_EINVAL);
    if (!strstr(peermap_last_error(), "PEERMAP_DIR"))
        FAIL("%s", peermap_last_error());
    segment_name[0] = '\0';
}

/* Also where that would be to remove something: the segment of this name is another folder's. */
static void be_refused_at_once(void)
{
    peermap_segment *segment;
    CHECK_INT(peermap_unlink(seg()), PEERMAP_EINVAL);
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_EINVAL);
    be_refused();
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    snprintf(folder, sizeof folder, "/dev/shm/peermap-test-%d", (int)getpid());
    CHECK(mkdir(folder, 0700) == 0);
    char trailing[80], longer[300];
    snprintf(trailing, sizeof trailing, "%s//", folder);
    with(folder, live_there);
    with(trailing, live_there);
    CHECK(rmdir(folder) == 0);
    with(folder, be_refused);
    struct peer *kept = ready_peer("kept", "create 4096"); /* not by this process: it is read once */
    with("here", be_refused_at_once);
    with("/proc", be_refused);
    memset(longer, 'x', sizeof longer - 1);
    longer[0] = '/';
    longer[sizeof longer - 1] = '\0';
    with(longer, be_refused_at_once);
    kill_peer(kept);
    CHECK_INT(peermap_unlink(seg()), 0);
    return 0;
}
