/* SPDX-License-Identifier: MIT */
/* near.c - the word that somebody meant who mistyped one: by the letters that were left out, added, replaced or exchanged. */
#include "near.h"

#include <string.h>

#define LONGEST 24u

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* So many changes of one letter, or exchanges of two neighbours, make the one of the other. */
static size_t distance_of(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[LONGEST + 1][LONGEST + 1];
    for (size_t i = 0; i <= m; i++)
        for (size_t j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                rows[i][j] = i + j;
                continue;
            }
            const size_t replaced = rows[i - 1][j - 1] + (a[i - 1] != b[j - 1]);
            rows[i][j] = least(replaced, least(rows[i - 1][j], rows[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                rows[i][j] = least(rows[i][j], rows[i - 2][j - 2] + 1);
        }
    return rows[m][n];
}

/* A beginning of two letters or more is as good as one mistake. */
static size_t mistakes(const struct near *near, const char *candidate, size_t length)
{
    const size_t distance = distance_of(near->word, near->length, candidate, length);
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
