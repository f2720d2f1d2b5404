/* SPDX-License-Identifier: MIT */
/*
 * The kernel wakes one of those who wait for a peer's death.  If that one is frozen, and cannot pass it on, another is told all the same, though it
 * has no descriptor left by which to see the peer's process.
 */
#include "freezer.h"

#include "image.h"

#include <sys/resource.h>

/* A watch of an object without peers: what all watches of a process share is there from now on. */
static struct pmo_watch *watch_nothing(struct pmo_observer *observer)
{
    struct pmo_watch *watch;
    static uint32_t calls;
    char name[64];
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .initial_size = 65536 };
    snprintf(name, sizeof name, "test-%d-empty", (int)getpid());
    CHECK_INT(peermap_create(name, &options, &segment), 0);
    peermap_detach(segment);
    int rc = pmo_observer_open(name, observer);
    peermap_unlink(name);
    CHECK_INT(rc, 0);
    CHECK_INT(pmo_watch_start(observer, 1, count_call, &calls, &watch), 0);
    return watch;
}

static void watch_until_killed(int ready)
{
    struct pmo_observer observer = observe();
    struct pmo_watch *watch;
    uint32_t calls = 0;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    usleep(100000); /* it is asleep, most likely; if not, this shows less, but nothing wrong */
    if (write(ready, "", 1) != 1)
        _exit(1);
    for (;;)
        pause();
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    const struct freezer *freezer = freezer_make(1);
    if (!freezer)
        SKIP("needs to make a cgroup of version 1 that can be frozen, as root: version 2 wakes whom it freezes");
    int ready[2], status;
    char byte;
    CHECK(pipe(ready) == 0);
    struct peer *a = ready_peer("a", "create 65536");
    pid_t first = fork();
    if (first == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        watch_until_killed(ready[1]);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    CHECK(freezer_put(freezer, first));
    freezer_freeze(freezer);

    struct pmo_observer nothing, observer = observe();
    struct pmo_watch *other = watch_nothing(&nothing), *watch;
    uint32_t calls = 0;
    int next = dup(0);
    close(next);
    struct rlimit before;
    getrlimit(RLIMIT_NOFILE, &before);
    setrlimit(RLIMIT_NOFILE, &(struct rlimit){ (rlim_t)next + 1, before.rlim_max }); /* one descriptor, which is the watch's */
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    CHECK(dup(0) < 0 && errno == EMFILE);
    usleep(100000);
    const uint32_t told = calls_of(&calls);
    kill_peer(a);
    UNTIL(calls_of(&calls) > told);

    setrlimit(RLIMIT_NOFILE, &before);
    pmo_watch_stop(watch);
    pmo_watch_stop(other);
    pmo_observer_close(&observer);
    pmo_observer_close(&nothing);
    freezer_thaw(freezer);
    kill(first, SIGKILL);
    CHECK(waitpid(first, &status, 0) == first);
    return 0;
}
