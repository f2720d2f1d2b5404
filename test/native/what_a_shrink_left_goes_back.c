/* SPDX-License-Identifier: MIT */
/*
 * What the deadline of a shrink has left of its memory goes back to the system all the same: before its process detaches; or if that is killed, when another attaches; and what
 * a late peer has held up, once that has answered.
 */
#include "drive.h"

#include <sys/syscall.h>

#define SIZE (UINT64_C(1) << 29)
#define DEADLINE_MS 100u

static uint32_t slow; /* giving memory back */

int ftruncate(int fd, off_t length)
{
    if (__atomic_load_n(&slow, __ATOMIC_SEQ_CST))
        usleep(50000);
    return (int)syscall(SYS_ftruncate, fd, length);
}

static peermap_segment *enter(const char *name, int (*way)(const char *, const peermap_options *, peermap_segment **), uint32_t deadline_ms)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .initial_size = SIZE, .reserve_size = SIZE, .deadline_ms = deadline_ms };
    if (way(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    return segment;
}

static void shrinks(peermap_segment *segment)
{
    CHECK_INT(peermap_shrink(segment, SIZE - 65536, NULL), 0);
    CHECK_INT(peermap_size(segment), 65536);
    CHECK(object_length() > header_length() + 65536);
}

static bool is_whole(void) { return object_length() == header_length() + 65536; }

static void detaches(void)
{
    peermap_detach(enter("first", peermap_create, 60000));
    peermap_segment *segment = enter("shrinker", peermap_attach, DEADLINE_MS);
    slow = 1;
    shrinks(segment);
    peermap_detach(segment);
    CHECK(is_whole());
    slow = 0;
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void is_killed(void)
{
    peermap_detach(enter("first", peermap_create, 60000));
    pid_t pid = fork();
    if (pid == 0) {
        peermap_segment *segment = enter("shrinker", peermap_attach, DEADLINE_MS);
        slow = 1;
        shrinks(segment);
        raise(SIGKILL);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(!is_whole());
    peermap_segment *segment = enter("next", peermap_attach, 0);
    UNTIL(is_whole());
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void is_late(void)
{
    struct peer *shrinker = ready_peer("shrinker", "create 1048576 no-ptrace deadline 100 late"), *sleeper = ready_peer("sleeper", NULL);
    stop_peer(sleeper);
    ok(shrinker, "shrink 983040");
    CHECK(!is_whole());
    CHECK_INT(end_peer(shrinker), 0);
    CHECK(!is_whole());
    continue_peer(sleeper);
    UNTIL(is_whole());
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("the library's calls pass by the ftruncate() of this test");
    setup(argv);
    detaches();
    is_killed();
    is_late();
    return 0;
}
