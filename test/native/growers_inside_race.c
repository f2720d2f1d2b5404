/* SPDX-License-Identifier: MIT */
/*
 * Many threads of many processes grow below the horizon at once, others past it, others shrink: no growth is lost, none is doubled, what is
 * active is always there.
 */
#include "drive.h"

#include <pthread.h>

#define PROCESSES 4
#define TIMES 150
#define STEP 8192u

static void touch(peermap_segment *segment)
{
    size_t size = peermap_pin(segment);
    char *base = peermap_base(segment);
    for (size_t at = 0; at < size; at += 4096)
        __atomic_fetch_add(&base[at], 1, __ATOMIC_RELAXED);
    peermap_unpin(segment);
}

static void *grow(void *segment)
{
    for (int i = 0; i < TIMES; i++) {
        CHECK_INT(peermap_grow(segment, i % 8 ? STEP : 4 * STEP, NULL), 0);
        if (i % 8 == 0)
            CHECK_INT(peermap_shrink(segment, 3 * STEP, NULL), 0);
        if (i % 16 == 0)
            touch(segment);
    }
    return NULL;
}

static void work(int number)
{
    char name[32];
    pthread_t threads[2];
    peermap_segment *segment;
    snprintf(name, sizeof name, "grower%d", number);
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .deadline_ms = 60000 };
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    for (int i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, grow, segment), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    peermap_detach(segment);
    _exit(0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *witness = ready_peer("witness", "create 65536 ahead 262144 deadline 60000");
    pid_t pids[PROCESSES];
    for (int i = 0; i < PROCESSES; i++) {
        pids[i] = fork();
        CHECK(pids[i] >= 0);
        if (pids[i] == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            alarm(0);
            work(i);
        }
    }
    for (int i = 0; i < PROCESSES; i++) {
        int status;
        CHECK(waitpid(pids[i], &status, 0) == pids[i]);
        CHECK_INT(status, 0);
    }
    CHECK_INT(size_of(witness), 65536 + (uint64_t)PROCESSES * 2 * TIMES * STEP);
    ok(witness, "touch");
    maps_all(witness, size_of(witness));
    CHECK(object_length() >= header_length() + size_of(witness));
    return 0;
}
