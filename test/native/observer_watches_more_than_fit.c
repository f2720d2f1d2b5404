/* SPDX-License-Identifier: MIT */
/* With more live peers than one wait can have words, the death of any of them is told all the same, and a change at once. */
#include "image.h"
#include "os.h"

#include <limits.h>

#define PEERS 300u

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct image image = make_image(PEERS, 4, 16, 65536);
    for (uint32_t i = 0; i < PEERS; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%u", i);
        put_slot(&image, i, name, 1);
    }
    struct pmo_observer observer = observe();
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    const uint32_t dying[] = { 0, PEERS - 1, 125, 126, 127 };
    for (size_t i = 0; i < sizeof dying / sizeof *dying; i++) {
        const uint32_t told = calls_of(&calls);
        uint32_t *life = &image.slots[dying[i]].life;
        __atomic_store_n(life, PM_FUTEX_DIED | PM_FUTEX_WAITERS, __ATOMIC_SEQ_CST); /* as the kernel does it */
        pm_futex_wake(life, UINT32_MAX, 1);
        UNTIL(calls_of(&calls) > told);
    }
    const uint32_t told = calls_of(&calls);
    __atomic_fetch_add(&image.header->change, 1, __ATOMIC_SEQ_CST);
    pm_futex_wake(&image.header->change, UINT32_MAX, INT_MAX);
    UNTIL(calls_of(&calls) > told);
    pmo_watch_stop(watch);
    struct pmo_snapshot s = look_at(&observer, PMO_REGISTRY);
    CHECK_INT(s.peer_count, PEERS);
    size_t dead = 0;
    for (size_t i = 0; i < s.peer_count; i++)
        dead += s.peers[i].state == PMO_DEAD;
    CHECK_INT(dead, 5);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
