/* SPDX-License-Identifier: MIT */
/*
 * lease.h - asking the kernel whether anybody has a file below /dev/shm.
 *
 * Looking through /proc finds who has an object.  It cannot find that nobody has: other pid namespaces, processes that may not be asked, threads
 * with descriptors of their own, and descriptors on their way through a socket are not to be seen there.  The kernel counts what is open of a
 * file, and grants a write lease (F_SETLEASE, F_WRLCK) on one of tmpfs only if that is one: the descriptor that asks.  A mapping counts as the
 * file that it was made from, also when the descriptor is closed.  A lease writes nothing.
 *
 * While it is held, an open() elsewhere waits, or fails with EAGAIN if it is not to wait: so it is held for microseconds.  Process-local.
 */
#ifndef PMO_LEASE_H
#define PMO_LEASE_H

#include "mappings.h"
#include "use.h"

struct pmo_lease {
    int fd;
};

/* A name in a folder, which is /dev/shm or below it. */
struct pmo_entry {
    int folder;
    const char *base; /* the path's last part */
};

/*
 * Opens the folder of the object `path`, which counts from /dev/shm.  Each part is opened by its own descriptor and follows no symbolic link,
 * so what others exchange meanwhile leads nowhere else.  `trusted`: only through folders of root or of this user, since whoever owns one
 * can exchange what is in it.  False: the reason is in `why`, and in errno if that is PMO_FAILED.  The caller closes the folder.
 */
bool pmo_folder_open(const char *directory, const char *path, bool trusted, struct pmo_entry *entry, enum pmo_reason *why);

/* What is being removed is called PMO_ASIDE, a number, a dot, and the name that it had. */
#define PMO_ASIDE ".peermap-removing."
#define PMO_MOST_ASIDE 100u /* of one name, each left by a process that died */
/* That name, in `name`; NULL: it was not set aside. */
const char *pmo_name_before(const char *name);

/* Whether the name is this object's, which is a regular file. */
bool pmo_entry_is(const struct pmo_entry *entry, struct pmo_object object);

/*
 * PMO_LEASED: nobody else has it, and the lease is held.  Otherwise the reason, which may be that somebody has, and errno if it is PMO_FAILED.
 * `looks`: this process has it open itself, as an inspector, which does not count.
 */
enum pmo_reason pmo_lease_take(const struct pmo_entry *entry, struct pmo_object object, bool looks, struct pmo_lease *lease);
/* Nobody has come to open it since. */
bool pmo_lease_is_whole(const struct pmo_lease *lease);
void pmo_lease_end(struct pmo_lease *lease);

/* The file leases of this pid namespace, whosever: the kernel's list.  An open() of ours would make their holders give them up. */
struct pmo_leases {
    struct pmo_object *list;
    size_t count;
    bool whole; /* it was read to its end; otherwise any object may have one */
};
void pmo_leases_read(struct pmo_leases *leases); /* free() the list */
bool pmo_leases_have(const struct pmo_leases *leases, struct pmo_object object);

#endif
