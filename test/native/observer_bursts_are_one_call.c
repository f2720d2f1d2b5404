/* SPDX-License-Identifier: MIT */
/* A burst of changes is told by few calls, no two closer than the interval; and after the last call everything is known. */
#include "image.h"

#define INTERVAL_MS 40u

struct told {
    struct pmo_observer *observer;
    uint32_t calls;
    uint64_t last_ns, least_gap_ns;
    uint64_t epoch; /* the last that was seen in a call */
};

static void changed(void *context)
{
    struct told *told = context;
    const uint64_t now = now_ns();
    if (told->last_ns != 0 && now - told->last_ns < told->least_gap_ns)
        told->least_gap_ns = now - told->last_ns;
    told->last_ns = now;
    struct pmo_snapshot s = look_at(told->observer, PMO_REGISTRY);
    __atomic_store_n(&told->epoch, s.header.epoch, __ATOMIC_SEQ_CST);
    pmo_snapshot_free(&s);
    __atomic_fetch_add(&told->calls, 1, __ATOMIC_SEQ_CST);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct pmo_observer observer = observe();
    struct told told = { .observer = &observer, .least_gap_ns = UINT64_MAX };
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, INTERVAL_MS, changed, &told, &watch), 0);
    const uint64_t begun = now_ns();
    ok(a, "spin 2000"); /* 4000 rounds */
    const uint64_t took = now_ns() - begun;
    const uint64_t last = strtoull(ok(a, "epoch"), NULL, 10);
    CHECK(last >= 4000);
    UNTIL(__atomic_load_n(&told.epoch, __ATOMIC_SEQ_CST) == last);
    pmo_watch_stop(watch);
    CHECK(told.calls >= 1);
    CHECK(told.calls <= (now_ns() - begun) / (INTERVAL_MS * 1000000u) + 2);
    CHECK(told.least_gap_ns >= INTERVAL_MS * UINT64_C(1000000));
    printf("%u calls for 4000 rounds in %llu ms\n", told.calls, (unsigned long long)took / 1000000);
    pmo_observer_close(&observer);
    return 0;
}
