/* SPDX-License-Identifier: MIT */
/*
 * In a user namespace users without a number there are all seen as one, 65534.  A process that is one of them attaches to what is its own as ever, and to nothing of the
 * others, though the numbers are the same; nor does one whose number there is 0 take them for root.
 */
#include "drive.h"

#include <grp.h>
#include <sched.h>
#include <sys/stat.h>

#define USER 45685
#define UNKNOWN 65534

static char theirs[80]; /* root's, which the namespace does not know */

static void make(const char *name)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .mode = 0666 };
    CHECK_INT(peermap_create(name, &options, &segment), 0);
    peermap_detach(segment);
}

static int attach(const char *name, uint32_t flags)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .flags = flags, .owner = flags & PEERMAP_OWNER ? UNKNOWN : 0 };
    const int rc = peermap_attach(name, &options, &segment);
    if (rc == 0)
        peermap_detach(segment);
    return rc;
}

static uid_t owner_seen(const char *name)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    CHECK(stat(path, &facts) == 0);
    return facts.st_uid;
}

/* Its own and theirs, of which it sees the owner as UNKNOWN. */
static void only_what_is_its_own(void)
{
    CHECK_INT(owner_seen(theirs), UNKNOWN);
    CHECK_INT(attach(seg(), 0), 0);
    errno = 0;
    CHECK_INT(attach(theirs, 0), PEERMAP_EACCES);
    CHECK_INT(errno, EREMOTE);
    CHECK(strstr(peermap_last_error(), "65534") != NULL);
    CHECK_INT(attach(theirs, PEERMAP_FOREIGN), 0);
    CHECK_INT(attach(theirs, PEERMAP_OWNER), geteuid() == UNKNOWN ? PEERMAP_EACCES : 0);
    CHECK_INT(attach(seg(), 0), 0);
}

static int without_a_number(void)
{
    if (unshare(CLONE_NEWUSER) != 0)
        return 77;
    CHECK_INT(geteuid(), UNKNOWN);
    CHECK_INT(owner_seen(seg()), UNKNOWN);
    only_what_is_its_own();
    return 0;
}

static int as_root_of_the_namespace(void)
{
    char map[64];
    snprintf(map, sizeof map, "0 %d 1", USER);
    if (unshare(CLONE_NEWUSER) != 0)
        return 77;
    if (!write_text("/proc/self/setgroups", "deny") || !write_text("/proc/self/uid_map", map))
        return 77;
    CHECK_INT(geteuid(), 0);
    only_what_is_its_own();
    return 0;
}

static void as_user(int (*work)(void))
{
    int status;
    fflush(NULL);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (setgroups(0, NULL) != 0 || setgid(USER) != 0 || setuid(USER) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
            _exit(99);
        _exit(work());
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        SKIP("no user namespace can be had here");
    CHECK_INT(WEXITSTATUS(status), 0);
}

static int make_own(void)
{
    make(seg());
    return 0;
}

static void destroy_theirs(void) { peermap_unlink(theirs); }

int main(int argc, char **argv)
{
    (void)argc;
    if (geteuid() != 0)
        SKIP("needs root, to become somebody else");
    setup(argv);
    snprintf(theirs, sizeof theirs, "%s-theirs", seg());
    make(theirs);
    atexit(destroy_theirs);
    as_user(make_own);
    as_user(without_a_number);
    as_user(as_root_of_the_namespace);
    return 0;
}
