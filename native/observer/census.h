/* SPDX-License-Identifier: MIT */
/*
 * census.h - all shared memory of the machine, whosever it is, and who has it: not only what begins with "peermap.".
 *
 * POSIX objects (files below /dev/shm), System V segments, memfds and shared anonymous memory.  Each process is asked once, for what it
 * maps and what it holds open.  A process that ends meanwhile, or that may not be asked, is no failure: the latter are counted.  Of what nobody
 * was seen to have the kernel is asked whether anybody has it: lease.h.  Process-local.
 */
#ifndef PMO_CENSUS_H
#define PMO_CENSUS_H

#include "mappings.h"
#include "problem.h"
#include "use.h"

enum pmo_memory_kind { PMO_POSIX, PMO_SYSV, PMO_MEMFD, PMO_ANONYMOUS };

/* One process that has one object. */
struct pmo_memory_user {
    uint32_t process; /* in pmo_census.processes */
    uint32_t mappings;
    uint32_t descriptors;
    uint64_t mapped; /* bytes */
    uint64_t mapped_to_write;
    bool writes;     /* or could */
    bool names;      /* has a descriptor that only names it, by which it opens it when it likes */
    bool reads;      /* maps the data of a segment to read, as who attaches with PEERMAP_READ_ONLY does */
    bool looks;      /* maps, at most, the header of a segment, and cannot write: an inspector, which keeps nothing in use */
};

/* A System V segment's own facts, as /proc/sysvipc/shm has them. */
struct pmo_sysv {
    uint32_t key;
    uint32_t id;
    uint32_t creator_pid;
    uint32_t last_pid; /* that attached or detached */
    uint64_t attached; /* how often it is, by whomever */
    uint64_t swapped;  /* of `allocated` */
};

struct pmo_memory {
    enum pmo_memory_kind kind;
    struct pmo_object object;
    uint64_t born_ns; /* of what has a name here; 0: not known */
    char *name;     /* below /dev/shm, or as given to memfd_create(); may be empty, and hold any byte but NUL */
    bool elsewhere; /* of another container: this side's /dev/shm or System V table does not have it */
    bool removed;   /* has no name any more, and ends with its last user.  Memfds and anonymous memory never had one */
    bool known;     /* the facts below; otherwise `size` is as much as is mapped of it */
    uint64_t size;
    uint64_t allocated; /* bytes in memory, or swapped out */
    uint32_t uid, gid, mode;
    struct pmo_sysv sysv;
    struct pmo_memory_user *users;
    size_t user_count;
    enum pmo_orphan orphan;
    enum pmo_reason reason; /* for that */
};

struct pmo_census_process {
    uint32_t pid;
    uint32_t uid;
    char command[256];
};

/* What the system allows; UINT64_MAX where it does not say. */
struct pmo_census_limits {
    uint64_t directory_size, directory_used, directory_free; /* of /dev/shm; size 0: without a limit */
    uint64_t shmmax;                                         /* bytes of one System V segment */
    uint64_t shmall;                                         /* bytes of all */
    uint64_t shmmni;                                         /* how many */
    uint64_t resident;                                       /* bytes of shared memory in memory now, of whatever kind */
};

struct pmo_census {
    struct pmo_memory *list; /* by kind, then by name or number */
    size_t count;
    struct pmo_census_process *processes; /* that have any of it: this user's and root's, then those of others, each by pid */
    size_t process_count;
    uint32_t asked;  /* processes */
    uint32_t hidden;     /* others that could not be asked */
    uint32_t hidden_own; /* of these, processes of this user */
    bool cut;            /* there is more than is told here (budget.h); a problem says so */
    bool whole;          /* no other process of the machine can be there: this is its first pid namespace, and /proc hides none */
    struct pmo_census_limits limits;
    struct pmo_problems problems;
};

/* 0, or PEERMAP_EOS without memory.  What could not be seen is in the problems. */
int pmo_census_take(struct pmo_census *census);
void pmo_census_free(struct pmo_census *census);

/* The one of this kind that is this object; of System V that of this id, as inode.  NULL: there is none. */
struct pmo_memory *pmo_census_find(const struct pmo_census *census, enum pmo_memory_kind kind, struct pmo_object object);
/* Whom to name of those who have it and do more than look; NULL: nobody was seen.  `others`: how many more there are. */
const struct pmo_census_process *pmo_census_holder(const struct pmo_census *census, const struct pmo_memory *memory, size_t *others);
/* The first live peer of the registry in an object that is a segment's; `name` receives "" if it has none, or is none. */
bool pmo_registry_lives(const char *object_name, struct pmo_object object, char name[PM_NAME_MAX], uint32_t *pid);

/* Every user may write it, by its mode: of what can be reached by a name or an id. */
bool pmo_memory_is_world_writable(const struct pmo_memory *memory);
/* "posix", "sysv", "memfd", "anonymous". */
const char *pmo_memory_word(enum pmo_memory_kind kind);

/* ---- between the files of the census ---- */

struct pmo_shares;
/* judge.c: who of the users only looks, or reads, and whether it is in use. */
void pmo_census_judge(struct pmo_census *census, struct pmo_shares *shares);

void pmo_limits_read(struct pmo_census_limits *limits);

#endif
