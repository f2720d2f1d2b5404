/* SPDX-License-Identifier: MIT */
/*
 * mappings.h - what the kernel maps of an object in a process: the truth that a registry's claims are held against.
 */
#ifndef PMO_MAPPINGS_H
#define PMO_MAPPINGS_H

#include "budget.h"
#include "process.h"

#include <stddef.h>
#include <sys/types.h>

struct pmo_object {
    dev_t device;
    ino_t inode;
};

#define PMO_READABLE 1u
#define PMO_WRITABLE 2u
#define PMO_EXECUTABLE 4u
#define PMO_SHARED 8u

/* A piece of one address space that maps a file. */
struct pmo_mapping {
    uint64_t address;
    uint64_t length;
    uint64_t offset; /* in the file */
    uint32_t flags;
};

struct pmo_mappings {
    struct pmo_mapping *list; /* by address */
    size_t count;
};

/* Whether it shows its process any data of a segment.  One that ends in the header and is read-only is some observer's watch. */
static inline bool pmo_maps_data(const struct pmo_mapping *mapping, uint64_t header_len)
{
    return (mapping->flags & PMO_WRITABLE) || mapping->offset + mapping->length > header_len;
}

struct pmo_run {
    uint64_t address;
    uint64_t length;
};

struct pmo_runs {
    struct pmo_run *list;
    size_t count;
};

/* Calls `each` for every mapping of a file in the process, by address, until it returns false.  0 or errno: what could not be asked (patient.h), too. */
int pmo_mappings_each(const struct pmo_process *process,
                      bool (*each)(struct pmo_object object, const struct pmo_mapping *mapping, void *context), void *context);

/* The same for shared mappings only, each with the path that the kernel gives it, which may say " (deleted)". */
int pmo_mappings_shared(const struct pmo_process *process,
                        bool (*each)(struct pmo_object object, const struct pmo_mapping *mapping, const char *path, void *context),
                        void *context);

/* What a look may still take (budget.h).  Process-local. */
struct pmo_allowance {
    uint64_t visits; /* mappings, of whatever files, that it comes past */
    uint64_t listed; /* of them, mappings of the object */
};
#define PMO_ALLOWANCE ((struct pmo_allowance){ PMO_VISITS_MAX, PMO_MAPPINGS_IN_ALL_MAX })

/* The mappings of one object.  0 or errno: E2BIG if there are more than may be listed, ETIME if no more are allowed to be come past, or no time is left. */
int pmo_mappings_read(const struct pmo_process *process, struct pmo_object object, struct pmo_allowance *allowance,
                      struct pmo_mappings *mappings);

/* The runs of [address, address + length) that are not mapped with all of these flags to the file from `offset` on.  0 or errno. */
int pmo_mappings_missing(const struct pmo_mappings *mappings, uint32_t needed, uint64_t address, uint64_t length, uint64_t offset, struct pmo_runs *missing);

#endif
