/* SPDX-License-Identifier: MIT */
/*
 * churn - how much of a heap is lost to fragmentation when objects of changing sizes come and go for a long time.
 *
 * churn SECONDS PROCESSES MEGABYTES
 *
 * Each process keeps about so many MB of objects, of 16 bytes to 4 KiB and now and then to 256 KiB, and replaces them at random; every ten seconds
 * the sizes that it favours are others, and in the first half of the time it frees half of all now and then.  Lost is 1 - bytes asked for / bytes
 * that no object of another size could have; footprint is all memory that the heap has of the system.
 */
#include "common/bench.h"
#include "heaps/heaps.h"

#include <sys/mman.h>
#include <sys/stat.h>

#define SLOTS 400000u

void heap_remove_at_end(const char *path) { bench_remove_at_end(path); }
uint64_t heap_file_memory(const char *path)
{
    struct stat facts;
    return stat(path, &facts) == 0 ? (uint64_t)facts.st_blocks * 512 : 0;
}

static unsigned seconds;
static uint64_t most;
static uint64_t *live; /* shared: bytes asked for, by process */

static uint32_t next(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    return *state ^= *state << 5;
}

static size_t size_now(uint32_t *state, unsigned phase)
{
    uint32_t random = next(state), favoured = (phase * 5 + (random & 1 ? random >> 4 : 0)) % 8, low = 16u << favoured;
    if (random % 2048 == 7)
        return 4096 + next(state) % (252 << 10);
    return low + (random >> 12) % low;
}

static void churn(struct heap *heap, uint64_t *own, uint32_t state)
{
    void **object = calloc(SLOTS, sizeof *object);
    uint32_t *size = calloc(SLOTS, sizeof *size);
    double end = bench_us() + seconds * 1e6;
    unsigned phase = 0, halved = 0;
    for (uint64_t i = 0;; i++) {
        if (i % 4096 == 0) {
            double now = bench_us();
            if (now >= end)
                return;
            phase = (unsigned)((now + seconds * 1e6 - end) / 1e7);
        }
        uint32_t at = next(&state) % SLOTS;
        bool when = phase % 4 == 1 && phase * 20 < seconds, halving = when && halved != phase && *own > most / 2;
        if (when && *own <= most / 2)
            halved = phase;
        if (object[at]) {
            heap->give(object[at]);
            *own -= size[at];
            object[at] = NULL;
        }
        if (halving || *own >= most)
            continue;
        size[at] = (uint32_t)size_now(&state, phase);
        object[at] = heap->take(size[at]);
        if (!object[at])
            bench_die("no memory");
        memset(object[at], 1, size[at]);
        *own += size[at];
    }
}

struct job {
    struct heap *heap;
    unsigned number;
};

static void body(int channel, void *context)
{
    const struct job *job = context;
    char word = 0;
    job->heap->open();
    churn(job->heap, &live[job->number * 16], job->number * 31 + 7);
    bench_send(channel, &word, 1);
    bench_receive(channel, &word, 1); /* until it has been looked at */
}

static void measure(struct heap *heap, unsigned processes)
{
    struct bench_process process[8];
    struct job jobs[8];
    char word;
    memset(live, 0, 8 * 16 * sizeof *live);
    for (unsigned i = 0; i < processes; i++) {
        jobs[i] = (struct job){ heap, i };
        process[i] = bench_fork(body, &jobs[i]);
    }
    for (unsigned i = 0; i < processes; i++)
        bench_receive(process[i].channel, &word, 1);
    heap->open();
    uint64_t bytes = heap->bytes(), sum = 0;
    for (unsigned i = 0; i < processes; i++) {
        sum += live[i * 16];
        bench_end(&process[i]);
    }
    uint64_t footprint = heap->footprint();
    printf("%s\"%s\":{\"asked\":%llu,\"held\":%llu,\"footprint\":%llu,\"lost\":%.4f}", heap == &heap_peermap ? "" : ",", heap->name,
           (unsigned long long)sum, (unsigned long long)bytes, (unsigned long long)footprint, 1 - (double)sum / (double)(bytes ? bytes : footprint));
}

int main(int argc, char **argv)
{
    seconds = argc > 1 ? (unsigned)atoi(argv[1]) : 10;
    unsigned processes = argc > 2 ? (unsigned)atoi(argv[2]) : 4;
    most = (argc > 3 ? strtoull(argv[3], NULL, 10) : 64) << 20;
    if (processes < 1 || processes > 8)
        return 2;
    live = mmap(NULL, 8 * 16 * sizeof *live, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    printf("{\"bench\":\"churn\",\"seconds\":%u,\"processes\":%u,\"heaps\":{", seconds, processes);
    struct heap *heaps[] = { &heap_peermap, &heap_boost };
    for (unsigned i = 0; i < 2; i++) {
        fflush(stdout);
        if (heaps[i]->begin())
            measure(heaps[i], processes);
    }
    printf("}}\n");
    return 0;
}
