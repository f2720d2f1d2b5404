/* SPDX-License-Identifier: MIT */
/* What changes while a call is under way, after its receiver has looked, is told by another call. */
#include "image.h"
#include "os.h"

#include <limits.h>

#define CHANGES 50u

static struct image image;

static void change(void)
{
    __atomic_fetch_add(&image.header->change, 1, __ATOMIC_SEQ_CST);
    pm_futex_wake(&image.header->change, UINT32_MAX, INT_MAX);
}

static void changed(void *context)
{
    if (calls_of(context) < CHANGES)
        change();
    count_call(context);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(4, 4, 16, 65536);
    struct pmo_observer observer = observe();
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, changed, &calls, &watch), 0);
    change(); /* the only one from outside: each further one is made in the call that tells the one before */
    UNTIL(calls_of(&calls) > CHANGES);
    pmo_watch_stop(watch);
    CHECK_INT(calls_of(&calls), CHANGES + 1);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
