/* SPDX-License-Identifier: MIT */
/*
 * segment.h - one attachment, as the threads of this process see it; and what the files of the runtime ask of each other.
 *
 * Two kinds of thread.  The application's call the functions of peermap.h.  The agent, one for each attachment, does everything
 * that holds a lock of the segment or changes a mapping: an application's call that needs either hands the agent a request and
 * waits.  So the maps of a process change in one place only, the kernel's word on the agent's death is its word on the lock, and a
 * process that is stopped inside a call of ours holds nothing that its agent could not let go of.
 *
 *     segment.c   create, attach, detach: from a name to a mapped segment and back
 *     call.h      no cancellation in the middle of a call
 *     owner.c     whose object it is
 *     fork.c      what becomes of attachments in a child, and at the end of the process
 *     renew.c     an object that is a copy of a segment becomes one
 *     shape.c     what a header must look like before anything in it is believed
 *     reserve.c   the address range, and mapping inside it
 *     agent.c     the thread: its life, and the requests it serves; ask.c: what the others ask of it
 *     converge.c  its own part of a round: map what the header says, and ack it
 *     guard.c     the object cut short from outside; touch.h: where the library itself touches the data
 *     lock.c      robust locks
 *     registry.c  slots: claim, release, reap, read; claim.c: whose thread has none, or none any more; roots.c likewise
 *     ended.c     whether a peer can still touch the memory
 *     round.c     asking the peers, and waiting for them; reach.c: those that are stopped
 *     resize.c    what rounds are for: growing, shrinking, remapping, recovery
 *     ahead.c     growing inside what everybody has mapped already, and seeing to it that it is so
 *     journal.c   the event ring
 *     preflight.c is there memory for a growth?
 *     heap.h      objects
 */
#ifndef PM_SEGMENT_H
#define PM_SEGMENT_H

#include "call.h"
#include "error.h"
#include "fault.h"
#include "hand.h"
#include "heap_layout.h"
#include "layout.h"
#include "order.h"
#include "os.h"
#include "peermap.h"
#include "places.h"

#include <pthread.h>

/* What a validated header said when it was opened: never read from shared memory again. */
struct pm_shape {
    uint64_t header_len; /* places.header_len */
    uint64_t base;
    uint64_t reserved;
    uint64_t generation;
    uint32_t slot_count;
    uint32_t root_count;
    uint32_t event_count;
    uint32_t flags; /* PM_SEGMENT_* */
    uint64_t ahead;
    struct pm_places places;
};

enum pm_request_kind { PM_ASK_NONE, PM_ASK_ROUND, PM_ASK_REAP, PM_ASK_ROOT, PM_ASK_LEAVE };

/* What an application's thread asks of its agent, and the answer. */
struct pm_request {
    enum pm_request_kind kind;
    uint32_t op; /* of a round: enum pm_op */
    uint64_t asked;    /* when */
    uint64_t deadline; /* by which the agent answers */
    uint64_t bytes;
    uint64_t from; /* of a growth or a shrink: only if this is the active size; PM_ANY_SIZE: whatever it is */
    pid_t pid;
    const peermap_peer *peers; /* of a reap: the asker's, who they are; the agent has that in the handle, */
    int count;                 /* and how many; or */
#define PM_EVERYBODY (-1)
    struct pm_root root; /* its name, off, size and type; FREE: remove; `only_version`: if it has this version, which becomes the present one */
    bool only_version;
    int result;
    int error; /* errno with it */
    peermap_round round;
    char sentence[PM_SENTENCE];
};

/* Process-local.  One request at a time: who asks holds the gate from before it is posted until it is answered, or given up. */
struct pm_channel {
    uint32_t gate;
    uint32_t posted; /* futex: enum pm_posted */
    struct pm_request request;
};
enum pm_posted {
    PM_NOT_POSTED = 0, /* the request is the asker's */
    PM_POSTED = 1,     /* the agent has not begun with it */
    PM_SERVED = 2,     /* the agent is at it, and has changed nothing that it would not undo */
    PM_COMMITTED = 3,  /* it will be done: the answer is about to come */
    PM_GIVEN_UP = 4,   /* nobody waits for the answer: what the agent was at, it undoes */
};

/* Process-local.  An agent's thread, from when it is made until it begins, which a debugger may put off. */
struct pm_start {
    uint32_t state; /* enum pm_start_state */
    peermap_segment *segment;
};
enum pm_start_state {
    PM_NOT_BEGUN = 0,
    PM_BEGUN = 1,    /* this is the asker's to free */
    PM_FORSAKEN = 2, /* it is the thread's to free, and all that there is for it: the handle may be gone */
};

/* Process-local.  What the last look at the limits of memory found; any thread's. */
struct pm_headroom {
    uint64_t looked; /* when, by the coarse clock; 0: never */
    uint64_t found;  /* bytes that could be had then */
    uint64_t spent;  /* by this handle since */
};

/* Process-local.  The heap of a segment as this process sees it: heap.h. */
struct pm_heap {
    uint64_t serial; /* of the attachment, among all that this process ever had; 0: there is no heap */
    uint64_t units;  /* that there can ever be */
    uint64_t secret;
    uint64_t step;
    uint64_t holder; /* this peer, as records name it, */
    uint64_t attachment; /* and as objects do */
    uint64_t created_ns; /* CLOCK_REALTIME, of the segment */
    uint32_t owner;  /* index + 1 of a record for units that are on their way */
    struct pm_heap_words *counts;
    uint32_t *hints;
    uint64_t *summary;
    struct pm_record *records;
    uint64_t *words;
    struct pm_bits *bits;
    uint32_t owner_seen; /* slot of the peer that the last object that was met is of */
    struct pm_cache *caches; /* of all threads, under pm_hold_forks() */
};

/* Process-local.  A peer that is asked, in a round. */
struct pm_awaited {
    uint32_t index;
    uint32_t again;                /* it is to be tried so many ms after it was asked, at the earliest */
    uint64_t tag;
    uint64_t asked;                /* when */
    int error;                     /* errno of trying to reach it from outside */
    struct pm_agent agent;         /* which is to be let run, or 0, */
    struct pm_hand_view view;      /* if its process has this */
    struct pm_hand_target *target; /* of the hand that lets it run, or NULL */
};

#define PM_ENDED 64

/* Process-local. */
struct peermap_segment {
    struct pm_shape shape;
    char name[PM_NAME_MAX];
    int fd;
    struct pm_object object; /* that fd was of */
    struct pm_backing backing; /* the same, once the agent has looked; inode 0: not yet */
    uint32_t flags;
    bool traces_nobody; /* by the wish of its process, which has PEERMAP_NO_PTRACE among its flags then */
    uint64_t deadline_ns;
    uint64_t entered_by; /* the deadline of the call that makes this */
    bool nameless;     /* just made: its agent gives it its name, when it has its slot */
    uint32_t leaving;  /* somebody detaches from it, or the process ends: */
    uint32_t exits;    /* then its memory stays mapped, for other threads may run yet */
    uint32_t detached; /* it is of no use any more: a forked child's, or being freed */
    uint32_t mark;     /* of the process that attached: fork.c */
    uint32_t lost;     /* the header is private zeroes: guard.c */
    uint32_t loss_told; /* that the data was cut short is in the event ring */

    char *start; /* of the reservation: the header; the data follows */
    char *base;
    uint64_t reservation;
    struct pm_header *header;
    struct pm_slot *slots;
    struct pm_event *events;

    uint32_t roots_shown; /* so many records of roots are in a core file */
    uint64_t mapped; /* data bytes mapped here: written by the agent, read by all threads */
    uint64_t shown;  /* the agent's, of one that only reads: so many of them are in a core file */
    struct {
        uint64_t made, returned; /* pages of this process that stood in for lost ones, ever: touch.h */
    } loans;

    struct pm_headroom headroom;

    /* The agent's own. */
    pthread_t agent;
    uint32_t tid;
    uint32_t index; /* of its slot */
    uint64_t tag;   /* of its slot while LIVE; 0: not yet */
    uint32_t bit;   /* by which it is woken */
    bool left;      /* or never joined: it ends */
    uint64_t tried;    /* the request that it acted upon last, successfully or not: its epoch, */
    uint64_t tried_ns; /* and its time */
    uint64_t remade;   /* the epoch for which the whole mapping was last replaced */
    struct pm_robust robust;
    struct pm_process self;
    uint64_t clock_offset; /* of this process's clock, from that of the segment's times */
    char peer_name[PM_NAME_MAX];
    bool name_is_default;

    /* What takes long has a channel of its own, in the middle of which the agent goes on serving the other. */
    struct pm_channel rounds;
    struct pm_channel brief; /* the registry and the roots */

    uint32_t answer_count;
    uint32_t last_was_inside;

    uint32_t nudged;         /* the horizon is near: the agent shall move it */
    bool leftover;           /* the agent's own: what lies past the active memory has not gone back wholly */
    uint64_t horizon_failed; /* when that last met a peer that did not answer */
    uint64_t horizon_moved;  /* when it was last moved */
    uint32_t haste;          /* doublings of how far */
    uint64_t seen_whole;     /* when the object was last seen to be as long as it must be */

    uint64_t ended[PM_ENDED]; /* ids of peers that were found to have ended wholly: what tells that is gone when they are reaped */
    uint32_t ended_next;

    struct pm_heap heap;

    struct peermap_segment *next; /* of all attachments of this process, for fork() */

    struct pm_hand hand; /* of the agent */
    /* Large, and last: pages that nobody touches are not there. */
    /* How the peers came to the last round, written by the agent during a request; or all of them ahead. */
    peermap_result answers[PM_SLOTS_MAX];
    uint64_t reaped[PM_SLOTS_MAX]; /* of the reap that the agent is at: ids of the peers that it is for, if it is not for all */
    struct pm_awaited awaited[PM_SLOTS_MAX]; /* the agent's: round.h */
    /* For each word of the header's beginning and of the slots, at the same distance from here, its entry on the robust list. */
    _Alignas(8) char entries[sizeof(struct pm_header) + PM_SLOTS_MAX * sizeof(struct pm_slot)];
};

/* When to look again at processes that somebody waits for until the deadline, after a look that took so much of a processor: several times before it, and the
 * wait takes no more than a twentieth of a processor unless it is for hundreds. */
static inline uint64_t pm_look_again(uint64_t spent, uint64_t deadline)
{
    const uint64_t now = pm_now(), left = deadline > now ? deadline - now : 0, rest = 19 * spent, most = left / 4 < UINT64_C(100000000) ? left / 4 : UINT64_C(100000000);
    return now + (rest < most ? rest : most);
}

/* ---- fork.c ---- */
extern void *pm_mark_at;
/* The handle is another process's, whose memory this one has a copy of. */
static inline bool pm_inherited(const peermap_segment *segment) { return load32(load_pointer(&pm_mark_at)) != segment->mark; }
/* Between the two no fork sees a descriptor or a range that its handle does not have.  Nothing in between waits, for whoever forks waits for it. */
void pm_hold_forks(void);
void pm_let_fork(void);
void pm_enlist(peermap_segment *segment);
void pm_delist(peermap_segment *segment); /* and gives back what it has */

/* False in a child: nothing of the handle may be touched. */
static inline bool pm_attached(const peermap_segment *segment)
{
    return segment && !load32(&segment->detached) && !pm_inherited(segment);
}
static inline uint64_t pm_active(const struct pm_header *header) { return order_load64(&header->active) & PM_ACTIVE_BYTES; }
/* It is a reader: what this process writes of the header is between PM_EVERYBODYS and everybodys_end, and it takes no part in rounds. */
static inline bool pm_only_reads(const peermap_segment *segment) { return (segment->flags & PEERMAP_READ_ONLY) != 0; }
static inline int pm_fail_read_only(const peermap_segment *segment, const char *what)
{
    return pm_fail(PEERMAP_EREADONLY, "segment %s: this process has attached to read (PEERMAP_READ_ONLY), and cannot %s; attach without that flag", segment->name, what);
}
/* All of it is in the active memory, as that is now. */
static inline bool pm_is_active(const peermap_segment *segment, const void *at, size_t length)
{
    const uintptr_t base = (uintptr_t)segment->base, place = (uintptr_t)at;
    const size_t size = peermap_size(segment);
    return place >= base && place - base <= size && length <= size - (place - base);
}
/* 0, or EINVAL: so many rows cannot be copied to there. */
static inline int pm_check_rows(const void *out, int capacity)
{
    const bool can = capacity == 0 || (capacity > 0 && out);
    return can ? 0 : pm_fail(PEERMAP_EINVAL, "capacity is %d with %s array", capacity, out ? "an" : "no");
}
static inline int pm_fail_detached(void) { return pm_fail(PEERMAP_EDETACHED, "%s", peermap_error_text(PEERMAP_EDETACHED)); }

/* ---- segment.c ---- */
int pm_publish(peermap_segment *segment);
void pm_handle_free(peermap_segment *segment);
void pm_give_back(peermap_segment *segment); /* its range and its descriptor */

/* ---- owner.c ---- */
int pm_owner_check(const peermap_segment *segment, const peermap_options *options); /* of the object that was opened; 0, or EACCES and errno EREMOTE */
bool pm_owner_is_another(const peermap_options *options);                           /* that PEERMAP_OWNER names */
int pm_owner_of_new(const char *name, const peermap_options *options);              /* 0, or EINVAL: what is made here belongs to nobody else */

/* ---- shape.c ---- */
int pm_shape_read(int fd, const char *name, struct pm_shape *shape);
int pm_shape_plan(const peermap_options *options, struct pm_shape *shape);
int pm_shape_meets(const peermap_segment *segment, const peermap_options *options); /* 0, or EINVAL: which of them the segment contradicts */
bool pm_name_valid(const char *name);
int pm_fail_name(const char *what, const char *name); /* ENAME, of one that is not */
bool pm_name_equal(const char *shared, const char *name); /* `shared` may lack its NUL */

/* ---- renew.c ---- */
int pm_renew_copy(peermap_segment *segment); /* while attaching: nothing, unless the object is a copy */

/* ---- reserve.c ---- */
int pm_reserve(peermap_segment *segment);                       /* at shape.base, or elsewhere if RELOCATABLE; maps the header */
int pm_reserve_fresh(peermap_segment *segment);                 /* chooses shape.base as well */
bool pm_holds_descriptor(const peermap_segment *segment);       /* fd is what it was: the application may have closed it, and used its number */
uint64_t pm_object_length(const peermap_segment *segment); /* 0 if that is not so */
bool pm_holds_object(const peermap_segment *segment);           /* and the object is not lost */
/* Says on the object that this attachment has it, until the last process that has the descriptor, or a copy of it, has wholly ended. */
void pm_mark_attachment(const peermap_segment *segment);
void pm_unmark_attachment(const peermap_segment *segment);
bool pm_regain_object(peermap_segment *segment);                /* the same; if it is not, the object is opened anew by its name.  False: errno, see pm_fail_closed() */
/* The descriptor of an object, or -errno, and forks are held: until it is in its handle, or closed.  Who has a lease on it is waited for; EAGAIN. */
int pm_open_held(const char *name, bool writable, uint64_t deadline);
int pm_map_header(peermap_segment *segment);                    /* again, from another descriptor */
void pm_release_range(peermap_segment *segment);
int pm_map(peermap_segment *segment, uint64_t from, uint64_t to);   /* 0 or errno */
int pm_unmap(peermap_segment *segment, uint64_t from, uint64_t to); /* 0 or errno */
void pm_map_back(peermap_segment *segment, uint64_t from, uint64_t to);
/* Of one that only reads, in its agent. */
int pm_close_header(peermap_segment *segment); /* what it never writes cannot be written any more.  0 or a code */
void pm_show(peermap_segment *segment);        /* so much is let into core files as there is to be for the target, if it is not yet */
void pm_show_roots(peermap_segment *segment, uint32_t opened); /* any thread: the same of the records of roots */
/* For the target, and whoever's it is: by powers of two, so that few growths have to wake readers.  What is not active has no memory, and takes none of a core. */
uint64_t pm_shown_for(const peermap_segment *segment, uint64_t target);
int pm_fill_hole(peermap_segment *segment, uint64_t from, uint64_t to, uint64_t deadline); /* of the object, whole pages.  0 or errno */

/* ---- guard.c ---- */
int pm_guard(peermap_segment *segment); /* from before its header is touched */
void pm_unguard(const peermap_segment *segment);
static inline bool pm_lost(const peermap_segment *segment) { return load32(&segment->lost) != 0; }
int pm_fail_lost(const peermap_segment *segment);
int pm_unless_lost(const peermap_segment *segment, int rc); /* rc */
int pm_fail_gone(peermap_segment *segment); /* what was touched of it is gone */
int pm_fail_closed(const peermap_segment *segment, int error);         /* after pm_regain_object(), by its errno */
int pm_fail_hole(peermap_segment *segment, uint64_t bytes, int error); /* of pm_fill_hole() */
/* 0 if there is a file behind all of the active memory.  Before every change of size, in the agent or not. */
int pm_object_check(peermap_segment *segment);

/* ---- ask.c ---- */
#define PM_LEFT_BEHIND 4 /* of pm_agent_start(): PEERMAP_EBUSY and its sentence, and the handle is the agent's, to undo and to free when it runs again */
int pm_agent_start(peermap_segment *segment); /* 0, a code, or that */
/* Any thread.  The answer is in `request`, which is the caller's own. */
int pm_agent_ask(peermap_segment *segment, struct pm_request *request); /* which has its deadline */
void pm_agent_stop(peermap_segment *segment);
void pm_agent_leave(peermap_segment *segment, uint64_t deadline); /* at the end of the process: what that leaves of it goes with the process */
/* Whoever reads what the agent writes for the askers of rounds.  False if it is not to be had before the deadline. */
bool pm_agent_hold_off(peermap_segment *segment);
void pm_agent_let_on(peermap_segment *segment);

/* ---- agent.c ---- */
void *pm_agent(void *start); /* the thread's function */
/*
 * The agent only, before it makes what was asked for so.  False if the asker has given it up: then it must not be.  So whoever is told that its agent
 * is held up knows that nothing was changed.
 */
bool pm_agent_commits(peermap_segment *segment, const struct pm_request *request);
/* The agent only, in the middle of something else: what asks no more than the registry's lock. */
void pm_agent_serve_meanwhile(peermap_segment *segment);

/* ---- converge.c: the agent only ---- */
/* `restores`: what a call that failed, or a death, has left, which is mapped however long it takes. */
void pm_converge(peermap_segment *segment, uint32_t method, bool restores);
int pm_converge_first(peermap_segment *segment, uint64_t since, uint64_t until); /* while attaching; `until`, or 0 */
void pm_answer(peermap_segment *segment, uint64_t epoch); /* counts this peer's ack of `epoch` */

/* ---- lock.c: the agent only ---- */
int pm_robust_begin(peermap_segment *segment); /* 0 or errno.  In the thread that is to have all that follows */
/* A compare-and-swap of a word of the header or of a slot, which the kernel marks if this thread ends while it has it. */
bool pm_robust_take(peermap_segment *segment, uint32_t *word, uint32_t *seen, uint32_t mine);
void pm_robust_leave(peermap_segment *segment, const uint32_t *word); /* after it was given back */
#define PM_LATER 6 /* of pm_lock(), for the registry: a round is asked for, which comes first */
int pm_lock(peermap_segment *segment, uint32_t *lock, uint32_t *holder, uint64_t deadline); /* 0, PEERMAP_EBUSY, or that.  Deadline 0: without waiting */
/* If its holder has ended, and the kernel has not said so: then it can be had. */
bool pm_lock_take_from_the_dead(peermap_segment *segment, uint32_t *lock, uint64_t until);
void pm_locks_of_the_dead(peermap_segment *segment, uint32_t thread); /* the locks of an agent with this thread id, which has ended */
void pm_unlock(peermap_segment *segment, uint32_t *lock, uint32_t *holder);
int pm_lock_busy(peermap_segment *segment, const uint32_t *lock, const char *what, peermap_round *round);

/* ---- claim.c ---- */
/* Process-local.  An entry that was taken, and as what. */
struct pm_kept {
    struct pm_claim *claim;
    uint64_t owner;
};
/* From before a thread has a slot until that says whose it is, and from before that is given back.  Who has left theirs by a death is looked for `until` then. */
struct pm_kept pm_claim_take(peermap_segment *segment, uint32_t thread, const struct pm_process *who, uint64_t flags, uint64_t until);
void pm_claim_give_back(const struct pm_kept *kept);
bool pm_claim_is_doubled(const peermap_segment *segment, uint32_t thread, const struct pm_kept *own); /* another has a claim for the same id */
bool pm_claimant_has_ended(const peermap_segment *segment, uint32_t thread, uint64_t until);          /* of all who may be it, none lives */
void pm_claims_void(peermap_segment *segment);

/* ---- registry.c ---- */
#define PM_NAMESAKE 1 /* of pm_registry_claim: another thread must try; by its id the kernel could not tell this one from a peer's */
static inline bool pm_life_alive(uint32_t life) { return (life & PM_FUTEX_TID) != 0 && (life & PM_FUTEX_DIED) == 0; }

/* A peer is in it, and lives, as far as is known. */
static inline bool pm_slot_lives(const struct pm_slot *slot)
{
    return (load64(&slot->tag) & PM_TAG_STATE) == PM_LIVE && pm_life_alive(load32(&slot->life));
}

/* By what its slot says; but what this peer itself is, it has in memory of its own. */
static inline bool pm_slot_only_reads(const peermap_segment *segment, uint32_t index)
{
    return index == segment->index ? pm_only_reads(segment) : (load32(&segment->slots[index].flags) & PM_SLOT_READ_ONLY) != 0;
}

bool pm_slot_read(const peermap_segment *segment, uint32_t index, struct pm_slot *copy);
/* Who has a lock with this thread: the slot of the peer, other than this one, that lives or attaches, and whose agent that is. */
bool pm_slot_of_holder(const peermap_segment *segment, uint32_t thread, uint32_t *index, struct pm_slot *copy);
bool pm_slot_is(const peermap_segment *segment, uint32_t index, uint64_t tag); /* still LIVE under this tag, and alive */
bool pm_slot_died(const peermap_segment *segment, uint32_t index, uint64_t tag); /* it was, and ended without having left */
/*
 * The second truth, for who does not answer: asks the system whether the process of this slot, as copied, has ended.  If so, the slot says so from
 * now on.  False where it lives, or that cannot be known, or was not `until` then.  Costs some 20 microseconds, and of another pid namespace a look at all
 * processes; any thread.
 */
bool pm_slot_ended(peermap_segment *segment, uint32_t index, const struct pm_slot *copy, uint64_t until);
/* The same of a live slot; false at once of this peer's own. */
bool pm_slot_is_gone(peermap_segment *segment, uint32_t index, uint64_t until);
/* suspects.c: the same of several, and of who takes or gives back a slot: those of `only`, or all; as far as it is known `until` then.  True if any has
 * ended. */
bool pm_slots_look(peermap_segment *segment, const struct pm_awaited *only, uint32_t count, uint64_t until);
/* For that: the claimant of a slot; and what its peer's end means for it, which is known. */
bool pm_slot_free_of_claimant(peermap_segment *segment, uint32_t index, uint64_t until);
bool pm_slot_has_ended(peermap_segment *segment, uint32_t index, uint64_t tag);
/* This peer's own slot is not its own any more. */
bool pm_evicted(const peermap_segment *segment);
int pm_fail_evicted(const peermap_segment *segment);
void pm_slot_tell_death(peermap_segment *segment, uint32_t index);
int pm_registry_lock(peermap_segment *segment, uint64_t deadline); /* 0, or PEERMAP_EBUSY and its sentence; PM_LATER */
void pm_registry_unlock(peermap_segment *segment);
int pm_registry_claim(peermap_segment *segment, uint64_t deadline, bool *restart);
void pm_registry_release(peermap_segment *segment);
/* Of a slot as it was copied: a peer was in it, and has ended, as far as is known. */
bool pm_slot_is_dead(const struct pm_slot *slot);
/* That is told, and the slot is free, if it still is that peer's; `restart`: because another of the name comes. */
bool pm_slot_bury(peermap_segment *segment, uint32_t index, const struct pm_slot *slot, bool restart);
bool pm_slot_free(peermap_segment *segment, uint32_t index, uint64_t tag); /* of nobody that lives, under this tag */
void pm_registry_void(peermap_segment *segment);

/* ---- reap.c ---- */
int pm_registry_reap(peermap_segment *segment, const struct pm_request *request); /* the agent only */
void pm_reap_note(peermap_segment *segment, const struct pm_request *request);    /* the asker, when the channel is its own */

/* ---- deadline.c ---- */
/* When a call ends that would by itself at `own`: the calling thread may have set one deadline for all its calls. */
uint64_t pm_call_ends(uint64_t own);

/* ---- waits of any thread, of roots.c, wait.c and ended.c ---- */
#define PM_TRUST_NS UINT64_C(50000000) /* how long one trusts that it is woken: whoever should do so may be killed before it does */
/* Of a call that begins now: taken once, and handed down. */
static inline uint64_t pm_deadline(const peermap_segment *segment) { return pm_attached(segment) ? pm_call_ends(pm_now() + segment->deadline_ns) : 0; }
static inline uint64_t pm_until(const peermap_segment *segment, uint32_t deadline_ms)
{
    return pm_call_ends(pm_now() + (deadline_ms ? (uint64_t)deadline_ms * 1000000u : segment->deadline_ns));
}

/* While the word is `value`, for as long as one trusts that one is woken.  False, at once: it is `until` then. */
static inline bool pm_wait_a_while(const uint32_t *word, uint32_t value, uint64_t until)
{
    const uint64_t now = pm_now(), slice = now + PM_TRUST_NS;
    if (now < until)
        pm_futex_wait(word, value, UINT32_MAX, slice < until ? slice : until);
    return now < until;
}

/* ---- roots.c ---- */
int pm_roots_set(peermap_segment *segment, struct pm_request *request);

/* ---- resize.c: the agent only ---- */
#define PM_ANY_SIZE UINT64_MAX
int pm_round(peermap_segment *segment, struct pm_request *request);
/* Only if the active size is `from`, else PM_CHANGED.  Any thread. */
int pm_grow_from(peermap_segment *segment, uint64_t from, uint64_t by, uint64_t deadline, peermap_round *round);
int pm_shrink_from(peermap_segment *segment, uint64_t from, uint64_t by, uint64_t deadline, peermap_round *round);
int pm_fail_full(const peermap_segment *segment, uint64_t from, uint64_t most, uint64_t bytes); /* no room for so many more.  Any thread */
/* Takes the segment's lock, and mends what its last holder left.  Deadline 0: only if it is free, and nothing is to be mended.
 * PEERMAP_ETIMEDOUT: a shrink cannot be undone yet, as the report says for whom; NULL: in the background. */
int pm_hold(peermap_segment *segment, uint64_t deadline, peermap_round *report);
void pm_let_go(peermap_segment *segment);
uint64_t pm_size_to_be(const peermap_segment *segment); /* of a word that is left closed, when that is mended */
void pm_discard_leftover(peermap_segment *segment, uint64_t deadline); /* under the lock */
#define PM_CUT_LATER UINT64_C(1) /* of header.cut_epoch: an epoch that everybody has acked */
void pm_resize_alone(peermap_segment *segment); /* what an intent left is mended, and the sizes are of nobody but this process.  Any thread */

/* ---- ahead.c ---- */
#define PM_LONG_WAY 1 /* of pm_grow_inside: a round is needed, or an error is to be told */
#define PM_CHANGED 3  /* of the same, and of a request: the size is not `from` any more */
int pm_grow_inside(peermap_segment *segment, uint64_t from, uint64_t by, uint64_t deadline, peermap_round *report); /* any thread; these, 0, or an error */
uint64_t pm_ahead_of(const peermap_segment *segment, uint64_t size);              /* the target for this active size */
void pm_nudge(peermap_segment *segment, uint64_t size);                           /* has the horizon moved if it is near */
void pm_move_horizon(peermap_segment *segment);                                   /* the agent only */
void pm_nudge_cut(peermap_segment *segment);  /* the agent only: it goes on with what a shrink has left, if there is anything */
void pm_nudge_mending(peermap_segment *segment); /* the same: it mends what was left closed, if nobody has to be waited for */
void pm_finish_cut(peermap_segment *segment); /* the agent only: now, what it has begun */

/* ---- reach.c: the agent only ---- */
#define PM_HANDS 4 /* that may be lost in one wait */
int pm_reach_holder(peermap_segment *segment, uint32_t word, uint64_t deadline); /* lets the agent run that has the lock; 0 or errno */
struct pm_phrase {
    char text[384];
};
/* What keeps it from letting go, as far as can be seen, and the remedy. */
struct pm_phrase pm_reach_holder_words(const peermap_segment *segment, const struct pm_slot *holder);

/* ---- preflight.c: any thread ---- */
/* 0 if there is memory for `bytes` more, as far as can be told; else PEERMAP_ENOSPC (or EOS and EFBIG: ulimit -f), and which limit it is. */
int pm_preflight(peermap_segment *segment, uint64_t bytes);
/* The same sentence where allocating them failed after all: the code, and errno `error` if that is PEERMAP_EOS. */
int pm_no_memory(const char *name, uint64_t bytes, int error);
int pm_fail_own_memory(void); /* malloc() or the like has failed */

/* ---- heap.c, for segments that have one ---- */
int pm_heap_enter(peermap_segment *segment, uint64_t step); /* when it is attached */
void pm_heap_leave(peermap_segment *segment);               /* before its agent ends */
void pm_heap_exit(peermap_segment *segment);                /* the same where the process ends: of this thread, and of no other */
/* Of those peers alone; count PM_EVERYBODY: of all that have ended.  Nothing if it has none. */
void pm_heap_reap(peermap_segment *segment, const peermap_peer *peers, int count);
uint64_t pm_heap_end(const peermap_segment *segment);       /* bytes that are in use, to the last one: no shrink below them */

/* ---- journal.c ---- */
void pm_journal(peermap_segment *segment, struct pm_event event); /* fills seq, time, by, by_pid, and pid from slot */
void pm_changed(peermap_segment *segment);                        /* wakes observers */

#endif
