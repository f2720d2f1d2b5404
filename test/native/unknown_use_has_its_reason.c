/* SPDX-License-Identifier: MIT */
/* Where the kernel cannot be asked whether anybody has an object it is unknown, with the reason, and is not removed; where it can, who has
 * nobody is an orphan, also to an inspector that has it open itself. */
#include "beyond.h"

#include <linux/magic.h>
#include <sys/vfs.h>

struct expectation {
    struct object object;
    enum pmo_reason reason;
    int code; /* of its removal */
};

static void is_unknown(const void *context)
{
    const struct expectation *expected = context;
    const struct verdict verdict = verdict_on(&expected->object);
    CHECK_REASON(verdict.reason, expected->reason);
    CHECK_INT(verdict.orphan, PMO_ORPHAN_UNKNOWN);
    const struct pmo_removal removal = remove_object(&expected->object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, expected->reason);
    CHECK_INT(pmo_removal_code(&removal), expected->code);
    CHECK(exists(expected->object.path));
}

/* /dev/shm is /tmp there. */
static void is_unknown_elsewhere(const void *context)
{
    (void)context;
    struct statfs facts;
    CHECK(statfs("/dev/shm", &facts) == 0);
    if (facts.f_type == TMPFS_MAGIC)
        _exit(77); /* /tmp is tmpfs */
    const struct expectation plain = { make_object("plain", 0600, geteuid()), PMO_NO_LEASE, PEERMAP_EBUSY };
    is_unknown(&plain);
    clear_objects();
}

/* Another inspector's descriptor is somebody to the kernel; one's own is not counted. */
static void is_looked_at(const struct object *segment)
{
    struct pmo_observer own = observe();
    UNTIL(verdict_on(segment).reason == PMO_LEASED); /* others of this machine may just be looking, too */
    pmo_observer_close(&own);
    const pid_t inspector = holder_of(segment, have_open);
    const struct verdict verdict = verdict_on(segment);
    CHECK_REASON(verdict.reason, PMO_LOOKED_AT);
    CHECK_INT(verdict.orphan, PMO_ORPHAN_UNKNOWN);
    CHECK_INT(verdict.users, 1);
    const struct pmo_removal removal = remove_object(segment);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_LOOKED_AT);
    end_holder(inspector);
}

static struct object segment_object(void)
{
    struct object segment;
    snprintf(segment.name, sizeof segment.name, PM_PREFIX "%s", seg());
    snprintf(segment.path, sizeof segment.path, PM_DIRECTORY "/%s", segment.name);
    segment.object = identity_of(segment.path);
    return segment;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    const struct object left = make_object("left", 0600, geteuid());
    const struct verdict verdict = verdict_on(&left);
    CHECK_REASON(verdict.reason, PMO_LEASED);
    CHECK_INT(verdict.orphan, PMO_ORPHAN);

    struct peer *a = ready_peer("a", "create 65536");
    const struct object segment = segment_object();
    CHECK_REASON(verdict_on(&segment).reason, PMO_SEEN);
    kill_peer(a);
    is_looked_at(&segment);

    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP };
    peermap_segment *heap; /* with a header that is larger than the data of many */
    CHECK_INT(peermap_unlink(seg()), 0);
    CHECK_INT(peermap_create(seg(), &options, &heap), 0);
    peermap_detach(heap);
    const struct object with_heap = segment_object();
    is_looked_at(&with_heap);

    if (geteuid() == 0) {
        const struct expectation not_owned = { make_object("readable", 0644, 0), PMO_NOT_OWNER, PEERMAP_EACCES };
        const struct expectation not_readable = { make_object("closed", 0600, 0), PMO_NOT_READABLE, PEERMAP_EACCES };
        look_from(AS_NOBODY, is_unknown, &not_owned);
        look_from(AS_NOBODY, is_unknown, &not_readable);
    }
    look_from(WITHOUT_TMPFS, is_unknown_elsewhere, NULL);

    const struct pmo_removal removal = remove_object(&left);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
    CHECK(!exists(left.path));
    return 0;
}
