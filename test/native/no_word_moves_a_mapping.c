/* SPDX-License-Identifier: MIT */
/*
 * Every word of the header and of the registry that others can write is made another, one after the other, by one who may write the object and does nothing
 * else, while peers of two users attach, grow, shrink, remap, set roots, stop and are killed.  Looked at from outside, each peer has the object mapped inside
 * its own reservation only, and everything else that it had mapped is where it was, with the rights that it had; no call goes on for ever, and nobody crashes.
 */
#include "header.h"

#include "../../native/runtime/segment.h"

#include <grp.h>

#define RESERVE UINT64_C(1048576)
#define WORKERS 4
#define USER 45681
#define SLOTS 8
#define CALLS_END_MS 10000

/* Of a worker, in memory that it shares with the test. */
struct work {
    uint64_t from, to; /* its reservation; 0: it has none, or not yet, or not any more */
    uint64_t turns;
};
static struct work *works;
static pid_t pids[WORKERS];
static size_t header_bytes;

static void become_user(int worker, pid_t test)
{
    const uid_t user = worker % 2 == 0 ? USER : USER + 1;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0))
        _exit(99);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* which another user's id has taken away */
    if (getppid() != test)
        _exit(98);
}

/* None of these is told to succeed. */
static void do_something(peermap_segment *segment, uint64_t dice)
{
    peermap_round round;
    peermap_peer peers[SLOTS];
    switch (dice % 8) {
    case 0:
    case 1: peermap_grow(segment, 1 + dice % 65536, &round); break;
    case 2: peermap_shrink(segment, 4096, &round); break;
    case 3: peermap_remap(segment, 0, &round); break;
    case 4: peermap_set_root(segment, "root", peermap_base(segment), 8, "word"); break;
    case 5: peermap_peers(segment, peers, SLOTS); break;
    case 6: peermap_reap(segment); break;
    default: peermap_pin(segment), peermap_unpin(segment); break;
    }
}

static void work(int worker, pid_t test)
{
    struct work *own = &works[worker];
    uint64_t dice = 88172645463325252u + (uint64_t)worker;
    munmap(its_header, header_bytes);
    become_user(worker, test);
    for (;;) {
        peermap_options options = { .struct_size = sizeof options, .deadline_ms = 40, .flags = worker % 3 == 0 ? PEERMAP_ALLOW_LATE : 0 };
        peermap_segment *segment;
        if (peermap_attach(seg(), &options, &segment) != 0) {
            own->turns++;
            usleep(1000);
            continue;
        }
        __atomic_store_n(&own->to, (uintptr_t)segment->start + segment->reservation, __ATOMIC_SEQ_CST);
        __atomic_store_n(&own->from, (uintptr_t)segment->start, __ATOMIC_SEQ_CST);
        for (uint64_t i = 0, times = chance(&dice) % 40; i < times; i++) {
            do_something(segment, chance(&dice));
            own->turns++;
        }
        __atomic_store_n(&own->from, 0, __ATOMIC_SEQ_CST);
        peermap_detach(segment);
    }
}

static void start_worker(int worker)
{
    const pid_t test = getpid();
    works[worker] = (struct work){ 0 };
    pids[worker] = fork();
    CHECK(pids[worker] >= 0);
    if (pids[worker] == 0)
        work(worker, test);
}

/* ---- looking from outside ---- */

/* The programs and libraries that a worker has mapped, as the kernel lists them: those that it had before it attached to anything. */
static char programs[256][256];
static int program_count;

static void read_maps(pid_t pid, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    size_t length = maps ? fread(text, 1, size - 1, maps) : 0;
    if (maps)
        fclose(maps);
    text[length] = '\0';
}

static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static void note_programs(void)
{
    static char text[1 << 18];
    char *at = text, *line;
    read_maps(getpid(), text, sizeof text);
    while (program_count < 256 && (line = next_line(&at)) != NULL)
        if (strchr(line, '/') && !strstr(line, " /dev/"))
            snprintf(programs[program_count++], sizeof *programs, "%.255s", line);
    CHECK(program_count > 4);
}

static void look(int worker)
{
    static char text[1 << 20];
    char object[128], *at = text, *line;
    const struct work before = works[worker];
    int there = 0;
    snprintf(object, sizeof object, "/dev/shm/peermap.%s", seg());
    read_maps(pids[worker], text, sizeof text);
    if (before.from == 0 || __atomic_load_n(&works[worker].from, __ATOMIC_SEQ_CST) != before.from)
        return; /* it was attaching or leaving */
    while ((line = next_line(&at)) != NULL) {
        uint64_t from, to;
        char rights[8];
        if (there < program_count && strcmp(line, programs[there]) == 0)
            there++;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to, rights) != 3)
            continue;
        const bool is_object = strstr(line, object) != NULL, inside = from >= before.from && to <= before.to;
        if (is_object ? !inside : !inside && to > before.from && from < before.to)
            FAIL("reservation %" PRIx64 "-%" PRIx64 " of worker %d, but: %s", before.from, before.to, worker, line);
        if (inside && (is_object ? strcmp(rights, "rw-s") : strcmp(rights, "---p")) != 0)
            FAIL("worker %d has in its reservation: %s", worker, line);
    }
    if (there != program_count)
        FAIL("worker %d has not mapped any more: %s", worker, programs[there]);
}

static void look_at(int worker)
{
    int status;
    if (waitpid(pids[worker], &status, WNOHANG) == 0)
        look(worker);
    else
        FAIL("worker %d ended: %s %d", worker, WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void keep_going(uint64_t *turns, uint64_t *since)
{
    for (int worker = 0; worker < WORKERS; worker++) {
        if (works[worker].turns != turns[worker] || since[worker] == 0) {
            turns[worker] = works[worker].turns;
            since[worker] = now_ns();
        } else if (now_ns() - since[worker] > CALLS_END_MS * UINT64_C(1000000)) {
            FAIL("worker %d is in one call for more than %d ms", worker, CALLS_END_MS);
        }
    }
}

/* ---- the writer ---- */

static uint64_t lie_about(uint64_t word, int kind, uint64_t *dice)
{
    switch (kind) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return UINT64_C(1) << 40;
    case 3: return word + 4096;
    case 4: return word ^ UINT64_C(1) << chance(dice) % 64;
    case 5: return (uintptr_t)&works; /* an address */
    default: return chance(dice);
    }
}
#define KINDS 7

/* Some words are put back by whoever finds them wrong, or never: so all of them are, now and then. */
static void put_all_back(const void *pristine, uint64_t length)
{
    memcpy(its_header, pristine, length);
    const uint64_t active = its_header->active & PM_ACTIVE_BYTES;
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, (off_t)(its_header->header_len + active)) == 0);
}

static void restart(int worker, uint64_t *turns, uint64_t *since)
{
    kill(pids[worker], SIGKILL);
    waitpid(pids[worker], NULL, 0);
    start_worker(worker);
    turns[worker] = since[worker] = 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    works = mmap(NULL, WORKERS * sizeof *works, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    peermap_options options = { .struct_size = sizeof options, .reserve_size = RESERVE, .initial_size = 65536, .mode = 0666, .max_peers = SLOTS };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    map_header();
    peermap_detach(segment);
    const uint64_t words = (its_header->slots_off + SLOTS * sizeof(struct pm_slot)) / sizeof(uint64_t), length = header_bytes = header_length();
    void *pristine = malloc(length);
    memcpy(pristine, its_header, length);
    uint64_t turns[WORKERS] = { 0 }, since[WORKERS] = { 0 }, dice = 362436069u, sum = 0;
    note_programs();
    for (int worker = 0; worker < WORKERS; worker++)
        start_worker(worker);
    for (uint64_t word = 0; word < words; word++) {
        uint64_t *at = (uint64_t *)(void *)its_header + word;
        for (int kind = 0; kind < KINDS; kind++) {
            const int chosen = (int)(chance(&dice) % WORKERS);
            const bool stops = chance(&dice) % 4 == 0;
            if (stops)
                kill(pids[chosen], SIGSTOP);
            const uint64_t was = __atomic_load_n(at, __ATOMIC_SEQ_CST);
            __atomic_store_n(at, lie_about(was, kind, &dice), __ATOMIC_SEQ_CST);
            usleep(300);
            look_at((int)((word + (uint64_t)kind) % WORKERS)); /* each of them, with some kind of each word */
            if (kind % 2 == 0)
                __atomic_store_n(at, was, __ATOMIC_SEQ_CST);
            if (stops)
                kill(pids[chosen], SIGCONT);
            keep_going(turns, since);
        }
        if (word % 4 == 0) {
            for (int worker = 0; worker < WORKERS; worker++) {
                look_at(worker);
                sum += works[worker].turns;
                restart(worker, turns, since);
            }
            put_all_back(pristine, length);
        }
    }
    for (int worker = 0; worker < WORKERS; worker++) {
        kill(pids[worker], SIGKILL);
        waitpid(pids[worker], NULL, 0);
    }
    free(pristine);
    printf("%" PRIu64 " words, %" PRIu64 " calls\n", words, sum);
    return 0;
}
