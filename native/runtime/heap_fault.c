/* SPDX-License-Identifier: MIT */
/* heap_fault.c - what is said where an address is no live object, or one that was written past its end. */
#include "heap.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- reports ---- */

static peermap_heap_fault_handler *handler;
static void *handler_context;

void peermap_on_heap_fault(peermap_heap_fault_handler *wanted, void *context)
{
    handler_context = context;
    handler = wanted;
}

static void describe(const peermap_segment *segment, const peermap_heap_fault *fault, bool most, char *sentence, size_t room)
{
    char where[96];
    if (fault->offset == PM_NO_OFFSET)
        snprintf(where, sizeof where, "%p", fault->address);
    else
        snprintf(where, sizeof where, "%p (offset %" PRIu64 ")", fault->address, fault->offset);
    if (fault->kind == PEERMAP_FAULT_OVERFLOW)
        snprintf(sentence, room,
                 "peermap: segment %s: the object at %s, %s%zu bytes, was written past its end; found by peer %s (pid %d), perhaps not who did it; "
                 "the object stays, and is never used again",
                 segment->name, where, most ? "at most " : "", fault->size, fault->peer, (int)fault->pid);
    else
        snprintf(sentence, room, "peermap: segment %s: peer %s (pid %d) frees %s, %s; nothing was changed", segment->name, fault->peer, (int)fault->pid,
                 where, fault->kind == PEERMAP_FAULT_DOUBLE_FREE ? "where no object lives any more (freed twice?)" : "which is no object of this heap");
}

/* Not by stdio, which has a lock and takes half of the smallest stack.  `sentence` ends with a new line instead of the NUL then. */
static void print(char *sentence)
{
    size_t length = strlen(sentence);
    sentence[length] = '\n';
    ssize_t written = write(STDERR_FILENO, sentence, length + 1);
    (void)written;
}

void pm_heap_report(peermap_segment *segment, int kind, const void *at, const struct pm_object_place *place, uint64_t size)
{
    PM_UNCANCELLED;
    char sentence[PM_SENTENCE];
    bool inside = place->off < segment->shape.reserved;
    peermap_heap_fault fault = { .kind = kind,
                                 .pid = (pid_t)segment->self.pid,
                                 .address = at,
                                 .offset = inside ? place->off : PM_NO_OFFSET,
                                 .size = size,
                                 .sentence = sentence };
    memcpy(fault.peer, segment->peer_name, sizeof fault.peer);
    describe(segment, &fault, size == place->room - PM_GUARD, sentence, sizeof sentence);
    add64(&segment->heap.counts->faults, 1);
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_HEAP_FAULT,
                                           .error = kind,
                                           .slot = (uint16_t)segment->index,
                                           .size = inside ? place->off : 0,
                                           .ns = size });
    pm_changed(segment);
    pm_last_error_set(sentence);
    if (handler)
        handler(&fault, handler_context);
    else
        print(sentence);
}
