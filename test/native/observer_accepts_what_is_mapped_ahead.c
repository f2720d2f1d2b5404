/* SPDX-License-Identifier: MIT */
/*
 * A peer maps past the active memory, up to the target, and nothing is wrong with that: not while the word of the active size is
 * closed, whatever it counts, and not where a late peer has left the horizon behind.
 */
#include "image.h"

#define ACTIVE UINT64_C(65536)
#define TARGET (16 * ACTIVE)

static struct image image;
static struct pmo_observer observer;

static void expect_peace(uint64_t active, bool closed)
{
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK_NO_PROBLEMS(&s);
    CHECK_INT(pmo_active(&s.header), active);
    CHECK_INT(pmo_closed(&s.header), closed);
    CHECK_INT(s.peer_count, 1);
    CHECK(s.peers[0].mappings_known);
    CHECK_INT(s.peers[0].missing.count, 0);
    CHECK_INT(s.peers[0].state, PMO_ALIVE);
    pmo_snapshot_free(&s);
    struct pmo_summary *list;
    size_t count, left_out, found = 0;
    bool whole;
    CHECK_INT(pmo_list(&list, &count, &left_out, &whole), 0);
    for (size_t i = 0; i < count; i++) {
        if (strcmp(list[i].name, seg()) != 0)
            continue;
        CHECK_INT(list[i].active, active);
        found++;
    }
    free(list);
    CHECK_INT(found, 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(8, 4, 16, ACTIVE);
    struct pm_header *h = image.header;
    const size_t length = (size_t)(h->header_len + TARGET);
    char *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, image.fd, 0);
    CHECK(map != MAP_FAILED);
    struct pm_slot *slot = put_own_slot(&image, 0, "ahead");
    slot->base = (uint64_t)(uintptr_t)map + h->header_len;
    slot->flags = PM_SLOT_RELOCATED | PM_SLOT_NO_PTRACE;
    h->target = h->horizon = slot->mapped = TARGET;
    observer = observe();

    expect_peace(ACTIVE, false);
    h->active |= PM_ACTIVE_CLOSED;
    expect_peace(ACTIVE, true);
    h->active = ACTIVE | UINT64_C(77777) << PM_ACTIVE_SHIFT;
    expect_peace(ACTIVE, false);
    h->horizon = ACTIVE / 2;
    expect_peace(ACTIVE, false);

    /* Nor where it has not come to mapping all of that yet. */
    CHECK(munmap(map + h->header_len + 4 * ACTIVE, TARGET - 4 * ACTIVE) == 0);
    slot->mapped = 4 * ACTIVE;
    expect_peace(ACTIVE, false);

    /* What is active and not mapped is missing, however much is mapped behind it. */
    CHECK(munmap(map + h->header_len + 4096, 4096) == 0);
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK_INT(s.peers[0].missing.count, 1);
    CHECK_INT(s.peers[0].missing.list[0].length, 4096);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
