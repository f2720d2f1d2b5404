/* SPDX-License-Identifier: MIT */
/*
 * A peer in a time namespace, whose monotonic clock is another: how long an answer took, when an event was, and whether there is still time to populate
 * the new memory, is the same to both.
 */
#include "image.h"

#include "elsewhere.h"

#include <sched.h>

#ifndef CLONE_NEWTIME
#define CLONE_NEWTIME 0x80
#endif
#define OFFSET "monotonic 100000 5\nboottime 100000 5\n"
#define MINUTE_NS UINT64_C(60000000000)

static int ready[2], go[2];

static peermap_segment *join(const char *name)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .initial_size = 65536, .flags = PEERMAP_PREFAULT, .deadline_ms = 20000 };
    if (peermap_open(seg(), &options, &segment) != 0)
        FAIL("%s: %s", name, peermap_last_error());
    return segment;
}

static void grow(peermap_segment *segment)
{
    peermap_round round;
    peermap_result answers[4];
    CHECK_INT(peermap_grow(segment, 1 << 20, &round), 0);
    CHECK_INT(round.populated, 2);
    CHECK_INT(peermap_results(segment, answers, 4), 2);
    for (int i = 0; i < 2; i++)
        CHECK(answers[i].nanoseconds > 0 && answers[i].nanoseconds < MINUTE_NS);
}

static void at_another_time(void)
{
    char byte;
    struct timespec now;
    if (unshare(CLONE_NEWTIME) != 0 || !write_text("/proc/self/timens_offsets", OFFSET))
        _exit(77);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        clock_gettime(CLOCK_MONOTONIC, &now);
        CHECK(now.tv_sec >= 100000);
        peermap_segment *segment = join("elsewhen");
        CHECK(write(ready[1], "", 1) == 1 && read(go[0], &byte, 1) == 1);
        grow(segment);
        struct pmo_observer observer = observe();
        struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
        CHECK_NO_PROBLEMS(&s);
        for (size_t i = 0; i < s.peer_count; i++)
            CHECK(s.peers[i].state != PMO_DEAD); /* the horizon may be on its way to them */
        pmo_snapshot_free(&s);
        pmo_observer_close(&observer);
        peermap_detach(segment);
        _exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 99);
}

static void events_are_in_order(void)
{
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_REGISTRY);
    struct pmo_events events;
    CHECK_INT(pmo_events_read(&observer, 0, 1000, &events), 0);
    CHECK(events.count > 4);
    for (size_t i = 0; i < events.count; i++) {
        uint64_t at = events.list[i].time_ns;
        if (at > s.monotonic_ns || s.monotonic_ns - at > 10 * MINUTE_NS)
            FAIL("event %zu was %" PRId64 " s ago", i, (int64_t)(s.monotonic_ns - at) / 1000000000);
    }
    pmo_events_free(&events);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    char byte;
    int status;
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    peermap_segment *segment = join("here");
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        at_another_time();
    }
    close(ready[1]);
    close(go[0]);
    if (read(ready[0], &byte, 1) != 1) {
        CHECK(waitpid(pid, &status, 0) == pid);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            SKIP("no time namespace can be made here");
        FAIL("the peer elsewhere ended: 0x%x", status);
    }
    grow(segment);
    CHECK(write(go[1], "", 1) == 1);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    events_are_in_order();
    peermap_detach(segment);
    return 0;
}
