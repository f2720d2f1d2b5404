/* SPDX-License-Identifier: MIT */
/*
 * heap.h - the heap of a segment, counted from outside while it is used.
 *
 * Reads the words of all units, and the bits of those that are spans: about 17 KiB for each MiB of the heap.  Nobody is held up; the numbers need
 * not be of one moment.  Of a heap that takes longer than a look may (budget.h) the beginning is counted, and a problem says so.
 */
#ifndef PMO_HEAP_H
#define PMO_HEAP_H

#include "attach.h"
#include "places.h"

/* What the threads of one peer did, and hold. */
struct pmo_heap_peer {
    uint32_t slot; /* PM_NO_SLOT: those that have ended */
    uint32_t threads;
    uint64_t spans, span_bytes, allocations, allocated_bytes, frees, freed_bytes;
};

struct pmo_heap {
    bool present; /* the segment has one */
    uint64_t size;
    uint64_t grown, faults, reclaimed, metadata;
    uint32_t lost_threads; /* that ended without giving back what they held */
    struct pm_tally tally;
    struct pmo_heap_peer *peers;
    size_t peer_count;
};

/* 0, PEERMAP_EFORMAT (no header that can be gone by), or PEERMAP_EOS.  What cannot be right is in `problems`. */
int pmo_heap_take(const struct pmo_observer *observer, struct pmo_heap *heap, struct pmo_problems *problems);
void pmo_heap_free(struct pmo_heap *heap);

#endif
