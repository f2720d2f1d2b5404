/* SPDX-License-Identifier: MIT */
/*
 * watch.h - being told when a segment changes, at no cost while it does not.
 *
 * What is told: a round, an attach or detach, a root, a peer's death however it dies, the removal of the object.  Not: the data.
 */
#ifndef PMO_WATCH_H
#define PMO_WATCH_H

#include "attach.h"

struct pmo_watch;

/*
 * Calls `changed` on a thread of the watch's own, at most once in `interval_ms`.  Whatever changes after this call returns is told, if
 * only by a call that comes before the change was looked at.  0, or PEERMAP_EOS.  The observer may be closed before the watch.
 */
int pmo_watch_start(const struct pmo_observer *observer, uint32_t interval_ms, void (*changed)(void *context), void *context,
                    struct pmo_watch **watch);

/* One more call after that long, whether anything changes or not. */
void pmo_watch_remind(struct pmo_watch *watch, uint32_t after_ms);

/* On return `changed` is not running and is not called again.  Not to be called from it. */
void pmo_watch_stop(struct pmo_watch *watch);

/* outside.c: one thread for all watches of the process adds 1 to *bell, and wakes it, when the object's attributes change, its link
 * count among them.  0 or errno. */
int pmo_outside_watch(int fd, uint32_t *bell);
void pmo_outside_unwatch(uint32_t *bell);
/* Likewise, once, when that process has ended.  Between the two above; closing the pidfd ends it.  False if it is not told of. */
bool pmo_outside_process(int pidfd);

#endif
