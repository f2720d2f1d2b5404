/* SPDX-License-Identifier: MIT */
/*
 * unlink.h - removing shared memory that nobody has, and nothing else.
 *
 * Of a POSIX object: a lease, which the kernel grants only if nobody has it (lease.h); the object is set aside, by a name of its own in the same
 * folder, so that nobody can look it up any more; the lease is looked at again, since who had looked the name up before has broken it by
 * opening; and only if it is whole the object goes.  Otherwise it has its name again.  Where no lease can be had nothing is removed.
 *
 * Who has looked the name up, and has come to open it neither before the second look at the lease nor by then, gets the object as if it had been
 * there before the removal: with any other way of removing a file, too.
 *
 * An object that was set aside by a process that died in the middle shows by its name what it was, in every look at /dev/shm.  Removing it goes on
 * where that ended; and if somebody has it, it gets its name back.
 *
 * Where a person wants an object destroyed whoever has it (`anyway`), its name goes and the memory stays for who has it, as unlink() does; but
 * nothing else that has the name by then.
 *
 * Everything goes by descriptors of the folders, none of which may be another ordinary user's, and nothing goes but the object that was meant, by
 * device and inode, and by when it was born, where that is known: an inode number comes again.  Of a System V segment: the kernel counts who has it attached.
 */
#ifndef PMO_UNLINK_H
#define PMO_UNLINK_H

#include "census.h"
#include "lease.h"

/* Name, the word for programs. */
#define PMO_OUTCOMES(X)                                                                                                \
    X(DONE, "removed")                                                                                                 \
    X(GONE, "gone")                   /* there is no such object under this name */                                    \
    X(REPLACED, "replaced")           /* its name is another object's by now, which stays */                            \
    X(REFUSED, "refused")             /* by `reason` */                                                                \
    X(OPENED, "opened")               /* meanwhile: it has its name again */                                           \
    X(UNDONE, "undone")               /* a removal that was interrupted: somebody has it, and it has its name `name` again */ \
    X(RENAMED, "renamed")             /* opened meanwhile, and its name was taken: it is called `name` */              \
    X(NOT_PERMITTED, "not-permitted") /* `error` */                                                                    \
    X(LONG_NAME, "long-name")         /* it cannot be set aside */                                                     \
    X(FAILED, "failed")               /* `error` */

enum pmo_outcome {
#define X(name, word) PMO_REMOVAL_##name,
    PMO_OUTCOMES(X)
#undef X
};

/* What is meant. */
struct pmo_target {
    enum pmo_memory_kind kind; /* PMO_POSIX or PMO_SYSV */
    const char *name;          /* below /dev/shm */
    struct pmo_object object;  /* of System V the id, as inode */
    bool anyway;               /* whoever has it: its name goes, and they keep the memory.  No lease is taken */
    uint64_t born_ns;          /* pm_object_born(); 0: not known */
    const char *directory;     /* in which the name is; NULL: /dev/shm */
};

/* What came of it. */
struct pmo_removal {
    enum pmo_outcome outcome;
    enum pmo_reason reason;
    int error;         /* errno */
    char name[1024];   /* of the object now, below /dev/shm; of a peer, if its registry has one that lives */
    uint32_t pid;      /* somebody who has it; 0: nobody was seen */
    char command[256]; /* likewise */
    size_t others;     /* who have it too */
};

/* Whether this user could take the name away, as `anyway` does: whoever may not is not helped by being asked, or by asking with more force. */
bool pmo_may_unlink(const struct pmo_target *target);

void pmo_unlink(const struct pmo_target *target, struct pmo_removal *removal);

/* A code of the library, and the sentence for people, which names the thing and the remedy. */
int pmo_removal_code(const struct pmo_removal *removal);
void pmo_removal_text(const struct pmo_removal *removal, char *text, size_t size);
const char *pmo_outcome_word(enum pmo_outcome outcome);

#endif
