/* SPDX-License-Identifier: MIT */
/*
 * control.h - what the supervisor of a storm and its actors share, beside the segments that the storm is about.
 *
 *     chaos.c      the supervisor: the storm, the rests in it, its end
 *     crew.c       its part of starting, stopping, continuing, killing and restarting actors
 *     actor.c      an actor: a process that does one thing after another with its segment, and checks every answer
 *     offspring.c  what an actor does with fork() and exec()
 *     pages.c      what is in the pages, so that a wrong byte is seen
 *     audit.c      the invariants, while everybody rests
 *     endings.c    how each actor ended, and where, for who has to say why
 *     told.c       what to say when one does not hold
 *
 * The control block is a memory file of its own, inherited over fork() and exec(): it is right whatever becomes of the segments.
 * Everything in it that two processes write goes through the functions of order.h.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "order.h"
#include "peermap.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE UINT64_C(4096)
#define ARENAS 5
#define MOST_ACTORS 256
#define FLOOR_PAGES 64u  /* never given back: their contents are known from outside */
#define CAP_PAGES 1536u  /* growers leave it at that */
#define PATIENT_MS 20000u
#define HASTY_MS 30u
#define FIRST_EXIT_CODE 65u /* below it, --crash is a signal */
#define HANG_NS UINT64_C(60000000000)

/* One line at the end of a storm: in this order, under these names. */
#define COUNTS(X)                                                                                                                            \
    X(growths) X(ahead) X(shrinks) X(sweeps) X(pages) X(writes) X(roots) X(remaps) X(reaps) X(attaches) X(detaches) X(forks) X(execs)        \
    X(exits) X(stops) X(kills) X(unstopped) X(died) X(late) X(busy) X(full) X(calms)

/* clang-format off */
enum count {
#define X(name) COUNT_##name,
    COUNTS(X)
#undef X
    COUNT_LAST
};

#define OPERATIONS(X) X(nothing) X(attach) X(detach) X(grow) X(shrink) X(sweep) X(write) X(root) X(remap) X(reap) X(peers) X(fork) X(exec) X(rest) X(crash)
enum operation {
#define X(name) DO_##name,
    OPERATIONS(X)
#undef X
    DO_LAST
};
/* clang-format on */

/* Shared.  A segment, and what is known of it without it. */
struct arena {
    char name[64];
    char title[32];
    uint32_t flags;       /* of its creation */
    uint32_t peer_flags;  /* of every second attachment, or of all */
    bool all_late;        /* every attachment has peer_flags */
    bool hasty;           /* short deadlines: rounds may fail because somebody is stopped */
    bool tight;           /* growers may reach the end of the reservation */
    uint64_t ahead, reserve;
    uint64_t tickets; /* growths ever begun or done */
    uint64_t room;    /* pages above the floor that no shrinker has spoken for */
    int64_t balance;  /* pages grown less pages shrunk */
    uint64_t shrinks; /* begun */
    uint64_t begun[FLOOR_PAGES], done[FLOOR_PAGES]; /* writes to the pages of the floor */
};

enum state { EMPTY, CLAIMED, BORN, RUNNING };

/* Shared.  A process that does things. */
struct actor {
    uint64_t state; /* claim number << 8 | enum state */
    pid_t pid;
    uint32_t arena;
    uint32_t life; /* grows with every process of this record */
    char name[64];
    uint64_t seed;
    uint64_t steps; /* things done: progress */
    uint32_t calm;  /* the calm that it rests for */
    uint32_t doing; /* enum operation */
    uint32_t attached;
    uint32_t reads; /* it has attached to read */
    uint32_t ended;  /* of its own accord */
    int64_t pending; /* pages that it is growing or shrinking by */
    int32_t signal;  /* of its crash */
    uint64_t address;
};

/* Shared. */
struct control {
    uint64_t seed;
    pid_t supervisor;
    uint32_t actor_count; /* of these, `regulars` are restarted for ever; the others are for children */
    uint32_t regulars;
    uint32_t calm;   /* not 0: everybody rests */
    uint32_t ending; /* everybody leaves */
    uint32_t crash;  /* --crash: one of the regulars takes it, and ends by it */
    uint32_t dumps;  /* --dumps: of a hundred that are killed */
    uint32_t failed; /* 1: being told, 2: told */
    uint32_t failed_arena;
    char failure[2048];
    uint64_t counts[COUNT_LAST];
    struct arena arenas[ARENAS];
    struct actor actors[MOST_ACTORS];
};

extern struct control *control;
extern int control_fd;

static inline void counted(enum count what, uint64_t times) { add64(&control->counts[what], times); }

static inline uint64_t chance(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

static inline uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

/* ---- actor.c ---- */
_Noreturn void actor_run(struct actor *me);
int actor_attach(const struct arena *arena, const char *name, uint32_t flags, uint32_t deadline_ms, peermap_segment **segment);

/* ---- offspring.c: may return in a child that has become another actor, which then has no segment ---- */
void offspring_fork(struct actor **me, peermap_segment **segment, uint64_t *state);
_Noreturn void offspring_exec(struct actor *me);

/* ---- pages.c ---- */
void pages_found(struct arena *arena, char *base);                                   /* fills the floor, once */
void pages_check(const struct arena *arena, const char *base, uint64_t pages);       /* every page */
void pages_write(struct arena *arena, char *base, uint64_t *state);                  /* one of the floor */
void pages_take(struct arena *arena, char *base, uint64_t from, uint64_t to, uint64_t before); /* grown after that ticket; 0: unknown */
void pages_audit(struct arena *arena, const char *base);                             /* no write to the floor is lost */

/* ---- audit.c ---- */
void audit(uint32_t arena, uint64_t least, uint64_t most, uint64_t *pages);
void audit_end(uint32_t arena);

/* ---- told.c ---- */
_Noreturn void fail(uint32_t arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tell_events(const char *segment);
extern const char *const count_names[], *const operation_names[];

#endif
