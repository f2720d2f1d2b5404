/* SPDX-License-Identifier: MIT */
/* wait.c - sleeping until something happens. */
#include "wait.h"

#include "error.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

/* On the watch's thread. */
static void changed(void *context)
{
    const struct waiter *waiter = context;
    eventfd_write(waiter->bell, 1);
}

int waiter_start(struct waiter *waiter, const struct pmo_observer *observer, uint32_t interval_ms, const sigset_t *signals, bool keys)
{
    *waiter = (struct waiter){ .bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), .signals = -1, .keys = keys };
    if (signals)
        waiter->signals = signalfd(-1, signals, SFD_CLOEXEC);
    int rc = waiter->bell < 0 || (signals && waiter->signals < 0) ? pm_fail(PEERMAP_EOS, "cannot wait: %s", strerror(errno)) : 0;
    if (rc == 0)
        rc = pmo_watch_start(observer, interval_ms, changed, waiter, &waiter->watch);
    if (rc != 0)
        waiter_stop(waiter);
    return rc;
}

static bool take_signal(const struct waiter *waiter, int *what)
{
    struct signalfd_siginfo info;
    if (read(waiter->signals, &info, sizeof info) != (ssize_t)sizeof info)
        return false;
    *what = (int)info.ssi_signo;
    return true;
}

enum wake waiter_wait(struct waiter *waiter, int *what)
{
    for (;;) {
        struct pollfd events[] = { { .fd = waiter->bell, .events = POLLIN },
                                   { .fd = waiter->signals, .events = POLLIN },
                                   { .fd = waiter->keys ? STDIN_FILENO : -1, .events = POLLIN },
                                   { .fd = STDOUT_FILENO } }; /* its end is told without being asked for */
        eventfd_t count;
        if (poll(events, sizeof events / sizeof *events, -1) < 0)
            continue; /* a signal that has a handler */
        if (events[1].revents && take_signal(waiter, what))
            return WOKE_SIGNAL;
        if (events[3].revents & (POLLERR | POLLHUP | POLLNVAL))
            return WOKE_UNREAD;
        if (events[2].revents) {
            unsigned char key;
            if (read(STDIN_FILENO, &key, 1) <= 0)
                return WOKE_UNREAD;
            *what = key;
            return WOKE_KEY;
        }
        if (events[0].revents && eventfd_read(waiter->bell, &count) == 0)
            return WOKE_CHANGED;
    }
}

void waiter_stop(struct waiter *waiter)
{
    if (waiter->watch)
        pmo_watch_stop(waiter->watch);
    if (waiter->signals >= 0)
        close(waiter->signals);
    if (waiter->bell >= 0)
        close(waiter->bell);
}
