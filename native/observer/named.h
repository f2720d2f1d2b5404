/* SPDX-License-Identifier: MIT */
/*
 * named.h - descriptors that only name an object (O_PATH).
 *
 * The kernel does not count them, so it grants a lease all the same; but whoever has one opens the object by it whenever it likes, whatever has become
 * of the name.  So they are looked for.  One that is on its way through a socket is seen by nobody.
 */
#ifndef PMO_NAMED_H
#define PMO_NAMED_H

#include "attach.h"
#include "census.h"

/* Of a descriptor of a process, by its link in the folder /proc/PID/fd. */
bool pmo_descriptor_only_names(int folder, const char *number);

/* Another process that has one of the object of this name below /dev/shm.  False: none was seen. */
bool pmo_named_by_other(const char *name, struct pmo_object object, struct pmo_census_process *process);

#endif
