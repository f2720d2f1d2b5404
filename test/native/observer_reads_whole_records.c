/* SPDX-License-Identifier: MIT */
/* A slot that changes hands while it is copied is shown as one owner's or not at all, never as a mixture. */
#include "image.h"

#include <pthread.h>

static struct image image;
static uint32_t stop;

static void take(struct pm_slot *slot, uint64_t *tag, uint32_t owner)
{
    *tag = (*tag + PM_TAG_STEP) & ~PM_TAG_STATE;
    __atomic_store_n(&slot->tag, *tag | PM_CLAIMED, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->pid, 1000 + owner, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->start_time, owner, __ATOMIC_RELAXED);
    __atomic_store_n(&slot->attached_ns, owner, __ATOMIC_RELAXED);
    snprintf(slot->name, sizeof slot->name, "owner-%u", owner);
    __atomic_store_n(&slot->tag, *tag | PM_LIVE, __ATOMIC_RELEASE);
}

#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__ /* under which records are seldom whole */
#define ENOUGH 40
#else
#define ENOUGH 4000
#endif

static void *churn(void *unused)
{
    (void)unused;
    uint64_t tags[4] = { 0 };
    for (uint32_t owner = 1; !__atomic_load_n(&stop, __ATOMIC_RELAXED); owner = owner % 900 + 1) {
        for (int i = 0; i < 4; i++)
            take(&image.slots[i], &tags[i], owner);
        for (volatile int pause = 0; pause < 300; pause++) {}
    }
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(4, 4, 16, 65536);
    for (uint32_t i = 0; i < 4; i++)
        put_slot(&image, i, "x", 1)->tag = PM_FREE;
    struct pmo_observer observer = observe();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, churn, NULL) == 0);
    size_t whole = 0, changed = 0;
    uint32_t last = 0;
    while (whole < ENOUGH || changed < ENOUGH / 40) { /* the owners do change under the observer's eyes */
        struct pmo_snapshot s = look_at(&observer, PMO_REGISTRY);
        for (size_t i = 0; i < s.peer_count; i++) {
            const struct pm_slot *slot = &s.peers[i].slot;
            char name[64];
            if ((slot->tag & PM_TAG_STATE) != PM_LIVE)
                continue;
            const uint32_t owner = slot->pid - 1000;
            snprintf(name, sizeof name, "owner-%u", owner);
            CHECK(strcmp(slot->name, name) == 0);
            CHECK_INT(slot->start_time, owner);
            CHECK_INT(slot->attached_ns, owner);
            changed += owner != last;
            last = owner;
            whole++;
        }
        pmo_snapshot_free(&s);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
