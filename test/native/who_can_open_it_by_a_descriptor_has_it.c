/* SPDX-License-Identifier: MIT */
/* A descriptor that only names an object (O_PATH) is not counted by the kernel, which grants a lease beside it; but whoever has one can open the object by it at any
 * time.  So that is no orphan, and is not removed: neither a plain object nor a segment. */
#include "beyond.h"

static void have_named(const struct object *object) { CHECK(open(object->path, O_PATH | O_CLOEXEC) >= 0); }

static void is_had(const struct object *object, void (*have)(const struct object *object))
{
    const pid_t holder = holder_of(object, have);
    const struct verdict verdict = verdict_on(object);
    CHECK_REASON(verdict.reason, PMO_SEEN);
    CHECK_INT(verdict.users, 1);
    const struct pmo_removal removal = remove_object(object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_SEEN);
    CHECK_INT(removal.pid, holder);
    CHECK_INT(pmo_removal_code(&removal), PEERMAP_EBUSY);
    CHECK(exists(object->path));
    end_holder(holder);
    CHECK_REASON(verdict_on(object).reason, PMO_LEASED);
}

static void goes(const struct object *object)
{
    const struct pmo_removal removal = remove_object(object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
}

static void segment_is_had(void)
{
    struct object object;
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    peermap_detach(segment);
    snprintf(object.name, sizeof object.name, "peermap.%s", seg());
    snprintf(object.path, sizeof object.path, "/dev/shm/%s", object.name);
    object.object = identity_of(object.path);
    is_had(&object, have_named);
    goes(&object);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    const struct object object = make_object("named", 0600, geteuid());
    is_had(&object, have_named);
    goes(&object);
    segment_is_had();
    return 0;
}
