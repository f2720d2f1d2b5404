/* SPDX-License-Identifier: MIT */
/*
 * grow - how long until a growth is mapped in N processes, by every way there is (ways/ways.h); or how long a shrink takes.
 *
 * The ways take turns, some growths at a time and in changing order, so that a noisy moment hits all of them; after its turn each
 * shrinks back, untimed.  Ratios are between medians of one turn, so their spread is the spread of turns.  The run ends after its
 * turns, or after its time if it has had three of them.
 *
 * grow PEERS BYTES TURNS SAMPLES SECONDS [one-core] [busy] [pause=MICROSECONDS] [shrink]
 */
#include "ways/ways.h"

#include "common/bench.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define LEAST_TURNS 3

/* One way's part of the run. */
struct entry {
    struct way *way;
    struct bench_process processes[BENCH_PEERS_MAX];
    int channels[BENCH_PEERS_MAX], pids[BENCH_PEERS_MAX];
    struct bench_samples samples;
    struct bench_samples medians; /* of each turn */
    size_t elsewhere; /* turns whose last growth did not come by the rung that the way is named after */
};

static struct {
    size_t peers;
    size_t bytes;
    size_t turns;
    size_t samples; /* of a turn */
    size_t seconds;
    unsigned pause_us; /* before each growth */
    bool pinned;
    bool busy;
    bool shrink;
} options;

static struct entry entries[] = { { .way = &way_ahead },  { .way = &way_agent }, { .way = &way_unstop }, { .way = &way_fallocate },
                                  { .way = &way_nobody }, { .way = &way_mmap },  { .way = &way_mremap }, { .way = &way_futex },
                                  { .way = &way_boost },  { .way = &way_lmdb } };
#define ENTRIES (sizeof entries / sizeof *entries)

static bool present(const struct entry *entry) { return entry->way->missing[0] == '\0'; }

/* Shrinking is compared where it means the same. */
static void leave_out_what_does_not_shrink(void)
{
    struct way *const others[] = { &way_unstop, &way_futex, &way_boost, &way_lmdb };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        way_is_missing(others[i], "not compared");
}

static void start(struct entry *entry)
{
    struct way *way = entry->way;
    way->count = way->serve == NULL ? 0 : options.peers;
    way->channels = entry->channels;
    way->pids = entry->pids;
    for (size_t i = 0; i < way->count; i++) {
        entry->processes[i] = bench_fork(way->serve, way);
        entry->channels[i] = entry->processes[i].channel;
        entry->pids[i] = entry->processes[i].pid;
    }
}

static void start_all(void)
{
    if (options.shrink)
        leave_out_what_does_not_shrink();
    for (size_t i = 0; i < ENTRIES; i++)
        if (present(&entries[i]))
            entries[i].way->open(entries[i].way);
    for (size_t i = 0; i < ENTRIES; i++)
        if (present(&entries[i]))
            start(&entries[i]);
    for (size_t i = 0; i < ENTRIES; i++)
        if (present(&entries[i]) && entries[i].way->begin != NULL)
            entries[i].way->begin(entries[i].way);
}

static double timed(struct way *way, void (*resize)(struct way *, size_t))
{
    if (options.pause_us != 0)
        usleep(options.pause_us);
    double started = bench_us();
    resize(way, options.bytes);
    return bench_us() - started;
}

static void settle(struct way *way)
{
    if (way->settle != NULL)
        way->settle(way);
}

/* Leaves the way as it found it.  When the time is over one growth is a turn. */
static void take_turn(struct entry *entry, bool counts, double end)
{
    struct way *way = entry->way;
    struct bench_samples turn = { 0 };
    for (size_t i = 0; i < options.samples && present(entry) && (i == 0 || bench_us() < end); i++) {
        if (options.shrink)
            way->grow(way, options.bytes);
        bench_add(&turn, timed(way, options.shrink ? way->shrink : way->grow));
        if (options.shrink)
            settle(way);
    }
    if (!options.shrink && present(entry)) {
        /* Of the last growth only: asking after each would leave the next one a cold cache. */
        entry->elsewhere += counts && way->came != NULL && !way->came(way);
        way->shrink(way, turn.length * options.bytes);
        settle(way);
    }
    for (size_t i = 0; counts && i < turn.length; i++)
        bench_add(&entry->samples, turn.values[i]);
    if (counts && turn.length > 0)
        bench_add(&entry->medians, bench_quantile(&turn, 0.5));
    free(turn.values);
}

/* So that every turn begins with the same free pages at hand, whatever the one before it took or gave back. */
static void warm_pages(void)
{
    static int fd = -1;
    if (fd < 0)
        fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || fallocate(fd, 0, 0, (off_t)(options.samples * options.bytes)) != 0 || ftruncate(fd, 0) != 0)
        bench_die("/dev/shm");
}

static void take_turns(void)
{
    static const size_t strides[] = { 1, 3, 7, 9 }; /* prime to the number of ways: everybody comes, each time after somebody else */
    static_assert(ENTRIES == 10, "strides");
    double end = bench_us() + (double)options.seconds * 1e6;
    for (size_t turn = 0; turn <= options.turns; turn++) { /* the first is to warm up */
        if (turn > LEAST_TURNS && bench_us() > end)
            break;
        size_t stride = strides[turn % (sizeof strides / sizeof *strides)];
        for (size_t i = 0; i < ENTRIES; i++) {
            struct entry *entry = &entries[(i * stride + turn) % ENTRIES];
            if (!present(entry))
                continue;
            warm_pages();
            take_turn(entry, turn > 0, end);
        }
    }
}

/* What the further call of a growth inside the horizon costs here: a wake for whoever watches. */
static void time_calls(struct bench_samples *calls)
{
    uint32_t *word = mmap(NULL, sizeof *word, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (word == MAP_FAILED)
        bench_die("mmap");
    for (size_t i = 0; i < 200; i++) {
        double started = bench_us();
        syscall(SYS_futex, word, FUTEX_WAKE_BITSET, INT_MAX, NULL, NULL, UINT32_MAX);
        bench_add(calls, bench_us() - started);
    }
}

/* ---- the result ---- */

static void print_ratios(const struct entry *ours, const char *separator)
{
    printf("%s\"%s\":{\"turns\":%zu", separator, ours->way->name, ours->medians.length);
    for (size_t i = 0; i < ENTRIES; i++) {
        const struct entry *other = &entries[i];
        struct bench_samples ratios = { 0 };
        if (other == ours || other->medians.length != ours->medians.length)
            continue;
        for (size_t turn = 0; turn < ours->medians.length; turn++)
            bench_add(&ratios, ours->medians.values[turn] / other->medians.values[turn]);
        bench_print(other->way->name, &ratios);
        free(ratios.values);
    }
    putchar('}');
}

static void print(void)
{
    struct bench_samples calls = { 0 };
    time_calls(&calls);
    printf("{\"bench\":\"%s\",\"bytes\":%zu,\"peers\":%zu,\"pinned\":%s,\"busy\":%s,\"pause\":%u,\"ways\":{\"of\":%zu",
           options.shrink ? "shrink" : "grow", options.bytes, options.peers, options.pinned ? "true" : "false",
           options.busy ? "true" : "false", options.pause_us, ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++)
        if (present(&entries[i]))
            bench_print(entries[i].way->name, &entries[i].samples);
    printf("},\"elsewhere\":{\"ahead\":%zu,\"agent\":%zu,\"unstop\":%zu},\"missing\":{\"of\":%zu", entries[0].elsewhere, entries[1].elsewhere,
           entries[2].elsewhere, ENTRIES);
    for (size_t i = 0; i < ENTRIES; i++)
        if (!present(&entries[i]))
            printf(",\"%s\":\"%s\"", entries[i].way->name, entries[i].way->missing);
    putchar('}');
    bench_print("calls", &calls);
    printf(",\"ratios\":{");
    for (size_t i = 0, printed = 0; i < 3; i++)
        if (present(&entries[i]))
            print_ratios(&entries[i], printed++ > 0 ? "," : "");
    puts("}}");
}

static void stop_all(void)
{
    for (size_t i = 0; i < ENTRIES; i++) {
        struct way *way = entries[i].way;
        for (size_t k = 0; k < way->count; k++)
            bench_end(&entries[i].processes[k]);
        if (way->end != NULL && way->own != NULL)
            way->end(way);
    }
}

int main(int argc, char **argv)
{
    size_t *const numbers[] = { &options.peers, &options.bytes, &options.turns, &options.samples, &options.seconds };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "one-core") == 0)
            options.pinned = true;
        else if (strcmp(argv[i], "busy") == 0)
            options.busy = true;
        else if (strcmp(argv[i], "shrink") == 0)
            options.shrink = true;
        else if (strncmp(argv[i], "pause=", 6) == 0)
            options.pause_us = (unsigned)strtoul(argv[i] + 6, NULL, 10);
        else if (i <= 5)
            *numbers[i - 1] = strtoul(argv[i], NULL, 10);
    }
    bool some = options.peers > 0 && options.bytes > 0 && options.turns > 0 && options.samples > 0;
    if (!some || options.peers > BENCH_PEERS_MAX) {
        fputs("usage: grow PEERS BYTES TURNS SAMPLES SECONDS [one-core] [busy] [pause=MICROSECONDS] [shrink]\n", stderr);
        return 2;
    }
    if (options.pinned)
        bench_pin();
    start_all();
    if (options.busy)
        bench_make_busy();
    take_turns();
    bench_make_idle();
    print();
    stop_all();
    return 0;
}
