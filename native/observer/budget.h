/* SPDX-License-Identifier: MIT */
/*
 * budget.h - how much one look may take, whatever those who are looked at have made: a registry that names one process a thousand times, a process
 * with a million mappings, a heap of terabytes that are not there, a directory of a million objects.
 *
 * Lists have a bound always.  Time has one for the thread that says so, between pmo_budget_begin() and pmo_budget_end().  What is beyond either is left out, and
 * a problem says so: PMO_LEFT_OUT.  A look that is over asks nothing more: it opens no further entry of /proc, and of no folder.  Process-local.
 */
#ifndef PMO_BUDGET_H
#define PMO_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/* Of one object in one process.  A peer has a few: its data is one run, but where its holes are. */
#define PMO_MAPPINGS_MAX 4096u
/* In one look at a segment: of the object in all processes, and those that it comes past, of whatever files, to find them. */
#define PMO_MAPPINGS_IN_ALL_MAX 65536u
#define PMO_VISITS_MAX (UINT64_C(1) << 20)
/* Processes that map one segment and are not in its registry. */
#define PMO_STRANGERS_MAX 1024u
/* Records of roots in a snapshot: the first seven regions of the table. */
#define PMO_ROOTS_MAX 8129u
/* Segments in a list: those of this user before those of others. */
#define PMO_SEGMENTS_MAX 4096u
/* Pieces of shared memory that the inventory of the machine sees by their names and in processes: 40 MB of them.  No process fills more than a 64th of that,
   whosever it is: a program of root's has what the user who started it left to it. */
#define PMO_SIGHTINGS_MAX 131072u
#define PMO_SIGHTINGS_OF_ONE_MAX (PMO_SIGHTINGS_MAX / 64)
/* What is told of them: pieces, and who has one. */
#define PMO_MEMORIES_MAX 8192u
#define PMO_USERS_MAX 1024u
/* Segments that the processes of one look map, in one process and in all: 9 MB of them. */
#define PMO_USES_OF_ONE_MAX 256u
#define PMO_USES_MAX 65536u

/* The looks of this thread end `ms` from now, with what they have (0: when they are done), and as soon as *stop is not 0, if there is one. */
void pmo_budget_begin(uint32_t ms, const uint32_t *stop);
void pmo_budget_end(void);
/* Whether this thread may go on.  Cheap, some nanoseconds: it is asked for each of a million things, before each. */
bool pmo_budget_left(void);
/* Of the whole, in ns; 0: it has no end. */
uint64_t pmo_budget_length(void);
/* What follows has `ns` of it at most, and then the next; 0: all that is left.  Only of a budget that has an end. */
void pmo_budget_part(uint64_t ns);

#endif
