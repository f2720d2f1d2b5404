/* SPDX-License-Identifier: MIT */
/*
 * layout.h - the bytes of a segment, for everyone who reads or writes one.
 *
 *     file offset  0            header_len                     header_len + active      + reserved
 *                  | header ... | data: active ...             | (never backed)         |
 *     in a peer    base - header_len   base                    base + active            base + reserved
 *
 * The header is struct pm_header, then slot_count slots (the registry), event_count events, the roots, and in a segment with
 * a heap what describes that (heap_layout.h), and the further roots; header_len is all of it, rounded up to whole pages (places.h).  All of it is shared: every peer may
 * write it, so no reader believes it unchecked.
 *
 * What a peer that only reads has to write all the same lies together: from PM_EVERYBODYS in struct pm_header to the end of the events.  What is before, and
 * the roots and the heap's description behind, it has mapped without the right to write (where pages are larger than 4 KiB: as far as whole pages of it go).
 *
 * Fixed-width fields, explicit padding, native byte order, no libc types: a glibc and a musl process share a segment, a 64-bit
 * process and a tool of another language too.  Sizes and offsets are bytes.  Times are CLOCK_MONOTONIC nanoseconds unless named
 * otherwise.  `epoch` numbers rounds from 1.  Anything that changes here changes PM_VERSION.
 */
#ifndef PM_LAYOUT_H
#define PM_LAYOUT_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#define PM_DIRECTORY "/dev/shm"                /* unless PEERMAP_DIR says another: pm_directory() */
#define PM_PREFIX "peermap."                   /* the object of segment NAME is PM_DIRECTORY/PM_PREFIX NAME */
#define PM_MAGIC UINT64_C(0x0050414d52454550)  /* "PEERMAP\0" read as a little-endian number */
#define PM_VERSION UINT32_C(9)
#define PM_NAME_MAX 64                         /* bytes with the final NUL, of every name in a segment */
#define PM_NO_SLOT UINT16_C(0xffff)

#define PM_CLAIMS 32
#define PM_SLOTS_MAX UINT32_C(1024)
#define PM_ROOTS_MAX UINT32_C(1048576)
#define PM_EVENTS_MAX UINT32_C(1048576)        /* event_count is a power of two */
#define PM_HEADER_MAX (UINT64_C(80) << 20)     /* more than the largest counts need, but for roots */
#define PM_RESERVED_MAX (UINT64_C(1) << 46)

/* Tag of a slot or root: changes << 8 | state.  A copy is good if the tag was the same before and after it was taken. */
#define PM_TAG_STATE UINT64_C(0xff)
#define PM_TAG_STEP UINT64_C(0x100)

enum pm_record_state {
    PM_FREE = 0,    /* nothing in it counts */
    PM_CLAIMED = 1, /* being filled by the process whose life word it holds */
    PM_LIVE = 2,    /* complete.  A LIVE slot whose life word is dead is a dead peer */
    /* Of slots: */
    PM_DEAD = 3,    /* what was LIVE, and whose process somebody found to have ended, whatever its life word says */
    PM_JOINING = 4, /* says which process is in it, which is no peer yet */
};

/* Futex bits of the lock words and life words, as the kernel's robust futexes define them. */
#define PM_FUTEX_TID UINT32_C(0x3fffffff)
#define PM_FUTEX_DIED UINT32_C(0x40000000)
#define PM_FUTEX_WAITERS UINT32_C(0x80000000)

/*
 * The word `active`: data bytes that applications may touch, whole pages | PM_ACTIVE_CLOSED | changes << PM_ACTIVE_SHIFT.
 *
 * A growth that stays below the horizon asks nobody and takes no lock: it allocates the memory and then replaces the word, which fails
 * if anybody changed it meanwhile.  The holder of `lock` closes the word while it changes sizes; opening it again counts the change, so
 * that a grower that was held up in between finds another word even where the size is the same again.
 */
#define PM_ACTIVE_CLOSED UINT64_C(1)
#define PM_ACTIVE_SHIFT 47
#define PM_ACTIVE_BYTES ((UINT64_C(1) << PM_ACTIVE_SHIFT) - 4096)

/* Flags of a segment. */
#define PM_SEGMENT_STRICT UINT32_C(1)    /* horizon = target = active: nobody maps ahead */
#define PM_SEGMENT_NO_PTRACE UINT32_C(2) /* nobody uses ptrace on a peer */
#define PM_SEGMENT_HUGE UINT32_C(4)      /* header_len and base are multiples of 2 MiB */
#define PM_SEGMENT_HEAP UINT32_C(8)      /* the data is a heap; header_len and base are multiples of 2 MiB */
#define PM_SEGMENT_FLAGS UINT32_C(15)
#define PM_HUGE_PAGE (UINT64_C(2) << 20)

enum pm_op {
    PM_OP_NONE = 0,
    PM_OP_GROW = 1,
    PM_OP_SHRINK = 2,
    PM_OP_REMAP = 3,
    PM_OP_MAP = 4,
    PM_OP_RECOVER = 5,
    PM_OP_AHEAD = 6,   /* moves the horizon */
    PM_OP_INSIDE = 7,  /* a growth below the horizon: a round-end without a round-begin */
    PM_OP_LAST = 7
};

enum pm_method {
    PM_BY_NONE = 0,
    PM_BY_ATTACH = 1,
    PM_BY_AGENT = 2,
    PM_BY_SELF = 3,
    PM_BY_UNSTOP = 4, /* its agent, which another peer let run while the process was stopped */
    PM_BY_AHEAD = 5,  /* had it mapped already.  In reports only */
    PM_BY_LAST = 5
};

enum pm_event_kind {
    PM_EV_CREATE = 1,      /* slot created the segment, active = size */
    PM_EV_ATTACH = 2,      /* slot attached, size bytes mapped after ns */
    PM_EV_RESTART = 3,     /* the same, taking over the slot of a dead peer of its name */
    PM_EV_DETACH = 4,      /* slot left in good order */
    PM_EV_PEER_DIED = 5,   /* by found slot dead.  Once for each death, when somebody looks */
    PM_EV_REAP = 6,        /* by freed the dead slot */
    PM_EV_ROUND_BEGIN = 7, /* by starts round epoch; method is the pm_op; size is the target; ns is the size before */
    PM_EV_MAP_REQUEST = 8, /* by asks slot to map size bytes */
    PM_EV_MAP_ACK = 9,     /* slot mapped size bytes, ns after the request, by method; error is 0 or errno */
    PM_EV_MAP_LATE = 10,   /* slot had not answered by the deadline, ns after the request; error is the errno of the last try to reach it */
    PM_EV_ROUND_END = 11,  /* the round succeeded: active = size, after ns; method is the pm_op */
    PM_EV_ROLLBACK = 12,   /* the round failed after ns, pid is the blocker, error is the code; a recovery to size, as before, follows */
    PM_EV_CUT = 13,        /* the memory past size went back to the system */
    PM_EV_REFUSE = 14,     /* by asked for something that was refused before it began; method is the pm_op, error is the code */
    PM_EV_ROOT = 15,       /* by set or removed a root; size is its offset, ns its size */
    PM_EV_TAKEOVER = 16,   /* by found the lock's holder dead, and took over; method is the pm_op of its intent */
    PM_EV_UNSTOP = 17,     /* by let the agent of slot, which is stopped, run; error is 0, or errno where that was refused */
    PM_EV_LOST = 18,       /* slot found the object cut short from outside, to size bytes */
    PM_EV_HEAP_FAULT = 19,   /* slot found that the object at offset size was freed twice (error 1), never was one (2), or was written past
                              * its end (3); ns is its size where that is known */
    PM_EV_HEAP_RECLAIM = 20, /* by took back what a peer that ended had held of the heap: size bytes, ns objects */
    PM_EV_LAST = 20
};

/* Shared.  What a change of size is about to do, so that whoever takes the lock after a death can finish or undo it. */
struct pm_intent {
    uint32_t op;   /* enum pm_op; written last, cleared last */
    uint32_t slot; /* of the writer */
    uint64_t from; /* active before */
    uint64_t to;   /* active after */
};

/* Shared.  Of the heap, beside what heap_layout.h describes.  Counts are sums of many peers' additions: for people. */
struct pm_heap_words {
    uint64_t secret;       /* constant: what guards are made with */
    uint64_t backed;       /* units whose description is allocated; only grows */
    uint32_t records_used; /* records from this one on were never claimed */
    uint32_t pad0;
    uint64_t claims; /* numbers of runs of units that were given out, so that no two live runs have one number */
    uint64_t attachments; /* numbers that were given to those who may allocate, from 1 */
    uint8_t pad1[24];
    uint64_t spare; /* about so many free units have memory */
    uint64_t grown;
    uint64_t faults;
    uint64_t reclaimed;
    uint64_t allocations, allocated_bytes, frees, freed_bytes; /* of threads that have ended */
};

/* Shared.  Which object the header was written into.  In any other, a copy or one restored from a backup, what it says of processes is void. */
struct pm_identity {
    uint64_t device;
    uint64_t inode;
    uint64_t born_ns; /* CLOCK_REALTIME, the inode's; 0 where the file system does not say */
    uint64_t boot[2]; /* of the system: /proc/sys/kernel/random/boot_id; 0 if unknown */
};

/*
 * Shared.  An id that no agent of another pid namespace may have, because the kernel may still act on words by it, and whose thread that is.  Whoever takes or
 * gives back a slot has one meanwhile: the slot does not say who that is, then.
 *
 * `owner` is thread | pid << 22 | PM_CLAIM_SEEN_OFF | ticket: Linux has no ids beyond 22 bits.  It is taken, given back and given up by a compare-and-swap, and the
 * ticket grows whenever it is taken.  Each other field is value | ticket: with another ticket it is somebody else's, and says nothing.
 */
struct pm_claim {
    uint64_t owner; /* no thread: it is free */
    uint64_t pidns;
    uint64_t start_time;
    uint64_t pidfd_ino;
};
#define PM_CLAIM_ID ((UINT64_C(1) << 22) - 1)
#define PM_CLAIM_PID_SHIFT 22
#define PM_CLAIM_SEEN_OFF (UINT64_C(1) << 44) /* of one that was found to have ended, by another who freed its slot */
#define PM_CLAIM_STEP (UINT64_C(1) << 45)
#define PM_CLAIM_VALUE (PM_CLAIM_STEP - 1)

#define PM_EVERYBODYS 4096

/* Shared. */
struct pm_header {
    /* Constant once the object has a name. */
    uint64_t magic;
    uint32_t version;
    uint32_t page_size;
    uint64_t generation; /* random: tells two segments of one name apart */
    uint64_t header_len; /* file offset of the data */
    uint64_t base;       /* address of the data in every peer that is not relocated */
    uint64_t reserved;   /* data bytes that addresses are reserved for */
    uint32_t slot_count;
    uint32_t root_count;
    uint32_t event_count;
    uint32_t flags;
    uint64_t slots_off; /* from the start of the header, like the next two */
    uint64_t roots_off;
    uint64_t events_off;
    uint64_t created_ns; /* CLOCK_REALTIME */
    uint32_t creator_pid;
    uint32_t creator_uid;
    uint64_t creator_start;
    char creator_name[PM_NAME_MAX];
    uint64_t ahead; /* bytes that the creator wants mapped past the active ones; 0: as many as are active, at least 64 MiB, or more */
    uint8_t pad0[8];

    /* Sizes of the data.  Written by the holder of `lock`, but active and epoch also by a growth below the horizon. */
    uint64_t active;  /* a word: see PM_ACTIVE_BYTES */
    uint64_t target;  /* bytes that peers shall have mapped: >= active but for a failed round's moment */
    uint64_t horizon; /* bytes that every live peer is known to have mapped, for as long as `active` is open: <= target */
    uint64_t epoch;
    uint64_t cut_epoch;      /* not 0: the file may be cut to active once every live peer has acked this */
    uint64_t populate_epoch; /* whoever answers this epoch populates [intent.from, intent.to) first */
    struct pm_intent intent;

    /* Of the roots.  Written by the holder of `registry_lock`. */
    uint64_t root_changes;  /* grows with every change, before anything goes and after it has come */
    uint32_t root_regions;  /* of the table, that have memory; only grows */
    uint32_t roots_window;  /* places that a root has in a region, where those that it has at first were not enough; 0: they were.  Only grows */
    uint64_t root_version;  /* of the root that was set last */
    uint8_t pad1[32];
    struct pm_heap_words heap;
    struct pm_identity identity;
    uint8_t pad2[PM_EVERYBODYS - 448 - sizeof(struct pm_identity)];

    /* What follows is everybody's to write, also of who only reads. */

    /* Robust futexes: tid of the holder's agent | WAITERS; DIED when the kernel found it dead. */
    uint32_t lock;          /* sizes, intent, rounds */
    uint32_t lock_slot;     /* slot index + 1 of the holder: for messages only */
    uint32_t registry_lock; /* names of peers; roots */
    uint32_t registry_slot;
    uint32_t slots_used; /* slots from this one on were never claimed */
    uint8_t pad3[44];

    /* Plain futexes. */
    uint32_t bell; /* agents wait on it, slot i with bit i mod 32 */
    uint8_t pad4[60];
    uint32_t outstanding; /* low 16 bits: acks missing; high: low bits of the epoch.  Wakes the round's runner; not the truth */
    uint8_t pad5[60];
    uint32_t change;     /* grows with every change worth looking at; observers wait on it */
    uint32_t pin_waiter; /* a shrink waits on it for pins to go; not 0 while one does */
    uint8_t pad6[56];
    uint64_t event_head; /* events ever begun; event i is at events[i mod event_count] */
    uint8_t pad7[56];
    struct pm_claim claims[PM_CLAIMS];
    uint32_t claims_next; /* which of them is given up where more are wanted */
    uint8_t pad8[60];
};

/* Shared.  One record of the registry.  Whoever puts its thread id into a life word that is not alive, of a slot that is FREE or was CLAIMED, has
 * the slot.  Written by its peer, but: requested, remap, requested_ns and unstopped by the holder of the lock, who also clears error and acked, and the tag, by compare-and-swap,
 * by whoever finds the peer dead. */
struct pm_slot {
    uint64_t tag;
    uint32_t pid; /* in the peer's pid namespace */
    uint32_t uid;
    uint64_t start_time; /* clock ticks since boot, /proc/PID/stat field 22.  For people: not proof against pid reuse */
    uint64_t pidns;      /* inode of the pid namespace, 0 if unknown */
    uint64_t pidfd_ino;  /* inode of a pidfd of the process: unique while the system runs (Linux 6.9); 0 if unknown */
    uint32_t life;       /* robust futex held by the peer's agent for as long as it lives */
    uint32_t flags;      /* PM_SLOT_* */
    uint64_t base;       /* address of the data in that process */
    uint64_t mapped;     /* data bytes mapped there */
    uint64_t requested;  /* epoch the peer shall reach */
    uint64_t remap;      /* epoch for which the whole mapping shall be replaced */
    uint64_t requested_ns; /* CLOCK_MONOTONIC of the initial time namespace, like all times of events */
    uint64_t acked; /* epoch the peer has reached: the truth of an ack */
    uint32_t method;
    int32_t error; /* errno of the last mapping */
    uint64_t latency_ns;
    uint64_t pin; /* count << PM_PIN_SHIFT | active bytes relied upon, in units of 4 KiB */
    uint64_t unstopped;   /* epoch for which another peer lets the agent run */
    uint64_t attached_ns; /* CLOCK_REALTIME */
    uint64_t populated;   /* epoch for which it has populated the new pages */
    uint64_t attachment;  /* the number by which objects name who allocated them; 0: it has none */
    uint8_t pad1[40];
    char name[PM_NAME_MAX];
};

#define PM_SLOT_RELOCATED UINT32_C(1)  /* its base is not the segment's */
#define PM_SLOT_DEATH_TOLD UINT32_C(2) /* its death is in the event ring */
#define PM_SLOT_NO_PTRACE UINT32_C(4)  /* nobody uses ptrace on it */
#define PM_SLOT_READ_ONLY UINT32_C(8)  /* it has the whole reservation mapped, to read: no round asks it, or waits for it */

#define PM_PIN_SHIFT 35
#define PM_PIN_ONE (UINT64_C(1) << PM_PIN_SHIFT)
#define PM_PIN_COUNT_MAX ((UINT64_C(1) << (64 - PM_PIN_SHIFT)) - 1)
static inline uint64_t pm_pin_count(uint64_t pin) { return pin >> PM_PIN_SHIFT; }
static inline uint64_t pm_pin_bytes(uint64_t pin) { return (pin & (PM_PIN_ONE - 1)) << 12; }
static inline uint64_t pm_pin_word(uint64_t count, uint64_t bytes) { return count << PM_PIN_SHIFT | bytes >> 12; }

/*
 * Shared.  The table is root_count records and one before them, by way of which every change goes: it is filled first, then the record that the root is to
 * be in, and then it is freed.  Of two LIVE ones of a name the higher `version` counts, so whoever dies in between leaves the old root or the new one.
 *
 * The records behind the first are divided into regions of PM_ROOTS_FIRST, twice as many, and so on; a further one is opened when a root finds no place in those that
 * are.  In each, a root has PM_ROOTS_WINDOW places, or as many as roots_window says, from one that its hash says, the last followed by the first.  The first that is free is taken, so behind a record
 * that was never used there is none of the name.
 */
struct pm_root {
    uint64_t tag;
    uint64_t hash; /* pm_root_hash() of the name */
    uint64_t version;
    uint64_t off; /* in the data */
    uint64_t size;
    char name[PM_NAME_MAX];
    char type[PM_NAME_MAX];
    uint8_t pad0[24];
};
#define PM_ROOT_REMOVED UINT64_MAX /* `off` of the first record, while a root is removed by way of it: of this name there is none */
#define PM_ROOTS_FIRST 64u
#define PM_ROOTS_WINDOW 16u

/* Shared.  A writer sets seq to 0, fills the record, and sets seq to its index + 1 last. */
struct pm_event {
    uint64_t seq;
    uint64_t time_ns;
    uint64_t epoch;
    uint16_t kind;   /* enum pm_event_kind */
    uint16_t method; /* enum pm_method or enum pm_op, as the kind says */
    uint16_t slot;   /* whom it is about, or PM_NO_SLOT */
    uint16_t by;     /* who did it, or PM_NO_SLOT */
    uint32_t pid;    /* of slot, then */
    int32_t error;
    uint64_t size;
    uint64_t ns;
    uint32_t by_pid;
    uint32_t pad0;
};

#define PM_AT(type, field, at) static_assert(offsetof(struct type, field) == (at), #type "." #field)
PM_AT(pm_header, magic, 0);
PM_AT(pm_header, version, 8);
PM_AT(pm_header, page_size, 12);
PM_AT(pm_header, generation, 16);
PM_AT(pm_header, header_len, 24);
PM_AT(pm_header, base, 32);
PM_AT(pm_header, reserved, 40);
PM_AT(pm_header, slot_count, 48);
PM_AT(pm_header, root_count, 52);
PM_AT(pm_header, event_count, 56);
PM_AT(pm_header, flags, 60);
PM_AT(pm_header, slots_off, 64);
PM_AT(pm_header, roots_off, 72);
PM_AT(pm_header, events_off, 80);
PM_AT(pm_header, created_ns, 88);
PM_AT(pm_header, creator_pid, 96);
PM_AT(pm_header, creator_uid, 100);
PM_AT(pm_header, creator_start, 104);
PM_AT(pm_header, creator_name, 112);
PM_AT(pm_header, ahead, 176);
PM_AT(pm_header, active, 192);
PM_AT(pm_header, target, 200);
PM_AT(pm_header, horizon, 208);
PM_AT(pm_header, epoch, 216);
PM_AT(pm_header, cut_epoch, 224);
PM_AT(pm_header, populate_epoch, 232);
PM_AT(pm_header, intent, 240);
PM_AT(pm_header, root_changes, 264);
PM_AT(pm_header, root_regions, 272);
PM_AT(pm_header, roots_window, 276);
PM_AT(pm_header, root_version, 280);
PM_AT(pm_header, heap, 320);
PM_AT(pm_header, identity, 448);
PM_AT(pm_header, lock, 4096);
PM_AT(pm_header, lock_slot, 4100);
PM_AT(pm_header, registry_lock, 4104);
PM_AT(pm_header, registry_slot, 4108);
PM_AT(pm_header, slots_used, 4112);
PM_AT(pm_header, bell, 4160);
PM_AT(pm_header, outstanding, 4224);
PM_AT(pm_header, change, 4288);
PM_AT(pm_header, pin_waiter, 4292);
PM_AT(pm_header, event_head, 4352);
PM_AT(pm_header, claims, 4416);
PM_AT(pm_header, claims_next, 5440);
PM_AT(pm_claim, owner, 0);
PM_AT(pm_claim, pidns, 8);
PM_AT(pm_claim, start_time, 16);
PM_AT(pm_claim, pidfd_ino, 24);
PM_AT(pm_identity, device, 0);
PM_AT(pm_identity, inode, 8);
PM_AT(pm_identity, born_ns, 16);
PM_AT(pm_identity, boot, 24);
PM_AT(pm_heap_words, secret, 0);
PM_AT(pm_heap_words, backed, 8);
PM_AT(pm_heap_words, records_used, 16);
PM_AT(pm_heap_words, claims, 24);
PM_AT(pm_heap_words, attachments, 32);
PM_AT(pm_heap_words, spare, 64);
PM_AT(pm_heap_words, grown, 72);
PM_AT(pm_heap_words, faults, 80);
PM_AT(pm_heap_words, reclaimed, 88);
PM_AT(pm_heap_words, allocations, 96);
PM_AT(pm_heap_words, allocated_bytes, 104);
PM_AT(pm_heap_words, frees, 112);
PM_AT(pm_heap_words, freed_bytes, 120);
PM_AT(pm_intent, op, 0);
PM_AT(pm_intent, slot, 4);
PM_AT(pm_intent, from, 8);
PM_AT(pm_intent, to, 16);
PM_AT(pm_slot, tag, 0);
PM_AT(pm_slot, pid, 8);
PM_AT(pm_slot, uid, 12);
PM_AT(pm_slot, start_time, 16);
PM_AT(pm_slot, pidns, 24);
PM_AT(pm_slot, pidfd_ino, 32);
PM_AT(pm_slot, life, 40);
PM_AT(pm_slot, flags, 44);
PM_AT(pm_slot, base, 48);
PM_AT(pm_slot, mapped, 56);
PM_AT(pm_slot, requested, 64);
PM_AT(pm_slot, remap, 72);
PM_AT(pm_slot, requested_ns, 80);
PM_AT(pm_slot, acked, 88);
PM_AT(pm_slot, method, 96);
PM_AT(pm_slot, error, 100);
PM_AT(pm_slot, latency_ns, 104);
PM_AT(pm_slot, pin, 112);
PM_AT(pm_slot, unstopped, 120);
PM_AT(pm_slot, attached_ns, 128);
PM_AT(pm_slot, populated, 136);
PM_AT(pm_slot, attachment, 144);
PM_AT(pm_slot, name, 192);
PM_AT(pm_root, tag, 0);
PM_AT(pm_root, hash, 8);
PM_AT(pm_root, version, 16);
PM_AT(pm_root, off, 24);
PM_AT(pm_root, size, 32);
PM_AT(pm_root, name, 40);
PM_AT(pm_root, type, 104);
PM_AT(pm_event, seq, 0);
PM_AT(pm_event, time_ns, 8);
PM_AT(pm_event, epoch, 16);
PM_AT(pm_event, kind, 24);
PM_AT(pm_event, method, 26);
PM_AT(pm_event, slot, 28);
PM_AT(pm_event, by, 30);
PM_AT(pm_event, pid, 32);
PM_AT(pm_event, error, 36);
PM_AT(pm_event, size, 40);
PM_AT(pm_event, ns, 48);
PM_AT(pm_event, by_pid, 56);
#undef PM_AT
static_assert(sizeof(struct pm_header) == 5504, "header");
static_assert(sizeof(struct pm_claim) == 32, "claim");
static_assert(sizeof(struct pm_heap_words) == 128, "heap words");
static_assert(sizeof(struct pm_slot) == 256, "slot");
static_assert(sizeof(struct pm_root) == 192, "root");
static_assert(sizeof(struct pm_event) == 64, "event");

#endif
