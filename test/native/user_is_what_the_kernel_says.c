/* SPDX-License-Identifier: MIT */
/* A peer that is root in a user namespace of its own is no root: whose it is, the kernel says; what it claims is told as that, also where it is not seen. */
#include "image.h"

#include <sched.h>

#define FREE 65534u

/* By uid 0 of a user namespace, which is `uid` here.  0: there are none. */
static pid_t root_of_its_own(uid_t uid)
{
    int ready[2];
    char byte;
    CHECK_INT(pipe(ready), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        char map[64];
        close(ready[0]);
        snprintf(map, sizeof map, "0 %u 1", uid);
        if (getuid() == 0 && setresuid(uid, uid, uid) != 0)
            _exit(1);
        prctl(PR_SET_DUMPABLE, 1);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWUSER) != 0 || !write_text("/proc/self/uid_map", map))
            _exit(77);
        peermap_options options = { .struct_size = sizeof options, .initial_size = 65536, .peer_name = "rooted" };
        peermap_segment *segment;
        CHECK_INT(peermap_create(seg(), &options, &segment), 0);
        CHECK_INT(geteuid(), 0);
        CHECK_INT(write(ready[1], "", 1), 1);
        pause();
        _exit(0);
    }
    close(ready[1]);
    const bool begun = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (begun)
        return child;
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 77);
    return 0;
}

static void see(enum pmo_depth depth, uint32_t uid)
{
    struct pmo_observer observer;
    struct pmo_snapshot s;
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, depth, &s), 0);
    CHECK_INT(s.peer_count, 1);
    CHECK_INT(s.peers[0].slot.uid, 0);
    CHECK_INT(s.peers[0].uid, uid);
    CHECK(pmo_uid_is_claimed(&s.peers[0]));
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
}

/* What the tool says of it, that stands beside the tests, or beside the plain ones. */
static bool tool_says(const char *option, const char *words)
{
    char command[2 * sizeof peer_program], line[4096];
    bool said = false;
    snprintf(command, sizeof command, "cd '%.*s/..' && if [ -x peermap ]; then t=./peermap; else t=../peermap; fi; $t show %s %s 2>&1 < /dev/null",
             (int)(strrchr(peer_program, '/') - peer_program), peer_program, option, seg());
    FILE *tool = popen(command, "r");
    CHECK(tool);
    while (fgets(line, sizeof line, tool))
        said = said || strstr(line, words);
    pclose(tool);
    return said;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    const uid_t uid = getuid() == 0 ? FREE : getuid();
    const pid_t peer = root_of_its_own(uid);
    if (peer == 0)
        SKIP("no user namespaces here");
    see(PMO_PROCESSES, uid);
    see(PMO_REGISTRY, UINT32_MAX);
    CHECK(tool_says("", "it says that it works as root (uid 0)"));
    char words[64];
    snprintf(words, sizeof words, "\"uid\": %u,", uid);
    CHECK(tool_says("--json", words) && tool_says("--json", "\"claimedUid\": 0,"));
    kill(peer, SIGKILL);
    CHECK_INT(waitpid(peer, NULL, 0), peer);
    CHECK(tool_says("", "says root  dead")); /* nobody is seen any more */
    return 0;
}
