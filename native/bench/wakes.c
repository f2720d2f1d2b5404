/* SPDX-License-Identifier: MIT */
/*
 * wakes - how the wakes of a growth best travel, without any library: N bare processes each map the new part and answer.
 *
 *     broadcast  all wait on one word, and one call wakes them all
 *     yielding   the same; the driver yields for up to 100 µs before it sleeps for the answers
 *     groups     all wait on one word, by the bit of their group, and each group's first wakes the rest of it: two groups
 *     each       each waits on a word of its own, and the driver wakes one after the other
 *     chain      each waits on a word of its own, and wakes the next before it maps
 *     tree       the same, but wakes two
 *     message    each waits on a socket: the driver sends, each sends back
 *
 * In each of them but `message` the last to answer wakes the driver.  The schemes take turns, in rotating order.
 *
 * wakes PROCESSES TURNS SAMPLES [one-core] [busy] [pause=MICROSECONDS]
 */
#include "common/bench.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define PART ((size_t)64 << 10)
#define PARTS 64 /* then from the beginning, over what is mapped there */
#define YIELD_US 100

enum scheme { BROADCAST, YIELDING, GROUPS, EACH, CHAIN, TREE, MESSAGE, SCHEMES };
static const char *const names[SCHEMES] = { "broadcast", "yielding", "groups", "each", "chain", "tree", "message" };

struct word {
    _Alignas(64) _Atomic uint32_t round;
};

/* Shared. */
struct board {
    struct word all;
    struct word own[BENCH_PEERS_MAX];
    _Alignas(64) _Atomic uint32_t outstanding;
};

/* Process-local: what a process of a scheme is told by being forked from the driver. */
struct member {
    enum scheme scheme;
    size_t index;
    struct board *board;
    int fd;
};

static struct {
    size_t processes;
    size_t turns;
    size_t samples;
    unsigned pause_us;
    bool pinned;
    bool busy;
} options;

static long futex(_Atomic uint32_t *word, int operation, uint32_t value, uint32_t count_or_bits)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, count_or_bits);
}

static void wait_on(_Atomic uint32_t *word, uint32_t round, uint32_t bits)
{
    while (atomic_load(word) == round)
        futex(word, FUTEX_WAIT_BITSET, round, bits);
}

static void ring(_Atomic uint32_t *word)
{
    atomic_fetch_add(word, 1);
    futex(word, FUTEX_WAKE, 1, 0);
}

static void wake_group(struct board *board, uint32_t bits) { futex(&board->all.round, FUTEX_WAKE_BITSET, INT_MAX, bits); }

/* ---- a process ---- */

static void map_part(char *base, int fd, uint32_t round)
{
    size_t at = round % PARTS * PART;
    if (mmap(base + at, PART, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, (off_t)at) == MAP_FAILED)
        bench_die("mmap");
}

/* Bit 0 and 1: the first of the group; bit 2 and 3: the rest of it. */
static uint32_t bit_of(size_t index) { return UINT32_C(1) << (index < 2 ? index : 2 + index % 2); }

static void await(const struct member *member, uint32_t round)
{
    struct board *board = member->board;
    if (member->scheme == BROADCAST || member->scheme == YIELDING)
        wait_on(&board->all.round, round, UINT32_MAX);
    else if (member->scheme == GROUPS)
        wait_on(&board->all.round, round, bit_of(member->index));
    else
        wait_on(&board->own[member->index].round, round, UINT32_MAX);
}

static void pass_on(const struct member *member)
{
    struct board *board = member->board;
    size_t index = member->index, count = options.processes;
    if (member->scheme == GROUPS && index < 2)
        wake_group(board, bit_of(index) << 2);
    if (member->scheme == CHAIN && index + 1 < count)
        ring(&board->own[index + 1].round);
    for (size_t child = 2 * index + 1; member->scheme == TREE && child <= 2 * index + 2 && child < count; child++)
        ring(&board->own[child].round);
}

static void serve(int channel, void *context)
{
    const struct member *member = context;
    struct board *board = member->board;
    char *base = mmap(NULL, PARTS * PART, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        bench_die("reserve");
    char word = 1;
    bench_send(channel, &word, 1);
    for (uint32_t round = 0;; round++) {
        if (member->scheme == MESSAGE) {
            if (!bench_receive(channel, &word, 1))
                return;
            map_part(base, member->fd, round);
            bench_send(channel, &word, 1);
            continue;
        }
        await(member, round);
        pass_on(member);
        map_part(base, member->fd, round);
        if (atomic_fetch_sub(&board->outstanding, 1) == 1)
            futex(&board->outstanding, FUTEX_WAKE, 1, 0);
    }
}

/* ---- the driver ---- */

struct group {
    struct board *board;
    struct bench_process processes[BENCH_PEERS_MAX];
    struct bench_samples samples, medians;
};

static struct group groups[SCHEMES];

static void wake_them(enum scheme scheme, struct board *board)
{
    if (scheme == EACH) {
        for (size_t i = 0; i < options.processes; i++)
            ring(&board->own[i].round);
    } else if (scheme == CHAIN || scheme == TREE) {
        ring(&board->own[0].round);
    } else {
        atomic_fetch_add(&board->all.round, 1);
        wake_group(board, scheme == GROUPS ? 3 : UINT32_MAX);
    }
}

static void hear_them(enum scheme scheme, struct board *board)
{
    double until = bench_us() + YIELD_US;
    while (scheme == YIELDING && atomic_load(&board->outstanding) != 0 && bench_us() < until)
        sched_yield();
    for (uint32_t left; (left = atomic_load(&board->outstanding)) != 0;)
        futex(&board->outstanding, FUTEX_WAIT, left, 0);
}

static void run_round(enum scheme scheme)
{
    struct group *group = &groups[scheme];
    char word = 1;
    if (scheme != MESSAGE) {
        atomic_store(&group->board->outstanding, (uint32_t)options.processes);
        wake_them(scheme, group->board);
        hear_them(scheme, group->board);
        return;
    }
    for (size_t i = 0; i < options.processes; i++)
        bench_send(group->processes[i].channel, &word, 1);
    for (size_t i = 0; i < options.processes; i++)
        if (!bench_receive(group->processes[i].channel, &word, 1))
            bench_die("a process ended");
}

static void take_turn(enum scheme scheme, bool counts)
{
    struct bench_samples turn = { 0 };
    for (size_t i = 0; i < options.samples; i++) {
        if (options.pause_us != 0)
            usleep(options.pause_us);
        double started = bench_us();
        run_round(scheme);
        bench_add(&turn, bench_us() - started);
    }
    for (size_t i = 0; counts && i < turn.length; i++)
        bench_add(&groups[scheme].samples, turn.values[i]);
    if (counts)
        bench_add(&groups[scheme].medians, bench_quantile(&turn, 0.5));
    free(turn.values);
}

static void start(enum scheme scheme, int fd)
{
    struct group *group = &groups[scheme];
    group->board = mmap(NULL, sizeof *group->board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (group->board == MAP_FAILED)
        bench_die("mmap");
    for (size_t i = 0; i < options.processes; i++) {
        struct member member = { scheme, i, group->board, fd };
        group->processes[i] = bench_fork(serve, &member);
    }
    char word;
    for (size_t i = 0; i < options.processes; i++)
        if (!bench_receive(group->processes[i].channel, &word, 1))
            bench_die("a process ended");
}

static void print(void)
{
    printf("{\"bench\":\"wakes\",\"peers\":%zu,\"pinned\":%s,\"busy\":%s,\"pause\":%u,\"schemes\":{\"of\":%d", options.processes,
           options.pinned ? "true" : "false", options.busy ? "true" : "false", options.pause_us, SCHEMES);
    for (int scheme = 0; scheme < SCHEMES; scheme++)
        bench_print(names[scheme], &groups[scheme].samples);
    printf("},\"ratios\":{\"turns\":%zu", options.turns);
    for (int scheme = 0; scheme < SCHEMES; scheme++) {
        struct bench_samples ratios = { 0 };
        for (size_t turn = 0; turn < groups[scheme].medians.length; turn++)
            bench_add(&ratios, groups[scheme].medians.values[turn] / groups[BROADCAST].medians.values[turn]);
        bench_print(names[scheme], &ratios);
    }
    puts("}}");
}

int main(int argc, char **argv)
{
    size_t *const numbers[] = { &options.processes, &options.turns, &options.samples };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "one-core") == 0)
            options.pinned = true;
        else if (strcmp(argv[i], "busy") == 0)
            options.busy = true;
        else if (strncmp(argv[i], "pause=", 6) == 0)
            options.pause_us = (unsigned)strtoul(argv[i] + 6, NULL, 10);
        else if (i <= 3)
            *numbers[i - 1] = strtoul(argv[i], NULL, 10);
    }
    if (options.processes < 2 || options.processes > BENCH_PEERS_MAX || options.turns == 0 || options.samples == 0) {
        fputs("usage: wakes PROCESSES TURNS SAMPLES [one-core] [busy] [pause=MICROSECONDS]\n", stderr);
        return 2;
    }
    if (options.pinned)
        bench_pin();
    int fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || fallocate(fd, 0, 0, (off_t)(PARTS * PART)) != 0)
        bench_die("/dev/shm");
    for (enum scheme scheme = 0; scheme < SCHEMES; scheme++)
        start(scheme, fd);
    if (options.busy)
        bench_make_busy();
    for (size_t turn = 0; turn <= options.turns; turn++) /* the first is to warm up */
        for (size_t i = 0; i < SCHEMES; i++)
            take_turn((enum scheme)((i + turn) % SCHEMES), turn > 0);
    bench_make_idle();
    print();
    for (enum scheme scheme = 0; scheme < SCHEMES; scheme++)
        for (size_t i = 0; i < options.processes; i++)
            bench_end(&groups[scheme].processes[i]);
    return 0;
}
