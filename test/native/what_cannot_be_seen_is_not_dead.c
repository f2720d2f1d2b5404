/* SPDX-License-Identifier: MIT */
/*
 * A peer that lives in another pid namespace is not called dead by whoever cannot look: because it has no descriptor left, because /proc hides
 * processes from it, or because its own pid was another's, in another namespace, a moment ago.
 */
#include "elsewhere.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>

static peermap_segment *attach(const char *name)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .deadline_ms = 60000, .flags = PEERMAP_FOREIGN };
    peermap_segment *segment;
    if (peermap_attach(seg(), &options, &segment) != 0)
        FAIL("%s: %s", name, peermap_last_error());
    return segment;
}

/* Of as many as there shall be, each lives. */
static void all_live(peermap_segment *segment, int expected)
{
    peermap_peer rows[8];
    CHECK_INT(peermap_peers(segment, rows, 8), expected);
    for (int i = 0; i < expected; i++)
        if (rows[i].state == PEERMAP_DEAD)
            FAIL("%s (pid %d) is called dead", rows[i].name, (int)rows[i].pid);
}

static void ends_well(pid_t pid)
{
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        exit(77);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void without_descriptors(void)
{
    peermap_segment *segment = attach("poor");
    int highest = dup(0);
    close(highest);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)highest, (rlim_t)highest });
    CHECK(open("/proc/self/status", O_RDONLY) < 0 && errno == EMFILE);
    all_live(segment, 3);
    CHECK_INT(peermap_reap(segment), 0);
    all_live(segment, 3);
    peermap_detach(segment);
}

static void with_little_to_see(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 || mount("proc", "/proc", "proc", 0, "hidepid=2") != 0) {
        printf("nothing can be mounted here\n");
        exit(77);
    }
    CHECK(setgid(65534) == 0 && setuid(65534) == 0);
    peermap_segment *segment = attach("blind");
    all_live(segment, 3);
    CHECK_INT(peermap_reap(segment), 0);
    all_live(segment, 3);
    peermap_detach(segment);
}

/* The first process of a namespace, which has looked at others there, and then the first of another one. */
static void with_the_pid_of_before(void)
{
    int status;
    peermap_segment *outer = attach("outer");
    all_live(outer, 3);
    if (unshare(CLONE_NEWPID) != 0)
        exit(77);
    pid_t pid = fork();
    if (pid == 0) {
        CHECK_INT(getpid(), 1);
        peermap_segment *segment = attach("inner");
        all_live(segment, 4);
        peermap_detach(segment);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    all_live(outer, 3);
    peermap_detach(outer);
}

static void in_a_child(void (*look)(void))
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        look();
        _exit(0);
    }
    ends_well(pid);
}

static int ready[2];

static void be_elsewhere(void)
{
    attach("elsewhere");
    if (write(ready[1], "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("children go on after fork() without exec");
    setup(argv);
    if (geteuid() != 0)
        SKIP("namespaces and mounts want root");
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .mode = 0666, .deadline_ms = 60000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t elsewhere = in_namespace(be_elsewhere, NULL);
    close(ready[1]);
    if (read(ready[0], &byte, 1) != 1)
        SKIP("no pid namespace can be made here");
    in_a_child(without_descriptors);
    in_a_child(with_little_to_see);
    ends_well(in_namespace(with_the_pid_of_before, NULL));
    all_live(segment, 2);
    kill(elsewhere, SIGKILL);
    CHECK(waitpid(elsewhere, NULL, 0) == elsewhere);
    peermap_detach(segment);
    return 0;
}
