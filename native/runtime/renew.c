/* SPDX-License-Identifier: MIT */
/*
 * renew.c - an object that is a copy of a segment, or one restored from a backup or with a container, becomes a segment of its own.
 *
 * What its header says of processes is true of another object: of peers, of who has a lock, of what somebody was about to do, of what
 * everybody has mapped.  What it says of the data holds.  The first to attach makes it so.  That it is a copy is told by what the header says of the
 * object that it was written into; that nobody is attached to this one, by the marks that every attachment puts on its object: as long as there
 * is one, nothing is changed, whatever the header says.  The identity is written last: who ends in the middle of this leaves a copy, and the next
 * one begins again.
 *
 * A copy is as good as the moment that it was made at: one that is made while peers write has in it what they were writing.
 */
#include "segment.h"

#include <errno.h>
#include <string.h>

#define PAUSE_NS 1000000

static bool is_copy(const peermap_segment *segment)
{
    struct pm_identity told, is = pm_identity_of(segment->fd);
    read_words(&told, &segment->header->identity, sizeof told);
    return !pm_identity_is(&told, &is) && !pm_object_has_marks(segment->fd);
}

static void renew(peermap_segment *segment)
{
    struct pm_header *header = segment->header;
    const struct pm_identity identity = pm_identity_of(segment->fd);
    pm_registry_void(segment);
    PM_POINT("renew.void");
    store32(&header->lock, 0);
    store32(&header->lock_slot, 0);
    store32(&header->outstanding, 0);
    store32(&header->pin_waiter, 0);
    pm_resize_alone(segment);
    PM_POINT("renew.alone");
    segment->shape.generation = pm_random();
    store64(&header->generation, segment->shape.generation);
    order_all();
    write_words(&header->identity, &identity, sizeof identity);
    PM_POINT("renew.renewed");
    pm_changed(segment);
}

/* No file system for such locks: who is attached cannot be known. */
static int refuse(const peermap_segment *segment, int error)
{
    pm_fail(PEERMAP_EOS, "segment %s is a copy of another object, and cannot be made one of its own: the system has no locks of open files (F_OFD_SETLK) for it: %s", segment->name,
            strerror(error));
    errno = error;
    return PEERMAP_EOS;
}

int pm_renew_copy(peermap_segment *segment)
{
    while (is_copy(segment)) {
        int error = pm_object_reserve(segment->fd, true);
        if (error == 0) {
            if (is_copy(segment))
                renew(segment);
            pm_object_reserve(segment->fd, false);
            return 0;
        }
        if (error != EAGAIN && error != EACCES)
            return refuse(segment, error);
        if (pm_now() >= segment->entered_by)
            return pm_fail(PEERMAP_EBUSY, "segment %s is a copy of another object, and a process that attaches has been making it one of its own until now; "
                                          "if that is stopped, continue it", segment->name);
        pm_sleep_until(pm_now() + PAUSE_NS);
    }
    return 0;
}
