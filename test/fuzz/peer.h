/* SPDX-License-Identifier: MIT */
/* peer.h - between peer.c, which plays a script against a living segment, and other.c, the second peer, a process of its own. */
#ifndef FUZZ_PEER_H
#define FUZZ_PEER_H

#include "fuzz.h"

#include "peermap.h"

#define FUZZ_DEADLINE_MS 4u /* of the calls: with a header of lies, most of them end by it */

extern int peermap_results(peermap_segment *segment, peermap_result *out, int capacity) __attribute__((weak));

enum other_task { OTHER_ATTACH, OTHER_GROW, OTHER_SHRINK, OTHER_REMAP, OTHER_LOOK, OTHER_REAP, OTHER_DETACH };

void other_start(void);
/* Whether it succeeded.  It need not, but must come to an end. */
bool other_do(enum other_task task);
void other_ask(enum other_task task);
bool other_answer(void);
void other_stop(void);
void other_continue(void);
pid_t other_pid(void);

/* Calls that change nothing but this peer's own records. */
void peer_look(peermap_segment *segment);
/* Tells the canaries where this process's reservation is, and which object it may touch. */
void peer_fence(peermap_segment *segment);

#endif
