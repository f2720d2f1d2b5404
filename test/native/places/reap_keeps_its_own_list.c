/* SPDX-License-Identifier: MIT */
/* An agent that is held in the middle of a reap goes by the list that it was given, whatever its asker, who has gone on, has made of that memory. */
#include "places.h"

#define DEADLINE_MS 200u

static uint32_t goes_on, went_on;

static void hold_up(void)
{
    while (!__atomic_load_n(&goes_on, __ATOMIC_ACQUIRE))
        usleep(1000);
    __atomic_store_n(&went_on, 1, __ATOMIC_RELEASE);
}

static peermap_peer row_of(peermap_segment *segment, const char *name)
{
    peermap_peer rows[8];
    int count = peermap_peers(segment, rows, 8);
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i];
    return (peermap_peer){ .id = 0 };
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *one = ready_peer("one", NULL), *two = ready_peer("two", NULL), *three = ready_peer("three", NULL);
    kill_peer(one);
    kill_peer(two);
    kill_peer(three);
    peermap_peer *meant = calloc(2, sizeof *meant);
    CHECK(meant != NULL);
    meant[0] = row_of(segment, "one");
    meant[1] = row_of(segment, "two");
    at_place("reap.told", hold_up);
    CHECK_INT(peermap_reap_peers(segment, meant, 2), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "look at what came of it") != NULL);
    meant[1] = row_of(segment, "three");
    __atomic_store_n(&goes_on, 1, __ATOMIC_RELEASE);
    UNTIL(__atomic_load_n(&went_on, __ATOMIC_ACQUIRE));
    CHECK_INT(peermap_set_root(segment, "after", peermap_base(segment), 8, NULL), 0); /* by the same agent, after that */
    CHECK(row_of(segment, "one").id == 0);
    CHECK(row_of(segment, "two").id == 0);
    CHECK(row_of(segment, "three").id != 0);
    free(meant);
    peermap_detach(segment);
    return 0;
}
