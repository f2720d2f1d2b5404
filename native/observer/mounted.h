/* SPDX-License-Identifier: MIT */
/*
 * mounted.h - objects that are mounted by themselves somewhere: a bind mount of the file, as a container has it.
 *
 * That is no descriptor and no mapping, so the kernel grants a lease beside it.  But somebody has seen to it that the object can be opened there, whenever that be, and
 * whoever does so after its name has gone shares it with nobody.
 */
#ifndef PMO_MOUNTED_H
#define PMO_MOUNTED_H

#include <stdbool.h>
#include <stddef.h>

struct pmo_mounted {
    char **list; /* names below /dev/shm: of objects, and of folders that are mounted elsewhere */
    size_t count;
    bool whole; /* there was time, and room, for all */
};

/* In the mount namespaces of all processes that can be seen. */
void pmo_mounted_read(struct pmo_mounted *mounted);
bool pmo_mounted_has(const struct pmo_mounted *mounted, const char *name);
void pmo_mounted_free(struct pmo_mounted *mounted);

#endif
