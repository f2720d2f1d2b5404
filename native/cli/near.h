/* SPDX-License-Identifier: MIT */
/* near.h - the word that somebody meant who mistyped one. */
#ifndef CLI_NEAR_H
#define CLI_NEAR_H

#include <stddef.h>

/* The best of those offered so far: begin with the mistyped word and nothing else.  Process-local. */
struct near {
    const char *word;
    size_t length;    /* of `word`, as far as it counts */
    size_t distance;  /* of `best` */
    const char *best; /* NULL: none is near enough */
};

void near_offer(struct near *near, const char *candidate);

#endif
