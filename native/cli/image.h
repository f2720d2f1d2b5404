/* SPDX-License-Identifier: MIT */
/*
 * image.h - the bytes of a segment as they were at one moment, in another file.
 *
 * Nobody is held up for it.  Everything is read, and then read again until nothing is found changed: each byte was then the same from one look at it to the
 * next, so it had that value in the moment between the two rounds of looks, and all had it together.  That is the segment as it would be if all who have
 * it had been killed in that moment.  (What changes and changes back between two looks is not seen.)  What peers write to find each other, locks, registry and events, is copied but does not count: in a copy it
 * is void.
 */
#ifndef CLI_IMAGE_H
#define CLI_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

/* Process-local. */
struct image {
    int from, to;    /* to read; to read and write, empty at first */
    uint64_t length; /* of both, in the end */
    unsigned rounds; /* of looks */
    bool whole;      /* of one moment */
    bool reading;    /* what failed is reading `from` */
};

/* Copies what `from` has; where nothing was ever written `to` has a hole.  0 or errno; not being whole is no error. */
int image_take(struct image *image);
/* Gives a copy of a segment, of which `fd` is the object, the memory that its peers count on: no later touch of it is SIGBUS.  0 or errno. */
int image_allocate(int fd);
/* What is wrong with a copy, for free(), and its code: it is none of a segment, or a damaged one.  NULL: nothing; `roots` and `active` are what it has. */
char *image_fault(int fd, int *code, uint64_t *active, uint64_t *roots);

#endif
