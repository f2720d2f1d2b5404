/* SPDX-License-Identifier: MIT */
/* A segment whose registry has a live peer is no orphan and is not removed, also for who cannot see the peer's process, and whatever the kernel
 * says of the object. */
#include "beyond.h"

static void is_registered(const void *context)
{
    const struct object *segment = context;
    const struct verdict verdict = verdict_on(segment);
    CHECK_INT(verdict.orphan, PMO_IN_USE);
    CHECK_REASON(verdict.reason, PMO_REGISTERED);
    CHECK_INT(verdict.users, 0);
    const struct pmo_removal removal = remove_object(segment);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_REGISTERED);
    CHECK(strcmp(removal.name, "alpha") == 0 && removal.pid != 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct object segment;
    struct peer *alpha = ready_peer("alpha", "create 65536");
    snprintf(segment.name, sizeof segment.name, PM_PREFIX "%s", seg());
    snprintf(segment.path, sizeof segment.path, PM_DIRECTORY "/%s", segment.name);
    segment.object = identity_of(segment.path);
    const bool tried = look_from(FROM_A_PID_NAMESPACE, is_registered, &segment);
    kill_peer(alpha);
    UNTIL(verdict_on(&segment).orphan == PMO_ORPHAN);
    CHECK_INT(peermap_unlink(seg()), 0);

    /* One by hand, whose peer nothing has ended: its registry and the kernel contradict each other. */
    struct image image = make_image(4, 4, 16, 65536);
    put_slot(&image, 0, "ghost", (uint32_t)getpid());
    drop_image(&image);
    segment.object = identity_of(segment.path);
    const struct verdict verdict = verdict_on(&segment);
    CHECK_INT(verdict.orphan, PMO_ORPHAN_UNKNOWN);
    CHECK_REASON(verdict.reason, PMO_CONTRADICTED);
    const struct pmo_removal removal = remove_object(&segment);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_CONTRADICTED);
    CHECK(exists(segment.path));
    if (!tried)
        SKIP("no pid namespace can be made here");
    return 0;
}
