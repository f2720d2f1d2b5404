/* SPDX-License-Identifier: MIT */
/*
 * owner.c - whose object a segment is: another user's is attached to only by who asked for that.
 *
 * Anybody may make an object under any name that is free, and its owner can write, cut and chmod it at any time, whatever its mode.  So what is judged is
 * the descriptor that was opened, before a byte behind it is read.  It is judged once: an object that is given to another user while it is attached
 * stays attached.
 *
 * The owner is told by number.  A name would take a look into the system's lists of users (NSS): code and configuration that the program did not
 * choose, loaded into it, and a wait for servers that no deadline bounds.
 */
#include "segment.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* For whoever must tell this from a mode that lets nobody in. */
static int owner_refused(void)
{
    errno = EREMOTE;
    return PEERMAP_EACCES;
}

static int owner_is_not_the_named(const char *name, uint32_t owner, uint32_t wanted)
{
    pm_fail(PEERMAP_EACCES,
            "segment %s belongs to uid %" PRIu32 ", not to uid %" PRIu32 " as options.owner demands: somebody else has made an object of this name; ask that user, "
            "or use another name",
            name, owner, wanted);
    return owner_refused();
}

static int owner_not_agreed_to(const char *name, uint32_t owner)
{
    const uint32_t own = (uint32_t)geteuid();
    char who[64];
    if (owner == own)
        snprintf(who, sizeof who, "a user who has no number of their own here (uid %" PRIu32 ")", owner);
    else
        snprintf(who, sizeof who, owner == 0 ? "root (uid %" PRIu32 ")" : "uid %" PRIu32, owner);
    pm_fail(PEERMAP_EACCES,
            "segment %s belongs to %s, and this process works as uid %" PRIu32 ": its owner can write it and cut it short at any time; if you trust that user, "
            "attach with PEERMAP_FOREIGN%s",
            name, who, own, owner == own ? "" : ", or with PEERMAP_OWNER and options.owner");
    return owner_refused();
}

int pm_owner_check(const peermap_segment *segment, const peermap_options *options)
{
    const uint32_t owner = pm_object_of(segment->fd).owner;
    const bool named = options->flags & PEERMAP_OWNER, whosever = options->flags & PEERMAP_FOREIGN;
    if (named && owner != options->owner)
        return owner_is_not_the_named(segment->name, owner, options->owner);
    if (named ? owner != geteuid() : whosever)
        return 0;
    return pm_object_is_own(segment->fd) ? 0 : owner_not_agreed_to(segment->name, owner);
}

bool pm_owner_is_another(const peermap_options *options) { return options->flags & PEERMAP_OWNER && options->owner != geteuid(); }

int pm_owner_of_new(const char *name, const peermap_options *options)
{
    if (!pm_owner_is_another(options))
        return 0;
    return pm_fail(PEERMAP_EINVAL, "segment %s would belong to uid %" PRIu32 ", as which this process works, not to uid %" PRIu32 " as options.owner demands", name,
                   (uint32_t)geteuid(), options->owner);
}
