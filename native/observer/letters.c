/* SPDX-License-Identifier: MIT */
/* letters.c - how far a word that somebody typed is from one that there is. */
#include "letters.h"

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

size_t pmo_letters_between(const char *a, size_t m, const char *b, size_t n)
{
    size_t rows[PMO_LETTERS_MAX + 1][PMO_LETTERS_MAX + 1];
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
