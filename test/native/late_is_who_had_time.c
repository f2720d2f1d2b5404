/* SPDX-License-Identifier: MIT */
/*
 * Where peers may be late, those who run are waited for all the same: also when the call has spent its time on what another left, for a peer that does not come.
 */
#include "header.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static struct peer *one, *quick, *runs;

static void has(const struct peer *peer, uint64_t size)
{
    if (slot_of(peer)->mapped < size)
        FAIL("%s has %llu of %llu bytes", peer->name, (unsigned long long)slot_of(peer)->mapped, (unsigned long long)size);
}

static void check(const char *command, uint64_t size)
{
    struct peer *shrinks = ready_peer("shrinks", "deadline 100000"), *late = ready_peer("late", "no-ptrace");
    stop_peer(late);
    shrink_halfway(shrinks, quick, BEFORE, AFTER);
    kill_peer(shrinks);
    kill_peer(late);
    unsigned count;
    CHECK(sscanf(ok(one, "%s", command), "%*u %*u %*u %*u %u", &count) == 1);
    CHECK_INT(count, 1);
    has(runs, size);
    has(one, size);
    CHECK_INT(__atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_BYTES, size);
    continue_peer(quick);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    one = ready_peer("one", "create 1048576 deadline 400 late");
    quick = ready_peer("quick", "no-ptrace");
    runs = ready_peer("runs", NULL);
    map_header();
    check("grow 65536", BEFORE + 65536);
    ok(one, "shrink 65536");
    check("shrink 65536", BEFORE - 65536);
    return 0;
}
