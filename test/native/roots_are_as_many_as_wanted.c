/* SPDX-License-Identifier: MIT */
/* In a segment with a heap there are as many roots as anybody likes, found, listed and waited for like the first; without one, as many as an option says, and the next is told what to do. */
#include "drive.h"

#include <pthread.h>

static peermap_segment *make(uint32_t flags, uint32_t max_roots)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "maker", .flags = flags, .max_roots = max_roots };
    peermap_segment *segment;
    (void)peermap_unlink(seg());
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    return segment;
}

static const char *name_of(uint32_t i)
{
    static char name[32];
    snprintf(name, sizeof name, "root-%u", i);
    return name;
}

static void set(peermap_segment *segment, uint32_t i) { CHECK_INT(peermap_set_root(segment, name_of(i), (char *)peermap_base(segment) + i % 60000, 4, "int"), 0); }

static void is(peermap_segment *segment, uint32_t i)
{
    size_t size;
    CHECK(peermap_root(segment, name_of(i), &size) == (char *)peermap_base(segment) + i % 60000 && size == 4);
}

static void thousands_of_them(void)
{
    enum { MANY = 3000 };
    peermap_segment *segment = make(PEERMAP_HEAP, 0);
    struct peer *other = ready_peer("other", "");
    for (uint32_t i = 0; i < MANY; i++)
        set(segment, i);
    for (uint32_t i = 0; i < MANY; i += 7)
        is(segment, i);
    ok(other, "get root-%u", MANY - 1);
    CHECK_INT(peermap_roots(segment, NULL, 0), MANY);
    peermap_root_row *rows = calloc(MANY, sizeof *rows);
    CHECK_INT(peermap_roots(segment, rows, MANY), MANY);
    uint64_t sum = 0;
    for (int i = 0; i < MANY; i++) {
        CHECK(strncmp(rows[i].name, "root-", 5) == 0 && strcmp(rows[i].type, "int") == 0 && rows[i].version > 0);
        sum += strtoull(rows[i].name + 5, NULL, 10);
    }
    CHECK_INT(sum, (uint64_t)MANY * (MANY - 1) / 2);
    for (uint32_t i = 0; i < MANY; i++)
        if (i % 3 != 0)
            CHECK_INT(peermap_set_root(segment, name_of(i), NULL, 0, NULL), 0);
    CHECK_INT(peermap_roots(segment, rows, 10), MANY / 3);
    for (uint32_t i = 0; i < MANY; i++)
        CHECK((peermap_root(segment, name_of(i), NULL) != NULL) == (i % 3 == 0));
    free(rows);
    kill_peer(other);
    peermap_detach(segment);
}

static void exactly_so_many(uint32_t flags, uint32_t most)
{
    peermap_segment *segment = make(flags, most);
    for (uint32_t i = 0; i < most; i++)
        set(segment, i);
    CHECK_INT(peermap_set_root(segment, "one-more", peermap_base(segment), 4, NULL), PEERMAP_EROOTS);
    CHECK(strstr(peermap_last_error(), "max_roots") != NULL);
    for (uint32_t i = 0; i < most; i++) {
        set(segment, i); /* each can be replaced */
        is(segment, i);
    }
    CHECK_INT(peermap_roots(segment, NULL, 0), most);
    CHECK_INT(peermap_set_root(segment, name_of(most / 2), NULL, 0, NULL), 0);
    CHECK_INT(peermap_set_root(segment, "one-more", peermap_base(segment), 4, NULL), 0);
    CHECK(peermap_root(segment, "one-more", NULL) == peermap_base(segment));
    peermap_detach(segment);
}

static void *set_later(void *segment)
{
    usleep(50000);
    CHECK_INT(peermap_set_root(segment, "later", peermap_base(segment), 1, NULL), 0);
    return NULL;
}

static void any_change_is_waited_for(void)
{
    peermap_segment *segment = make(0, 0);
    pthread_t thread;
    uint64_t changes = 0;
    CHECK_INT(peermap_wait_roots(segment, &changes, 1), 1);
    CHECK_INT(changes, 0);
    CHECK(pthread_create(&thread, NULL, set_later, segment) == 0);
    CHECK_INT(peermap_wait_roots(segment, &changes, 60000), 0);
    CHECK(changes > 0);
    CHECK(pthread_join(thread, NULL) == 0);
    while (peermap_wait_roots(segment, &changes, 1) == 0) {}
    CHECK_INT(peermap_set_root(segment, "later", NULL, 0, NULL), 0);
    CHECK_INT(peermap_wait_roots(segment, &changes, 60000), 0);
    CHECK_INT(peermap_roots(segment, NULL, 0), 0);
    CHECK_INT(peermap_wait_roots(segment, NULL, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait_roots(NULL, &changes, 1), PEERMAP_EDETACHED);
    CHECK_INT(peermap_roots(segment, NULL, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_roots(NULL, NULL, 0), PEERMAP_EDETACHED);
    peermap_detach(segment);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    any_change_is_waited_for();
    exactly_so_many(0, 1);
    exactly_so_many(0, 63);
    exactly_so_many(0, 64);
    exactly_so_many(0, 500);
    exactly_so_many(PEERMAP_HEAP, 300);
    thousands_of_them();
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .max_roots = 1048577 };
    (void)peermap_unlink(seg());
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    return 0;
}
