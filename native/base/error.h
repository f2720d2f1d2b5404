/* SPDX-License-Identifier: MIT */
/* error.h - how a function of the library reports a failure: a code, and a sentence that names the thing and the remedy. */
#ifndef PM_ERROR_H
#define PM_ERROR_H

#include "peermap.h"

#define PM_SENTENCE 512

/* Keeps the sentence for peermap_last_error() of this thread; returns `code`. */
__attribute__((format(printf, 2, 3))) int pm_fail(int code, const char *format, ...);

/* Takes over a sentence that another thread, working for this one, had kept. */
void pm_last_error_set(const char *text);

#endif
