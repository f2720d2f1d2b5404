/* SPDX-License-Identifier: MIT */
/* program.h - opening a file that another process has mapped, by the name that it has there. */
#ifndef PMO_PROGRAM_H
#define PMO_PROGRAM_H

#include <stdint.h>

/*
 * A descriptor to read from, or -errno.  The name is looked up in the root folder of that process, which may be a container's: no symbolic link leads
 * out of it.  Nothing but a regular file is opened: EINVAL.  ENOSYS before Linux 5.6, which cannot look up a name so.  EBUSY, EAGAIN, ETIME: the file system
 * does not answer, or one that this process has to do with did not (patient.h).
 */
int pmo_program_open(uint32_t pid, const char *path);

#endif
