/* SPDX-License-Identifier: MIT */
/* view.h - a segment for people: the parts that `show` and `watch` are made of. */
#ifndef CLI_VIEW_H
#define CLI_VIEW_H

#include "census.h"
#include "heap.h"
#include "out.h"
#include "snapshot.h"

/* ---- view.c ---- */

void view_head(const struct out *out, const struct pmo_snapshot *snapshot);
void view_roots(const struct out *out, const struct pmo_snapshot *snapshot);
void view_problems(const struct out *out, const struct pmo_problems *problems);
void view_limits(const struct out *out, const struct pmo_snapshot *snapshot);

/* ---- view_peers.c ---- */

void view_peers(const struct out *out, const struct pmo_snapshot *snapshot);
void view_strangers(const struct out *out, const struct pmo_snapshot *snapshot);

/* ---- heap.c ---- */

void view_heap(const struct out *out, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap);

/* ---- view_event.c ---- */

/* Who had which slot under which pid: the registry forgets those who left. */
struct names {
    struct name {
        uint32_t slot, pid;
        char text[PM_NAME_MAX];
    } *list;
    size_t count;
};

void names_learn(struct names *names, const struct pmo_snapshot *snapshot);
void names_free(struct names *names);

/* `offset_ns`: from CLOCK_MONOTONIC to the wall's.  Brief: without number and microseconds. */
void view_event(const struct out *out, const struct pm_event *event, const struct names *names, uint64_t offset_ns, bool brief);

/* How a peer came to a mapping, in words: "mapped it, by its agent".  Why one could not be reached: base/reason.h. */
const char *method_sentence(uint32_t method);

#endif
