/* SPDX-License-Identifier: MIT */
/*
 * words.h - the words that stand for a segment's numbers wherever people or programs read them: those of native/addon/model.d.ts.
 *
 * A number that has no word, in a header of lies, gets one all the same.
 */
#ifndef PMO_WORDS_H
#define PMO_WORDS_H

#include "snapshot.h"

const char *pmo_state_word(enum pmo_peer_state state);
const char *pmo_method_word(uint32_t method); /* enum pm_method */
const char *pmo_op_word(uint32_t op);         /* enum pm_op */
const char *pmo_event_word(uint32_t kind);    /* enum pm_event_kind */

/* Whether `method` of such an event is what the round was for, an enum pm_op, not how somebody mapped. */
bool pmo_event_has_op(uint32_t kind);

/* The word of the flag at `index` in the list of PM_SEGMENT_ flags that have one, and the flag; NULL after the last. */
const char *pmo_flag_word(size_t index, uint32_t *flag);

/* As in /proc/PID/maps: "rw-s". */
void pmo_permissions(uint32_t flags, char text[5]);

#endif
