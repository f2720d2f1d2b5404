/* SPDX-License-Identifier: MIT */
/*
 * Where the cgroups are not in sight, as in many containers, a frozen peer is known by how its thread sleeps; or, mounted elsewhere, by the
 * cgroup all the same.
 */
#include "freezer.h"

#include <sched.h>
#include <sys/mount.h>

/* The peers that are started from now on do not see the cgroups where they usually are; with `place`, there. */
static struct peer *start_blind(const char *name, const char *words, const struct freezer *freezer, const char *place)
{
    char here[4096];
    int before = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    CHECK(before >= 0 && getcwd(here, sizeof here));
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        SKIP("needs a mount namespace, as root: %s", strerror(errno));
    if (place)
        CHECK(mount(freezer->mount, place, NULL, MS_BIND, NULL) == 0);
    CHECK(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
    struct peer *peer = ready_peer(name, words);
    CHECK(setns(before, CLONE_NEWNS) == 0 && chdir(here) == 0);
    close(before);
    return peer;
}

static void try(const struct freezer *freezer, bool stopped, const char *place)
{
    char words[64], wanted[512];
    struct peer *a = start_blind("a", "create 65536 deadline 200", freezer, place);
    struct peer *frozen = ready_peer("frozen", NULL);
    CHECK(freezer_put(freezer, frozen->pid));
    if (stopped)
        stop_peer(frozen);
    freezer_freeze(freezer);
    fails(a, "PEERMAP_ETIMEDOUT", "grow 65536");
    if (place)
        snprintf(wanted, sizeof wanted, "its cgroup is frozen (%s/peermap-test-%d/%s); thaw it", place, (int)getpid(),
                 freezer->version == 1 ? "freezer.state" : "cgroup.freeze");
    else
        snprintf(wanted, sizeof wanted, "its cgroup is frozen, as a paused container is; thaw it");
    if (!strstr(a->line, wanted))
        FAIL("version %d: %s; not: %s", freezer->version, a->line, wanted);
    snprintf(words, sizeof words, " frozen:none:%d", EL2HLT);
    CHECK(strstr(ok(a, "answers"), words) != NULL);
    freezer_thaw(freezer);
    kill_peer(frozen);
    kill_peer(a);
    peermap_unlink(seg());
}

static char elsewhere[64];
static void forget_elsewhere(void) { rmdir(elsewhere); }

static void each(const struct freezer *freezer)
{
    try(freezer, false, NULL);
    try(freezer, false, elsewhere);
    try(freezer, true, elsewhere);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    snprintf(elsewhere, sizeof elsewhere, "/tmp/peermap-cgroup-%d", (int)getpid());
    CHECK(mkdir(elsewhere, 0755) == 0);
    atexit(forget_elsewhere);
    freezer_each(each);
    return 0;
}
