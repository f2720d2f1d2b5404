/* SPDX-License-Identifier: MIT */
/* Whoever is told that a shrink was not made keeps the memory, also when the process that asked dies before its agent has put everything back; and so
 * does whoever grows meanwhile. */
#include "places.h"

#define SIZE 262144u
#define PART 65536u

static int told[2]; /* the victim writes a byte when it is where it shall be */

static void say_so(void) { CHECK(write(told[1], "", 1) == 1); }
static void sleep_there(void) { usleep(2000000); }
static void stay_there(void)
{
    say_so();
    for (;;)
        pause();
}

static peermap_segment *attach(uint32_t deadline_ms)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .initial_size = SIZE, .deadline_ms = deadline_ms };
    peermap_segment *segment;
    CHECK_INT(peermap_open(seg(), &options, &segment), 0);
    return segment;
}

/* Its agent is held up when the peers have given the memory up, for so long that the call is. */
static void give_up(void)
{
    peermap_segment *segment = attach(100);
    memset((char *)peermap_base(segment) + SIZE - PART, 7, PART);
    at_place("request.committing", sleep_there);
    CHECK_INT(peermap_shrink(segment, PART, NULL), PEERMAP_EBUSY);
    CHECK(place_was_reached() && strstr(peermap_last_error(), "nothing was changed"));
    say_so();
    pause();
}

/* It finds a pin, and is held up when the size is what it was. */
static void abandon(void)
{
    peermap_segment *segment = attach(100);
    at_place("resize.opened", stay_there);
    either_way(peermap_shrink(segment, PART, NULL));
    FAIL("came past the place");
}

/* Until it is where it shall be. */
static pid_t begin(void (*victim)(void))
{
    char byte;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        victim();
        _exit(0);
    }
    CHECK(read(told[0], &byte, 1) == 1);
    return pid;
}

static void end(pid_t pid)
{
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, NULL, 0) == pid);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    CHECK(pipe(told) == 0);
    struct peer *a = ready_peer("a", "create 262144 ahead 0 deadline 5000");
    end(begin(give_up));
    ok(a, "grow %u", PART);
    CHECK_INT(size_of(a), SIZE + PART);
    ok(a, "check %u %u 7", SIZE - PART, PART);

    ok(a, "pin");
    pid_t victim = begin(abandon);
    ok(a, "grow %u", PART); /* inside what is mapped ahead: the victim has the lock */
    ok(a, "unpin");
    ok(a, "fill %u %u 9", SIZE + PART, PART);
    end(victim);
    ok(a, "shrink 4096");
    CHECK_INT(size_of(a), SIZE + 2 * PART - 4096);
    ok(a, "check %u %u 9", SIZE + PART, PART - 4096);
    return 0;
}
