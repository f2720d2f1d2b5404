/* SPDX-License-Identifier: MIT */
/*
 * A slot names a stopped process that is no peer of the segment, though of another one: nobody lets any thread of it run, neither where it waits for an answer
 * nor where it waits for a lock that this process is said to hold.  The caller is told that it is not to be seen as a peer,
 * or that it forbids to be traced, which is seen first.
 */
#include "header.h"

static struct peer *other; /* of a segment of its own */

/* As the peer in `from` would be if it were one of this segment. */
static struct pm_slot *enter(const struct pm_slot *from)
{
    struct pm_slot *slot = &slots()[5];
    memcpy((char *)slot + sizeof slot->tag, (const char *)from + sizeof slot->tag, sizeof *slot - sizeof slot->tag);
    slot->requested = slot->acked = its_header->epoch;
    its_header->slots_used = 6;
    __atomic_store_n(&slot->tag, UINT64_C(0x100) | PM_LIVE, __ATOMIC_SEQ_CST);
    return slot;
}

static struct peer *start_elsewhere(const char *name, const char *words)
{
    char own[sizeof segment_name];
    snprintf(own, sizeof own, "%s", segment_name);
    snprintf(segment_name, sizeof segment_name, "%.40s-%s", own, name);
    struct peer *peer = ready_peer(name, words);
    map_header();
    snprintf(segment_name, sizeof segment_name, "%s", own);
    return peer;
}

static void untouched(const char *words, const char *why)
{
    other = start_elsewhere("other", words);
    const struct pm_slot theirs = *slot_of(other);
    char name[128];
    snprintf(name, sizeof name, "%.40s-other", seg());
    CHECK_INT(peermap_unlink(name), 0);
    stop_peer(other);
    const pid_t agent = (pid_t)(theirs.life & PM_FUTEX_TID);
    const uint64_t before = switches(other->pid, agent);

    struct peer *a = ready_peer("a", "create 65536 deadline 300");
    map_header();
    struct pm_slot *slot = enter(&theirs);
    fails(a, "PEERMAP_ETIMEDOUT", "grow 65536");
    CHECK(strstr(a->line, "other") && strstr(a->line, why));
    its_header->lock_slot = 6;
    __atomic_store_n(&its_header->lock, (uint32_t)agent | PM_FUTEX_WAITERS, __ATOMIC_SEQ_CST);
    fails(a, "PEERMAP_EBUSY", "grow 65536");
    CHECK_INT(switches(other->pid, agent), before);
    CHECK_INT(process_state(other->pid), 'T');

    __atomic_store_n(&its_header->lock, 0, __ATOMIC_SEQ_CST);
    __atomic_store_n(&slot->tag, UINT64_C(0x200), __ATOMIC_SEQ_CST);
    ok(a, "grow 65536");
    CHECK_INT(peermap_unlink(seg()), 0);
    kill_peer(a);
    kill_peer(other);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    untouched("create 65536", "cannot be seen");
    untouched("create 65536 no-ptrace", "PEERMAP_NO_PTRACE"); /* what it has mapped is not even asked */
    return 0;
}
