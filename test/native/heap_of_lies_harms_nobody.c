/* SPDX-License-Identifier: MIT */
/* What describes a heap is written over with lies while a peer allocates and frees: it gets wrong answers, and no fault, nor does it hang. */
#include "heap.h"

#include "places.h"

#include <fcntl.h>

#define OBJECTS 500

static int told;

static void note(const peermap_heap_fault *fault, void *context)
{
    (void)fault;
    (void)context;
    told++;
}

static void work(void)
{
    static unsigned char *object[OBJECTS];
    uint64_t state = 99;
    peermap_heap found;
    peermap_on_heap_fault(note, NULL);
    open_heap("victim", 0, 0, 256 << 20);
    time_t end = time(NULL) + 4;
    for (uint64_t i = 0; time(NULL) < end; i++) {
        unsigned char **at = &object[chance_of(&state) % OBJECTS];
        if (*at && chance_of(&state) % 8 == 0) {
            unsigned char *moved = peermap_realloc(heap, *at, some_size(&state));
            *at = moved ? moved : *at;
        } else if (*at) {
            peermap_free(heap, *at);
            *at = NULL;
        } else {
            *at = peermap_alloc(heap, some_size(&state) % 60000);
        }
        if (i % 500 == 0)
            either_way(peermap_heap_stats(heap, &found));
        if (i % 5000 == 0)
            peermap_reap(heap);
    }
    printf("%d faults\n", told);
    close_heap();
}

static void scribble(int fd, const struct pm_heap_places *places, uint64_t *state)
{
    uint64_t random = chance_of(state), word = random % 3 ? chance_of(state) : pm_unit_word((enum pm_unit_state)(random >> 8 & 7), random >> 16 & 127, random >> 24 & 15, random >> 40);
    uint64_t units = UINT64_C(8) << 20 >> PM_UNIT_SHIFT;
    uint64_t off = random % 5 == 0   ? places->records + chance_of(state) % 4096
                   : random % 5 == 1 ? places->hints + chance_of(state) % 18000
                   : random % 5 == 2 ? places->bits + chance_of(state) % (units * sizeof(struct pm_bits))
                                     : places->words + chance_of(state) % (units * 8);
    CHECK(pwrite(fd, &word, 8, (off_t)(off / 8 * 8)) == 8);
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        be_started(argv);
        alarm(100);
        work();
        return 0;
    }
    setup(argv);
    open_heap("test", 0, 8 << 20, 256 << 20);
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR), status;
    struct pm_header header;
    struct pm_places places;
    CHECK(pread(fd, &header, sizeof header, 0) == sizeof header);
    pm_places_find(&header, &places);
    pid_t worker = start_self("worker", 0);
    uint64_t state = 31337;
    while (waitpid(worker, &status, WNOHANG) == 0) {
        scribble(fd, &places.heap, &state);
        if (chance_of(&state) % 16 == 0)
            usleep(200);
    }
    if (status != 0)
        FAIL("the worker ended with status 0x%x", (unsigned)status);
    close(fd);
    _exit((forget_everything(), 0)); /* what is left of the heap is not to be gone by */
}
