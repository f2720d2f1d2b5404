/* SPDX-License-Identifier: MIT */
/* Runs of units are numbered by all threads and processes together: no two that live have one number, and all units of one have its own. */
#include "heap.h"
#include "places.h"

#include <fcntl.h>
#include <pthread.h>

#define THREADS 8
#define PROCESSES 4
#define RUNS 6
#define LARGE 100000

/* Process-local.  The description of the heap, as it is in the object. */
static uint32_t claim_of(uint64_t body) { return (uint32_t)(body >> 4); }

static uint64_t *words, units;

static void *take_some(void *nothing)
{
    for (int i = 0; i < RUNS; i++)
        CHECK(peermap_alloc(heap, LARGE) != NULL);
    CHECK(peermap_alloc(heap, 30000) != NULL); /* of a span of many units */
    return nothing;
}

static int be_a_process(char **argv)
{
    char peer[16];
    snprintf(peer, sizeof peer, "takes-%d", be_started(argv));
    open_heap(peer, 0, 0, 0);
    take_some(NULL);
    close_heap();
    return 0;
}

static void read_units(void)
{
    char path[128];
    struct pm_header header;
    struct pm_places places;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header);
    units = header.heap.backed;
    words = calloc(units, sizeof *words);
    pm_places_find(&header, &places);
    CHECK(words != NULL && pread(fd, words, units * sizeof *words, (off_t)places.heap.words) == (ssize_t)(units * sizeof *words));
    close(fd);
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    pid_t processes[PROCESSES];
    if (argc > 1)
        return be_a_process(argv);
    setup(argv);
    open_heap("counts", 0, 0, 0);
    for (int i = 0; i < PROCESSES; i++)
        processes[i] = start_self("process", i);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, take_some, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        CHECK(waitpid(processes[i], &status, 0) == processes[i]);
        CHECK_INT(status, 0);
    }
    read_units();
    uint32_t numbers[1000], count = 0;
    for (uint64_t unit = 1; unit < units; unit++) {
        if (pm_unit_state(words[unit]) != PM_UNIT_BODY)
            continue;
        uint32_t number = claim_of(words[unit]);
        if (pm_unit_distance(words[unit]) > 1) {
            CHECK_INT(number, claim_of(words[unit - 1]));
            continue;
        }
        for (uint32_t i = 0; i < count; i++)
            CHECK(numbers[i] != number);
        CHECK(count < sizeof numbers / sizeof *numbers);
        numbers[count++] = number;
    }
    CHECK(count >= (THREADS + PROCESSES) * RUNS);
    free(words);
    close_heap();
    return 0;
}
