/* SPDX-License-Identifier: MIT */
/* An object that is cut short under a watch, down to nothing, ends neither the watch nor the process, and is told within its look. */
#include "image.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct image image = make_image(8, 4, 16, 65536);
    put_slot(&image, 0, "nobody", 1);
    struct pmo_observer observer = observe();
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    CHECK(ftruncate(image.fd, 0) == 0);
    pmo_watch_remind(watch, 0); /* an unwatchable moment: any reason to look will do */
    UNTIL(calls_of(&calls) > 0);
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK(!s.readable);
    CHECK_PROBLEM(&s, PMO_NOT_A_SEGMENT, "object");
    pmo_snapshot_free(&s);

    uint32_t told = calls_of(&calls);
    CHECK(ftruncate(image.fd, 4096) == 0); /* what cannot be read is looked at once a second */
    UNTIL(calls_of(&calls) > told);
    told = calls_of(&calls);
    struct image again = make_image(8, 4, 16, 65536); /* and read again when it can be */
    UNTIL(calls_of(&calls) > told);
    s = look_at(&observer, PMO_PROCESSES);
    CHECK(s.readable);
    pmo_snapshot_free(&s);
    pmo_watch_stop(watch);
    pmo_observer_close(&observer);
    drop_image(&again);
    drop_image(&image);
    return 0;
}
