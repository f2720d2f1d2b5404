/* SPDX-License-Identifier: MIT */
/*
 * touch.h - where the library itself touches the data.
 *
 * The data may have been cut short from outside, and what is gone is SIGBUS for whoever touches it.  An application that does so is told by that signal; a call of
 * ours has an error for it.  So each touch of ours stands between pm_touch() and pm_touched(), and the handler of the signal (guard.c) knows from the thread
 * itself which bytes those are.  It lends the page that is missing, as private zeroes: the touch goes on and does no harm, whatever it is in the middle of,
 * and pm_touched() says that it was for nothing.  pm_torn() then takes back what was lent, so the next touch of the application is the signal again, and
 * the call ends with PEERMAP_ELOST.  In between, no other thread can lose there what was not lost already; and a touch of ours in another thread,
 * beside a loan of the same segment, counts for nothing as well, since it may have met that page instead of the signal.
 *
 * What describes the heap is no data: it is in the header, which guard.c replaces.
 */
#ifndef PM_TOUCH_H
#define PM_TOUCH_H

#include "segment.h"
#include "thread.h"

/* By this process's own memory: where the header says so the agent has given up more than the caller knows of, and there is no such signal there. */
static inline bool pm_is_mapped(const peermap_segment *segment, const void *at, uint64_t length)
{
    const uint64_t off = (uintptr_t)at - (uintptr_t)segment->base, mapped = load64(&segment->mapped);
    return off <= mapped && length <= mapped - off;
}

/* False: it is not to be touched, and as good as gone. */
static inline bool pm_touch(struct pm_thread *own, const peermap_segment *segment, const void *at, uint64_t length)
{
    if (!pm_is_mapped(segment, at, length))
        return false;
    poke64(&own->touching.loans, load64(&segment->loans.made));
    poke64(&own->touching.from, (uintptr_t)at);
    poke64(&own->touching.to, (uintptr_t)at + length);
    order_here();
    return true;
}

/* False: not all of it was there; or it may have been what another thread was lent, which is as good as nothing. */
static inline bool pm_touched(struct pm_thread *own, const peermap_segment *segment)
{
    order_here();
    poke64(&own->touching.to, 0);
    return load64(&segment->loans.made) == peek64(&own->touching.loans) && load64(&segment->loans.returned) == peek64(&own->touching.loans);
}

/* After that: the code, and its sentence. */
int pm_torn(peermap_segment *segment);
/* In the handler.  False: this is no touch of ours. */
bool pm_lend(peermap_segment *segment, uintptr_t address);

/* 0, or the same code.  What lies before the loss is done then. */
int pm_zero(peermap_segment *segment, void *at, uint64_t length);
int pm_copy(peermap_segment *segment, void *to, const void *from, uint64_t length); /* within the data */

#endif
