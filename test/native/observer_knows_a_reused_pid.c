/* SPDX-License-Identifier: MIT */
/* A slot whose pid names another process by now is not looked at through that process. */
#include "image.h"

static const struct pmo_peer *only(const struct pmo_snapshot *s)
{
    CHECK_INT(s->peer_count, 1);
    return &s->peers[0];
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct image image = make_image(4, 4, 16, 65536);
    struct pm_slot *slot = put_own_slot(&image, 2, "me");
    struct pmo_observer observer = observe();

    struct pmo_snapshot s = look_at(&observer, PMO_PROCESSES);
    CHECK(only(&s)->same_pid && only(&s)->mappings_known);
    CHECK_INT(only(&s)->process_state, 'R');
    CHECK_INT(only(&s)->missing.count, 1); /* mapped, but not where it says */
    CHECK_INT(only(&s)->mappings.list[0].address, (uintptr_t)image.bytes);
    CHECK_NO_PROBLEMS(&s);
    pmo_snapshot_free(&s);

    if (slot->pidfd_ino != 0) {
        slot->pidfd_ino++; /* same pid, same start time: only this tells */
        s = look_at(&observer, PMO_PROCESSES);
        CHECK(!only(&s)->same_pid && !only(&s)->mappings_known);
        CHECK_INT(only(&s)->process_state, 0);
        CHECK_INT(only(&s)->state, PMO_DEAD); /* its pid is another process's: it has ended */
        CHECK_NO_PROBLEMS(&s);
        pmo_snapshot_free(&s);
    }
    slot->pidfd_ino = 0; /* of an older kernel: the start time tells, and the namespace */
    s = look_at(&observer, PMO_PROCESSES);
    CHECK(only(&s)->same_pid);
    pmo_snapshot_free(&s);
    slot->start_time++;
    s = look_at(&observer, PMO_PROCESSES);
    CHECK(!only(&s)->same_pid);
    CHECK_INT(only(&s)->state, PMO_DEAD);
    pmo_snapshot_free(&s);
    slot->start_time--;
    const uint64_t own = slot->pidns++; /* from the first namespace of all it would be seen, if it lived; from another nobody can know */
    s = look_at(&observer, PMO_PROCESSES);
    CHECK(!only(&s)->same_pid);
    if (only(&s)->state != PMO_DEAD || own != UINT64_C(0xeffffffc))
        CHECK_PROBLEM(&s, PMO_NO_PROCESS, "slot 2");
    pmo_snapshot_free(&s);
    slot->life = PM_FUTEX_DIED; /* of a dead peer nothing is expected */
    s = look_at(&observer, PMO_PROCESSES);
    CHECK_INT(only(&s)->state, PMO_DEAD);
    CHECK_NO_PROBLEMS(&s);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    drop_image(&image);
    return 0;
}
