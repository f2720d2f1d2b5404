/* SPDX-License-Identifier: MIT */
/*
 * A process with PEERMAP_NO_PTRACE in its environment traces nobody, neither a stopped peer whose answer it waits for nor one that has the lock, and lets nobody trace
 * it; the sentence says which of the two it is.  Its wish binds no others, also in a segment that it created; and 0 is no such wish.
 */
#include "header.h"

#define WISH "PEERMAP_NO_PTRACE"

static struct peer *wishing(const char *wish, const char *name, const char *words)
{
    if (wish)
        CHECK(setenv(WISH, wish, 1) == 0);
    struct peer *peer = ready_peer(name, words);
    unsetenv(WISH);
    return peer;
}

static pid_t agent_of(const struct peer *peer) { return (pid_t)(slot_of(peer)->life & PM_FUTEX_TID); }

/* Also its agent, which a tracer would let run. */
static void stays_stopped(struct peer *peer, uint64_t before)
{
    CHECK_INT(process_state(peer->pid), 'T');
    CHECK_INT(switches(peer->pid, agent_of(peer)), before);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    unsetenv(WISH);
    struct peer *shy = wishing("1", "shy", "create 65536 deadline 300");
    struct peer *plain = ready_peer("plain", "deadline 300"), *zero = wishing("0", "zero", "deadline 60000"), *empty = wishing("", "empty", NULL);
    map_header();
    CHECK_INT(its_header->flags & PM_SEGMENT_NO_PTRACE, 0);
    CHECK(slot_of(shy)->flags & PM_SLOT_NO_PTRACE);
    CHECK_INT((slot_of(plain)->flags | slot_of(zero)->flags | slot_of(empty)->flags) & PM_SLOT_NO_PTRACE, 0);

    /* It lets nobody trace it, */
    stop_peer(shy);
    uint64_t before = switches(shy->pid, agent_of(shy));
    CHECK(strstr(fails(plain, "PEERMAP_ETIMEDOUT", "grow 65536"), "its agent must not be run from outside (PEERMAP_NO_PTRACE)") != NULL);
    stays_stopped(shy, before);
    continue_peer(shy);

    /* nor does it trace: who waits for an answer, */
    stop_peer(plain);
    before = switches(plain->pid, agent_of(plain));
    CHECK(strstr(fails(shy, "PEERMAP_ETIMEDOUT", "grow 65536"), "must trace nobody (PEERMAP_NO_PTRACE in its environment)") != NULL);
    CHECK(strstr(shy->line, "plain") != NULL);
    char words[64];
    snprintf(words, sizeof words, " plain:none:%d", ECANCELED);
    CHECK(strstr(ok(shy, "answers"), words) != NULL);
    stays_stopped(plain, before);

    /* but others do, or the process could not have been let run at all. */
    ok(zero, "grow 65536");
    CHECK(strstr(ok(zero, "answers"), " plain:unstop:0") != NULL);
    CHECK_INT(process_state(plain->pid), 'T');
    continue_peer(plain);

    /* Who waits for the lock: the one that has it waits for a peer that nobody may let run. */
    struct peer *sleeper = wishing("yes", "sleeper", NULL), *holder = ready_peer("holder", "deadline 3000"), *quick = ready_peer("quick", "deadline 1");
    stop_peer(sleeper);
    say(holder, "grow 4096");
    while (strncmp(ask(quick, "map"), "error PEERMAP_EBUSY", 19) != 0) {}
    stop_peer(holder);
    before = switches(holder->pid, agent_of(holder));
    CHECK(strstr(fails(shy, "PEERMAP_EBUSY", "grow 65536"), "must trace nobody (PEERMAP_NO_PTRACE in its environment)") != NULL);
    stays_stopped(holder, before);
    char command[64];
    snprintf(command, sizeof command, "map %d", (int)zero->pid);
    ok(zero, "%s", command);
    continue_peer(sleeper);
    continue_peer(holder);
    answer(holder);
    ok(shy, "grow 4096");
    return 0;
}
