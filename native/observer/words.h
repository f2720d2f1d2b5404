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

/* What a peer is held by, as a word: "frozen", "stopped", "held by a debugger", "ended"; NULL: nothing that can be seen. */
const char *pmo_held_word(const struct pmo_peer *peer);
/* How a frozen peer is let go on: "write 0 to /sys/fs/cgroup/x/cgroup.freeze". */
struct pmo_remedy {
    char text[320];
};
struct pmo_remedy pmo_thaw_remedy(const struct pm_freezer *freezer);
const char *pmo_thaw_value(const struct pm_freezer *freezer); /* what to write to its file */

/* Who says a sentence of the library: in that, options are named as C has them. */
enum pmo_face { PMO_TOOL, PMO_NODE };
/* The sentence with the options of that face, in what a person there can type. */
struct pmo_sentence {
    char text[640];
};
struct pmo_sentence pmo_sentence_of(enum pmo_face face, const char *library_sentence);

/* As in /proc/PID/maps: "rw-s". */
void pmo_permissions(uint32_t flags, char text[5]);

#endif
