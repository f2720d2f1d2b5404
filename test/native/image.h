/* SPDX-License-Identifier: MIT */
/*
 * image.h - segments made by hand, byte by byte, for what no runtime would write; and short ways to look at one.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "drive.h"
#include "events.h"
#include "layout.h"
#include "os.h"
#include "places.h"
#include "snapshot.h"
#include "system.h"
#include "watch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct image {
    int fd;
    char *bytes; /* all of it, mapped writable */
    size_t length;
    struct pm_header *header;
    struct pm_slot *slots;
    struct pm_root *roots;
    struct pm_event *events;
    char *data;
};

static inline void object_path(const char *name, char path[128]) { snprintf(path, 128, PM_DIRECTORY "/" PM_PREFIX "%.100s", name); }

/* A right segment without peers, under the name of the test's segment. */
static inline struct image make_image(uint32_t slots, uint32_t roots, uint32_t events, uint64_t active)
{
    struct pm_header h = { .magic = PM_MAGIC, .version = PM_VERSION, .page_size = 4096, .generation = 42 };
    h.base = UINT64_C(0x7e8000000000);
    h.slot_count = slots;
    h.root_count = roots;
    h.event_count = events;
    struct pm_places places;
    pm_places_find(&h, &places);
    pm_places_write(&places, &h);
    h.reserved = UINT64_C(1) << 30;
    h.slots_used = slots;
    h.active = h.target = h.horizon = active;
    h.epoch = 1;
    strcpy(h.creator_name, "hand");
    h.creator_pid = (uint32_t)getpid();

    struct image image = { .length = (size_t)(h.header_len + active) };
    char path[128];
    object_path(seg(), path);
    image.fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(image.fd >= 0);
    CHECK(ftruncate(image.fd, (off_t)image.length) == 0);
    image.bytes = mmap(NULL, image.length, PROT_READ | PROT_WRITE, MAP_SHARED, image.fd, 0);
    CHECK(image.bytes != MAP_FAILED);
    image.header = (struct pm_header *)(void *)image.bytes;
    h.identity = pm_identity_of(image.fd);
    *image.header = h;
    image.slots = (struct pm_slot *)(void *)(image.bytes + h.slots_off);
    image.roots = (struct pm_root *)(void *)(image.bytes + h.roots_off);
    image.events = (struct pm_event *)(void *)(image.bytes + h.events_off);
    image.data = image.bytes + h.header_len;
    return image;
}

static inline void drop_image(struct image *image)
{
    munmap(image->bytes, image->length);
    close(image->fd);
}

/* A peer that lives as far as its slot says. */
static inline struct pm_slot *put_slot(struct image *image, uint32_t index, const char *name, uint32_t pid)
{
    struct pm_slot *slot = &image->slots[index];
    *slot = (struct pm_slot){ .tag = PM_TAG_STEP | PM_LIVE, .pid = pid, .life = 12345 | PM_FUTEX_WAITERS, .base = image->header->base };
    slot->mapped = image->header->active;
    slot->requested = slot->acked = image->header->epoch;
    snprintf(slot->name, sizeof slot->name, "%s", name);
    return slot;
}

/* The peer is this process, by this thread: it lives as far as the kernel says, too. */
static inline struct pm_slot *put_own_slot(struct image *image, uint32_t index, const char *name)
{
    struct pm_process self;
    pm_process_self(&self);
    struct pm_slot *slot = put_slot(image, index, name, self.pid);
    slot->life = pm_thread_id() | PM_FUTEX_WAITERS;
    slot->start_time = self.start_time;
    slot->pidns = self.pidns;
    slot->pidfd_ino = self.pidfd_ino;
    return slot;
}

static inline struct pmo_observer observe(void)
{
    struct pmo_observer observer;
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    return observer;
}

static inline struct pmo_snapshot look_at(const struct pmo_observer *observer, enum pmo_depth depth)
{
    struct pmo_snapshot snapshot;
    CHECK_INT(pmo_snapshot_take(observer, depth, &snapshot), 0);
    return snapshot;
}

static inline const struct pmo_problem *find_problem(const struct pmo_snapshot *snapshot, enum pmo_problem_code code, const char *where)
{
    for (uint32_t i = 0; i < snapshot->problems.count; i++)
        if (snapshot->problems.list[i].code == code && strcmp(snapshot->problems.list[i].where, where) == 0)
            return &snapshot->problems.list[i];
    return NULL;
}

static inline void tell_problems(const struct pmo_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->problems.count; i++)
        fprintf(stderr, "  %s at %s: %s\n", pmo_problem_word(snapshot->problems.list[i].code), snapshot->problems.list[i].where,
                snapshot->problems.list[i].text);
}

#define CHECK_PROBLEM(snapshot, code, where)                                                                           \
    do {                                                                                                               \
        if (!find_problem((snapshot), (code), (where))) {                                                              \
            tell_problems(snapshot);                                                                                   \
            FAIL("no problem %s at %s", pmo_problem_word(code), (where));                                              \
        }                                                                                                              \
    } while (0)

/* Besides those of processes that a test beside this one holds up (hanging.h), whom nobody can look into meanwhile. */
static inline int own_problems(const struct pmo_snapshot *snapshot)
{
    int count = 0;
    for (uint32_t i = 0; i < snapshot->problems.count; i++)
        count += snapshot->problems.list[i].code != PMO_LEFT_OUT || !strstr(snapshot->problems.list[i].text, " is held up: ");
    return count;
}

#define CHECK_NO_PROBLEMS(snapshot)                                                                                    \
    do {                                                                                                               \
        tell_problems(snapshot);                                                                                       \
        CHECK_INT(own_problems(snapshot), 0);                                                                          \
    } while (0)

static inline const struct pmo_peer *find_peer(const struct pmo_snapshot *snapshot, const char *name)
{
    for (size_t i = 0; i < snapshot->peer_count; i++)
        if (strcmp(snapshot->peers[i].slot.name, name) == 0)
            return &snapshot->peers[i];
    return NULL;
}

/* Counts the calls of a watch. */
static inline void count_call(void *context) { __atomic_fetch_add((uint32_t *)context, 1, __ATOMIC_SEQ_CST); }
static inline uint32_t calls_of(const uint32_t *counter) { return __atomic_load_n(counter, __ATOMIC_SEQ_CST); }

#endif
