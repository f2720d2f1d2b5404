/* SPDX-License-Identifier: MIT */
/* ask.h - a question before something is lost, where there is somebody to ask. */
#ifndef CLI_ASK_H
#define CLI_ASK_H

#include "snapshot.h"

#include <stdbool.h>

/* "indexer (4711), search (4712)": peers that are not dead, and others who map it; for free(). */
char *who_has_it(const struct pmo_snapshot *snapshot);
bool can_ask(void);
/* "NAME: WHY." and then the question; true: yes. */
bool ask(const char *name, const char *why, const char *question);

#endif
