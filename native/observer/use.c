/* SPDX-License-Identifier: MIT */
/* use.c - the words of use.h. */
#include "use.h"

static const struct {
    enum pmo_orphan orphan;
    const char *word, *text;
} reasons[] = {
#define X(name, orphan, word, text) { PMO_##orphan, word, text },
    PMO_REASONS(X)
#undef X
};

enum pmo_orphan pmo_reason_orphan(enum pmo_reason reason) { return reasons[reason].orphan; }
const char *pmo_reason_word(enum pmo_reason reason) { return reasons[reason].word; }
const char *pmo_reason_text(enum pmo_reason reason) { return reasons[reason].text; }
