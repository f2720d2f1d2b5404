/* SPDX-License-Identifier: MIT */
/* The death of the only peer, with nobody there to notice it but observers, is told to each of them. */
#include "image.h"

struct told {
    struct pmo_observer *observer;
    uint32_t calls;
    uint32_t dead; /* the peer was, in a call */
};

static void changed(void *context)
{
    struct told *told = context;
    struct pmo_snapshot s = look_at(told->observer, PMO_REGISTRY);
    const bool dead = find_peer(&s, "a") != NULL && find_peer(&s, "a")->state == PMO_DEAD;
    pmo_snapshot_free(&s);
    if (dead)
        count_call(&told->dead);
    count_call(&told->calls);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    enum { WATCHES = 3 };
    struct told told[WATCHES];
    struct pmo_watch *watches[WATCHES];
    struct pmo_observer observer;
    /* Again and again: which of them the kernel wakes is chance, and so is whether they sleep when it does. */
    for (int round = 0; round < 20; round++) {
        struct peer *a = ready_peer("a", round == 0 ? "create 65536" : NULL);
        if (round == 0)
            observer = observe();
        for (int i = 0; i < WATCHES; i++) {
            told[i] = (struct told){ .observer = &observer };
            CHECK_INT(pmo_watch_start(&observer, 1, changed, &told[i], &watches[i]), 0);
        }
        usleep(20000); /* lets them fall asleep; if they do not, this round shows less, but nothing wrong */
        struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
        CHECK_INT(find_peer(&s, "a")->state, PMO_ALIVE);
        pmo_snapshot_free(&s);
        kill_peer(a);
        for (int i = 0; i < WATCHES; i++)
            UNTIL(calls_of(&told[i].dead) > 0);
        s = look_at(&observer, PMO_PROCESSES);
        CHECK_INT(find_peer(&s, "a")->state, PMO_DEAD);
        CHECK(!find_peer(&s, "a")->mappings_known);
        CHECK_NO_PROBLEMS(&s);
        pmo_snapshot_free(&s);
        for (int i = 0; i < WATCHES; i++)
            pmo_watch_stop(watches[i]);
    }
    pmo_observer_close(&observer);
    return 0;
}
