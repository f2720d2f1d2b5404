/* SPDX-License-Identifier: MIT */
/*
 * patient.h - asking a process for what the kernel gives only under the lock of its address space, or by a file system: its command line, its mappings,
 * what a descriptor of it is.
 *
 * Any process may hold that lock for ever: one that is stuck in the kernel, on a file system that does not answer.  Whoever asks then is stuck as well, and only the
 * end of its own process frees it.  So the asking is done by another thread, a reader, which is left behind if it does not come back; and the process that it is stuck
 * at is asked nothing more until it does.  How many are left behind has a bound, and another user's processes have a share of it.
 *
 * What never waits is not asked so: stat, status, comm, links, and who is in a namespace.
 */
#ifndef PMO_PATIENT_H
#define PMO_PATIENT_H

#include "problem.h"
#include "process.h"

#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#define PMO_PATIENCE_NS UINT64_C(100000000) /* a reader that sleeps in the kernel for so long is left behind */
#define PMO_LEFT_MAX 16u        /* readers, of this user's and root's processes; so many again of all others' */
#define PMO_LEFT_OF_ONE_MAX 4u  /* of one other user's */
#define PMO_PIECE 65536u

/* What a reader is told, and what it answers: its own, also when nobody waits for it any more.  Valid until the next of this thread. */
struct pmo_errand {
    struct pmo_process process; /* with a descriptor of its own */
    int fd;                     /* the errand's from when it is run; of one that comes back it is the asker's again.  -1: none */
    char name[64];
    uint64_t from;
    size_t size;
    uint32_t flags;
    int error;                  /* errno; 0 */
    size_t length;              /* of `bytes` */
    bool ended;
    struct stat facts;
    char bytes[PMO_PIECE] __attribute__((aligned(16)));
};

/*
 * An errand to this process, blank, or NULL with errno.  EBUSY: a reader is stuck at it.  EAGAIN: too many are stuck elsewhere, or there is no thread.  Those two are
 * what pmo_patient_tell() tells.  ETIME: the look is over (budget.h).
 */
struct pmo_errand *pmo_patient_begin(const struct pmo_process *process);
/* Has the reader run it.  0; errno as the errand has it; or, of one that was left behind, EBUSY, or ETIME: the look is over (budget.h). */
int pmo_patient_run(struct pmo_errand *errand, void (*run)(struct pmo_errand *errand));

/* The beginning of a file of its directory, ended by a NUL; its length, or -1 with errno.  `size` is at most PMO_PIECE. */
ssize_t pmo_patient_text(const struct pmo_process *process, const char *file, char *text, size_t size);
/* Of a path in `folder`, a descriptor, or -1: in its directory.  0 or errno. */
int pmo_patient_stat(const struct pmo_process *process, int folder, const char *path, struct stat *facts);
/* Up to `limit` bytes of a file from `from` on, for free(); *length is less only at its end.  0 or errno. */
int pmo_patient_file(const struct pmo_process *process, const char *file, uint64_t from, size_t limit, char **bytes, size_t *length);

/* That this process could not be asked for that reason, EBUSY or EAGAIN, once; of others nothing.  Whether it was one. */
bool pmo_patient_tell(struct pmo_problems *problems, const struct pmo_process *process, int error);

#endif
