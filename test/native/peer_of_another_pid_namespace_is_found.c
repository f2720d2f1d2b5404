/* SPDX-License-Identifier: MIT */
/* A peer of a pid namespace below is the process that it is here; where that may not be asked it is so perhaps; from below, a peer above is unknown. */
#include "image.h"

#include <sched.h>
#include <sys/mount.h>

#define FREE 65534u

static void be_nobody(void)
{
    CHECK(setresgid(FREE, FREE, FREE) == 0 && setresuid(FREE, FREE, FREE) == 0);
    prctl(PR_SET_DUMPABLE, 1);
}

/* The first process of a new pid namespace: its number here. */
static pid_t contained(const char *name)
{
    int pipes[2];
    pid_t first = 0;
    CHECK(pipe(pipes) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWPID) != 0)
            _exit(77);
        first = fork();
        if (first != 0) {
            CHECK(write(pipes[1], &first, sizeof first) == sizeof first);
            pause();
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap_options options = { .struct_size = sizeof options, .peer_name = name };
        peermap_segment *segment;
        CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
        pause();
        _exit(0);
    }
    close(pipes[1]);
    if (read(pipes[0], &first, sizeof first) != sizeof first)
        SKIP("cannot make a pid namespace");
    close(pipes[0]);
    return first;
}

static struct pmo_snapshot until_there(const struct pmo_observer *observer, const char *name)
{
    for (;;) {
        struct pmo_snapshot s = look_at(observer, PMO_STRANGERS);
        const struct pmo_peer *peer = find_peer(&s, name);
        if (peer && peer->state == PMO_ALIVE)
            return s;
        pmo_snapshot_free(&s);
        usleep(1000);
    }
}

static void is_found(const struct pmo_snapshot *s, pid_t here)
{
    const struct pmo_peer *inner = find_peer(s, "inner"), *outer = find_peer(s, "outer");
    CHECK_INT(inner->slot.pid, 1);
    CHECK_INT(inner->here, here);
    CHECK(!inner->same_pid && inner->perhaps == 0 && inner->process_state != 0);
    CHECK(inner->mappings_known && inner->missing.count == 0);
    CHECK(outer->same_pid && outer->here == outer->slot.pid);
    CHECK_INT(s->stranger_count, 0); /* a peer is none */
    for (uint32_t i = 0; i < s->problems.count; i++)
        CHECK(s->problems.list[i].code != PMO_NO_PROCESS);
}

static bool is_registered(pid_t pid)
{
    struct pmo_user *users;
    struct pmo_problems problems;
    size_t count;
    bool whole, found = false;
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < users[i].use_count; u++)
            found = found || ((pid_t)users[i].pid == pid && users[i].uses[u].registered && strcmp(users[i].uses[u].peer_name, "inner") == 0);
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    return found;
}

/* In a process of its own, whose exit status is the test's. */
static void apart(void (*test)(const void *context), const void *context)
{
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        test(context);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* As a user who may not ask which namespace a process of root is of, and on a kernel whose pidfds do not tell. */
static void perhaps(const void *context)
{
    const pid_t here = *(const pid_t *)context;
    be_nobody();
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    const struct pmo_peer *inner = find_peer(&s, "inner");
    CHECK(inner->here == 0 && !inner->same_pid && !inner->mappings_known);
    CHECK_INT(inner->perhaps, here);
    char where[32];
    snprintf(where, sizeof where, "slot %u", inner->index);
    CHECK_PROBLEM(&s, PMO_NO_PROCESS, where);
    CHECK(strstr(find_problem(&s, PMO_NO_PROCESS, where)->text, "perhaps") != NULL);
    /* And what those map whom it may not ask is one problem, not one for each. */
    CHECK_PROBLEM(&s, PMO_NO_ACCESS, "registry");
    CHECK(strstr(find_problem(&s, PMO_NO_ACCESS, "registry")->text, "what 2 of 3 peers map") != NULL);
    uint32_t denied = 0;
    for (uint32_t i = 0; i < s.problems.count; i++)
        denied += s.problems.list[i].code == PMO_NO_ACCESS;
    CHECK_INT(denied, 1);
}

/* From a namespace beside it, with /proc of its own. */
static void unknown(const void *context)
{
    (void)context;
    CHECK(unshare(CLONE_NEWPID) == 0);
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("proc", "/proc", "proc", 0, NULL) != 0)
            _exit(0);
        struct pmo_observer observer = observe();
        struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
        for (size_t i = 0; i < s.peer_count; i++) {
            char where[32];
            CHECK(s.peers[i].here == 0 && s.peers[i].perhaps == 0 && !s.peers[i].same_pid);
            CHECK_INT(s.peers[i].state, PMO_ALIVE);
            snprintf(where, sizeof where, "slot %u", s.peers[i].index);
            CHECK_PROBLEM(&s, PMO_NO_PROCESS, where);
            CHECK(strstr(find_problem(&s, PMO_NO_PROCESS, where)->text, "another pid namespace, and is not to be seen from here") != NULL);
        }
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    char path[128];
    ready_peer("outer", "create 65536");
    ready_peer("second", "");
    const pid_t here = contained("inner");
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = until_there(&observer, "inner");
    is_found(&s, here);
    const uint32_t index = find_peer(&s, "inner")->index;
    const uint64_t slots = s.header.slots_off;
    CHECK(is_registered(here));
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    if (geteuid() == 0) {
        apart(unknown, NULL);
        object_path(seg(), path);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        const uint64_t none = 0;
        CHECK(fchmod(fd, 0644) == 0);
        CHECK(pwrite(fd, &none, sizeof none, (off_t)(slots + index * sizeof(struct pm_slot) + offsetof(struct pm_slot, pidfd_ino))) == sizeof none);
        close(fd);
        apart(perhaps, &here);
        observer = observe();
        s = until_there(&observer, "inner"); /* who may ask is certain all the same */
        is_found(&s, here);
        pmo_snapshot_free(&s);
        pmo_observer_close(&observer);
    }
    kill(here, SIGKILL);
    return 0;
}
