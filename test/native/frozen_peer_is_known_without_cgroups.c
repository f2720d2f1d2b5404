/* SPDX-License-Identifier: MIT */
/*
 * Where the cgroups are not in sight, as in many containers, a frozen peer is known by how its thread sleeps; or, mounted elsewhere, by the
 * cgroup all the same.
 */
#include "freezer.h"

#include <sched.h>
#include <sys/mount.h>

/* The peers that are started from now on do not see the cgroups where they usually are; with `elsewhere`, there. */
static struct peer *start_blind(const char *name, const char *words, const struct freezer *freezer, const char *elsewhere)
{
    char here[4096];
    int before = open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC);
    CHECK(before >= 0 && getcwd(here, sizeof here));
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        SKIP("needs a mount namespace, as root: %s", strerror(errno));
    if (elsewhere)
        CHECK(mkdir(elsewhere, 0755) == 0 && mount(freezer->mount, elsewhere, NULL, MS_BIND, NULL) == 0);
    CHECK(mount("none", "/sys/fs/cgroup", "tmpfs", 0, NULL) == 0);
    struct peer *peer = ready_peer(name, words);
    CHECK(setns(before, CLONE_NEWNS) == 0 && chdir(here) == 0);
    close(before);
    if (elsewhere)
        rmdir(elsewhere);
    return peer;
}

static void try(const struct freezer *freezer, bool stopped, const char *elsewhere)
{
    char words[64], wanted[512];
    struct peer *a = start_blind("a", "create 65536 deadline 200", freezer, elsewhere);
    struct peer *frozen = ready_peer("frozen", NULL);
    CHECK(freezer_put(freezer, frozen->pid));
    if (stopped)
        stop_peer(frozen);
    freezer_freeze(freezer);
    fails(a, "PEERMAP_ELATE", "grow 65536");
    if (elsewhere)
        snprintf(wanted, sizeof wanted, "its cgroup is frozen (%s/peermap-test-%d/%s); thaw it", elsewhere, (int)getpid(),
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
    peermap_destroy(seg());
}

static void each(const struct freezer *freezer)
{
    char elsewhere[64];
    snprintf(elsewhere, sizeof elsewhere, "/tmp/peermap-cgroup-%d", (int)getpid());
    try(freezer, false, NULL);
    try(freezer, false, elsewhere);
    try(freezer, true, elsewhere);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    freezer_each(each);
    return 0;
}
