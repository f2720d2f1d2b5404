/* SPDX-License-Identifier: MIT */
/*
 * walk.h - every named place of the runtime (native/base/fault.h) x {kill, vanish, stop, fail}, in every operation that comes past it.
 *
 *     walk.c    the walk: finds out which places a play comes past, plays it once for each, and demands that none was left out
 *     plays.c   the plays: an operation, and how it comes about
 *     judge.c   one play with one fault: what must be true afterwards
 *     puppet.c  a peer that does what it is told; and the fault
 *     heap.c    what it does with a heap
 *
 * Each play has a process of its own, the judge, with up to three puppets: a witness, a victim, whom the fault befalls, and a third.  Nobody
 * asserts how long anything takes: a judge that does not end is ended, and has failed.
 */
#ifndef WALK_H
#define WALK_H

#include "fault.h"
#include "order.h"
#include "peermap.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PAGE UINT64_C(4096)
#define PLACES_MAX 256
#define TRAIL_MAX 512
#define LANES 10
#define FIRST_PAGES 16u /* of a segment */
#define KEPT_PAGES 8u   /* never given back */

/* VANISH is a death that the kernel's robust list does not tell, as where a process's memory was taken away before it had ended. */
enum action { NO_ACTION, KILL, VANISH, STOP, ERROR };
enum state { DISARMED, ARMED, STRUCK };

/* Shared.  What shall befall a puppet, and where it has been since it was armed. */
struct script {
    uint32_t state; /* ARMED becomes one of the others, once */
    uint32_t place; /* number of the name */
    uint32_t nth;   /* time that it comes past */
    uint32_t action;
    int32_t error;
    uint32_t passes, in_hand;
    uint32_t trail_count;
    uint16_t trail[TRAIL_MAX];
};

enum role { WITNESS, VICTIM, THIRD, ROLES };

/* Shared.  One of the judges that are at work at the same time. */
struct lane {
    struct script scripts[ROLES];
    uint32_t named; /* a stopped victim was in the way, and the error named it */
    char failure[1024];
};

/* Shared. */
struct walk {
    uint32_t reached[PLACES_MAX], befallen[PLACES_MAX][ERROR + 1];
    struct lane lanes[LANES];
};

extern struct walk *walk;
extern const char *place_names[PLACES_MAX];
extern uint32_t place_count;
void places_find(void);
uint32_t place_number(const char *name); /* must exist */
static inline bool was_struck(const struct script *script) { return load32(&script->state) == STRUCK; }

/* ---- puppets ---- */

enum what { CREATE, ATTACH, DETACH, DESTROY, GROW, SHRINK, REMAP, MAP, REAP, SET_ROOT, DROP_ROOT, MANY_ROOTS, FILL, CHECK, SETTLE, PEERS,
            ALLOC, ALLOC_TO, FREE_OWN, GIVE, GIVE_WORD, FREE_GIVEN, SCATTER, TRIM, AUDIT }; /* of a heap */

struct order {
    enum what what;
    uint64_t bytes;
    uint32_t flags, deadline_ms;
    uint64_t ahead;
    char name[64]; /* of the peer */
};

struct answer {
    int rc, error;
    uint64_t size, base;
    peermap_round round;
    char sentence[300];
};

_Noreturn void puppet_run(const char *segment, int fd, struct script *script);

/* ---- heap.c ---- */
int heap_fill(peermap_segment *segment);
int heap_check(peermap_segment *segment);
int heap_obey(peermap_segment *segment, const char *name, const struct order *order);

/* ---- plays.c ---- */

struct stage;
#define RESERVE (UINT64_C(64) << 20) /* of every segment */

struct play {
    const char *name;
    uint32_t flags; /* of the segment */
    uint64_t ahead;
    void (*prepare)(struct stage *stage); /* after witness and victim have attached; NULL: nothing */
    struct order order;                   /* by `actor`; the victim is armed */
    enum role actor;
    uint32_t victim_flags, witness_flags; /* of their attachments */
    bool apart;                           /* the victim does not attach before */
    bool creates;                         /* there is no segment before */
    bool may_be_late;                     /* the operation may fail with ETIMEDOUT, the third being the blocker */
    uint32_t deadline_ms;                 /* the victim's; 0: patient */
    int64_t pages;                        /* by which the operation changes the size */
    int objects;                          /* of a heap that live afterwards, beside the kept one, */
    int more;                             /* and so many more if the operation was not done, or its object not taken back */
};
extern const struct play plays[];
extern const uint32_t play_count;

/* ---- judge.c ---- */

struct person {
    pid_t pid; /* 0: there is none */
    int fd;
    bool attached, stopped;
    uint64_t base;
};

/* The judge's own. */
struct stage {
    char segment[64];
    const struct play *play;
    struct lane *lane;
    struct person people[ROLES];
    uint64_t before, other; /* active bytes before the operation; what they may also be, if not 0 */
    bool owed;              /* the third has not answered yet */
};

enum heard { ANSWERED, DIED, STOPPED };

/* Plays it with what the lane's victim script says.  Exits: 0 all is well, 3 the place was not come past, 1 it is
 * not well: see lane->failure. */
_Noreturn void judge(const struct play *play, struct lane *lane, uint32_t number);

void start_person(struct stage *stage, enum role role);
void end_person(struct stage *stage, enum role role); /* kills it */
void tell(struct stage *stage, enum role role, const struct order *order);
enum heard hear(struct stage *stage, enum role role, struct answer *answer);
struct answer must(struct stage *stage, enum role role, struct order order); /* succeed */
void see_struck(struct stage *stage, enum role role); /* waits until it has stopped or ended */
void stop_person(struct stage *stage, enum role role);
void continue_person(struct stage *stage, enum role role);
void arm(struct stage *stage, enum role role, const char *place, enum action action);
_Noreturn void fail(struct stage *stage, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
