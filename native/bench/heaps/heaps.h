/* SPDX-License-Identifier: MIT */
/* heaps.h - a heap to measure: ours, and what one would use instead.  Process-local. */
#ifndef HEAPS_H
#define HEAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct heap {
    const char *name;
    bool shared;               /* among processes */
    bool (*begin)(void);       /* once, in the driver, before it forks; false: it is not there */
    void (*open)(void);        /* in each process */
    void *(*take)(size_t size);
    void (*give)(void *object);
    uint64_t (*word)(void *object); /* by which another process knows it */
    void *(*object)(uint64_t word);
    uint64_t (*bytes)(void);     /* in use for objects, with what only objects of the same size could use; 0: not known */
    uint64_t (*footprint)(void); /* all memory that it has of the system; 0: not known */
    const char *missing;     /* why begin() was false */
};

extern struct heap heap_peermap, heap_libc, heap_mimalloc, heap_boost;
extern void heap_remove_at_end(const char *path);
extern uint64_t heap_file_memory(const char *path);

#ifdef __cplusplus
}
#endif
#endif
