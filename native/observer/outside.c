/* SPDX-License-Identifier: MIT */
/*
 * outside.c - noticing what no word of the header tells: that an object lost its name, that a peer died and the kernel did not say so.
 *
 * Whoever removes a segment need not be a peer (rm does it).  inotify tells: IN_ATTRIB of the inode, whose link count changed.  A process
 * whose memory was reaped before it had exited leaves its life word as it was; its pidfd becomes readable all the same.  But both are
 * descriptors, and a watch waits on futexes; so one thread for all watches of the process waits on the descriptors and rings the bells of
 * the watches concerned: of all when a process ended, which is rare.  It exists while there is a watch.
 */
#include "watch.h"

#include "order.h"
#include "os.h"
#include "room.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

struct entry {
    uint32_t *bell;
    int object; /* inotify's name for the inode: the same for all watches of one object */
};

/* Process-local.  `lifecycle` is held over start and stop of the thread, `lock` over every use of the entries. */
static pthread_mutex_t lifecycle = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct entry *entries;
static size_t entry_count;
static int queue_fd = -1; /* of the other two, and of pidfds */
static int events_fd = -1;
static int stop_fd = -1;
static pthread_t thread;

static void ring(int object, bool all)
{
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < entry_count; i++) {
        if (!all && entries[i].object != object)
            continue;
        add32(entries[i].bell, 1);
        pm_futex_wake(entries[i].bell, UINT32_MAX, INT_MAX);
    }
    pthread_mutex_unlock(&lock);
}

static void read_events(void)
{
    _Alignas(struct inotify_event) char buffer[4096];
    ssize_t length = read(events_fd, buffer, sizeof buffer);
    for (ssize_t at = 0; at < length;) {
        const struct inotify_event *event = (const struct inotify_event *)(const void *)(buffer + at);
        ring(event->wd, (event->mask & IN_Q_OVERFLOW) != 0);
        at += (ssize_t)(sizeof *event + event->len);
    }
}

static void *run(void *unused)
{
    (void)unused;
    pthread_setname_np(pthread_self(), "peermap-outside");
    for (;;) {
        struct epoll_event ready;
        int count = epoll_wait(queue_fd, &ready, 1, -1);
        if ((count < 0 && errno != EINTR) || (count > 0 && ready.data.fd == stop_fd))
            return NULL;
        if (count > 0 && ready.data.fd == events_fd)
            read_events();
        else if (count > 0)
            ring(0, true);
    }
}

static void close_all(void)
{
    int *const all[] = { &queue_fd, &events_fd, &stop_fd };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
}

/* A pidfd stays readable, so it is told once. */
static bool enqueue(int fd, uint32_t once)
{
    struct epoll_event wanted = { .events = EPOLLIN | once, .data.fd = fd };
    return epoll_ctl(queue_fd, EPOLL_CTL_ADD, fd, &wanted) == 0;
}

/* 0 or errno. */
static int start(void)
{
    events_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    stop_fd = eventfd(0, EFD_CLOEXEC);
    queue_fd = epoll_create1(EPOLL_CLOEXEC);
    bool ready = queue_fd >= 0 && enqueue(events_fd, 0) && enqueue(stop_fd, 0);
    int error = !ready ? errno : pthread_create(&thread, NULL, run, NULL);
    if (error != 0)
        close_all();
    return error;
}

static void stop(void)
{
    eventfd_write(stop_fd, 1);
    pthread_join(thread, NULL);
    close_all();
    free(entries);
    entries = NULL;
}

/* 0 or errno. */
static int add(int fd, uint32_t *bell)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    pthread_mutex_lock(&lock);
    struct entry *entry = pmo_room((void **)&entries, entry_count, sizeof *entry);
    int error = entry ? 0 : ENOMEM;
    if (entry) {
        *entry = (struct entry){ .bell = bell, .object = inotify_add_watch(events_fd, path, IN_ATTRIB) };
        error = entry->object < 0 ? errno : 0;
    }
    entry_count += error == 0;
    pthread_mutex_unlock(&lock);
    return error;
}

int pmo_outside_watch(int fd, uint32_t *bell)
{
    pthread_mutex_lock(&lifecycle);
    int error = events_fd < 0 ? start() : 0;
    if (error == 0)
        error = add(fd, bell);
    if (events_fd >= 0 && entry_count == 0)
        stop();
    pthread_mutex_unlock(&lifecycle);
    return error;
}

void pmo_outside_unwatch(uint32_t *bell)
{
    pthread_mutex_lock(&lifecycle);
    pthread_mutex_lock(&lock);
    int object = -1;
    for (size_t i = 0; i < entry_count && object < 0; i++) {
        if (entries[i].bell != bell)
            continue;
        object = entries[i].object;
        entries[i] = entries[--entry_count];
    }
    bool shared = false;
    for (size_t i = 0; i < entry_count; i++)
        shared = shared || entries[i].object == object;
    if (object >= 0 && !shared)
        inotify_rm_watch(events_fd, object);
    pthread_mutex_unlock(&lock);
    if (object >= 0 && entry_count == 0)
        stop();
    pthread_mutex_unlock(&lifecycle);
}

bool pmo_outside_process(int pidfd) { return enqueue(pidfd, EPOLLONESHOT); }
