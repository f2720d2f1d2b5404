/* SPDX-License-Identifier: MIT */
/*
 * places.h - doing something in the middle of a call of the library: at one of its named places (base/fault.h).
 *
 * A test says what is to happen when which thread comes past which place.  It is exact, so what needs two waits to show otherwise needs none.
 */
#ifndef PLACES_H
#define PLACES_H

#include "../drive.h"
#include "fault.h"

#include <pthread.h>

static const char *place_name;
static void (*place_act)(void);
static int place_error; /* what `place_act` wants the system call there to fail with */

/* Once, by whichever thread comes past it first; it may ask for another in its turn. */
static inline void at_place(const char *name, void (*act)(void))
{
    place_act = act;
    __atomic_store_n(&place_name, name, __ATOMIC_RELEASE);
}

/* It was come past since. */
static inline bool place_was_reached(void) { return __atomic_load_n(&place_name, __ATOMIC_ACQUIRE) == NULL; }

int pm_fault(const struct pm_fault_place *place)
{
    const char *wanted = __atomic_load_n(&place_name, __ATOMIC_ACQUIRE);
    if (wanted && strcmp(wanted, place->name) == 0 && __atomic_compare_exchange_n(&place_name, &wanted, NULL, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
        place_act();
    else
        return 0;
    const int error = place_error;
    place_error = 0;
    return error;
}

/* Peers are programs like any other: the places are those of the test's own process. */
static inline void setup_with_peers(char **argv)
{
    setup(argv);
    snprintf(peer_program, sizeof peer_program, "%.*s/../../peers/peer", (int)(strrchr(argv[0], '/') - argv[0]), argv[0]);
}

static inline void in_thread(void *(*work)(void *))
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, work, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

#endif
