/* SPDX-License-Identifier: MIT */
/*
 * A call whose agent is held ends within its deadline, 10 % and 50 ms more, also where it is held just when it carries the call out, and where an earlier call has left
 * it so.  Of several tries the fastest counts, without what it lacked a core: a machine that is busy says nothing.
 */
#include "places.h"

#define DEADLINE_MS 100u
#define TRIES 3

static peermap_segment *segment;
static uint32_t goes_on;

static void hold_up(void)
{
    while (!__atomic_load_n(&goes_on, __ATOMIC_ACQUIRE))
        usleep(1000);
}

/* In microseconds, without those that this process had no core for. */
static uint64_t took(const char *sentence)
{
    const struct stopwatch watch = stopwatch_of(getpid());
    CHECK_INT(peermap_reap(segment), PEERMAP_EBUSY);
    const uint64_t fairly = fair_ms(&watch) * 1000;
    CHECK(strstr(peermap_last_error(), sentence) != NULL);
    return fairly;
}

static void in_time(const char *what, uint64_t fastest)
{
    const uint64_t most = (DEADLINE_MS * 11 / 10 + 50) * 1000;
    if (fastest > most)
        FAIL("%s: %" PRIu64 " us, of %" PRIu64, what, fastest, most);
}

static void held_at(const char *place, const char *sentence)
{
    uint64_t first = UINT64_MAX, second = UINT64_MAX;
    for (int i = 0; i < TRIES; i++) {
        kill_peer(ready_peer("dead", NULL));
        __atomic_store_n(&goes_on, 0, __ATOMIC_RELEASE);
        at_place(place, hold_up);
        uint64_t one = took(sentence), two = took("still held up in an earlier call");
        first = one < first ? one : first;
        second = two < second ? two : second;
        __atomic_store_n(&goes_on, 1, __ATOMIC_RELEASE);
        CHECK(peermap_reap(segment) >= 0);
    }
    in_time(place, first);
    in_time("the next call", second);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    held_at("lock.taken", "nothing was changed");
    held_at("reap.told", "just when it carries the call out");
    held_at("request.served", "just when it carries the call out");
    peermap_detach(segment);
    return 0;
}
