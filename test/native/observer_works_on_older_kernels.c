/* SPDX-License-Identifier: MIT */
/*
 * Without futex_waitv, PROCMAP_QUERY and inotify the observer sees and is told the same, if later.  The system is made to answer as an
 * older one does, by a filter on this process.
 */
#include "image.h"
#include "older.h"

static void compare(const struct pmo_mappings *new, const struct pmo_mappings *old)
{
    CHECK(new->count > 0);
    CHECK_INT(old->count, new->count);
    for (size_t i = 0; i < new->count; i++) {
        CHECK_INT(old->list[i].address, new->list[i].address);
        CHECK_INT(old->list[i].length, new->list[i].length);
        CHECK_INT(old->list[i].offset, new->list[i].offset);
        CHECK_INT(old->list[i].flags, new->list[i].flags);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576");
    struct peer *b = ready_peer("b", NULL);
    ok(a, "hole 65536 8192");
    struct pmo_observer observer = observe();
    struct pmo_snapshot new = look_at(&observer, PMO_PROCESSES);
    grow_old();
    struct pmo_snapshot old = look_at(&observer, PMO_PROCESSES);
    CHECK_NO_PROBLEMS(&old);
    compare(&find_peer(&new, "a")->mappings, &find_peer(&old, "a")->mappings);
    CHECK_INT(find_peer(&old, "a")->missing.count, 1);
    CHECK_INT(find_peer(&old, "b")->missing.count, 0);
    pmo_snapshot_free(&new);
    pmo_snapshot_free(&old);

    uint32_t calls = 0, told;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    ok(a, "grow 4096");
    UNTIL(calls_of(&calls) > 0);
    kill_peer(a);
    kill_peer(b);
    told = calls_of(&calls);
    UNTIL(calls_of(&calls) > told);
    struct pmo_snapshot s;
    for (bool dead = false; !dead; usleep(500)) {
        s = look_at(&observer, PMO_REGISTRY);
        dead = find_peer(&s, "a")->state == PMO_DEAD && find_peer(&s, "b")->state == PMO_DEAD;
        pmo_snapshot_free(&s);
    }
    usleep(2000);
    told = calls_of(&calls);
    char path[128];
    object_path(seg(), path);
    CHECK(unlink(path) == 0);
    UNTIL(calls_of(&calls) > told);
    pmo_watch_stop(watch);
    pmo_observer_close(&observer);
    return 0;
}
