/* SPDX-License-Identifier: MIT */
/*
 * A peer is killed after each of many numbers of instructions of its agent, in the middle of attaching, growing, shrinking, detaching: the
 * next one takes over, sizes, maps and data are right, and neither its slot nor its name is lost.
 */
#include "drive.h"

#include <dirent.h>
#include <sys/ptrace.h>

#define ACTIVE 65536u

static struct peer *witness;

static void act(const char *operation)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 20000 };
    peermap_segment *segment;
    bool attaching = strcmp(operation, "attach") == 0;
    if (attaching)
        raise(SIGSTOP);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    if (attaching)
        _exit(0);
    raise(SIGSTOP);
    if (strcmp(operation, "detach") == 0)
        peermap_detach(segment);
    else if (strcmp(operation, "grow") == 0)
        CHECK_INT(peermap_grow(segment, 8192, NULL), 0);
    else if (strcmp(operation, "shrink") == 0)
        CHECK_INT(peermap_shrink(segment, 8192, NULL), 0);
    _exit(0);
}

/* The other thread of the process. */
static pid_t agent_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    pid_t found = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks)) != NULL;)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != pid)
            found = atoi(entry->d_name);
    closedir(tasks);
    return found;
}

/* Lets the agent run that many instructions of the operation, and kills the process.  False if the operation ended before. */
static bool kill_after(const char *operation, long instructions)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        act(operation);
    }
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
    pid_t agent = agent_of(pid);
    if (agent == 0) { /* not yet: it stops when it begins */
        if (ptrace(PTRACE_SEIZE, pid, 0, PTRACE_O_TRACECLONE) != 0)
            SKIP("cannot trace: %s", strerror(errno));
        CHECK(kill(pid, SIGCONT) == 0);
        for (;;) {
            pid_t who = waitpid(-1, &status, __WALL);
            if (who == pid && WIFSTOPPED(status))
                CHECK(ptrace(PTRACE_CONT, pid, 0, status >> 16 ? 0 : WSTOPSIG(status) == SIGCONT ? SIGCONT : 0) == 0);
            else if (who != pid && WIFSTOPPED(status)) {
                agent = who;
                break;
            }
        }
    } else {
        if (ptrace(PTRACE_SEIZE, agent, 0, 0) != 0)
            SKIP("cannot trace: %s", strerror(errno));
        CHECK(ptrace(PTRACE_INTERRUPT, agent, 0, 0) == 0);
        CHECK(waitpid(agent, &status, __WALL) == agent);
        CHECK(kill(pid, SIGCONT) == 0);
    }
    bool ended = false;
    for (long i = 0; i < instructions && !ended; i++) {
        /* After its answer the process ends when it likes, and the agent with it, also between two steps: waiting tells. */
        CHECK(ptrace(PTRACE_SINGLESTEP, agent, 0, 0) == 0 || errno == ESRCH);
        CHECK(waitpid(agent, &status, __WALL) == agent);
        ended = !WIFSTOPPED(status);
    }
    kill(pid, SIGKILL);
    if (!ended)
        while (waitpid(agent, &status, __WALL) == agent && WIFSTOPPED(status)) {}
    while (waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status)) {}
    return !ended;
}

static void all_is_well(const char *operation, long instructions)
{
    uint64_t size = size_of(witness);
    if (strncmp(ask(witness, "grow 4096"), "ok", 2) != 0 || strncmp(ask(witness, "shrink 4096"), "ok", 2) != 0)
        FAIL("after %ld instructions of %s: %s", instructions, operation, witness->line);
    size = size_of(witness);
    CHECK(size == ACTIVE || size == ACTIVE + 8192 || size == ACTIVE - 8192);
    maps_exactly(witness, size);
    CHECK_INT(object_length(), header_length() + size);
    ok(witness, "check 0 %u 9", size < ACTIVE ? ACTIVE - 8192 : ACTIVE);
    struct peer *next = start_peer("victim", NULL);
    if (strncmp(next->line, "ready", 5) != 0)
        FAIL("after %ld instructions of %s: %s", instructions, operation, next->line);
    CHECK_INT(end_peer(next), 0);
    ok(witness, "reap");
    const char *registry = ok(witness, "peers");
    if (strchr(registry + 1, ' '))
        FAIL("after %ld instructions of %s the registry has%s", instructions, operation, registry);
    if (size > ACTIVE)
        ok(witness, "shrink %" PRIu64, size - ACTIVE);
    else if (size < ACTIVE)
        ok(witness, "grow %" PRIu64, ACTIVE - size);
    ok(witness, "fill 0 %u 9", ACTIVE);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *operation;
        long stride;
    } plans[] = { { "detach", 7 }, { "attach", 251 }, { "grow", 4001 }, { "shrink", 4001 } };
    (void)argc;
#ifdef __SANITIZE_ADDRESS__
    SKIP("the sanitizers' own instructions are too many to step through");
#endif
    NOT_WITH_THREAD_SANITIZER("there are too many instructions");
    setup(argv);
    witness = ready_peer("witness", "create 65536 slots 3 deadline 20000");
    ok(witness, "fill 0 %u 9", ACTIVE);
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        for (long instructions = 0; kill_after(plans[i].operation, instructions); instructions += plans[i].stride)
            all_is_well(plans[i].operation, instructions);
    }
    return 0;
}
