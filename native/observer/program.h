/* SPDX-License-Identifier: MIT */
/* program.h - opening and reading a file that another process has mapped, by the name that it has there. */
#ifndef PMO_PROGRAM_H
#define PMO_PROGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

/*
 * A descriptor to read from, or -errno.  The name is looked up in the root folder of that process, which may be a container's: no symbolic link leads
 * out of it.  NULL: what it runs, whatever has that name by now.  Nothing but a regular file is opened, and none that the kernel makes up, which may wait for a process,
 * or lose what is read: EINVAL.  ENOSYS before Linux 5.6, which cannot look up a name so.  EBUSY, EAGAIN, ETIME: the file system
 * does not answer, or one that this process has to do with did not (patient.h).
 */
int pmo_program_open(uint32_t pid, const char *path);

/* Of what was opened so, which stays the caller's: the file system may cease to answer at any time.  The length, or -errno. */
ssize_t pmo_program_read(uint32_t pid, int fd, uint64_t offset, void *bytes, size_t size);
/* 0 or -errno. */
int pmo_program_facts(uint32_t pid, int fd, struct stat *facts);
/* Of a file system that does not answer, another thread does it, however long that takes. */
void pmo_program_close(uint32_t pid, int fd);

#endif
