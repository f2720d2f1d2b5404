/* SPDX-License-Identifier: MIT */
/*
 * watch.c - a thread that sleeps until a segment changes.
 *
 * It waits with futex_waitv (Linux 5.16) for any of: the watch's own bell (stop, removal, reminder), the header's `change`, which
 * peers count up, and the life word of each live peer, which the kernel changes when the peer dies.  Where the kernel does not, because
 * the peer's memory was gone before it exited, its pidfd rings the bell, as it does when a dead peer's process has wholly ended, its memory
 * with it.  So it needs neither a peer's help to learn of a death nor a timer.
 *
 * The words are given to the kernel by their address in a read-only mapping, and never loaded through it: an object that is cut short
 * makes the call fail with EFAULT, where a load would be a SIGBUS.  Their values are read with pread.
 *
 * The kernel wakes one waiter of a dead peer's life word.  Others may wait for it too, other observers or peers, so whoever finds it
 * dead passes the wake on.  Who is frozen does not; so the word alone is trusted by nobody, and the pidfd tells each for itself.
 *
 * It looks once a second instead (`timed`) where it cannot be told: before Linux 5.16, without inotify, for the 127th live peer and
 * after, for a peer of which it has no pidfd, or which did not ask the kernel to wake anybody, and for an object whose header cannot be read.
 */
#include "watch.h"

#include "error.h"
#include "order.h"
#include "os.h"
#include "snapshot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define SECOND_NS UINT64_C(1000000000)

/* A live peer, as the process that it is.  Process-local. */
struct companion {
    struct pm_process who;
    uint32_t thread;
    int pidfd; /* -1: none */
    bool ended;
    bool tells; /* its end rings the bell */
};

/* What changes in a segment, as far as it is told.  Process-local. */
struct sight {
    bool readable;
    bool removed;
    uint64_t length; /* of an object that cannot be read */
    uint32_t change;
    uint32_t life[PM_SLOTS_MAX]; /* 0: free, or dead */
    bool ending[PM_SLOTS_MAX];   /* dead, and its process is still there: it may have its memory for a while */
};

/* Process-local.  Written by the thread only, but for `bell`, `stopping` and `remind_at`. */
struct pmo_watch {
    int fd;
    uint64_t interval_ns;
    void (*changed)(void *context);
    void *context;
    pthread_t thread;
    uint32_t bell; /* futex: counts reasons to look up */
    uint32_t stopping;
    uint64_t remind_at; /* 0: never */
    bool told_of_outside;
    bool cannot_wait;
    char *map; /* of the header: for addresses only.  NULL while it cannot be read */
    size_t map_length;
    uint64_t slots_off;
    uint32_t slot_count;
    struct pm_slot slots[PM_SLOTS_MAX];
    struct companion companions[PM_SLOTS_MAX];
    uint32_t pidfd_count;
    struct sight seen, fresh;
};

static void ring(struct pmo_watch *watch)
{
    add32(&watch->bell, 1);
    pm_futex_wake(&watch->bell, UINT32_MAX, INT_MAX);
}

static uint32_t *change_word(const struct pmo_watch *watch)
{
    return (uint32_t *)(void *)(watch->map + offsetof(struct pm_header, change));
}

static uint32_t *life_word(const struct pmo_watch *watch, uint32_t index)
{
    return (uint32_t *)(void *)(watch->map + watch->slots_off + index * sizeof(struct pm_slot) + offsetof(struct pm_slot, life));
}

static bool map_header(struct pmo_watch *watch, const struct pm_header *header)
{
    if (watch->map)
        return true;
    void *map = mmap(NULL, header->header_len, PROT_READ, MAP_SHARED, watch->fd, 0);
    if (map == MAP_FAILED)
        return false;
    watch->map = map;
    watch->map_length = header->header_len;
    watch->slots_off = header->slots_off;
    watch->slot_count = header->slot_count;
    return true;
}

static void close_pidfd(struct pmo_watch *watch, struct companion *companion)
{
    if (companion->pidfd < 0)
        return;
    close(companion->pidfd);
    watch->pidfd_count--;
    companion->pidfd = -1;
}

static void leave(struct pmo_watch *watch, struct companion *companion)
{
    close_pidfd(watch, companion);
    *companion = (struct companion){ .pidfd = -1 };
}

/* No more pidfds than words to wait for: past that it looks once a second. */
static void accompany(struct pmo_watch *watch, struct companion *companion, const struct pm_process *who, uint32_t thread)
{
    /* The kernel takes the thread's id away where it tells of a death. */
    if ((companion->thread == thread || thread == 0) && memcmp(&companion->who, who, sizeof *who) == 0)
        return;
    leave(watch, companion);
    companion->who = *who;
    companion->thread = thread;
    companion->pidfd = watch->pidfd_count < PM_WAIT_MAX ? pm_process_pidfd(who) : -1;
    if (companion->pidfd < 0)
        return;
    watch->pidfd_count++;
    companion->tells = watch->told_of_outside && pmo_outside_process(companion->pidfd);
}

static bool has_ended(struct pmo_watch *watch, struct companion *companion)
{
    struct pollfd end = { .fd = companion->pidfd, .events = POLLIN };
    if (!companion->ended)
        companion->ended = companion->pidfd >= 0 ? poll(&end, 1, 0) > 0 : pm_process_is_gone(&companion->who, companion->thread);
    if (companion->ended)
        close_pidfd(watch, companion);
    return companion->ended;
}

/* The life word of a slot; 0 if it is free, or its peer dead.  `ending`: see there. */
static uint32_t life_of(struct pmo_watch *watch, uint32_t index, bool *ending)
{
    const struct pm_slot *slot = &watch->slots[index];
    struct companion *companion = &watch->companions[index];
    const uint64_t state = slot->tag & PM_TAG_STATE;
    *ending = false;
    if (state == PM_FREE) {
        leave(watch, companion);
        return 0;
    }
    const bool alive = pmo_life_alive(slot->life);
    if (state == PM_CLAIMED) /* who does not say yet who it is */
        return alive ? slot->life : 0;
    const struct pm_process who = { slot->pid, slot->uid, slot->start_time, slot->pidns, slot->pidfd_ino };
    accompany(watch, companion, &who, slot->life & PM_FUTEX_TID);
    const bool ended = has_ended(watch, companion);
    *ending = !alive && companion->pidfd >= 0;
    return alive && !ended ? slot->life : 0;
}

static void see(struct pmo_watch *watch, struct sight *sight)
{
    struct pm_header header;
    struct stat object;
    struct pmo_problems problems = { 0 };
    bool readable = pmo_header_read(watch->fd, &header, &object, &problems);
    pmo_problems_free(&problems);
    memset(sight, 0, sizeof *sight);
    sight->removed = object.st_nlink == 0;
    sight->readable = readable && map_header(watch, &header) && header.slot_count == watch->slot_count;
    const size_t length = watch->slot_count * sizeof(struct pm_slot);
    if (sight->readable)
        sight->readable = pmo_read(watch->fd, watch->slots_off, watch->slots, length) == (ssize_t)length;
    if (!sight->readable) {
        sight->length = (uint64_t)object.st_size;
        return;
    }
    sight->change = header.change;
    for (uint32_t i = 0; i < watch->slot_count; i++)
        sight->life[i] = life_of(watch, i, &sight->ending[i]);
}

/* True if it is not what it was.  Then that is what it is from now on. */
static bool look(struct pmo_watch *watch)
{
    see(watch, &watch->fresh);
    for (uint32_t i = 0; i < watch->slot_count && watch->fresh.readable; i++)
        if (watch->seen.life[i] != 0 && watch->fresh.life[i] == 0)
            pm_futex_wake(life_word(watch, i), UINT32_MAX, INT_MAX);
    bool different = memcmp(&watch->seen, &watch->fresh, sizeof watch->seen) != 0;
    memcpy(&watch->seen, &watch->fresh, sizeof watch->seen); /* with its padding, which is compared too */
    return different;
}

/* The words to wait for, the bell first.  `timed`: they do not tell all there is to know. */
static uint32_t choose(struct pmo_watch *watch, uint32_t bell, struct pm_wait waits[PM_WAIT_MAX], bool *timed)
{
    uint32_t count = 0;
    waits[count++] = (struct pm_wait){ &watch->bell, bell };
    *timed = !watch->seen.readable || !watch->told_of_outside;
    if (!watch->seen.readable)
        return count;
    waits[count++] = (struct pm_wait){ change_word(watch), watch->seen.change };
    for (uint32_t i = 0; i < watch->slot_count; i++) {
        const uint32_t life = watch->seen.life[i];
        if (life == 0) {
            *timed = *timed || (watch->seen.ending[i] && !watch->companions[i].tells);
            continue;
        }
        if (count < PM_WAIT_MAX)
            waits[count++] = (struct pm_wait){ life_word(watch, i), life };
        else
            *timed = true;
        *timed = *timed || !(life & PM_FUTEX_WAITERS) || !watch->companions[i].tells;
    }
    return count;
}

static void sleep_until_something(struct pmo_watch *watch, uint32_t bell)
{
    struct pm_wait waits[PM_WAIT_MAX];
    bool timed;
    uint32_t count = choose(watch, bell, waits, &timed);
    uint64_t deadline = load64(&watch->remind_at);
    const uint64_t second = pm_now() + SECOND_NS;
    if ((timed || watch->cannot_wait) && (deadline == 0 || deadline > second))
        deadline = second;
    int error = watch->cannot_wait ? ENOSYS : pm_futex_wait_any(waits, count, deadline);
    if (error == EFAULT) /* the header was cut off; the next look says so.  Were the words to fail otherwise, this must not spin */
        pm_futex_wait(&watch->bell, bell, UINT32_MAX, pm_now() + SECOND_NS / 10);
    if (error == ENOSYS || error == EINVAL) {
        watch->cannot_wait = true;
        /* One word only.  `change` tells most; the bell, and deaths that no peer notices, can wait for the second to be over. */
        const struct pm_wait *wait = &waits[count > 1 ? 1 : 0];
        pm_futex_wait(wait->word, wait->value, UINT32_MAX, deadline == 0 || deadline > second ? second : deadline);
    }
}

/* Sleeps until `until`.  False: stop. */
static bool pause_until(struct pmo_watch *watch, uint64_t until)
{
    for (;;) {
        const uint32_t bell = load32(&watch->bell);
        if (load32(&watch->stopping))
            return false;
        if (pm_now() >= until)
            return true;
        pm_futex_wait(&watch->bell, bell, UINT32_MAX, until);
    }
}

static bool is_reminded(struct pmo_watch *watch)
{
    uint64_t at = load64(&watch->remind_at);
    /* If another reminder was set meanwhile, that one stays. */
    return at != 0 && at <= pm_now() && cas64(&watch->remind_at, &at, 0);
}

static void *run(void *argument)
{
    struct pmo_watch *watch = argument;
    uint64_t last = 0;
    pthread_setname_np(pthread_self(), "peermap-watch");
    for (;;) {
        /* Before the look: what rings after it ends the sleep. */
        const uint32_t bell = load32(&watch->bell);
        if (load32(&watch->stopping))
            return NULL;
        bool due = look(watch);
        due = is_reminded(watch) || due;
        if (!due) {
            sleep_until_something(watch, bell);
            continue;
        }
        if (!pause_until(watch, last + watch->interval_ns))
            return NULL;
        /* Before the call: what changes after this look is told by another one. */
        look(watch);
        last = pm_now();
        watch->changed(watch->context);
    }
}

static void release(struct pmo_watch *watch)
{
    for (uint32_t i = 0; i < PM_SLOTS_MAX; i++)
        leave(watch, &watch->companions[i]);
    if (watch->told_of_outside)
        pmo_outside_unwatch(&watch->bell);
    if (watch->map)
        munmap(watch->map, watch->map_length);
    close(watch->fd);
    free(watch);
}

int pmo_watch_start(const struct pmo_observer *observer, uint32_t interval_ms, void (*changed)(void *context), void *context,
                    struct pmo_watch **out)
{
    struct pmo_watch *watch = calloc(1, sizeof *watch);
    int error = watch ? 0 : ENOMEM;
    if (watch) {
        watch->fd = fcntl(observer->fd, F_DUPFD_CLOEXEC, 0);
        error = watch->fd < 0 ? errno : 0;
    }
    if (error == 0) {
        for (uint32_t i = 0; i < PM_SLOTS_MAX; i++)
            watch->companions[i].pidfd = -1;
        watch->interval_ns = interval_ms * UINT64_C(1000000);
        watch->changed = changed;
        watch->context = context;
        watch->told_of_outside = pmo_outside_watch(watch->fd, &watch->bell) == 0;
        see(watch, &watch->seen);
        error = pthread_create(&watch->thread, NULL, run, watch);
        if (error != 0)
            release(watch);
    } else {
        free(watch);
    }
    if (error != 0) {
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot watch segment %s: %s", observer->name, strerror(error));
    }
    *out = watch;
    return 0;
}

void pmo_watch_remind(struct pmo_watch *watch, uint32_t after_ms)
{
    store64(&watch->remind_at, pm_now() + after_ms * UINT64_C(1000000));
    ring(watch);
}

void pmo_watch_stop(struct pmo_watch *watch)
{
    store32(&watch->stopping, 1);
    ring(watch);
    pthread_join(watch->thread, NULL);
    release(watch);
}
