/* SPDX-License-Identifier: MIT */
/*
 * The deadline is that of the whole call: of what it waits for in its own process, for the lock, for what a death left, and for the peers.  Each case is
 * a process of its own, all at once; what is allowed is less than two of the waits that there are in each.
 */
#include "drive.h"

#include <pthread.h>

#define DEADLINE_MS 1500u
#define ALLOWED_MS 2300u /* 10 % and 50 ms, and what a busy machine takes */

static peermap_segment *segment;

typedef int call(peermap_segment *segment, size_t bytes, peermap_round *round);

/* `lacked`: for so long this process had no core meanwhile. */
static uint64_t milliseconds_of(call *made, size_t bytes, int *rc, uint64_t *lacked)
{
    const struct stopwatch begun = stopwatch_of(getpid());
    *rc = made(segment, bytes, NULL);
    const uint64_t took = elapsed_ms(&begun);
    *lacked = lacked_ms(&begun);
    return took;
}

static void ends(const char *what, call *made, size_t bytes, int wanted)
{
    int rc;
    uint64_t lacked, took = milliseconds_of(made, bytes, &rc, &lacked);
    if (rc != wanted)
        FAIL("%s: %s, not %s: %s", what, peermap_error_name(rc), peermap_error_name(wanted), rc ? peermap_last_error() : "");
    if (took > ALLOWED_MS + lacked || took + 100 < DEADLINE_MS)
        FAIL("%s: after %u ms it should end, after %llu it did", what, DEADLINE_MS, (unsigned long long)took);
}

static struct peer *create(uint32_t flags)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 1 << 20, .flags = flags | PEERMAP_STRICT, .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    return ready_peer("sleeper", "no-ptrace");
}

static void see_lock(void)
{
    while (((uint32_t)header_word(offsetof(struct pm_header, lock)) & PM_FUTEX_TID) == 0)
        usleep(200);
}

static void late_peer(void)
{
    stop_peer(create(0));
    ends("a growth", peermap_grow, 4096, PEERMAP_ETIMEDOUT);
    CHECK_INT(peermap_size(segment), 1 << 20);
}

static void *grow_beside(void *own_ms)
{
    int rc;
    uint64_t lacked, took = milliseconds_of(peermap_grow, 4096, &rc, &lacked);
    *(uint64_t *)own_ms = took > lacked ? took - lacked : 0;
    return NULL;
}

static void two_threads(void)
{
    pthread_t threads[3];
    uint64_t took[3];
    stop_peer(create(0));
    for (int i = 0; i < 3; i++)
        CHECK(pthread_create(&threads[i], NULL, grow_beside, &took[i]) == 0);
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        CHECK(took[i] <= ALLOWED_MS);
    }
}

static void held_lock(void)
{
    struct peer *sleeper = create(0), *holder = ready_peer("holder", "no-ptrace deadline 100000");
    stop_peer(sleeper);
    say(holder, "grow 4096");
    see_lock();
    ends("a growth without the lock", peermap_grow, 4096, PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "holder") != NULL);
}

static void lock_that_comes_late(void)
{
    char words[64];
    struct peer *sleeper = create(0);
    snprintf(words, sizeof words, "no-ptrace deadline %u", DEADLINE_MS * 3 / 4);
    struct peer *holder = ready_peer("holder", words);
    stop_peer(sleeper);
    say(holder, "grow 4096");
    see_lock();
    ends("a growth that had to wait for the lock", peermap_grow, 4096, PEERMAP_ETIMEDOUT);
}

static void pinned(void)
{
    ok(create(0), "pin");
    ends("a shrink of what is pinned", peermap_shrink, 4096, PEERMAP_EBUSY);
}

static void left_by_a_death(void)
{
    struct peer *sleeper = create(0), *holder = ready_peer("holder", "no-ptrace deadline 100000");
    stop_peer(sleeper);
    say(holder, "grow 4096");
    see_lock();
    while ((uint32_t)header_word(offsetof(struct pm_header, intent.op)) == PM_OP_NONE)
        usleep(200);
    kill_peer(holder);
    ends("a growth after another's death", peermap_grow, 4096, PEERMAP_ETIMEDOUT);
}

static int allocate(peermap_segment *of, size_t bytes, peermap_round *unused)
{
    (void)unused;
    return peermap_alloc(of, bytes) ? 0 : PEERMAP_ETIMEDOUT;
}

static void allocation(void)
{
    stop_peer(create(PEERMAP_HEAP));
    ends("an allocation that must grow", allocate, 8 << 20, PEERMAP_ETIMEDOUT);
}

static pid_t own_agent(void)
{
    char path[64];
    pid_t agent = 0, self = getpid();
    snprintf(path, sizeof path, "/proc/%d/task", (int)self);
    DIR *tasks = opendir(path);
    for (struct dirent *entry; tasks && (entry = readdir(tasks)) != NULL;)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != self)
            agent = atoi(entry->d_name);
    closedir(tasks);
    CHECK(agent != 0);
    return agent;
}

/* A debugger that holds the agent, alone: at once, or `in_a_round`.  0 where that is not permitted.  Ended, it lets go. */
static pid_t hold_agent(bool in_a_round)
{
    int status, held[2];
    char byte = 1;
    const pid_t agent = own_agent();
    CHECK(pipe(held) == 0);
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    pid_t tracer = fork();
    CHECK(tracer >= 0);
    if (tracer == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        byte = ptrace(PTRACE_SEIZE, agent, 0, 0) == 0;
        if (in_a_round && write(held[1], &byte, 1) == 1)
            see_lock();
        if (byte && (ptrace(PTRACE_INTERRUPT, agent, 0, 0) != 0 || waitpid(agent, &status, __WALL) != agent))
            _exit(1);
        if (!in_a_round && write(held[1], &byte, 1) != 1)
            _exit(1);
        pause();
    }
    CHECK(read(held[0], &byte, 1) == 1);
    return byte ? tracer : 0;
}

static int set_root(peermap_segment *of, size_t bytes, peermap_round *unused)
{
    (void)unused;
    return peermap_set_root(of, "r", peermap_base(of), bytes, NULL);
}

/* The call says that it is held up, and that nothing was changed; afterwards all is well, and nothing was. */
static void own_agent_held(void)
{
    int status;
    struct peer *sleeper = create(0);
    for (int in_a_round = 0; in_a_round < 2; in_a_round++) {
        if (in_a_round)
            stop_peer(sleeper);
        pid_t tracer = hold_agent(in_a_round);
        if (tracer == 0)
            return;
        ends("a growth whose own agent is held", peermap_grow, 4096, PEERMAP_EBUSY);
        CHECK(strstr(peermap_last_error(), "nothing was changed") != NULL);
        ends("a root whose own agent is held", set_root, 8, PEERMAP_EBUSY);
        if (in_a_round)
            continue_peer(sleeper);
        kill(tracer, SIGKILL);
        CHECK(waitpid(tracer, &status, 0) == tracer);
        CHECK_INT(peermap_set_root(segment, "s", peermap_base(segment), 8, NULL), 0);
        CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
        CHECK_INT(peermap_size(segment), (1 << 20) + 4096 * (in_a_round + 1));
        CHECK(peermap_root(segment, "r", NULL) == NULL);
    }
}

/* A thread's own deadline, a fifteenth of the handle's: the handle's share of it would be another second and a half. */
static void own_agent_held_for_a_thread(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 1 << 20, .flags = PEERMAP_STRICT, .deadline_ms = 15 * DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    if (hold_agent(false) == 0)
        return;
    peermap_set_thread_deadline(peermap_now() + DEADLINE_MS * UINT64_C(1000000));
    ends("a growth by a thread's deadline, whose own agent is held", peermap_grow, 4096, PEERMAP_EBUSY);
    peermap_set_thread_deadline(peermap_now() + DEADLINE_MS * UINT64_C(1000000));
    ends("a root by a thread's deadline, whose own agent is held", set_root, 8, PEERMAP_EBUSY);
}

int main(int argc, char **argv)
{
    static void (*const cases[])(void) = { late_peer, two_threads, held_lock, lock_that_comes_late, pinned, left_by_a_death, allocation, own_agent_held, own_agent_held_for_a_thread };
    enum { COUNT = sizeof cases / sizeof *cases };
    pid_t pids[COUNT];
    (void)argc;
    bool well = true;
    for (int i = 0; i < COUNT; i++) {
        pids[i] = fork();
        CHECK(pids[i] >= 0);
        if (pids[i] == 0) {
            setup(argv);
            cases[i]();
            exit(0);
        }
    }
    for (int i = 0; i < COUNT; i++) {
        int status;
        CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        well = well && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    return well ? 0 : 1;
}
