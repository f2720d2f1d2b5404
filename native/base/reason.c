/* SPDX-License-Identifier: MIT */
/* reason.c - texts from the one list in reason.h. */
#include "reason.h"

#include <errno.h>
#include <string.h>

const char *pm_reason_text(int reason)
{
    switch (reason) {
#define X(code, text) \
    case code: return text;
        PM_REASONS(X)
#undef X
    default: return strerror(reason);
    }
}
