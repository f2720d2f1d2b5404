/* SPDX-License-Identifier: MIT */
/* A page counts as mapped only if it is readable, writable, shared, and the page of the segment that belongs at its address. */
#include "image.h"

#define PAGES 16u
#define PAGE 4096u

static struct image image;
static struct pmo_observer observer;

static void map(uint32_t page, uint32_t shown, int rights, int sharing)
{
    void *at = (void *)(uintptr_t)(image.header->base + page * PAGE);
    CHECK(mmap(at, PAGE, rights, sharing | MAP_FIXED, image.fd, (off_t)(image.header->header_len + shown * PAGE)) == at);
}

static void expect_missing(size_t runs, uint64_t page, uint64_t pages)
{
    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK_INT(s.peer_count, 1);
    CHECK(s.peers[0].mappings_known);
    CHECK_INT(s.peers[0].missing.count, runs);
    if (runs > 0) {
        CHECK_INT(s.peers[0].missing.list[0].address, image.header->base + page * PAGE);
        CHECK_INT(s.peers[0].missing.list[0].length, pages * PAGE);
    }
    pmo_snapshot_free(&s);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    image = make_image(4, 4, 16, PAGES * PAGE);
    /* Wherever there is room in this process. */
    void *room = mmap(NULL, PAGES * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(room != MAP_FAILED);
    image.header->base = (uintptr_t)room;
    put_own_slot(&image, 0, "me");
    observer = observe();
    expect_missing(1, 0, PAGES);
    for (uint32_t i = 0; i < PAGES; i++)
        map(i, i, PROT_READ | PROT_WRITE, MAP_SHARED);
    expect_missing(0, 0, 0);
    map(3, 4, PROT_READ | PROT_WRITE, MAP_SHARED); /* another page of the same segment */
    expect_missing(1, 3, 1);
    map(4, 4, PROT_READ, MAP_SHARED);
    expect_missing(1, 3, 2);
    map(3, 3, PROT_READ | PROT_WRITE, MAP_PRIVATE);
    expect_missing(1, 3, 2);
    map(4, 4, PROT_READ | PROT_WRITE, MAP_SHARED);
    expect_missing(1, 3, 1);
    CHECK(munmap((char *)room + (PAGES - 2) * PAGE, 2 * PAGE) == 0);
    map(3, 3, PROT_READ | PROT_WRITE, MAP_SHARED);
    expect_missing(1, PAGES - 2, 2);
    pmo_observer_close(&observer);
    munmap(room, (PAGES - 2) * PAGE);
    drop_image(&image);
    return 0;
}
