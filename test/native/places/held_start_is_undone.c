/* SPDX-License-Identifier: MIT */
/*
 * A debugger holds the agent of an attach, or of a creation, somewhere in the middle of it.  The call ends at its deadline and says so; what was done is undone when
 * the thread runs again: no slot, no descriptor and no thread is left.  A creation that had published its segment says that, and leaves one that nobody is in.
 */
#include "places.h"

#define DEADLINE_MS 400u

static int files_before, here[2], let[2];

/* In the agent: it goes on when it is let go. */
static uint32_t let_go;
static void tell_and_wait(void)
{
    const pid_t thread = gettid();
    CHECK(write(here[1], &thread, sizeof thread) == sizeof thread);
    while (!__atomic_load_n(&let_go, __ATOMIC_ACQUIRE)) {}
}

/* The debugger: holds whoever comes to the place, until it is told to let go. */
static pid_t start_debugger(void)
{
    int status;
    char byte;
    CHECK(pipe(here) == 0 && pipe(let) == 0);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    pid_t debugger = fork(), thread;
    CHECK(debugger >= 0);
    if (debugger > 0)
        return debugger;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(here[0], &thread, sizeof thread) == sizeof thread) {
        if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0)
            _exit(77);
        if (ptrace(PTRACE_INTERRUPT, thread, 0, 0) != 0 || waitpid(thread, &status, __WALL) != thread || read(let[0], &byte, 1) != 1)
            _exit(1);
        ptrace(PTRACE_DETACH, thread, 0, 0);
    }
    _exit(0);
}

static void is_held_at(const char *place, const char *name, bool creates, const char *said)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "held", .deadline_ms = DEADLINE_MS, .flags = PEERMAP_RELOCATABLE };
    peermap_segment *segment = NULL;
    __atomic_store_n(&let_go, 0, __ATOMIC_RELEASE);
    at_place(place, tell_and_wait);
    const struct stopwatch watch = stopwatch_of(getpid());
    int rc = (creates ? peermap_create : peermap_attach)(name, &options, &segment);
    const uint64_t took = fair_ms(&watch);
    CHECK(place_was_reached());
    CHECK_INT(rc, PEERMAP_EBUSY);
    CHECK(segment == NULL);
    if (!strstr(peermap_last_error(), said) || !strstr(peermap_last_error(), "traces it"))
        FAIL("%s: %s", place, peermap_last_error());
    if (took > 2 * DEADLINE_MS)
        FAIL("%s: it took %llu ms", place, (unsigned long long)took);
    __atomic_store_n(&let_go, 1, __ATOMIC_RELEASE);
    CHECK(write(let[1], "l", 1) == 1);
    UNTIL(entries_of("/proc/self/task") == 2); /* this thread, and the other segment's agent */
    CHECK_INT(entries_of("/proc/self/fd"), files_before);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    int status;
    char other[64];
    peermap_segment *segment, *created;
    pid_t debugger = start_debugger();
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    snprintf(other, sizeof other, "test-%d.new", (int)getpid());
    files_before = entries_of("/proc/self/fd");
    static const char *const places[] = { "claim.kept", "claim.alive", "lock.taken", "claim.live", "first.mapped", "attach.converged" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (waitpid(debugger, &status, WNOHANG) == debugger)
            SKIP("cannot trace");
        is_held_at(places[i], seg(), false, "nothing was changed");
        CHECK_INT(peermap_peers(segment, NULL, 0), 1);
    }
    is_held_at("claim.live", other, true, "nothing was changed");
    CHECK_INT(peermap_attach(other, NULL, &created), PEERMAP_ENOENT);
    is_held_at("create.published", other, true, "just when it carries the call out");
    CHECK_INT(peermap_attach(other, NULL, &created), 0);
    CHECK_INT(peermap_peers(created, NULL, 0), 1);
    peermap_detach(created);
    CHECK_INT(peermap_unlink(other), 0);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    peermap_detach(segment);
    return 0;
}
