/* SPDX-License-Identifier: MIT */
/*
 * A shrink that is to be undone waits for a peer to have the memory again.  Whenever that comes to it - also while whoever waited for it has given up by then, and still has
 * the lock, or is the peer's last act before it leaves - the size is the larger one before long, and nobody needs to ask for anything.
 */
#include "places.h"

#include "header.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static peermap_segment *segment;
static struct peer *quick, *late;

static uint64_t active(void) { return __atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST); }
static bool is_undone(void) { return (active() & PM_ACTIVE_CLOSED) == 0 && (active() & PM_ACTIVE_BYTES) == BEFORE; }

static void comes_to_be_undone(void)
{
    const uint64_t until = now_ns() + UINT64_C(3000000000);
    while (!is_undone())
        if (now_ns() > until)
            FAIL("the size is %llu, and the word %s", (unsigned long long)(active() & PM_ACTIVE_BYTES), active() & PM_ACTIVE_CLOSED ? "closed" : "open");
        else
            usleep(500);
}

/* It has answered, and has looked whether it is to go on with what it held up. */
static void quick_comes_back(void)
{
    continue_peer(quick);
    UNTIL(slot_of(quick)->mapped == BEFORE && slot_of(quick)->acked == slot_of(quick)->requested);
    usleep(20000);
    CHECK(!is_undone());
}

static void quick_comes_back_to_an_undoing(void) { at_place("round.answered", quick_comes_back); }
static void quick_stops(void)
{
    UNTIL(slot_of(quick)->mapped == AFTER);
    stop_peer(quick);
}

static void quick_stops_and_comes_back(void)
{
    quick_stops();
    at_place("undo.asked", quick_comes_back_to_an_undoing);
}

static void start(uint32_t deadline_ms)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = BEFORE, .flags = PEERMAP_STRICT, .deadline_ms = deadline_ms };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    quick = ready_peer("quick", "no-ptrace");
    late = ready_peer("late", "no-ptrace");
    map_header();
    stop_peer(late);
}

static void finish(void)
{
    comes_to_be_undone();
    continue_peer(late);
    kill_peer(late);
    CHECK_INT(peermap_unlink(seg()), 0);
    if (segment)
        peermap_detach(segment);
}

/* Somebody asks for something, and waits in vain. */
static void after_a_death(void)
{
    start(300);
    struct peer *shrinks = ready_peer("shrinks", "deadline 100000");
    say(shrinks, "shrink %u", BEFORE - AFTER);
    quick_stops();
    kill_peer(shrinks);
    at_place("round.answered", quick_comes_back);
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ETIMEDOUT);
    CHECK(place_was_reached());
    finish();
    kill_peer(quick);
}

/* Whoever asked for the shrink waits in vain. */
static void by_the_deadline(void)
{
    start(1500);
    at_place("round.rung", quick_stops_and_comes_back);
    CHECK_INT(peermap_shrink(segment, BEFORE - AFTER, NULL), PEERMAP_ETIMEDOUT);
    CHECK(place_was_reached());
    finish();
    kill_peer(quick);
}

static void stop_here(void) { raise(SIGSTOP); }

/* It has a place in the registry, and nothing mapped yet. */
static pid_t reader_that_stops_while_it_attaches(void)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_READ_ONLY | PEERMAP_NO_PTRACE, .deadline_ms = 100000 };
    int status;
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        at_place("attach.claimed", stop_here);
        _exit(peermap_attach(seg(), &options, &segment) == 0 ? 0 : 1);
    }
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    return pid;
}

/* No round asks a reader, so nobody waits for one. */
static void beside_a_reader(void)
{
    start(1500);
    const pid_t reader = reader_that_stops_while_it_attaches();
    at_place("round.rung", quick_stops_and_comes_back);
    CHECK_INT(peermap_shrink(segment, BEFORE - AFTER, NULL), PEERMAP_ETIMEDOUT);
    CHECK(place_was_reached());
    comes_to_be_undone();
    kill(reader, SIGKILL);
    CHECK(waitpid(reader, NULL, 0) == reader);
    finish();
    kill_peer(quick);
}

static struct peer *shrinks;
static int leaves[2];

/* Its agent comes to the memory when somebody wants to detach. */
static void comes_back_to_leave(void)
{
    expect_error(__FILE__, __LINE__, "PEERMAP_ETIMEDOUT", shrinks);
    CHECK(!is_undone());
    CHECK(write(leaves[1], "", 1) == 1);
    usleep(50000);
}
static void gives_it_up(void) { at_place("map.map", comes_back_to_leave); }

static void by_who_leaves(void)
{
    char byte;
    start(300);
    CHECK(pipe(leaves) == 0);
    shrinks = ready_peer("shrinks", "deadline 300");
    at_place("converge.claimed", gives_it_up);
    say(shrinks, "shrink %u", BEFORE - AFTER);
    CHECK(read(leaves[0], &byte, 1) == 1);
    peermap_detach(segment);
    segment = NULL;
    finish();
    kill_peer(quick);
    kill_peer(shrinks);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    after_a_death();
    by_the_deadline();
    beside_a_reader();
    by_who_leaves();
    return 0;
}
