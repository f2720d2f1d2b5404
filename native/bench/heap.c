/* SPDX-License-Identifier: MIT */
/*
 * heap - allocating and freeing by processes and threads that do it all at once: ours, Boost's, the C library's, mimalloc.
 *
 * heap WORK PROCESSES THREADS OPERATIONS TURNS
 *
 *     pairs     an object of 64 bytes and its end, again and again
 *     mixed     1000 objects a thread, of 16 bytes to 4 KiB, mostly small, each replaced at random
 *     large     16 objects a thread of 1 MiB, likewise
 *     handover  half of the threads of a process allocate, mixed sizes, and the other half free
 *     across    the same, but whole processes allocate or free; only what is shared
 *
 * Every turn measures each heap once, in another order.  ns is the time of the turn divided by the operations of one thread: an operation is an
 * allocation and the end of an object.
 */
#include "common/bench.h"
#include "heaps/heaps.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define PROCESSES_MAX 8
#define THREADS_MAX 8
#define HEAPS 4
#define SLOTS 1000
#define RING 256u

void heap_remove_at_end(const char *path) { bench_remove_at_end(path); }
uint64_t heap_file_memory(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (uint64_t)facts.st_blocks * 512 : 0;
}

static struct heap *const heaps[HEAPS] = { &heap_peermap, &heap_boost, &heap_libc, &heap_mimalloc };

/* Shared by all processes; words of one giver and one taker.  Of two cache lines, so that they do not wait for each other. */
struct ring {
    uint64_t word[RING];
    uint32_t given __attribute__((aligned(128)));
    uint32_t taken __attribute__((aligned(128)));
};

struct work {
    const char *name;
    void (*run)(struct heap *heap, unsigned number);
    size_t slots;
    bool handed, across;
};

static size_t operations;
static unsigned processes, threads;
static const struct work *work;
static struct ring *rings;
static unsigned process_number;

/* ---- sizes ---- */

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

/* 16 to 4096: as many of each doubling. */
static size_t mixed_size(uint32_t *state)
{
    uint32_t random = next(state), low = 16u << random % 8;
    return low + (random >> 8) % low;
}

static void *must(void *object)
{
    if (!object)
        bench_die("no memory");
    *(volatile char *)object = 1;
    return object;
}

/* ---- what is measured ---- */

static void pairs(struct heap *heap, unsigned number)
{
    (void)number;
    for (size_t i = 0; i < operations; i++)
        heap->give(must(heap->take(64)));
}

static void replace(struct heap *heap, unsigned number, size_t slots, size_t fixed)
{
    void **slot = calloc(slots, sizeof *slot);
    uint32_t state = number * 7919 + 12345;
    for (size_t i = 0; i < operations; i++) {
        void **at = &slot[next(&state) % slots];
        if (*at)
            heap->give(*at);
        *at = must(heap->take(fixed ? fixed : mixed_size(&state)));
    }
    for (size_t i = 0; i < slots; i++)
        if (slot[i])
            heap->give(slot[i]);
    free(slot);
}

static void mixed(struct heap *heap, unsigned number) { replace(heap, number, SLOTS, 0); }
static void large(struct heap *heap, unsigned number) { replace(heap, number, 16, 1 << 20); }

static void hand(struct heap *heap, struct ring *ring, uint32_t state)
{
    for (size_t i = 0; i < operations; i++) {
        uint32_t given = __atomic_load_n(&ring->given, __ATOMIC_RELAXED);
        while (given - __atomic_load_n(&ring->taken, __ATOMIC_ACQUIRE) == RING)
            sched_yield();
        ring->word[given % RING] = heap->word(must(heap->take(mixed_size(&state))));
        __atomic_store_n(&ring->given, given + 1, __ATOMIC_RELEASE);
    }
}

static void receive(struct heap *heap, struct ring *ring)
{
    for (size_t i = 0; i < operations; i++) {
        uint32_t taken = __atomic_load_n(&ring->taken, __ATOMIC_RELAXED);
        while (__atomic_load_n(&ring->given, __ATOMIC_ACQUIRE) == taken)
            sched_yield();
        heap->give(heap->object(ring->word[taken % RING]));
        __atomic_store_n(&ring->taken, taken + 1, __ATOMIC_RELEASE);
    }
}

static void handover(struct heap *heap, unsigned number)
{
    unsigned pair = number / 2;
    number % 2 ? receive(heap, &rings[pair]) : hand(heap, &rings[pair], number + 99);
}

static void across(struct heap *heap, unsigned number)
{
    unsigned pair = process_number / 2 * threads + number % threads;
    process_number % 2 ? receive(heap, &rings[pair]) : hand(heap, &rings[pair], number + 99);
}

static const struct work works[] = { { "pairs", pairs, 1, false, false },
                                     { "mixed", mixed, SLOTS, false, false },
                                     { "large", large, 16, false, false },
                                     { "handover", handover, RING, true, false },
                                     { "across", across, RING, true, true } };

/* ---- processes and threads ---- */

struct turn {
    struct heap *heap;
    pthread_barrier_t *start;
    unsigned number;
};

static void *thread_body(void *argument)
{
    struct turn *turn = argument;
    pthread_barrier_wait(turn->start);
    work->run(turn->heap, turn->number);
    return NULL;
}

static void run_turn(struct heap *heap)
{
    pthread_t id[THREADS_MAX];
    struct turn turn[THREADS_MAX];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, threads);
    for (unsigned i = 0; i < threads; i++) {
        turn[i] = (struct turn){ heap, &start, process_number * threads + i };
        if (pthread_create(&id[i], NULL, thread_body, &turn[i]) != 0)
            bench_die("thread");
    }
    for (unsigned i = 0; i < threads; i++)
        pthread_join(id[i], NULL);
    pthread_barrier_destroy(&start);
}

static void process_body(int channel, void *context)
{
    const bool *there = context;
    uint32_t number;
    bench_receive(channel, &process_number, sizeof process_number);
    for (unsigned i = 0; i < HEAPS; i++)
        if (there[i])
            heaps[i]->open();
    while (bench_receive(channel, &number, sizeof number)) {
        run_turn(heaps[number]);
        bench_send(channel, &number, sizeof number);
    }
}

static double measure(const struct bench_process *process, uint32_t heap)
{
    double begun = bench_us();
    for (unsigned i = 0; i < processes; i++)
        bench_send(process[i].channel, &heap, sizeof heap);
    for (unsigned i = 0; i < processes; i++)
        bench_receive(process[i].channel, &heap, sizeof heap);
    return (bench_us() - begun) * 1e3 / (double)operations;
}

static void print(const bool *there, struct bench_samples *ns, struct bench_samples *ratios)
{
    printf("{\"bench\":\"heap\",\"work\":\"%s\",\"processes\":%u,\"threads\":%u,\"operations\":%zu,\"missing\":{", work->name, processes, threads, operations);
    const char *comma = "";
    for (unsigned i = 0; i < HEAPS; i++)
        if (!there[i] && heaps[i]->missing && (!work->across || heaps[i]->shared)) {
            printf("%s\"%s\":\"%s\"", comma, heaps[i]->name, heaps[i]->missing);
            comma = ",";
        }
    printf("},\"ns\":{\"unit\":\"ns\"");
    for (unsigned i = 0; i < HEAPS; i++)
        if (there[i])
            bench_print(heaps[i]->name, &ns[i]);
    printf("},\"ratios\":{\"of\":\"peermap\"");
    for (unsigned i = 1; i < HEAPS; i++)
        if (there[i])
            bench_print(heaps[i]->name, &ratios[i]);
    printf("}}\n");
}

int main(int argc, char **argv)
{
    if (argc != 6)
        return 2;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++)
        if (strcmp(works[i].name, argv[1]) == 0)
            work = &works[i];
    processes = (unsigned)atoi(argv[2]);
    threads = (unsigned)atoi(argv[3]);
    operations = strtoul(argv[4], NULL, 10);
    unsigned turns = (unsigned)atoi(argv[5]);
    if (!work || processes < 1 || processes > PROCESSES_MAX || threads < 1 || threads > THREADS_MAX || operations == 0)
        return 2;
    rings = mmap(NULL, PROCESSES_MAX * THREADS_MAX * sizeof *rings, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bool there[HEAPS];
    for (unsigned i = 0; i < HEAPS; i++)
        there[i] = (!work->across || heaps[i]->shared) && heaps[i]->begin();
    struct bench_process process[PROCESSES_MAX];
    for (unsigned i = 0; i < processes; i++) {
        process[i] = bench_fork(process_body, there);
        bench_send(process[i].channel, &i, sizeof i);
    }
    struct bench_samples ns[HEAPS] = { { 0 } }, ratios[HEAPS] = { { 0 } };
    for (unsigned turn = 0; turn <= turns; turn++) {
        double took[HEAPS] = { 0 };
        for (unsigned i = 0; i < HEAPS; i++) {
            uint32_t heap = (turn + i) % HEAPS;
            if (there[heap])
                took[heap] = measure(process, heap);
        }
        for (unsigned i = 0; i < HEAPS && turn > 0; i++) { /* the first one touches the memory */
            if (there[i]) {
                bench_add(&ns[i], took[i]);
                bench_add(&ratios[i], took[0] / took[i]);
            }
        }
    }
    print(there, ns, ratios);
    for (unsigned i = 0; i < processes; i++)
        bench_end(&process[i]);
    return 0;
}
