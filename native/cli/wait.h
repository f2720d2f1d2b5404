/* SPDX-License-Identifier: MIT */
/*
 * wait.h - sleeping until a segment changes, a key is pressed, a signal comes, or nobody reads what is printed.  Nothing polls.
 */
#ifndef CLI_WAIT_H
#define CLI_WAIT_H

#include "watch.h"

#include <signal.h>

enum wake { WOKE_CHANGED, WOKE_KEY, WOKE_SIGNAL, WOKE_UNREAD };

struct waiter {
    int bell;    /* eventfd */
    int signals; /* signalfd, or -1: signals do what they always do */
    bool keys;   /* of standard input */
    struct pmo_watch *watch;
};

/* `signals`: those to be told of, blocked already; may be NULL.  0, or a code of the library. */
int waiter_start(struct waiter *waiter, const struct pmo_observer *observer, uint32_t interval_ms, const sigset_t *signals, bool keys);
/* `what` receives the key, or the number of the signal. */
enum wake waiter_wait(struct waiter *waiter, int *what);
void waiter_stop(struct waiter *waiter);

#endif
