/* SPDX-License-Identifier: MIT */
/*
 * Growths below the horizon touch no table: a snapshot taken while they go on without a pause is of one moment all the same.  Where
 * the target moves all the time it is not, and says so.
 */
#include "image.h"

#include <pthread.h>

#define PAGE UINT64_C(4096)
#define HORIZON (UINT64_C(1) << 29)

static struct image image;
static uint32_t stop, moving;
static uint64_t growths;

static void *grow_all_the_time(void *unused)
{
    (void)unused;
    struct pm_header *h = image.header;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        uint64_t *size = __atomic_load_n(&moving, __ATOMIC_RELAXED) ? &h->target : &h->active;
        if ((__atomic_load_n(size, __ATOMIC_RELAXED) & PM_ACTIVE_BYTES) >= (size == &h->active ? HORIZON : 2 * HORIZON))
            continue; /* until the next snapshot begins at the bottom again */
        __atomic_fetch_add(&h->epoch, 1, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(size, PAGE, __ATOMIC_SEQ_CST);
        __atomic_fetch_add(&growths, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

/* How many of `times` snapshots were said to mix two moments.  The sizes do move meanwhile. */
static size_t unstable(const struct pmo_observer *observer, size_t times)
{
    size_t found = 0;
    for (size_t i = 0; i < times; i++) {
        __atomic_store_n(&image.header->active, 16 * PAGE | (i + 1) << PM_ACTIVE_SHIFT, __ATOMIC_SEQ_CST);
        __atomic_store_n(&image.header->target, HORIZON, __ATOMIC_SEQ_CST);
        const uint64_t before = __atomic_load_n(&growths, __ATOMIC_SEQ_CST);
        UNTIL(__atomic_load_n(&growths, __ATOMIC_SEQ_CST) != before);
        struct pmo_snapshot s = look_at(observer, PMO_REGISTRY);
        CHECK(s.readable);
        found += find_problem(&s, PMO_UNSTABLE, "header") != NULL;
        pmo_snapshot_free(&s);
    }
    return found;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(128, 64, 16, 16 * PAGE);
    image.header->target = image.header->horizon = HORIZON;
    CHECK(ftruncate(image.fd, (off_t)(image.header->header_len + HORIZON)) == 0);
    struct pmo_observer observer = observe();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, grow_all_the_time, NULL) == 0);
    CHECK_INT(unstable(&observer, 200), 0);
    __atomic_store_n(&moving, 1, __ATOMIC_RELAXED);
    /* While the other thread is not running, a copy may still be of one moment. */
    while (unstable(&observer, 20) == 0) {}
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
