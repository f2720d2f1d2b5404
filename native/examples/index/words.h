/* SPDX-License-Identifier: MIT */
/*
 * words.h - what a word is, and how many of each a text has.  For the demo programs; all of it is process-local.
 *
 * A word is a run, as long as it goes, of 2 to 63 bytes each of which is an ASCII letter, an ASCII digit, '_' or above 127 (so
 * letters of every script in UTF-8 belong to words).  ASCII capitals count as small letters.  Longer runs are no words.
 */
#ifndef WORDS_H
#define WORDS_H

#include "index.h"

#define WORD_MIN 2
#define WORD_MAX 63

/* The next word of [*at, end), in small letters in place; moves *at past it.  Returns its length, 0 at the end. */
size_t words_next(char **at, char *end, char **word);

/* The different words of one text, in the order of their first occurrence.  They point into the text. */
struct words_tally {
    struct index_count *counts;
    size_t length;
    uint64_t occurrences;
    size_t capacity;
    uint32_t *slots; /* open addressing: place in counts + 1 */
    size_t slot_count;
};

/* Counts the words of a text, in place of what was counted before.  False: out of memory. */
bool words_count(struct words_tally *tally, char *text, size_t length);
void words_free(struct words_tally *tally);

#endif
