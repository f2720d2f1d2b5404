/* SPDX-License-Identifier: MIT */
/* Roots and the registry need no round: they answer at once while another thread's growth, shrink or wait for the lock takes its time. */
#include "drive.h"

#include <pthread.h>

#define DEADLINE_MS 20000u

static peermap_segment *segment;
static int (*slow)(peermap_segment *, size_t, peermap_round *);
static uint32_t ended;

static void *call(void *result)
{
    *(int *)result = slow(segment, 4096, NULL);
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void all_answer(void)
{
    uint64_t version = 0;
    peermap_root_copy root;
    char *base = peermap_base(segment);
    for (int i = 0; i < 20; i++) {
        CHECK_INT(peermap_set_root(segment, "one", base + i, 8, NULL), 0);
        CHECK_INT(peermap_read_root(segment, "two", &root), 0);
        version = root.version;
        CHECK_INT(peermap_compare_exchange_root(segment, "two", &version, base + i, 8, "t"), 0);
        CHECK(peermap_reap(segment) >= 0);
        CHECK(peermap_peers(segment, NULL, 0) >= 2);
    }
    CHECK_INT(peermap_set_root(segment, "one", NULL, 0, NULL), 0);
    CHECK(__atomic_load_n(&ended, __ATOMIC_ACQUIRE) == 0); /* it goes on: nobody has waited for it */
}

static pthread_t begin(int (*function)(peermap_segment *, size_t, peermap_round *), int *result)
{
    pthread_t thread;
    slow = function;
    __atomic_store_n(&ended, 0, __ATOMIC_RELEASE);
    CHECK(pthread_create(&thread, NULL, call, result) == 0);
    return thread;
}

/* Until the segment's lock is held, or somebody waits for it. */
static void see_lock(uint32_t bits)
{
    while (((uint32_t)header_word(offsetof(struct pm_header, lock)) & bits) == 0)
        usleep(200);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    pthread_t thread;
    int result;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .flags = PEERMAP_STRICT, .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *sleeper = ready_peer("sleeper", "no-ptrace");
    struct peer *holder = ready_peer("holder", "no-ptrace deadline 100000");

    /* A growth that waits for somebody who is stopped. */
    stop_peer(sleeper);
    thread = begin(peermap_grow, &result);
    see_lock(PM_FUTEX_TID);
    all_answer();
    continue_peer(sleeper);
    pthread_join(thread, NULL);
    CHECK_INT(result, 0);

    /* A shrink that waits for a pin. */
    ok(sleeper, "pin");
    thread = begin(peermap_shrink, &result);
    see_lock(PM_FUTEX_TID);
    all_answer();
    ok(sleeper, "unpin");
    pthread_join(thread, NULL);
    CHECK_INT(result, 0);

    /* A growth that waits for the lock, which another holds. */
    stop_peer(sleeper);
    say(holder, "grow 4096");
    see_lock(PM_FUTEX_TID);
    thread = begin(peermap_grow, &result);
    see_lock(PM_FUTEX_WAITERS);
    all_answer();
    continue_peer(sleeper);
    expect_ok(__FILE__, __LINE__, holder);
    pthread_join(thread, NULL);
    CHECK_INT(result, 0);
    peermap_detach(segment);
    return 0;
}
