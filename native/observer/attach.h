/* SPDX-License-Identifier: MIT */
/*
 * attach.h - opening a segment to look at it.
 *
 * An observer is not a peer: it enters no registry, holds no lock, and its descriptor is read-only, so it cannot write whatever it
 * does.  Everything is read with pread into private memory; nothing of a segment is ever loaded through a mapping, which the other
 * side could cut short.
 */
#ifndef PMO_ATTACH_H
#define PMO_ATTACH_H

#include "layout.h"
#include "problem.h"

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/types.h>

/* The first record of the ring that was not complete when events.c came to it. */
struct pmo_hole {
    uint64_t index;
    uint64_t head;  /* event_head at that moment */
    uint64_t since; /* CLOCK_MONOTONIC ns; 0: there is none */
};

/* Process-local.  Used by one thread at a time. */
struct pmo_observer {
    int fd;
    char name[PM_NAME_MAX];
    struct pmo_hole hole;
};

bool pmo_name_valid(const char *name);

/* Its mode lets every user of the machine write it. */
static inline bool pmo_mode_is_world_writable(mode_t mode) { return (mode & S_IWOTH) != 0; }

/* 0, PEERMAP_ENAME, PEERMAP_ENOENT, PEERMAP_EACCES, PEERMAP_EFORMAT (not a regular file) or PEERMAP_EOS.  What is in the file does
 * not matter here. */
int pmo_observer_open(const char *name, struct pmo_observer *observer);
void pmo_observer_close(struct pmo_observer *observer);

/* Bytes [offset, offset + length) of the object into `into`: how many there were, or -errno. */
ssize_t pmo_read(int fd, uint64_t offset, void *into, size_t length);

/* The word `active` taken apart.  Of a copy only: it changes at any moment. */
static inline uint64_t pmo_active(const struct pm_header *header) { return header->active & PM_ACTIVE_BYTES; }
static inline uint64_t pmo_active_changes(const struct pm_header *header) { return header->active >> PM_ACTIVE_SHIFT; }
static inline bool pmo_closed(const struct pm_header *header) { return (header->active & PM_ACTIVE_CLOSED) != 0; }

/* The header, copied and judged, and the object's facts, read after it.  False if it cannot be gone by; problems then say why. */
bool pmo_header_read(int fd, struct pm_header *header, struct stat *object, struct pmo_problems *problems);

/* Up to `length` bytes of the data from `offset` on, shorter at the object's end.  The number, or PEERMAP_EFORMAT or PEERMAP_EOS. */
ssize_t pmo_data_read(const struct pmo_observer *observer, uint64_t offset, void *into, size_t length);
/* How many bytes pmo_data_read() would find at `offset` now; an error as above. */
int64_t pmo_data_at(const struct pmo_observer *observer, uint64_t offset);
/* Where in the object the data begins: after a header of so many bytes.  An error as above. */
int64_t pmo_data_begin(const struct pmo_observer *observer);

#endif
