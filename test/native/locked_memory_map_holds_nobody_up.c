/* SPDX-License-Identifier: MIT */
/*
 * The memory map of a peer is locked for ever, by a thread that waits for a file system that does not answer: who reads it never comes back.  A growth that
 * has to look at that peer from outside returns in time and says so, leaves the lock to the next, and its process detaches; and who has the lock of the
 * segment while it waits so is said to.
 */
#include "freezer.h"
#include "hanging.h"

#define DEADLINE_MS 400u

struct victim {
    pid_t pid;
    int go, said;
};

static void grow_and_say(peermap_segment *segment, int said)
{
    char line[1024];
    int rc = peermap_grow(segment, 65536, NULL);
    int length = snprintf(line, sizeof line, "%s %s", peermap_error_name(rc), peermap_last_error());
    if (write(said, line, (size_t)length) < 0)
        _exit(1);
}

/* It locks its own map when it is told to, and grows the segment when it is told again. */
static void be_victim(int number, int go, int said)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "locked", .deadline_ms = DEADLINE_MS };
    peermap_segment *segment;
    char byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (int i = 0; i < MOST_PEERS; i++) /* who ends when this is closed */
        if (all_peers[i].in)
            close(fileno(all_peers[i].in));
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(1);
    grow_and_say(segment, said); /* all that it needs has been touched from now on */
    if (read(go, &byte, 1) != 1)
        _exit(1);
    hanging_lock_memory(number);
    if (read(go, &byte, 1) == 1)
        grow_and_say(segment, said);
    for (;;)
        pause();
}

static struct victim start_victim(int number)
{
    int go[2], said[2];
    char line[1024];
    CHECK(pipe(go) == 0 && pipe(said) == 0);
    struct victim victim = { .pid = fork(), .go = go[1], .said = said[0] };
    CHECK(victim.pid >= 0);
    if (victim.pid == 0) {
        close(go[1]);
        be_victim(number, go[0], said[1]);
    }
    close(go[0]);
    close(said[1]);
    CHECK(read(victim.said, line, sizeof line) > 0 && strncmp(line, "PEERMAP_OK", 10) == 0);
    return victim;
}

static void lock_map(const struct victim *victim)
{
    CHECK(write(victim->go, "", 1) == 1);
    hanging_await_lock(victim->pid);
}

/* How long it lacked a core, in ms. */
static uint64_t is_in_time(const struct stopwatch *watch, const struct peer *peer)
{
    const uint64_t took = elapsed_ms(watch), lacked = lacked_ms(watch);
    printf("%" PRIu64 " ms, %" PRIu64 " of them without a core:%s\n", took, lacked, peer->line);
    CHECK(took < 3 * DEADLINE_MS + lacked);
    return lacked;
}

static void is_late(struct peer *peer)
{
    char locked[32], at_work[32];
    const struct stopwatch watch = stopwatch_of(peer->pid);
    fails(peer, "PEERMAP_ETIMEDOUT", "grow 65536");
    const bool starved = is_in_time(&watch, peer) > DEADLINE_MS / 8; /* then there may have been no time to find out why */
    CHECK(strstr(peer->line, "peer locked ") != NULL);
    if (starved && strstr(peer->line, ": it had no processor time, or was stopped or frozen in between") != NULL)
        return;
    CHECK(strstr(peer->line, ": it waits in the kernel (thread ") != NULL);
    const char *answers = ok(peer, "answers"); /* where the kernel says what is mapped without that lock, the agent is let run, and waits for it itself */
    snprintf(locked, sizeof locked, " locked:none:%d", EDEADLK);
    snprintf(at_work, sizeof at_work, " locked:none:%d", EINPROGRESS);
    CHECK(strstr(answers, locked) != NULL || strstr(answers, at_work) != NULL);
}

static void end_all(struct peer *a, struct peer *b, struct victim *victim)
{
    UNTIL(live_children_of(a->pid) == 0);
    CHECK_INT(end_peer(b), 0);
    CHECK_INT(end_peer(a), 0);
    kill(victim->pid, SIGKILL); /* it ends with the server */
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void stopped_peer(void)
{
    struct peer *a = ready_peer("a", "create 65536 deadline 400"), *b = ready_peer("b", "deadline 400");
    struct victim victim = start_victim(0);
    lock_map(&victim);
    kill(victim.pid, SIGSTOP); /* whose thread in the kernel cannot stop */
    while (process_state(victim.pid) != 'T')
        usleep(200);
    is_late(a);
    is_late(b);
    end_all(a, b, &victim);
}

static void prefault(void)
{
    struct peer *a = ready_peer("a", "create 65536 ahead 0 prefault deadline 400"), *b = ready_peer("b", "deadline 400");
    struct victim victim = start_victim(1);
    lock_map(&victim);
    struct stopwatch watch = stopwatch_of(a->pid);
    ok(a, "grow 65536");
    is_in_time(&watch, a);
    CHECK(strcmp(ok(a, "report"), " 0 1 2") == 0); /* not in the one that is locked */
    watch = stopwatch_of(b->pid);
    ok(b, "grow 65536");
    is_in_time(&watch, b);
    end_all(a, b, &victim);
}

static void holder(void)
{
    char line[1024] = "";
    struct peer *a = ready_peer("a", "create 65536 deadline 400"), *b = ready_peer("b", "deadline 400");
    struct victim victim = start_victim(2);
    lock_map(&victim);
    CHECK(write(victim.go, "", 1) == 1);
    CHECK(read(victim.said, line, sizeof line - 1) > 0);
    puts(line);
    CHECK(strstr(line, "EBUSY") != NULL && strstr(line, ": it waits in the kernel (thread ") != NULL);
    const struct stopwatch watch = stopwatch_of(a->pid);
    fails(a, "PEERMAP_EBUSY", "grow 65536");
    is_in_time(&watch, a);
    CHECK(strstr(a->line, "held by locked (pid ") != NULL && strstr(a->line, ": it waits in the kernel (thread ") != NULL);
    end_all(a, b, &victim);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    hanging_make();
    setlinebuf(stdout);
    alarm(20);
    stopped_peer();
    prefault();
    holder();
    return 0;
}
