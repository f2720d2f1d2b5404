/* SPDX-License-Identifier: MIT */
/*
 * A thread is cancelled while it is in a call, or has been before it: the call goes on to its end, and the thread ends afterwards.  So nothing stays taken: the
 * next call has its turn, and the segment can be detached.
 */
#include "drive.h"

#include <pthread.h>

static peermap_segment *segment;
static struct peer *sleeper;
static void *object;
static peermap_peer sleeper_row;
static char *base;

static void attaches(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "second", .flags = PEERMAP_RELOCATABLE };
    peermap_segment *second;
    CHECK_INT(peermap_open(seg(), &options, &second), 0);
    CHECK(peermap_alloc(second, 100) != NULL);
    peermap_detach(second);
}

static void creates(void)
{
    char name[64];
    peermap_segment *other;
    snprintf(name, sizeof name, "other-%d", (int)getpid());
    CHECK_INT(peermap_create(name, NULL, &other), 0);
    peermap_detach(other);
    CHECK_INT(peermap_unlink(name), 0);
}

static void grows(void) { CHECK_INT(peermap_grow(segment, 1 << 20, NULL), 0); }
static void shrinks(void) { CHECK_INT(peermap_shrink(segment, 4096, NULL), 0); }
static void remaps(void) { CHECK_INT(peermap_remap(segment, 0, NULL), 0); }
static void maps(void) { CHECK_INT(peermap_map_peer(segment, 0, NULL), 0); }
static void names(void) { CHECK_INT(peermap_set_root(segment, "root", base + 65536, 8, NULL), 0); }
static void looks(void)
{
    peermap_result answers[8];
    CHECK(peermap_results(segment, answers, 8) >= 0);
    CHECK_INT(peermap_peers(segment, NULL, 0), 2);
    CHECK_INT(peermap_pid_of(segment, "sleeper"), sleeper->pid);
    CHECK_INT(peermap_peer_ended(segment, &sleeper_row), 0);
    CHECK_INT(peermap_wait_ended(segment, &sleeper_row, 10), 0);
    CHECK_INT(peermap_reap(segment), 0);
    CHECK(peermap_page_size(segment) >= 4096);
}
static void allocates(void) { CHECK((object = peermap_alloc(segment, 3 << 20)) != NULL); }
static void allocates_small(void)
{
    for (int i = 0; i < 2000; i++)
        CHECK(peermap_alloc(segment, 1000) != NULL);
}
static void frees(void)
{
    peermap_free(segment, object);
    peermap_free(segment, peermap_alloc(segment, 200 << 20)); /* so much that memory goes back */
}
static void counts(void)
{
    peermap_heap heap;
    peermap_heap_peer rows[8];
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    CHECK(peermap_heap_peers(segment, rows, 8) > 0);
    CHECK_INT(peermap_trim(segment, NULL), 0);
}
static void copies(void)
{
    char bytes[8];
    CHECK_INT(peermap_read(segment, 65536, bytes, 8), 0);
    CHECK_INT(peermap_write(segment, 65536, bytes, 8), 0);
}

/* The agent answers a moment after the deadline, when those who answered have gone back. */
static void waits_past_its_deadline(void) { CHECK_INT(peermap_grow(segment, 1 << 20, NULL), PEERMAP_ETIMEDOUT); }

static void (*call)(void);
static bool ended;

static void *cancelled(void *unused)
{
    (void)unused;
    pthread_cancel(pthread_self());
    call();
    ended = true;
    for (;;)
        pthread_testcancel();
    return NULL;
}

static void survives(const char *what, void (*made)(void))
{
    pthread_t thread;
    void *result;
    call = made;
    ended = false;
    CHECK(pthread_create(&thread, NULL, cancelled, NULL) == 0);
    CHECK(pthread_join(thread, &result) == 0);
    CHECK(result == PTHREAD_CANCELED);
    if (!ended)
        FAIL("%s was cancelled in the middle", what);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .flags = PEERMAP_STRICT | PEERMAP_HEAP, .deadline_ms = 500 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    base = peermap_base(segment);
    sleeper = ready_peer("sleeper", "no-ptrace");
    peermap_peer rows[2];
    CHECK_INT(peermap_peers(segment, rows, 2), 2);
    sleeper_row = rows[0].pid == sleeper->pid ? rows[0] : rows[1];
    const int files = entries_of("/proc/self/fd");
#define SURVIVES(made) survives(#made, made)
    SURVIVES(attaches);
    SURVIVES(creates);
    SURVIVES(grows);
    SURVIVES(shrinks);
    SURVIVES(remaps);
    SURVIVES(maps);
    SURVIVES(names);
    SURVIVES(looks);
    SURVIVES(allocates);
    SURVIVES(allocates_small);
    SURVIVES(frees);
    SURVIVES(counts);
    SURVIVES(copies);
    stop_peer(sleeper);
    SURVIVES(waits_past_its_deadline);
    continue_peer(sleeper);
    UNTIL(peermap_grow(segment, 4096, NULL) == 0);
    CHECK_INT(entries_of("/proc/self/fd"), files);
    peermap_detach(segment);
    return 0;
}
