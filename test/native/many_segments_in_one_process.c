/* SPDX-License-Identifier: MIT */
/*
 * Many segments in one process: threads create, grow, shrink, pin, lose and leave their own all at once, more than the table of them has room for at first; each
 * address tells its own segment, and each keeps what is in it.
 */
#include "drive.h"

#include <pthread.h>

#define THREADS 4
#define EACH 20 /* at once, of each thread */
#define TIMES 2
#define PAGE 4096u

static pthread_barrier_t together;

static void name_one(char *name, size_t room, int thread, int number) { snprintf(name, room, "%s-%d-%d", seg(), thread, number); }

static peermap_segment *make(const char *name)
{
    peermap_segment *made;
    peermap_options options = { .struct_size = sizeof options, .initial_size = PAGE, .reserve_size = 1 << 20, .deadline_ms = 20000 };
    if (peermap_create(name, &options, &made) != 0)
        FAIL("cannot create %s: %s", name, peermap_last_error());
    return made;
}

static void use(peermap_segment *segment, int mark)
{
    CHECK_INT(peermap_grow(segment, 3 * PAGE, NULL), 0);
    char *base = peermap_base(segment);
    size_t size = peermap_pin(segment);
    CHECK_INT(size, 4 * PAGE);
    memset(base, mark, size);
    peermap_unpin(segment);
    CHECK_INT(peermap_shrink(segment, PAGE, NULL), 0);
    CHECK(peermap_segment_at(base) == segment && peermap_segment_at(base + size) == segment);
}

static void is_as_it_was(peermap_segment *segment, int mark)
{
    const char *base = peermap_base(segment);
    CHECK_INT(peermap_size(segment), 3 * PAGE);
    for (size_t at = 0; at < 3 * PAGE; at += 64)
        CHECK(base[at] == (char)mark);
    CHECK(peermap_segment_at(base) == segment);
}

/* Of its name, from outside: then every call says so, and no other segment is touched by it. */
static void lose(peermap_segment *segment, const char *name)
{
    char path[160];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    CHECK(truncate(path, 0) == 0);
    CHECK_INT(peermap_peers(segment, NULL, 0), PEERMAP_ELOST);
}

static void have_many(int thread, int turn)
{
    peermap_segment *all[EACH];
    char name[100];
    for (int i = 0; i < EACH; i++) {
        name_one(name, sizeof name, thread, i);
        all[i] = make(name);
        use(all[i], thread * EACH + i + turn);
    }
    pthread_barrier_wait(&together); /* now there are all of them */
    for (int i = 0; i < EACH; i++) {
        name_one(name, sizeof name, thread, i);
        is_as_it_was(all[i], thread * EACH + i + turn);
        if (i % 5 == turn)
            lose(all[i], name);
    }
    pthread_barrier_wait(&together);
    for (int i = EACH; i-- > 0;) {
        name_one(name, sizeof name, thread, i);
        CHECK_INT(peermap_unlink(name), 0);
        if (i % 5 != turn)
            is_as_it_was(all[i], thread * EACH + i + turn);
        peermap_detach(all[i]);
    }
}

static void *work(void *number)
{
    for (int turn = 0; turn < TIMES; turn++)
        have_many((int)(uintptr_t)number, turn);
    return NULL;
}

static void forget_all(void)
{
    char name[100];
    for (int thread = 0; thread < THREADS; thread++) {
        for (int i = 0; i < EACH; i++) {
            name_one(name, sizeof name, thread, i);
            peermap_unlink(name);
        }
    }
}

int main(int argc, char **argv)
{
    pthread_t threads[THREADS];
    (void)argc;
    setup(argv);
    atexit(forget_all);
    CHECK(pthread_barrier_init(&together, NULL, THREADS) == 0);
    for (uintptr_t i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
