/* SPDX-License-Identifier: MIT */
/*
 * chaos.c - a storm: processes grow, shrink, read, write, fork and execute while they are stopped, continued and killed.
 *
 *     chaos [--seconds N] [--seed S] [--peers P] [--crash N] [--dumps PERCENT]
 *
 * This process does the violence and counts; it attaches to nothing, so that nothing can harm it.  Every two seconds everybody rests and an
 * auditor checks the invariants.  Exit 0: all held, one line of counts.  1: one did not; said with the seed, the last events, and how those
 * ended who did.  --crash: an actor sends itself this signal, or from 65 on ends with this exit code, which must be found.  --dumps: so many of those that are killed dump their core.
 */
#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define CALM_EVERY (2000 * MS)

struct control *control;
int control_fd;

static volatile sig_atomic_t interrupted;

static bool over(void) { return load32(&control->failed) != 0 || interrupted; }

/* ---- the segments ---- */

static void describe_arenas(void)
{
    static const struct arena kinds[ARENAS] = {
        { .title = "ahead", .reserve = UINT64_C(1) << 30 },
        { .title = "a little ahead", .ahead = 64 << 10, .reserve = 64 << 20 },
        { .title = "strict", .flags = PEERMAP_STRICT, .reserve = 4 << 20, .tight = true },
        { .title = "late", .ahead = 128 << 10, .reserve = 64 << 20, .peer_flags = PEERMAP_ALLOW_LATE, .all_late = true, .hasty = true },
        { .title = "strict, some late", .flags = PEERMAP_STRICT, .reserve = 64 << 20, .peer_flags = PEERMAP_ALLOW_LATE, .hasty = true },
    };
    for (uint32_t i = 0; i < ARENAS; i++) {
        control->arenas[i] = kinds[i];
        snprintf(control->arenas[i].name, sizeof control->arenas[i].name, "chaos-%d-%u", (int)getpid(), i);
        low[i] = high[i] = FLOOR_PAGES;
    }
}

static void make_segments(void)
{
    for (uint32_t i = 0; i < ARENAS; i++) {
        struct arena *arena = &control->arenas[i];
        peermap_options options = { .struct_size = sizeof options,
                                    .peer_name = "creator",
                                    .initial_size = FLOOR_PAGES * PAGE,
                                    .reserve_size = arena->reserve,
                                    .ahead = arena->ahead,
                                    .max_peers = control->actor_count / ARENAS + 8,
                                    .flags = arena->flags };
        peermap_segment *segment;
        int rc = peermap_create(arena->name, &options, &segment);
        if (rc != 0)
            fail(i, "create answers %s: %s", peermap_error_name(rc), peermap_last_error());
        pages_found(arena, peermap_base(segment));
        peermap_detach(segment);
    }
}

/* Runs in a process of its own, so that whatever happens there does not happen here. */
static void aside(const char *what, void (*run)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        run();
        _exit(0);
    }
    for (uint64_t end = now_ns() + HANG_NS; waitpid(pid, &status, WNOHANG) != pid; usleep(500)) {
        if (now_ns() > end) {
            wrong(0, "%s hangs", what);
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            return;
        }
    }
    if (status != 0) {
        char words[128];
        ending_words(status, words, sizeof words);
        ending_of_another(what, pid, status);
        wrong(0, "%s ended %s", what, words);
    }
}

/* ---- rest ---- */

static void audit_all(void)
{
    for (uint32_t i = 0; i < ARENAS; i++) {
        uint64_t pages = 0;
        int64_t balance = (int64_t)load64((uint64_t *)&control->arenas[i].balance);
        audit(i, (uint64_t)(low[i] + balance), (uint64_t)(high[i] + balance), &pages);
        store64(&control->arenas[i].room, pages - FLOOR_PAGES);
    }
}

static bool all_rest(uint32_t calm)
{
    for (uint32_t i = 0; i < control->actor_count; i++) {
        uint64_t state = load64(&control->actors[i].state) & 0xff;
        if (state == CLAIMED || state == BORN || (state == RUNNING && load32(&control->actors[i].calm) != calm) || (state == RUNNING && known[i].pidfd < 0))
            return false;
    }
    return true;
}

static void calm_down(uint32_t calm)
{
    for (uint32_t i = 0; i < control->actor_count; i++)
        if (known[i].pidfd >= 0 && known[i].stopped != 0)
            resume(i);
    store32(&control->calm, calm);
    hang_of = ", and does not come to rest";
    while (!all_rest(calm) && !over())
        turn(false);
    hang_of = NULL;
    if (!over()) {
        aside("the auditor", audit_all);
        counted(COUNT_calms, 1);
    }
    for (uint32_t i = 0; i < ARENAS; i++) {
        low[i] = high[i] = (int64_t)(load64(&control->arenas[i].room) + FLOOR_PAGES);
        store64((uint64_t *)&control->arenas[i].balance, 0);
    }
    store32(&control->calm, 0);
}

static void storm(uint64_t seconds)
{
    uint64_t end = now_ns() + seconds * 1000 * MS, next = now_ns() + CALM_EVERY;
    uint32_t calm = 0;
    while (!over()) {
        uint64_t now = now_ns();
        if (now >= next || now >= end) {
            calm_down(++calm);
            next = now_ns() + CALM_EVERY;
        }
        if (now >= end)
            return;
        turn(true);
    }
}

static bool anybody(void)
{
    for (uint32_t i = 0; i < control->actor_count; i++)
        if (known[i].pidfd >= 0 || (load64(&control->actors[i].state) & 0xff) != EMPTY)
            return true;
    return false;
}

static void audit_ends(void)
{
    for (uint32_t i = 0; i < ARENAS; i++)
        audit_end(i);
}

/* Everybody leaves, half of them without a word; nothing of a process or an object stays. */
static void end_well(void)
{
    store32(&control->ending, 1);
    while (anybody() && !over())
        turn(false);
    if (!over())
        aside("the last auditor", audit_ends);
    for (uint64_t until = now_ns() + 10000 * MS; !over() && waitpid(-1, NULL, WNOHANG | __WALL) >= 0; usleep(1000))
        if (now_ns() > until)
            wrong(0, "a process is left over");
}

/* ---- ends ---- */

static void clear_away(void)
{
    store32(&control->ending, 1);
    for (uint32_t i = 0; i < control->actor_count; i++)
        if (known[i].pidfd >= 0)
            send(&known[i], SIGKILL);
    for (uint64_t until = now_ns() + 5000 * MS; waitpid(-1, NULL, WNOHANG | __WALL) >= 0 && now_ns() < until;)
        usleep(1000);
    for (uint32_t i = 0; i < ARENAS; i++)
        peermap_unlink(control->arenas[i].name);
}

static void tell_failure(void)
{
    while (load32(&control->failed) == 1)
        usleep(1000);
    const struct arena *arena = &control->arenas[control->failed_arena];
    fprintf(stderr, "chaos: seed %" PRIu64 ", segment %s (%s): %s\n", control->seed, arena->name, arena->title, control->failure);
    for (uint32_t i = 0; i < control->actor_count; i++) {
        const struct actor *actor = &control->actors[i];
        if (known[i].pidfd >= 0 && actor->arena == control->failed_arena)
            fprintf(stderr, "  %s (pid %d, state %c%s%s) does %s, after %" PRIu64 " steps\n", actor->name, (int)actor->pid, process_state(actor->pid),
                    known[i].stopped ? ", stopped by us" : "", load_error(&actor->signal) != 0 ? ", crashing" : "", operation_names[actor->doing],
                    load64(&actor->steps));
    }
    tell_endings(control->failed_arena);
    tell_events(arena->name);
}

static void tell_counts(double seconds)
{
    printf("chaos: seed %" PRIu64 ", %.1f s, %u actors:", control->seed, seconds, control->regulars);
    for (int i = 0; i < COUNT_LAST; i++)
        printf(" %s %" PRIu64 "%s", count_names[i], control->counts[i], i + 1 < COUNT_LAST ? "," : "\n");
}

/* A storm in which nothing happens proves nothing. */
static void require_storm(void)
{
    static const enum count needed[] = { COUNT_growths, COUNT_shrinks, COUNT_pages, COUNT_writes, COUNT_roots, COUNT_remaps,
                                         COUNT_detaches, COUNT_forks, COUNT_execs, COUNT_stops, COUNT_kills, COUNT_calms };
    for (size_t i = 0; i < sizeof needed / sizeof *needed && !over(); i++)
        if (control->counts[needed[i]] == 0)
            wrong(0, "no %s at all", count_names[needed[i]]);
}

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

static void share(int fd)
{
    control_fd = fd;
    control = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || control == MAP_FAILED) {
        perror("chaos: control block");
        exit(2);
    }
}

/* chaos --actor FD INDEX CLAIM: what an actor executes. */
static void be_actor(char **argv)
{
    share(atoi(argv[2]));
    struct actor *actor = &control->actors[atoi(argv[3])];
    if (load64(&actor->state) >> 8 != strtoull(argv[4], NULL, 10) || actor->pid != getpid())
        fail(actor->arena, "pid %d executed itself for claim %s of %s, which pid %d has with claim %" PRIu64, (int)getpid(), argv[4], actor->name,
             (int)actor->pid, load64(&actor->state) >> 8);
    actor_run(actor);
}

static void prepare(uint64_t seed, uint32_t peers, uint32_t crash, uint32_t dumps)
{
    int fd = memfd_create("chaos", 0);
    if (ftruncate(fd, sizeof *control) != 0)
        fd = -1;
    share(fd);
    endings_begin();
    control->seed = seed;
    control->crash = crash;
    control->dumps = dumps;
    control->supervisor = getpid();
    control->regulars = peers;
    control->actor_count = peers + 2 * ARENAS;
    dice = mix(seed) | 1;
    for (uint32_t i = 0; i < control->actor_count; i++) {
        known[i].pidfd = -1;
        control->actors[i].arena = i % ARENAS;
        control->actors[i].seed = chance(&dice);
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    signal(SIGPIPE, SIG_IGN); /* whoever reads may be gone before all is cleared away */
    describe_arenas();
}

int main(int argc, char **argv)
{
    uint64_t seconds = 10, seed = now_ns() / 1000 % 1000000, peers = 25, crash = 0, dumps = 0;
    if (argc == 5 && strcmp(argv[1], "--actor") == 0)
        be_actor(argv);
    for (int i = 1; i < argc; i += 2) {
        uint64_t *option = strcmp(argv[i], "--seconds") == 0 ? &seconds
                           : strcmp(argv[i], "--seed") == 0  ? &seed
                           : strcmp(argv[i], "--peers") == 0 ? &peers
                           : strcmp(argv[i], "--crash") == 0 ? &crash
                           : strcmp(argv[i], "--dumps") == 0 ? &dumps
                                                             : NULL;
        if (!option || i + 1 == argc)
            return fprintf(stderr, "chaos [--seconds N] [--seed S] [--peers P] [--crash N] [--dumps PERCENT]\n"), 2;
        *option = strtoull(argv[i + 1], NULL, 10);
    }
    if (peers < ARENAS || peers > MOST_ACTORS - 2 * ARENAS)
        return fprintf(stderr, "chaos: %d to %d peers\n", ARENAS, MOST_ACTORS - 2 * ARENAS), 2;
    prepare(seed, (uint32_t)peers, (uint32_t)crash, (uint32_t)dumps);
    uint64_t begun = now_ns();
    aside("the creator", make_segments);
    if (!over())
        storm(seconds);
    if (!over())
        end_well();
    if (seconds >= 5)
        require_storm();
    if (load32(&control->failed) && !interrupted) /* which may have ended actors, too */
        tell_failure();
    clear_away();
    endings_end();
    tell_counts((double)(now_ns() - begun) / 1e9);
    return interrupted ? 130 : load32(&control->failed) ? 1 : 0;
}
