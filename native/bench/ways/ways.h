/* SPDX-License-Identifier: MIT */
/*
 * ways.h - the ways to grow a shared memory until everybody has it mapped, behind one interface: Peermap's rungs, what could be done by
 * hand, and what other libraries offer.  Process-local, in the driver; each way has processes of its own.
 *
 * Whatever a way does, after its growth the new part is allocated (fallocate) and mapped in the driver and in every process of it.  But
 * LMDB: it writes a record of that size into a sparse file, since only that makes the others adopt the new size.
 *
 * The order of calls: open() of all ways, then their processes are forked, then begin() of all; after that grow() and shrink() any number of
 * times, then end().  Only grow() and shrink() are timed.  A way that is not possible here says why with way_is_missing() from open(), begin() or grow().
 */
#ifndef WAYS_H
#define WAYS_H

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAY_INITIAL ((size_t)64 << 10)

struct way {
    const char *name;
    void (*open)(struct way *);
    void (*serve)(int channel, void *way); /* what each process does, on `channel`; NULL: there are none */
    void (*begin)(struct way *);
    void (*grow)(struct way *, size_t bytes);
    void (*shrink)(struct way *, size_t bytes);
    void (*settle)(struct way *); /* after a shrink, what makes it ready to grow again; or NULL */
    bool (*came)(struct way *);   /* whether the last growth came by the rung that the way is named after; or NULL */
    void (*end)(struct way *);

    void *own;
    int *channels; /* of its processes */
    int *pids;
    size_t count;
    char missing[256]; /* why it is not possible here */
};

void way_is_missing(struct way *way, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A message to every process; one back from every process; 8 bytes. */
void way_tell(struct way *way, size_t message);
void way_hear(struct way *way);
/* In a process: false at the end. */
bool way_listen(int channel, size_t *message);
void way_answer(int channel);
void way_remove_at_end(const char *path);
__attribute__((noreturn)) void way_die(const char *what);

/* In the order of the table. */
extern struct way way_ahead, way_agent, way_unstop;                             /* peermap.c */
extern struct way way_fallocate, way_nobody, way_mmap, way_mremap, way_futex;   /* hand.c */
extern struct way way_boost;                                                    /* boost.cc, or absent.c */
extern struct way way_lmdb;                                                     /* lmdb.c */

#ifdef __cplusplus
}
#endif
#endif
