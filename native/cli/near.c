/* SPDX-License-Identifier: MIT */
/* near.c - the word that somebody meant who mistyped one: by the letters that were left out, added, replaced or exchanged. */
#include "near.h"

#include "letters.h"

#include <string.h>

#define LONGEST 24u

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* A beginning of two letters or more is as good as one mistake. */
static size_t mistakes(const struct near *near, const char *candidate, size_t length)
{
    const size_t distance = pmo_letters_between(near->word, near->length, candidate, length);
    return near->length > 1 && near->length < length && strncmp(near->word, candidate, near->length) == 0 ? least(distance, 1) : distance;
}

void near_offer(struct near *near, const char *candidate)
{
    const size_t length = strlen(candidate);
    if (near->length == 0 || near->length > LONGEST || length > LONGEST)
        return;
    const size_t distance = mistakes(near, candidate, length), most = near->length < 3 ? 1 : (near->length + 1) / 3;
    if (distance > most || (near->best && distance >= near->distance))
        return;
    near->best = candidate;
    near->distance = distance;
}
