/* SPDX-License-Identifier: MIT */
/*
 * segment.pml - what the peers share: header, slots, file, mappings.  And what must hold of them.
 *
 * Sizes are pages.  Names are those of native/base/layout.h; what only the properties look at is marked as a ghost.  Memory is
 * sequentially consistent, as the words are for which native/base/order.h asks it.
 */

#ifndef PEERS
#define PEERS 3
#endif
#ifndef START
#define START 1 /* active at the start */
#endif
#ifndef AHEAD
#define AHEAD 0 /* 0: PM_SEGMENT_STRICT */
#endif
#ifndef DEATHS
#define DEATHS 0 /* processes that may be killed, each between any two steps */
#endif
#ifndef STOPS
#define STOPS 0 /* processes that may be stopped, and may be continued */
#endif
#ifndef DEADLINES
#define DEADLINES 1 /* 0: a deadline never passes */
#endif
#ifndef JOINERS
#define JOINERS 0 /* the last ones are not attached at the start */
#endif
#ifndef WAKES
#define WAKES 0 /* 1: the bell and the count as they are; 0: whoever has a reason to wake up does */
#endif
#ifndef MAY_DIE
#define MAY_DIE(peer) true
#endif
#ifndef ALLOWS_LATE
#define ALLOWS_LATE(peer) false
#endif

#define NONE 0
#define GROW 1
#define SHRINK 2
#define MOVE 3  /* PM_OP_AHEAD: the horizon */
#define LEAVE 4 /* detach */
#define UNDO 5    /* a round's, not a call's */
#define RECOVER 6 /* likewise */

#define PAGES(size) ((1 << (size)) - 1)
#define LESS(a, b) ((a) < (b) -> (a) : (b))
#define MORE(a, b) ((a) > (b) -> (a) : (b))
#define HAS(set, peer) (((set) >> (peer)) & 1)

/* ---- struct pm_header ---- */

#define active active_bytes /* a keyword otherwise */
byte active = START; /* these three are one word */
bool closed;
byte changes;
byte target = START + AHEAD;
byte horizon = START + AHEAD;
byte epoch = 1;
byte cut_epoch;
byte intent, intent_from, intent_to;
byte lock; /* 0: free, or left by a dead holder; else the holder + 1 */
#if WAKES
byte outstanding, outstanding_epoch;
#endif

/* ---- struct pm_slot ---- */

bool live[PEERS]; /* the tag */
bool dead[PEERS]; /* the life word, as the kernel marks it */
byte requested[PEERS];
byte acked[PEERS];
byte told[PEERS]; /* mapped, as of the last ack */
byte pin[PEERS];

/* ---- process-local ---- */

byte mapped[PEERS]; /* segment->mapped: what the application goes by */
byte posted[PEERS];
#if WAKES
bool rung[PEERS]; /* the bell's word is another than the agent saw */
#endif

/* ---- the system ---- */

byte file = PAGES(START); /* the pages of the object that are allocated */
byte maps[PEERS];         /* what the kernel maps */
bool stopped[PEERS];
byte deaths = DEATHS;

/* ---- ghosts ---- */

bool attached[PEERS]; /* peermap_attach() has returned */
byte owed[PEERS];     /* what a growth that succeeded, and nobody late, promised of this peer; until a shrink */
byte relied[PEERS];   /* what a peermap_pin() that is not undone has answered */

#if AHEAD == 0
byte knows[PEERS]; /* where the application may have a pointer to: active once, and not given up since */
#define KNOWS(peer) knows[peer]
#define SAW(peer)                                                                                                                          \
    knows[peer] = (knows[peer] > LESS(active, maps[peer]) -> knows[peer] : LESS(active, maps[peer]))
#define FORGOT(peer) knows[peer] = (knows[peer] > maps[peer] -> maps[peer] : knows[peer])
#else
#define KNOWS(peer) 0 /* the horizon maps past the end of the file again, later */
#define SAW(peer) skip
#define FORGOT(peer) skip
#endif

hidden byte i, sum; /* of one step */

/* ---- one step: one access to what is shared, and what follows from it alone ---- */

/* What an agent knows of a round. */
#define FORGET round = 0; awaited = 0; stage = NONE; from = 0; to = 0; before = 0; goal = 0; needs = 0; late = false; partly = false

/* The kernel's part in a death.  `my_lock`: a holder's mark goes, and the next one finds the intent. */
#define DIE                                                                                                                                \
    deaths--;                                                                                                                              \
    dead[me] = true;                                                                                                                       \
    lock = (lock == me + 1 -> 0 : lock);                                                                                                   \
    maps[me] = 0;                                                                                                                          \
    mapped[me] = 0;                                                                                                                        \
    owed[me] = 0;                                                                                                                          \
    relied[me] = 0;                                                                                                                        \
    posted[me] = NONE

#if DEATHS
#define OR_DIE                                                                                                                             \
    :: d_step { deaths > 0 && MAY_DIE(me) -> DIE; tried = 0; wanted = 0; FORGET } goto died
#else
#define OR_DIE
#endif

#define WHEN(condition, ...)                                                                                                               \
    d_step {                                                                                                                               \
        (condition) -> __VA_ARGS__;                                                                                                        \
        assert(CONSISTENT)                                                                                                                 \
    }
#define STEP(...)                                                                                                                          \
    if                                                                                                                                     \
    :: WHEN(true, __VA_ARGS__)                                                                                                             \
    OR_DIE                                                                                                                                 \
    fi

/* ---- what must hold ---- */

#define IS_PEER(peer) (attached[peer] && live[peer] && !dead[peer])
#define MAPS(peer, size) (!IS_PEER(peer) || maps[peer] >= (size))
#define KEEPS(peer, size) (!IS_PEER(peer) || maps[peer] >= (size))
#define BACKED(size) ((file & PAGES(size)) == PAGES(size))
#define PROMISED(peer, size) (owed[peer] <= (size))
#define RELIES(peer, size) (relied[peer] > (size))

#if PEERS == 2
#define EACH(fact, size) (fact(0, size) && fact(1, size))
#define ANY(fact, size) (fact(0, size) || fact(1, size))
#else
#define EACH(fact, size) (fact(0, size) && fact(1, size) && fact(2, size))
#define ANY(fact, size) (fact(0, size) || fact(1, size) || fact(2, size))
#endif

/* After every step of anybody.  Active memory is allocated, and mapped by everybody, where nobody may be late; what a growth promised is active; while the word is
 * open, whatever the horizon lets a growth have without asking is mapped by everybody. */
#define CONSISTENT (BACKED(active) && (ALLOWS_LATE(0) || EACH(MAPS, active)) && EACH(PROMISED, active) && (closed || horizon <= active || horizon <= target && EACH(MAPS, horizon)))

/* ---- what the ghosts are told ---- */

/* A growth has succeeded. */
inline promise(size)
{
    assert(BACKED(size) && EACH(KEEPS, size));
    i = 0;
    do
    :: i < PEERS -> owed[i] = (IS_PEER(i) -> size : 0); i++
    :: else -> break
    od
}

inline release(size)
{
    i = 0;
    do
    :: i < PEERS -> owed[i] = LESS(owed[i], size); i++
    :: else -> break
    od
}

/* What the applications see of the size. */
inline seen()
{
    i = 0;
    do
    :: i < PEERS -> SAW(i); i++
    :: else -> break
    od
}
