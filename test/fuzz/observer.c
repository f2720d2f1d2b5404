/* SPDX-License-Identifier: MIT */
/* observer.c - target: an object of any bytes is looked at in every way that the observer has.  The input is an image. */
#include "fuzz.h"

#include "budget.h"
#include "error.h"
#include "events.h"
#include "snapshot.h"
#include "system.h"
#include "watch.h"

#include "os.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char fuzz_target[] = "observer";
const bool fuzz_plays_scripts = false;

static struct pm_process self;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_object_name();
    pm_process_self(&self);
    return 0;
}

/* Slots that say so become this process's, so that the way past the check of identity is open. */
static void impersonate(uint8_t *bytes, size_t size)
{
    for (size_t at = sizeof(struct pm_header); at + sizeof(struct pm_slot) <= size; at += sizeof(struct pm_slot)) {
        struct pm_slot slot;
        memcpy(&slot, bytes + at, sizeof slot);
        if (slot.pid != FUZZ_SELF_PID)
            continue;
        slot.pid = self.pid;
        slot.start_time = self.start_time;
        slot.pidns = self.pidns;
        slot.pidfd_ino = self.pidfd_ino;
        memcpy(bytes + at, &slot, sizeof slot);
    }
}

static void look(const struct pmo_observer *observer, enum pmo_depth depth)
{
    struct pmo_snapshot s;
    const struct pmo_peer *holder;
    bool died;
    if (pmo_snapshot_take(observer, depth, &s) != 0)
        fuzz_found("a snapshot failed: %s", peermap_last_error());
    if (!s.readable && s.problems.count == 0)
        fuzz_found("it cannot be read, and nothing says why");
    if (s.peer_count > PM_SLOTS_MAX || s.root_count > PMO_ROOTS_MAX)
        fuzz_found("%zu peers, %zu roots", s.peer_count, s.root_count);
    for (size_t i = 0; i < s.peer_count; i++)
        if (!memchr(s.peers[i].slot.name, 0, PM_NAME_MAX))
            fuzz_found("the name of peer %zu does not end", i);
    for (size_t i = 0; i < s.root_count; i++)
        if (!memchr(s.roots[i].name, 0, PM_NAME_MAX) || !memchr(s.roots[i].type, 0, PM_NAME_MAX))
            fuzz_found("a name of root %zu does not end", i);
    (void)pmo_lock_held(&s, &holder, &died);
    pmo_snapshot_free(&s);
}

static void read_events(struct pmo_observer *observer, uint64_t after, size_t limit)
{
    struct pmo_events events;
    if (pmo_events_read(observer, after, limit, &events) != 0)
        fuzz_found("events could not be read: %s", peermap_last_error());
    if (events.count > limit)
        fuzz_found("%zu events, of at most %zu", events.count, limit);
    pmo_events_free(&events);
}

static void read_data(const struct pmo_observer *observer, uint64_t offset)
{
    char bytes[256];
    int64_t there = pmo_data_at(observer, offset);
    ssize_t got = pmo_data_read(observer, offset, bytes, sizeof bytes);
    if (got > (ssize_t)sizeof bytes || (there >= 0 && got > there))
        fuzz_found("%zd bytes of data, of %lld", got, (long long)there);
}

static void nothing(void *context) { (void)context; }

static void watch(const struct pmo_observer *observer)
{
    struct pmo_watch *one;
    if (pmo_watch_start(observer, 0, nothing, NULL, &one) != 0)
        fuzz_found("no watch: %s", peermap_last_error());
    pmo_watch_remind(one, 0);
    usleep(300);
    pmo_watch_stop(one);
}

static void list(void)
{
    struct pmo_summary *segments;
    struct pmo_user *users;
    size_t count, left_out;
    bool whole;
    struct pmo_problems problems;
    if (pmo_list(&segments, &count, &left_out, &whole) == 0)
        free(segments);
    if (pmo_users_find(&users, &count, &whole, &problems) == 0) {
        pmo_users_free(users, count);
        pmo_problems_free(&problems);
    }
}

static void look_in_every_way(const struct fuzz_image *head)
{
    struct pmo_observer observer;
    if (pmo_observer_open(fuzz_name, &observer) != 0)
        fuzz_found("it cannot be opened: %s", peermap_last_error());
    look(&observer, head->calls >> 8 & 1 && head->calls % 16 == 15 ? PMO_STRANGERS : PMO_PROCESSES);
    read_events(&observer, 0, 1 + head->calls % 8192);
    read_events(&observer, (uint64_t)head->calls << (head->calls % 48), 16);
    read_data(&observer, (uint64_t)head->calls << (head->calls % 56));
    if (head->calls >> 9 & 1 && head->calls % 4 == 3)
        watch(&observer);
    if (head->calls >> 10 & 1 && head->calls % 32 == 31)
        list();
    pmo_observer_close(&observer);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    static uint8_t bytes[FUZZ_INPUT_MAX], after[FUZZ_INPUT_MAX];
    struct fuzz_image head;
    if (size < sizeof head || size > FUZZ_INPUT_MAX)
        return -1;
    memcpy(&head, input, sizeof head);
    size -= sizeof head;
    memcpy(bytes, input + sizeof head, size);
    impersonate(bytes, size);
    fuzz_object_write(&head, bytes, size);
    int fd = fuzz_object_open();
    struct stat before, then;
    fstat(fd, &before);
    const ssize_t written = pread(fd, bytes, sizeof bytes, 0);
    void *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 4096); /* what the kernel then says of this process */
    look_in_every_way(&head);
    munmap(map, 8192);
    ssize_t there = pread(fd, after, sizeof after, 0);
    bool same = fstat(fd, &then) == 0 && then.st_size == before.st_size && then.st_blocks == before.st_blocks;
    if (!same || there < 0 || there != written || memcmp(bytes, after, (size_t)there) != 0)
        fuzz_found("the observer changed the object");
    close(fd);
    return 0;
}
