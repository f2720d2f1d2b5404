/* SPDX-License-Identifier: MIT */
/*
 * sighting.h - between the files of the census: one place where a piece of shared memory was seen, be it a directory, a table of the
 * kernel or a process, which has one for all its mappings and descriptors of it.  census.c puts those of one object together.  Process-local.
 */
#ifndef PMO_SIGHTING_H
#define PMO_SIGHTING_H

#include "budget.h"
#include "census.h"
#include "share.h"

#include <sys/stat.h>

#define PMO_NOBODY UINT32_MAX

struct pmo_sighting {
    enum pmo_memory_kind kind;
    struct pmo_object object;
    uint64_t ipc;     /* of a System V segment: the inode of its namespace */
    uint32_t process; /* in the list of processes; PMO_NOBODY: seen by its name, or in the kernel's table */
    uint32_t payer;   /* in whose share it is */
    uint32_t mappings, descriptors;
    bool writable; /* one of those is */
    bool named;    /* by a descriptor that the kernel does not count (named.h) */
    bool removed;
    bool known; /* `facts` is */
    struct stat facts;
    uint64_t born_ns; /* 0: not known */
    uint64_t mapped, mapped_to_write;
    uint64_t end;  /* in the object, of the last mapping */
    char *name;    /* owned */
    struct pmo_sysv sysv;
};

/* The whole look.  Process-local. */
struct pmo_sightings {
    struct pmo_census *census;
    struct pmo_sighting *list;
    size_t count;
    dev_t directory; /* of /dev/shm */
    uint64_t ipc;    /* our own namespace */
    bool no_map_files;
    size_t of_one; /* in the process that is being asked: the last so many of the list */
    uint32_t rows[2 * PMO_SIGHTINGS_OF_ONE_MAX]; /* those by object: 1 + where in the list; 0: free */
    struct pmo_shares places; /* of users, in the places */
    struct pmo_shares pieces; /* and in what is told of them */
    bool over;     /* there are more of them, or more to ask, than a look takes */
    bool crowded;  /* a process has more than is told of one; a problem names it */
    bool failed;   /* no memory */
};

/* Whether there is no room for any more, or no time; that this is so is kept in mind. */
bool pmo_sightings_are_over(struct pmo_sightings *sightings);
/* A copy of `name` goes with it.  It is in `payer`'s share, of which one was taken.  NULL without memory, or beyond what a look takes, which is kept in mind. */
struct pmo_sighting *pmo_sighting_add(struct pmo_sightings *sightings, enum pmo_memory_kind kind, struct pmo_object object,
                                      uint32_t payer, const char *name, size_t length);

void pmo_sight_names(struct pmo_sightings *sightings);     /* sight_names.c: /dev/shm, and the table of System V segments */
void pmo_sight_processes(struct pmo_sightings *sightings); /* sight_processes.c */

#endif
