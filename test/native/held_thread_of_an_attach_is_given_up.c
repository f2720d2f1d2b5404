/* SPDX-License-Identifier: MIT */
/*
 * A debugger that follows clone() and leaves each new thread stopped, holds the agent of whoever attaches: the call ends at its deadline, says who that is, and
 * leaves nothing.  The thread, once it runs, does nothing.
 */
#include "drive.h"

#include <fcntl.h>

#define DEADLINE_MS 700u
#define ALLOWED_MS 1300u

static bool maps_the_object(void)
{
    char line[4096], object[128];
    bool maps = false;
    snprintf(object, sizeof object, "/dev/shm/peermap.%s", seg());
    FILE *file = fopen("/proc/self/maps", "r");
    while (fgets(line, sizeof line, file))
        maps = maps || strstr(line, object) != NULL;
    fclose(file);
    return maps;
}

static void is_given_up(const char *name, bool creates)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "traced", .deadline_ms = DEADLINE_MS };
    peermap_segment *segment = NULL;
    char tracer[32];
    const int files = entries_of("/proc/self/fd");
    const struct stopwatch watch = stopwatch_of(getpid());
    int rc = (creates ? peermap_create : peermap_attach)(name, &options, &segment);
    const uint64_t took = elapsed_ms(&watch), fairly = fair_ms(&watch);
    CHECK_INT(rc, PEERMAP_EBUSY);
    CHECK(segment == NULL);
    snprintf(tracer, sizeof tracer, "(pid %d) traces it", (int)getppid());
    if (!strstr(peermap_last_error(), tracer) || !strstr(peermap_last_error(), "nothing was changed"))
        FAIL("%s", peermap_last_error());
    if (fairly > ALLOWED_MS || took + 100 < DEADLINE_MS)
        FAIL("after %u ms it should end, after %llu it did", DEADLINE_MS, (unsigned long long)took);
    CHECK_INT(entries_of("/proc/self/fd"), files);
    CHECK(!maps_the_object());
}

/* The process that is traced: it says "held" when it wants its threads let go. */
static void traced(int told, int asked)
{
    char byte, other[64];
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "traced" };
    CHECK(read(asked, &byte, 1) == 1);
    snprintf(other, sizeof other, "test-%d.new", (int)getpid());
    is_given_up(seg(), false);
    is_given_up(seg(), false);
    is_given_up(other, true);
    CHECK_INT(peermap_attach(other, NULL, &segment), PEERMAP_ENOENT);
    CHECK(entries_of("/proc/self/task") == 1 + 3);
    CHECK(write(told, "h", 1) == 1 && read(asked, &byte, 1) == 1);
    UNTIL(entries_of("/proc/self/task") == 1);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    CHECK_INT(peermap_peers(segment, NULL, 0), 2);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    peermap_detach(segment);
}

static pid_t held[16];
static int held_count;

static void follow(pid_t child, int told)
{
    int status;
    struct timespec moment = { .tv_nsec = 1000000 };
    char byte;
    for (pid_t who;; nanosleep(&moment, NULL)) {
        if (read(told, &byte, 1) == 1)
            return;
        if ((who = waitpid(-1, &status, __WALL | WNOHANG)) <= 0)
            continue;
        if (who == child && WIFEXITED(status))
            FAIL("it ended, with %d", WEXITSTATUS(status));
        if (who == child)
            CHECK(ptrace(PTRACE_CONT, child, 0, WSTOPSIG(status) == SIGTRAP ? 0 : WSTOPSIG(status)) == 0);
        else if (WIFSTOPPED(status) && held_count < 16)
            held[held_count++] = who;
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("the thread that is held is the sanitizer's, too");
    setup(argv);
    ready_peer("owner", "create 65536");
    int told[2], asked[2], status;
    CHECK(pipe(told) == 0 && pipe(asked) == 0);
    fcntl(told[0], F_SETFL, O_NONBLOCK);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        memset(all_peers, 0, sizeof all_peers);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        traced(told[1], asked[0]);
        _exit(0);
    }
    if (ptrace(PTRACE_SEIZE, child, 0, PTRACE_O_TRACECLONE) != 0) {
        kill(child, SIGKILL);
        SKIP("cannot trace: %s", strerror(errno));
    }
    CHECK(write(asked[1], "g", 1) == 1);
    follow(child, told[0]);
    CHECK_INT(held_count, 3);
    CHECK(ptrace(PTRACE_INTERRUPT, child, 0, 0) == 0 && waitpid(child, &status, __WALL) == child);
    for (int i = 0; i < held_count; i++)
        CHECK(ptrace(PTRACE_DETACH, held[i], 0, 0) == 0);
    CHECK(ptrace(PTRACE_DETACH, child, 0, 0) == 0);
    CHECK(write(asked[1], "g", 1) == 1);
    CHECK(waitpid(child, &status, 0) == child);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return 0;
}
