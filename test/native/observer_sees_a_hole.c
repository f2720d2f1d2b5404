/* SPDX-License-Identifier: MIT */
/* What a peer unmapped behind the library's back is missing in the snapshot, to the byte, until it is remapped. */
#include "image.h"

static size_t missing_of(const struct pmo_observer *observer, const char *name, struct pmo_run *first)
{
    struct pmo_snapshot s = look_at(observer, PMO_PROCESSES);
    const struct pmo_peer *peer = find_peer(&s, name);
    CHECK(peer != NULL && peer->mappings_known);
    size_t count = peer->missing.count;
    if (count > 0)
        *first = peer->missing.list[0];
    pmo_snapshot_free(&s);
    return count;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct pmo_run run;
    struct peer *a = ready_peer("a", "create 1048576");
    struct peer *b = ready_peer("b", NULL);
    struct pmo_observer observer = observe();
    CHECK_INT(missing_of(&observer, "b", &run), 0);
    ok(b, "hole 65536 8192");
    CHECK_INT(missing_of(&observer, "b", &run), 1);
    CHECK_INT(run.address, b->base + 65536);
    CHECK_INT(run.length, 8192);
    ok(b, "hole 1044480 4096"); /* the last page */
    CHECK_INT(missing_of(&observer, "b", &run), 2);
    CHECK_INT(missing_of(&observer, "a", &run), 0);
    ok(a, "remap %d", (int)b->pid);
    CHECK_INT(missing_of(&observer, "b", &run), 0);
    pmo_observer_close(&observer);
    return 0;
}
