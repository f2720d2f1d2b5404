/* SPDX-License-Identifier: MIT */
/*
 * What a shrink has left, and goes back to the system in the background, is not what somebody has just allocated who grows inside what is mapped ahead: the size is not his yet,
 * but about to be.
 */
#include "places.h"

#include "header.h"

#include <sys/syscall.h>

#define SIZE 1048576u
#define PART 65536u

static uint32_t slow; /* giving memory back */
static int grows[2], has_allocated[2], goes_on[2];

int fallocate(int fd, int mode, off_t at, off_t length)
{
    if (!(mode & 2) || !__atomic_load_n(&slow, __ATOMIC_SEQ_CST)) /* FALLOC_FL_PUNCH_HOLE */
        return (int)syscall(SYS_fallocate, fd, mode, at, length);
    usleep(1000);
    errno = EINTR;
    return -1;
}

static void pass(const int *pipe_of) { CHECK(write(pipe_of[1], "", 1) == 1); }
static void wait_for(const int *pipe_of)
{
    char byte;
    CHECK(read(pipe_of[0], &byte, 1) == 1);
}

/* ---- who grows ---- */

static void hold(void)
{
    pass(has_allocated);
    wait_for(goes_on);
}

static void grower(void)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "grower", .deadline_ms = 10000 };
    peermap_segment *segment;
    wait_for(grows);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    pass(has_allocated);
    wait_for(grows);
    at_place("inside.allocated", hold);
    CHECK_INT(peermap_grow(segment, PART, NULL), 0);
    CHECK(place_was_reached());
    memset((char *)peermap_base(segment), 7, peermap_size(segment)); /* all of it is there */
    peermap_detach(segment);
    _exit(0);
}

/* ---- who gives back ---- */

static void grower_goes_on(void) { pass(goes_on); }

static void grower_grows(void)
{
    pass(grows);
    wait_for(has_allocated);
    at_place("lock.let_go", grower_goes_on);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("the library's calls pass by the fallocate() of this test");
    setup_with_peers(argv);
    CHECK(pipe(grows) == 0 && pipe(has_allocated) == 0 && pipe(goes_on) == 0);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        grower();
    }
    const peermap_options options = {
        .struct_size = sizeof options, .peer_name = "here", .initial_size = SIZE, .ahead = 4 * SIZE, .flags = PEERMAP_ALLOW_LATE, .deadline_ms = 200
    };
    peermap_segment *segment;
    int status;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *late = ready_peer("late", "no-ptrace");
    map_header();
    stop_peer(late);
    CHECK_INT(peermap_shrink(segment, SIZE / 2, NULL), 0);
    slow = 1;
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "still going back") != NULL);
    continue_peer(late);
    UNTIL(object_length() == header_length() + SIZE / 2);
    __atomic_store_n(&slow, 0, __ATOMIC_SEQ_CST);
    pass(grows);
    wait_for(has_allocated);
    while (__atomic_load_n(&its_header->horizon, __ATOMIC_SEQ_CST) < SIZE / 2 + 4 * SIZE) {
        usleep(1000);
        CHECK_INT(peermap_map_peer(segment, 0, NULL), 0);
        CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    }
    at_place("lock.taken", grower_grows);
    CHECK_INT(peermap_grow(segment, 3 * SIZE, NULL), 0); /* inside: and the horizon is moved */
    CHECK_INT(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        FAIL("the grower ended with status 0x%x", (unsigned)status);
    CHECK(object_length() >= header_length() + peermap_size(segment));
    peermap_detach(segment);
    return 0;
}
