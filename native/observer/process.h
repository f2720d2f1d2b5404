/* SPDX-License-Identifier: MIT */
/*
 * process.h - one process, as /proc shows it.
 *
 * A pid is only a number, and may name another process a moment later.  So a process is looked at through its directory in /proc, held
 * open: that stays bound to the one process, and answers ESRCH after its end.
 */
#ifndef PMO_PROCESS_H
#define PMO_PROCESS_H

#include "layout.h"

#include <stdbool.h>

struct pmo_process {
    int dir;
    uint32_t pid;
};

/* 0 or errno. */
int pmo_process_open(uint32_t pid, struct pmo_process *process);
void pmo_process_close(struct pmo_process *process);

/* Whether it is the one that filled this slot. */
enum pmo_match {
    PMO_IS_NOT,
    PMO_MAY_BE, /* it began at that moment, and which pid namespace it is of may not be asked; or the other way round, its times being other ones */
    PMO_IS,     /* by the pidfd's inode where the system has unique ones, else by pid namespace and start time */
};
enum pmo_match pmo_process_match(const struct pmo_process *process, const struct pm_slot *slot);
/* Of a process of a pid namespace below this one, the number that it has there; else 0. */
uint32_t pmo_process_inner(const struct pmo_process *process);
uint64_t pmo_own_pidns(void);

/* Field 3 of /proc/PID/stat: 'R', 'S', 'T' ...; 0 and errno, ESRCH or ENOENT of one that is gone, if it cannot be read.  `start_time` (may be NULL) receives
 * field 22. */
char pmo_process_state(const struct pmo_process *process, uint64_t *start_time);

/* The same of a thread that runs, where the main thread has ended; 0 if the process has ended, also while its parent has not waited for it. */
char pmo_process_activity(const struct pmo_process *process);

/*
 * Opens `file` in the directory of a thread that still runs, for a process whose main thread has ended while others go on: /proc/PID shows nothing
 * of its memory and its descriptors.  A descriptor, or -1 with errno, ESRCH if no thread runs, or it is the main thread that does.
 */
int pmo_process_open_thread(const struct pmo_process *process, const char *file, int flags);

/* The folder of its descriptors, open; -1 with errno. */
int pmo_process_open_descriptors(const struct pmo_process *process);

/* By the kernel's word; UINT32_MAX if unknown. */
struct pmo_uids {
    uint32_t effective;
    uint32_t payer; /* in whose share of a look it is: pmo_share_payer() */
};
struct pmo_uids pmo_process_uids(const struct pmo_process *process);
uint32_t pmo_process_uid(const struct pmo_process *process); /* the effective one */

/* The command line, its words parted by spaces, cut to size; "[name]" for a process without one, and, with errno, for one that could not be asked (patient.h). */
int pmo_process_command(const struct pmo_process *process, char *command, size_t size);

/*
 * Whether its memory is its parent's, who has all of it mapped as well: a tracer of the library's (hand.h), or a child between vfork() and exec.  False also
 * where the system does not tell.
 */
bool pmo_process_is_in_its_parent(const struct pmo_process *process);

/*
 * Calls `each` for every process of the machine that can be seen, until it returns false or the budget is used up (budget.h), which *whole tells: those of this
 * user and of root first, so that no other's take the time that is for them, and of another user as long as its share of time lasts (share.h).  0 or errno.
 */
struct pmo_shares;
int pmo_process_each(bool (*each)(const struct pmo_process *process, void *context), void *context, struct pmo_shares *shares, bool *whole);
/* Whether these are all of the machine: this is its first pid namespace, and /proc hides nobody's. */
bool pmo_process_all_seen(void);

#endif
