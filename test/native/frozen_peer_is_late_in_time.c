/* SPDX-License-Identifier: MIT */
/*
 * A peer that is frozen - alone, stopped before or after, or under a debugger - is late: the growth ends with its deadline, names the freezer, and
 * leaves no process, least of all a busy one.  Once it is thawed it comes to what it missed.
 */
#include "freezer.h"

#define DEADLINE_MS 300u

enum way { ALONE, STOPPED_BEFORE, STOPPED_AFTER, DEBUGGED, WAYS };
static const char *const names[] = { "alone", "stopped before", "stopped after", "debugged" };

static void freeze(const struct freezer *freezer, struct peer *peer, enum way way)
{
    if (way == STOPPED_BEFORE)
        stop_peer(peer);
    if (way == DEBUGGED)
        hold_peer(peer);
    freezer_freeze(freezer);
    if (way == STOPPED_AFTER)
        kill(peer->pid, SIGSTOP);
}

static void thaw(const struct freezer *freezer, struct peer *peer, enum way way)
{
    freezer_thaw(freezer);
    if (way == DEBUGGED) {
        while (process_state(peer->pid) != 't')
            usleep(1000);
        let_peer_go(peer);
    }
    continue_peer(peer);
}

/* Not more than the deadline, its tenth and 50 ms; three times that on a machine that has other things to do. */
static void in_time(uint64_t since, const char *what)
{
    uint64_t took = (now_ns() - since) / 1000000, most = DEADLINE_MS * 11 / 10 + 50;
    printf("%s: %" PRIu64 " ms\n", what, took);
    CHECK(took >= DEADLINE_MS && took <= 3 * most);
}

static void try(const struct freezer *freezer, enum way way)
{
    char words[64], what[64];
    snprintf(words, sizeof words, "create 65536 deadline %u", DEADLINE_MS);
    snprintf(what, sizeof what, "version %d, %s", freezer->version, names[way]);
    struct peer *a = ready_peer("a", words);
    snprintf(words, sizeof words, "late deadline %u", DEADLINE_MS);
    struct peer *patient = ready_peer("patient", words);
    struct peer *frozen = ready_peer("frozen", NULL);
    CHECK(freezer_put(freezer, frozen->pid));
    freeze(freezer, frozen, way);

    unsigned long long ticks = ticks_of(a->pid), second = (unsigned long long)sysconf(_SC_CLK_TCK);
    uint64_t since = now_ns();
    fails(a, "PEERMAP_ETIMEDOUT", "grow 65536");
    in_time(since, what);
    CHECK(ticks_of(a->pid) - ticks <= second / 20);
    if (!strstr(a->line, "peer frozen ") || !strstr(a->line, "is frozen") || !strstr(a->line, freezer_key(freezer)))
        FAIL("%s: %s", what, a->line);
    if (way == DEBUGGED) {
        char tracer[32];
        snprintf(tracer, sizeof tracer, "(pid %d)", (int)getpid());
        CHECK(strstr(a->line, tracer) != NULL);
    }
    snprintf(words, sizeof words, " frozen:none:%d", EL2HLT);
    CHECK(strstr(ok(a, "answers"), words) != NULL);
    UNTIL(live_children_of(a->pid) == 0);
    if (way == STOPPED_BEFORE) /* the one that a tracer could be stuck at */
        is_idle(a->pid);
    CHECK_INT(size_of(a), 65536);

    since = now_ns();
    CHECK(strstr(ok(patient, "grow 65536"), " 3 2 1 0") != NULL);
    in_time(since, what);
    CHECK(strstr(ok(patient, "answers"), words) != NULL);
    UNTIL(live_children_of(patient->pid) == 0);

    thaw(freezer, frozen, way);
    while (mapped_bytes(frozen->pid, frozen->base, frozen->base + 131072, header_length()) != 131072)
        usleep(1000);
    ok(frozen, "touch");
    const char *text = ask(a, "grow 4096"); /* it may have been thawed a moment ago on a busy machine */
    while (strncmp(text, "error PEERMAP_ETIMEDOUT", 19) == 0)
        text = ask(a, "grow 4096");
    CHECK(strncmp(text, "ok", 2) == 0);
    maps_exactly(frozen, 135168);
    kill_peer(frozen);
    kill_peer(patient);
    kill_peer(a);
    peermap_unlink(seg());
}

static void each(const struct freezer *freezer)
{
    for (enum way way = ALONE; way < WAYS; way++)
        try(freezer, way);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    freezer_each(each);
    return 0;
}
