/* SPDX-License-Identifier: MIT */
/*
 * snapshot.h - a segment at one moment: header, registry and roots as it states them, mappings as the kernel does.
 *
 * Everything in it is a private copy that was checked; what was found wrong is in `problems`.  Process-local.
 */
#ifndef PMO_SNAPSHOT_H
#define PMO_SNAPSHOT_H

#include "attach.h"
#include "mappings.h"
#include "os.h"

enum pmo_peer_state { PMO_ALIVE, PMO_LATE, PMO_DEAD, PMO_ATTACHING };

struct pmo_peer {
    uint32_t index;
    struct pm_slot slot; /* its name is printable and ends */
    enum pmo_peer_state state;
    uint32_t here;      /* its process's number here, which is another in a pid namespace below this one; 0: it is not known to be seen */
    uint32_t perhaps;   /* likewise, of one that may be it; 0: none */
    uint32_t uid;       /* as whom that works, by the kernel's word, which need not be what the slot claims; UINT32_MAX: it is not known to be seen */
    bool same_pid;      /* the process with this pid, here, is the one that registered, and has not ended */
    char process_state; /* 0 if not known */
    bool frozen;        /* with its cgroup: it runs nothing until that is thawed, not even when it is continued */
    struct pm_freezer freezer; /* of one that is */
    bool mappings_known;
    struct pmo_mappings mappings;
    struct pmo_runs missing;
};

/* Whether its process is not seen, or is of another user than it says: of a user namespace of its own, or a lie. */
static inline bool pmo_uid_is_claimed(const struct pmo_peer *peer) { return peer->uid != peer->slot.uid || peer->uid == UINT32_MAX; }

struct pmo_stranger {
    uint32_t pid;
    char command[256];
    struct pmo_mappings mappings;
};

struct pmo_snapshot {
    char name[PM_NAME_MAX];
    uint64_t realtime_ns;
    uint64_t monotonic_ns;
    struct stat object;
    uint64_t born_ns; /* of the object; 0 where its file system does not say */
    bool readable; /* header, peers and roots mean something */
    bool copy;     /* of another object: nothing that it says of processes does */
    struct pm_header header;
    struct pmo_peer *peers;
    size_t peer_count;
    struct pm_root *roots; /* by name */
    size_t root_count;
    struct pmo_stranger *strangers;
    size_t stranger_count;
    struct pmo_allowance allowance;
    struct pmo_problems problems;
};

enum pmo_depth {
    PMO_REGISTRY,  /* the object's bytes alone */
    PMO_PROCESSES, /* and each peer's process */
    PMO_STRANGERS, /* and all other processes of the machine */
};

/* 0, or PEERMAP_EOS.  Whatever is wrong with the segment is no error: it is in the snapshot. */
int pmo_snapshot_take(const struct pmo_observer *observer, enum pmo_depth depth, struct pmo_snapshot *snapshot);
void pmo_snapshot_free(struct pmo_snapshot *snapshot);

/* roots.c: all of them, however many, by name: malloc()ed.  0, or a code and its sentence. */
int pmo_roots_all(const struct pmo_observer *observer, struct pm_root **roots, size_t *count, struct pmo_problems *problems);

/* Who holds the segment's lock, as the header says.  The peer may be NULL: not in the registry any more. */
bool pmo_lock_held(const struct pmo_snapshot *snapshot, const struct pmo_peer **peer, bool *died);

static inline bool pmo_life_alive(uint32_t life) { return (life & PM_FUTEX_TID) != 0 && (life & PM_FUTEX_DIED) == 0; }

/* ---- between the files of the observer ---- */

/* records.c: copies `count` records that begin with a tag.  good[i] tells whether record i was copied in one piece.  0 or errno. */
int pmo_records_read(int fd, uint64_t offset, uint32_t count, size_t size, void *records, bool *good);

/* roots.c: copies the first `count` records of the table.  0 or errno. */
int pmo_roots_read(int fd, const struct pm_header *header, uint32_t count, struct pm_root *roots, bool *good);
/* roots.c: puts those that are roots, checked, to the beginning, by name, and says what is wrong with the others.  How many they are. */
size_t pmo_roots_keep(const struct pm_header *header, struct pm_root *roots, const bool *good, uint32_t count, struct pmo_problems *problems);

/* records.c: makes a name out of a segment's PM_NAME_MAX bytes printable and ended.  False if it was not. */
bool pmo_name_tame(char name[PM_NAME_MAX]);

/* peers.c: rows from slots, and what /proc says of their processes. */
void pmo_peers_judge(struct pmo_snapshot *snapshot);
/* Those that the registry takes for alive, and that have ended; `thoroughly`: also those that are about to, or dump their core. */
void pmo_peers_bury(struct pmo_snapshot *snapshot, bool thoroughly);
void pmo_peers_look(struct pmo_snapshot *snapshot);

/* Process-local.  Those of pid namespaces below this one, by both numbers, and the list is free()'s. */
struct pmo_below {
    struct pmo_inner {
        uint32_t here, inner;
    } *list;
    size_t count;
    bool looked;
    bool whole; /* all processes were */
};
/*
 * here.c: opens the process of a slot.  0, or errno: EEXIST, the number is another process's here; EXDEV, it is of another pid namespace, and is not to be seen,
 * or not for certain: `perhaps` is then one that may be it; ETIME, it may be one of those that the look did not come to.  `below` NULL: it is not looked for
 * there.
 */
int pmo_process_here(const struct pm_slot *slot, struct pmo_below *below, struct pmo_process *process, uint32_t *perhaps);

/* strangers.c: fills snapshot->strangers. */
void pmo_strangers_look(struct pmo_snapshot *snapshot);

#endif
