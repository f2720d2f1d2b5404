/* SPDX-License-Identifier: MIT */
/* letters.h - how far a word that somebody typed is from one that there is.  Of words alone: nothing of a segment. */
#ifndef PMO_LETTERS_H
#define PMO_LETTERS_H

#include <stddef.h>

#define PMO_LETTERS_MAX 64u

/* So many letters to insert, to leave out, to replace, or to exchange with the one beside, make the one of the other.  Both have PMO_LETTERS_MAX at most. */
size_t pmo_letters_between(const char *a, size_t m, const char *b, size_t n);

#endif
