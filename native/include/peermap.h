/* SPDX-License-Identifier: MIT */
/*
 * peermap.h - shared memory that grows under running processes.
 *
 * A segment is one shared memory object, /dev/shm/peermap.NAME.  Every process that attaches to it becomes a peer: it is
 * entered in a registry in the segment's header and maps the whole active memory at one address, the same in every peer, so
 * raw pointers into the segment are valid everywhere.  When a peer grows the segment, the call returns only when *every*
 * live peer has the new memory mapped.  Nobody polls, re-opens, or learns of the growth from a fault.
 *
 *     #include <peermap.h>
 *     #include <stdio.h>
 *
 *     int main(void)
 *     {
 *         peermap_options options = { .struct_size = sizeof options, .peer_name = "writer" };
 *         peermap_segment *segment;
 *         int rc = peermap_open("quotes", &options, &segment);
 *         if (rc == 0)
 *             rc = peermap_grow(segment, 2 << 20, NULL);
 *         if (rc != 0)
 *             return fprintf(stderr, "%s: %s\n", peermap_error_name(rc), peermap_last_error()), 1;
 *         printf("%zu bytes at %p, in every peer\n", peermap_size(segment), peermap_base(segment));
 *         peermap_detach(segment);
 *         return 0;
 *     }
 *
 * Link with -lpeermap -lpthread.  Linux 4.17 or later; C11 or C++17.
 *
 * CAVEATS, each as problem and remedy
 *
 * - Problem: a peer that a debugger holds or a freezer (a paused container) cannot map anything, nor can one that is stopped (SIGSTOP, Ctrl+Z)
 *   where the system does not permit running its agent thread (kernel.yama.ptrace_scope, another user, PEERMAP_NO_PTRACE).  It has what is mapped ahead; a growth past that
 *   waits for it until the deadline (options.deadline_ms), then puts everything back and fails with PEERMAP_ETIMEDOUT, naming the peer and why.
 *   Remedy: let the peer go on and repeat; or set PEERMAP_ALLOW_LATE: the growth succeeds and the peer maps as soon as it runs.
 * - Problem: memory is mapped ahead, past the active size, so a stray access there is a SIGBUS, or after the next growth none at all.
 *   Remedy: PEERMAP_STRICT at creation: it is a SIGSEGV then, and every growth asks every peer.
 * - Problem: after peermap_shrink() a stale access to the removed tail is a SIGSEGV in the process that makes it.
 *   Remedy: bracket reads with peermap_pin() and peermap_unpin(); a shrink waits for pins.
 * - Problem: a forked child is not a peer; the memory is unmapped in it and its handles answer PEERMAP_EDETACHED.
 *   Remedy: attach anew in the child, under a name of its own.
 * - Problem: the segment outlives its processes, by design: a restarted process goes on from the same roots.
 *   Remedy: peermap_unlink() when the data is no longer wanted.  Processes still attached keep their mapping.
 * - Problem: every peer can write every byte, also of the header.  Peers must trust each other's data.
 *   What holds regardless: the library maps and unmaps nothing outside the range that the process itself reserved.
 * - Problem: any user of the machine can make an object under any name that is free, before the program that it is meant for does.
 *   Remedy: nothing to do where all peers are one user's: what is another's is refused.  Where they are not, PEERMAP_OWNER says whose it must be.
 *
 * - Problem: threads and signal handlers lead into this library as long as the process lives, so a plugin that contains it must not go.
 *   Remedy: nothing to do: dlclose() leaves it where it is, and loading it again gives the same one, with its variables as they were (glibc; musl unloads nothing).
 *   An attachment that should end with the plugin's use is detached before.
 * - Problem: when somebody cuts the object short (truncate), a touch of what is gone is SIGBUS.
 *   Remedy: no call of the library ends by that, but with PEERMAP_ELOST, and peermap_read() and peermap_write() touch for you; the memory stays mapped until
 *   peermap_detach().  For this the first attachment installs a handler of SIGBUS for the whole process; every other SIGBUS goes on to the handler, or the default, that
 *   was there before.  A program with a handler of its own installs it before that, and blocks SIGBUS in no thread that calls the library.
 *
 * OWNERS.  peermap_attach() and peermap_open() take part in an object of the user that the process works as (its effective uid), and refuse any other, root's
 * too, and a user's when it is root that attaches: PEERMAP_EACCES, and errno is EREMOTE.  PEERMAP_OWNER names the one user whose object it must be instead;
 * PEERMAP_FOREIGN takes whosever it is.  What is judged is the object that was opened, once, before any of it is read: one that is given to another user
 * (chown) later stays attached, and a daemon that gives up root attaches to what it made as root only by asking.  In a user namespace, as of a container,
 * users who have no number there are all seen as 65534; none of them but itself is this process's user, where that is seen as 65534 as well; a process with
 * another number names all of them by it.  Who else may write the object, its mode says: give no write permission to all (o+w).
 *
 * DEADLINES.  options.deadline_ms bounds each call as a whole: what it waits for in its own process, for the segment's lock, for what a death has
 * left to be mended, for memory, and for the peers.  A call that ends by it says who was in the way; peermap_set_thread_deadline() gives several calls one.
 * Two things are not bounded by it: peermap_detach(), and a machine whose cores are all so busy that this process gets none.  Memory that peermap_create()
 * got too little of goes back before it returns, which for gigabytes takes a moment.  An error means that nothing was changed (a shrink may take until a
 * peer runs again for that: peermap_shrink()), also where it is that the agent thread of this process is held up (by a
 * debugger that holds it alone): what that was at, it undoes when it runs again, or the next peer does if this process ends.  One sentence says
 * otherwise, "just when it carries the call out": that comes in time as well, and when the agent runs again the call is carried out.
 *
 * READERS.  A peer that attaches with PEERMAP_READ_ONLY has the data mapped to read, so a stray write is a SIGSEGV in it, at the instruction that
 * makes it.  So are the sizes (where pages are of 4 KiB), the roots and what describes the heap; it can write no more than the registry, the event ring, and the words
 * by which peers wait for each other.  It has the whole reservation mapped from the beginning: it has every growth at once, and once it has attached no call of another
 * peer asks it for anything or waits for it, whether it is stopped, frozen or in a debugger.  But what it pins holds up a shrink, as with anybody, and
 * peermap_remap() and peermap_map_peer() are about it as about others; and it is one of max_peers.  A touch past the active memory is SIGBUS in it, also where the segment was
 * created with PEERMAP_STRICT, and PEERMAP_PREFAULT does not reach it.  Calls that would change the data, the sizes, the roots or the heap answer
 * PEERMAP_EREADONLY, or NULL and EROFS.  This guards against mistakes, not against malice: the process needs write permission for the object, since it
 * enters the registry.
 *
 * ENDS.  A process that ends by exit(), or by returning from main(), without peermap_detach() leaves its segments in good order all the same, after its own exit handlers
 * and within each handle's deadline, but from a signal handler that interrupted a call of the library; what its other threads held of a heap is taken back as that of the dead is.  By _exit(), a signal or an exec it is dead.
 *
 * DEATHS.  A process that ends, however it does, is known to be dead by the kernel's word, which is one load, or by /proc, which is asked of whoever
 * does not answer: while it dumps its core, or where its memory was taken away before it had ended.  What cannot be seen from here, in another
 * pid namespace, and does not tell, counts as alive.
 *
 * PTRACE.  It is used for one thing: a peer whose process is stopped while others wait for it is let run, the library's own thread in it and no other,
 * which maps what it is asked for, or lets go of the segment's lock, and falls back into the stop.  Nothing is written into that process.  Only processes that have the segment
 * mapped, by the kernel's word, of the same user or the segment's owner; and only where kernel.yama.ptrace_scope and the like permit it.  PEERMAP_NO_PTRACE as a
 * flag says that it is not to be done to this peer; at creation, to no peer of the segment.  In the environment of a process that attaches, with any value but 0, it says that this process
 * neither does that to others nor lets it be done: a stopped peer is late then, or has the lock until it goes on, and the sentence says so.
 *
 * COPIES.  An object that was copied, restored from a backup, or found on a disk after a reboot, is a segment like any other: the first to attach makes
 * what it says of processes void.  Roots, data and heap go on as they were when it was copied; make copies while nobody writes, or by peermap copy and
 * peermap dump, which take the segment of one moment, as if all its peers had been killed in that; and restore one under a name that is free: peermap_unlink() first, if need be.  Whoever writes over an object that has peers takes their places from them: PEERMAP_EDETACHED from what they change then.
 *
 * CORES.  A core file of a peer has the active memory and what describes it, none of the rest of the reservation; whether it has shared memory at all,
 * /proc/PID/coredump_filter says.  gdb's gcore reads in pieces of 1 MiB and leaves out one that it cannot read to its end, as the last one of the active memory is
 * where more is mapped ahead: PEERMAP_STRICT, or the kernel's own core, has all of it.  Of a reader it has what was there when its agent thread last ran, which a debugger may
 * have held since.
 *
 * THREADS.  All functions but peermap_detach() may be called from any thread at any time.  Calls that run a round (grow, shrink,
 * remap, map_peer) are serialised within a process; roots and the registry do not wait for them.  None may be called from a signal handler,
 * except peermap_base(), peermap_size(), peermap_pin(), peermap_unpin(), peermap_segment_at(), peermap_id() and peermap_epoch().  Allocating and freeing
 * never wait for another thread, unless the segment must grow, or another thread forks when this one comes to the heap for the first time.  No call is a
 * cancellation point (pthread_cancel): a thread that is cancelled in one comes to its end first, which its deadline bounds.
 *
 * PLACE.  Segments lie in /dev/shm, or in the folder that PEERMAP_DIR names in the environment of a process: an absolute path of up to 200 bytes, in a file system of
 * kind tmpfs.  It is read once, and is one for all segments of the process; processes that name different folders do not meet.  A program that has other rights
 * than who started it (setuid) passes it over.  In hugetlbfs no segment can lie: its files are of whole huge pages, and growing is by less; PEERMAP_HUGE is huge pages in a tmpfs.
 *
 * LOCKS.  A lock in the memory must survive its holder.  With pthread that is a mutex with PTHREAD_PROCESS_SHARED and PTHREAD_MUTEX_ROBUST, initialised before a root leads to it;
 * all who use it have the same C library.  Where a holder was killed, pthread_mutex_lock() answers EOWNERDEAD to the next one, who has it: make good what it protects,
 * then pthread_mutex_consistent(), then go on; without that it is ENOTRECOVERABLE, for everybody, for ever.  It waits without end for a holder that is stopped:
 * pthread_mutex_clocklock() has an end.  Give it back before peermap_detach().  Or, for programs with different C libraries: a word, peermap_wait(), peermap_notify(), and peermap_id() of who has
 * it, whose death peermap_peer_ended() tells; peermap_mutex.hpp is that in C++, with a deadline, the holder's name and a hook for the repair.
 *
 * What is half changed when its holder dies can often not be made good, so change nothing in its place: allocate the new one into a word of the segment (peermap_alloc_to()), fill it, set the root to
 * it, free the old one.  Each is one step, and what a killed process was at is known to the next: native/examples/swap.c, which may be killed anywhere and loses nothing.
 *
 * ERRORS.  Functions returning int return 0 (or a count) or a negative code of the list below, from -27001 down, which no errno is.  peermap_last_error() has a sentence
 * about the calling thread's last failure that names the thing and the remedy.
 *
 * FUNCTIONS.  The comment on each says what it does, and then, in a form that programs read too (the manual pages are made of it):
 *
 * - Blocks: for how long the call can wait.  "Never": it waits for nobody.  "Its deadline" is that of DEADLINES.
 * - Meanwhile: what other threads and processes may do during the call.  "Anything" is every call, with the same handle too, but peermap_detach() of
 *   that, and every use of the memory.
 * - Returns: what, and whose that is.  What it fills in is the caller's, and so is what it was given, of which it keeps nothing unless it says so.
 * - Errors: each with when it comes, where its text does not say that.
 *
 * Five errors have the same reasons wherever they come; "also" adds to these.
 *
 * - EDETACHED: the handle is NULL, or in a forked child the parent's (after peermap_detach() there is no handle any more, and to use it is undefined); or
 *   the segment does not count this process among its peers any more, because it was taken for dead, or the object was written over.
 * - EBUSY: until the deadline somebody had the lock that the call needs, another thread of this process had such a call under way, or this process's
 *   agent thread was held up.
 * - ELOST: the object was cut short.
 * - EREADONLY: the handle is a reader's, see READERS.
 * - EOS: see errno; EBADF is that the process has closed the segment's descriptor, and the object has no name any more to open it by.
 *
 * VERSIONS.  Before 1.0 each minor version may change anything: the shared object has another name then (libpeermap.so.0.2), so no program runs with one that it was not
 * built for.  Within a minor version, and from 1.0 on within a major one: no function, constant or field goes or changes its meaning; functions, flags, errors and states are
 * added; options become longer at their end, where 0 means what it was before; and what calls fill in uses up its reserved fields, which are 0 until then.
 * Processes whose versions differ take part in a segment as long as its layout is the same one, and are refused by name (PEERMAP_EVERSION) where it is not.
 * A static library exports nothing from what it is linked into; each copy of it in a process is a peer of its own.
 *
 * UNITS.  Sizes are bytes.  Sizes given to create, grow and shrink are rounded up to whole pages (a shrink: down).
 */
#ifndef PEERMAP_H
#define PEERMAP_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef PEERMAP_API
#if defined __GNUC__
#define PEERMAP_API __attribute__((visibility("default")))
#else
#define PEERMAP_API
#endif
#endif

/* What a call answers is not to be passed over: it may have failed, or is all that the call is for. */
#if defined __GNUC__
#define PEERMAP_CHECKED __attribute__((warn_unused_result))
#else
#define PEERMAP_CHECKED
#endif

#define PEERMAP_VERSION "0.2.0"
#define PEERMAP_VERSION_NUMBER 200 /* major * 10000 + minor * 100 + patch */

#define PEERMAP_NAME_MAX 64 /* bytes of a segment, peer, root or type name, with the final NUL */

/* The one list of errors: name, code, text.  The enum, peermap_error_name() and peermap_error_text() are made from it. */
#define PEERMAP_ERRORS(X)                                                                                              \
    X(EINVAL, -27001, "an argument is out of range")                                                                       \
    X(ENAME, -27002, "a name must be 1 to 63 of the characters A-Z a-z 0-9 . _ -, and not begin with a dot")                \
    X(EEXIST, -27003, "a segment of this name exists already")                                                             \
    X(ENOENT, -27004, "there is no segment of this name")                                                                  \
    X(EFORMAT, -27005, "the object is not a segment, or its header is damaged")                                            \
    X(EVERSION, -27006, "the segment has another layout version than this library")                                       \
    X(EACCES, -27007, "permission denied")                                                                                 \
    X(ENOSPC, -27008, "the system has no memory left for the segment; nothing was changed")                                \
    X(ELIMIT, -27009, "the segment's address reservation is exhausted; create it with a larger reserve_size")              \
    X(EADDR, -27010, "the segment's address range is taken in this process")                                              \
    X(EPEERNAME, -27011, "a live peer has this name already")                                                             \
    X(ESLOTS, -27012, "the registry has no free slot; create the segment with more max_peers")                            \
    X(EROOTS, -27013, "there is no room for another root")                                                                \
    X(ESRCH, -27014, "no peer has this pid")                                                                              \
    X(ETIMEDOUT, -27015, "a peer did not map the memory before the deadline; nothing was changed")                         \
    X(EBUSY, -27016, "somebody holds the segment's lock or pins the memory, or this process's agent is held up")          \
    X(EDETACHED, -27017, "the handle is detached, or belongs to the parent process")                                      \
    X(EOS, -27018, "the system refused; see errno")                                                                       \
    X(ELOST, -27019, "the object was cut short from outside; destroy it, and create it anew")                             \
    X(ETYPE, -27020, "the root is of another type")                                                                       \
    X(EREADONLY, -27021, "this attachment only reads; attach without PEERMAP_READ_ONLY")

/* clang-format off */
enum peermap_error {
#define PEERMAP_X(name, code, text) PEERMAP_##name = (code),
    PEERMAP_ERRORS(PEERMAP_X)
#undef PEERMAP_X
    PEERMAP_OK = 0
};
/* clang-format on */

typedef struct peermap_segment peermap_segment; /* process-local handle of one attachment */

/* Flags of peermap_options.flags. */
enum {
    PEERMAP_ALLOW_LATE = 1 << 0,  /* rounds of this handle succeed without the peers that did not answer in time */
    PEERMAP_STRICT = 1 << 1,      /* creation: peers never map past the active size, so that every growth asks each of them */
    PEERMAP_RELOCATABLE = 1 << 2, /* attach elsewhere if the segment's addresses are taken: raw pointers do not hold */
    PEERMAP_NO_PTRACE = 1 << 3,   /* nobody uses ptrace on this peer's agent thread; at creation: on any peer's.  See PTRACE */
    PEERMAP_PREFAULT = 1 << 4,    /* growths of this handle populate the new pages in every peer before they return */
    PEERMAP_HUGE = 1 << 5,        /* creation: huge pages where the system gives them; see peermap_page_size() */
    PEERMAP_HEAP = 1 << 6,        /* creation: the memory is a heap, laid out by peermap_alloc() */
    PEERMAP_FOREIGN = 1 << 7,     /* attaching: also to another user's object, whoever that is: see OWNERS */
    PEERMAP_OWNER = 1 << 8,       /* attaching: only to an object of the user options.owner, who may be another one */
    PEERMAP_READ_ONLY = 1 << 9,   /* attaching: to read, see READERS; peermap_open() creates nothing then */
};

/*
 * Set struct_size to sizeof(peermap_options); everything else may be 0, which means the default given here, as NULL in place of all of them does.  What a later version has besides is
 * refused where it is not 0: an option is never passed over in silence.
 */
typedef struct peermap_options {
    size_t struct_size;
    const char *peer_name;  /* registered in the header.  Default: the program's name; "-PID" is added if that is taken */
    size_t initial_size;    /* creation: active bytes at the start.  Default 64 KiB */
    size_t reserve_size;    /* creation: most bytes the segment can ever have.  Default 16 GiB; costs address space only */
    size_t ahead;           /* creation: bytes mapped past the active size.  Default: as many as are active, at least 64 MiB;
                             * up to 16 times that while it grows fast */
    uint32_t deadline_ms;   /* a call ends after this long, and 10 % and 50 ms more: see DEADLINES.  Default 1000 */
    uint32_t max_peers;     /* creation: slots in the registry, at most 1024.  Default 128 */
    uint32_t mode;          /* creation: permission bits of the object, as they are: the umask takes none away.  Default 0600 */
    uint32_t flags;         /* PEERMAP_ALLOW_LATE and so on */
    size_t heap_step;       /* when this handle's allocations grow the heap, it doubles, but by no more than this.  Default 64 MiB */
    uint32_t owner;         /* attaching with PEERMAP_OWNER: the uid whose object it must be */
    uint32_t max_roots;     /* creation: roots that there can be, at most 1048576.  Default 64; with PEERMAP_HEAP 1048576, which take memory as they come */
    uint64_t reserved[4]; /* 0 */
} peermap_options;

enum peermap_state {
    PEERMAP_DEAD = 0,  /* ended without detaching, or dumps its core; its slot waits for a restart under its name, or for peermap_reap() */
    PEERMAP_ALIVE = 1, /* maps everything that was asked of it */
    PEERMAP_LATE = 2,  /* alive, but has not yet mapped what was asked of it */
    PEERMAP_UNKNOWN = 3, /* of who allocated an object, and is not in the registry any more, or cannot be told */
};

/* How a peer came to its last mapping. */
enum peermap_method {
    PEERMAP_BY_NONE = 0,
    PEERMAP_BY_ATTACH = 1, /* mapped everything while attaching */
    PEERMAP_BY_AGENT = 2,  /* the library's thread in the peer mapped it */
    PEERMAP_BY_SELF = 3,   /* the peer ran the round itself */
    PEERMAP_BY_UNSTOP = 4, /* the process was stopped: its agent thread alone was let run, by ptrace */
    PEERMAP_BY_AHEAD = 5,  /* it had the memory mapped before the growth: nothing to do */
};

/* One row of the registry, copied. */
typedef struct peermap_peer {
    pid_t pid; /* in the peer's own pid namespace */
    uid_t uid; /* as it says: in its own user namespace, and anybody who may write the segment can say anything */
    uint64_t start_time;         /* clock ticks since boot, as field 22 of /proc/PID/stat */
    char name[PEERMAP_NAME_MAX]; /* descriptive name */
    void *base;                  /* where the data begins in that process */
    size_t mapped;               /* data bytes mapped there */
    uint64_t epoch_requested;
    uint64_t epoch_acked;
    int state;            /* enum peermap_state */
    int method;           /* enum peermap_method, of the last mapping */
    int error;            /* errno of the last mapping, 0 if it succeeded */
    uint64_t nanoseconds; /* from the request to the end of the last mapping */
    uint64_t id;          /* of this attachment: no other of the segment ever has it, nor does the peer's next one after a restart */
    uint32_t flags;       /* of those it attached with: PEERMAP_READ_ONLY, PEERMAP_NO_PTRACE; and PEERMAP_RELOCATABLE if it is relocated */
    uint32_t reserved0;
    uint64_t reserved[2];
} peermap_peer;

/* The report of one round.  On PEERMAP_ETIMEDOUT and PEERMAP_EBUSY the blocker is the peer that did not answer, or that holds the lock
 * or a pin. */
typedef struct peermap_round {
    uint64_t epoch;
    size_t size;        /* active bytes afterwards */
    uint32_t peers;     /* asked, the caller included */
    uint32_t acked;     /* mapped it */
    uint32_t late;      /* did not in time */
    uint32_t died;      /* ended while they were waited for */
    pid_t blocker_pid;  /* 0 if there is none */
    char blocker[PEERMAP_NAME_MAX];
    uint64_t nanoseconds; /* of the whole, with what allocating the memory or taking it back took */
    uint32_t unstopped; /* of the acked: mapped by PEERMAP_BY_UNSTOP */
    uint32_t ahead;     /* of the acked: had it mapped before, PEERMAP_BY_AHEAD */
    uint32_t populated; /* PEERMAP_PREFAULT: peers that have every new page in their page tables */
    uint32_t reserved0;
    uint64_t reserved[2];
} peermap_round;

/* How one peer came to the last round of a handle. */
typedef struct peermap_result {
    pid_t pid; /* in the peer's own pid namespace */
    char name[PEERMAP_NAME_MAX];
    int method;           /* enum peermap_method; PEERMAP_BY_NONE if it did not map the memory in time, or ended */
    int error;            /* errno of its mapping; of a late peer, why it could not be reached from outside: EBUSY a debugger holds it, EL2HLT it is
                           * frozen, EACCES PEERMAP_NO_PTRACE, ECANCELED the same of this process, EPERM the system, EREMOTE it is another user's,
                           * ESRCH it is not to be seen or no peer, ETIME it is in another pid namespace, and the time was over before it was found
                           * among all processes, EMFILE there was no descriptor free to look at it by, EDEADLK its memory map is locked, by a
                           * thread of it that waits in the kernel, as for a file system that does not answer; EINPROGRESS it is in the middle of
                           * something; 0 nothing is known to be in its way */
    uint64_t nanoseconds; /* from the request to the answer */
    uint64_t reserved[2];
} peermap_result;

/* ---- segments ---- */

/*
 * Creates the segment and attaches to it.  `name` is 1 to 63 of the characters A-Z a-z 0-9 . _ - (not a dot first).
 * The object appears complete or not at all: a creator that dies halfway leaves nothing behind.
 *
 * Blocks: until its deadline, mostly while the system gives options.initial_size of memory.
 * Meanwhile: anything.  Of any number of callers, in whichever process, one creates the segment.
 * Returns: 0, and in `out` a handle, the caller's until peermap_detach(); after an error NULL.
 * Errors: EEXIST, ENAME (`name`, or options.peer_name), EINVAL (`out` is NULL; options; PEERMAP_OWNER with another user), ENOSPC,
 *   EADDR (no range of addresses is free for reserve_size), EACCES, EBUSY (also: a process has a lease on the object),
 *   ENOENT (somebody removed its name meanwhile), EFORMAT (what has its name by then is no regular file), ELOST, EOS.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_create(const char *name, const peermap_options *options, peermap_segment **out);

/*
 * Attaches to an existing segment: reserves its addresses, maps all of its active memory, enters the registry.  A process
 * that attaches under the descriptive name of a dead peer takes its place: that is a restart.
 *
 * Options of creation say here what the program goes by, and one that the segment contradicts is EINVAL, by name: PEERMAP_HEAP, PEERMAP_STRICT or
 * PEERMAP_HUGE that it was created without; a reserve_size, max_peers or max_roots of which it has less; an ahead or a mode that is another.  Not what
 * it has besides, and not initial_size: sizes change, and peermap_grow_to() sees to one.
 *
 * Blocks: until its deadline: for who has a lease on the object, for the registry, and while it maps.
 * Meanwhile: anything.  From when it is in the registry, growths and shrinks ask it like every peer.
 * Returns: 0, and in `out` a handle, the caller's until peermap_detach(); after an error NULL.
 * Errors: ENOENT, ENAME (`name`, or options.peer_name), EINVAL (`out` is NULL; options, also what the segment contradicts), EFORMAT, EVERSION,
 *   EACCES (errno EREMOTE: another user's, see OWNERS), EADDR (peermap_last_error() names what occupies the range), EPEERNAME, ESLOTS,
 *   ENOSPC (of a heap: no memory for this peer's record, or all 4096 are taken by peers and their threads), EBUSY (also: a process has a lease
 *   on the object), ELOST,
 *   EOS (errno ETIMEDOUT: not all was mapped by the deadline, as where the process locks its future memory).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_attach(const char *name, const peermap_options *options, peermap_segment **out);

/*
 * Attaches, or creates if there is none; race-free among any number of callers.  What is there must be what would be created: see
 * peermap_attach().
 *
 * Blocks: until its deadline, as peermap_create() and peermap_attach().
 * Meanwhile: anything.
 * Returns: 0, and in `out` a handle, the caller's until peermap_detach(); after an error NULL.
 * Errors: those of peermap_create() and peermap_attach() but EEXIST, and ENOENT (only where PEERMAP_OWNER names another user, for whom
 *   nothing can be created), EBUSY (also: others created and removed it, again and again, until the deadline).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_open(const char *name, const peermap_options *options, peermap_segment **out);

/*
 * Unmaps the segment, leaves the registry, frees the handle.  NULL is ignored.  In a forked child, where nothing is mapped, it frees the handle.
 *
 * Blocks: beyond any deadline: until the agent thread of this process has finished what it is at, a call that was given up too, and memory of a shrink
 *   that it was giving back.
 * Meanwhile: no other thread may use the handle or the memory.  Other processes may do anything, and none waits for this peer any more.
 * Returns: nothing.
 * Errors: none.
 */
PEERMAP_API void peermap_detach(peermap_segment *segment);

/*
 * Removes the object's name.  Peers that are attached keep their memory; it is freed when the last one ends.
 *
 * Blocks: for the system, which frees the memory in the call where nobody is attached.
 * Meanwhile: anything.  The name is free from then on.
 * Returns: 0.
 * Errors: ENOENT, ENAME, EINVAL (PEERMAP_DIR), EACCES, EOS.
 */
PEERMAP_API int peermap_unlink(const char *name);

/* ---- the memory ---- */

/*
 * Where the data begins in this process: the same address in every peer, unless PEERMAP_RELOCATABLE moved it.  Page aligned.
 *
 * Blocks: never.  Meanwhile: anything.  Errors: none.
 * Returns: the address, good until peermap_detach(); NULL where the handle is detached, as in a forked child.
 */
PEERMAP_API PEERMAP_CHECKED void *peermap_base(const peermap_segment *segment);

/*
 * The active bytes: of the data, [base, base + size) may be read and, but by a reader, written.  In a peer that was late, smaller than elsewhere until
 * its mapping has caught up.
 *
 * Blocks: never.  Errors: none.
 * Meanwhile: anything.  It grows and shrinks under the caller; see peermap_pin().
 * Returns: the bytes; 0 where the handle is detached.
 */
PEERMAP_API PEERMAP_CHECKED size_t peermap_size(const peermap_segment *segment);

/*
 * Keeps memory from being taken away: no shrink takes the bytes that are active now, until peermap_unpin().  Pins count: each needs its unpin.
 * An unpin without a pin does nothing.
 *
 * Blocks: never.  Errors: none.
 * Meanwhile: anything.  Growths go on; a shrink, also of this process, waits for pins until its deadline.
 * Returns: peermap_pin() the active bytes; 0, and nothing is pinned, where the handle is detached, or has 536870911 pins.
 */
PEERMAP_API size_t peermap_pin(peermap_segment *segment);
PEERMAP_API void peermap_unpin(peermap_segment *segment);

/*
 * Bytes of the pages that the system gives the data: 2 MiB if PEERMAP_HUGE was asked for and is possible here, else the ordinary ones.
 * Where it is not, the segment works with ordinary pages.
 *
 * Blocks: never; with PEERMAP_HUGE it reads up to three files of /sys and /proc.  Meanwhile: anything.  Errors: none.
 * Returns: the bytes; of the ordinary pages where the handle is detached.
 */
PEERMAP_API size_t peermap_page_size(const peermap_segment *segment);

/*
 * The segment of an address: the handle of this process in whose addresses `address` is, active or not.  How code that has a pointer into a
 * segment, and may have found it there, comes to the segment.
 *
 * Blocks: never: it takes no lock.  Meanwhile: anything.  Errors: none.
 * Returns: the handle, which stays that of whoever attached; NULL if there is none.
 */
PEERMAP_API PEERMAP_CHECKED peermap_segment *peermap_segment_at(const void *address);

/*
 * Copies from the active memory: `length` bytes at `offset` in the data.  As memcpy() does, but pinned, and where the object was cut short an error,
 * not a SIGBUS.
 *
 * Blocks: never, but for the copying.
 * Meanwhile: anything.  A shrink waits; who writes the same bytes at the same time is seen in part.
 * Returns: 0.
 * Errors: EINVAL (not in the active memory; `bytes` is NULL), EDETACHED, ELOST (then a part may have been copied).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_read(peermap_segment *segment, size_t offset, void *bytes, size_t length);

/*
 * Copies to the active memory, likewise.
 *
 * Blocks: never, but for the copying.  Meanwhile: as peermap_read().  Returns: 0.
 * Errors: those of peermap_read(), EREADONLY.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_write(peermap_segment *segment, size_t offset, const void *bytes, size_t length);

/*
 * Number of the last round.  Changes with every growth, shrink and remap.
 *
 * Blocks: never.  Meanwhile: anything.  Returns: the number; 0 where the handle is detached.  Errors: none.
 */
PEERMAP_API uint64_t peermap_epoch(const peermap_segment *segment);

/* ---- rounds: `round` may be NULL ---- */

/*
 * Makes the segment larger: adds `by` bytes (rounded up to pages, not 0).  On return every live peer has [base, base + new size) mapped, and the memory
 * is allocated: no later SIGBUS.  On any error the size is what it was.
 *
 * Blocks: until its deadline: for rounds of this process that came first, for the segment's lock, for memory, for the peers.  Within what is mapped ahead it
 *   waits for memory alone.
 * Meanwhile: anything.  Growths and shrinks of all processes come one after the other; growths within what is mapped ahead go side by side.
 * Returns: 0; also after an error `round` (may be NULL) is the report.
 * Errors: ENOSPC, ELIMIT, ETIMEDOUT (a peer did not map it, without PEERMAP_ALLOW_LATE; or has not come back to what a shrink that failed had taken from it),
 *   EBUSY (also: memory of a shrink before is still going back to the system), EINVAL (`by` is 0), EDETACHED, EREADONLY, ELOST,
 *   EOS (errno ETIMEDOUT: the system has not given so much memory by the deadline).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_grow(peermap_segment *segment, size_t by, peermap_round *round);

/*
 * Makes the segment at least so large: adds what is missing to `size` bytes, and nothing where nothing is.  Of any number of callers that see the same
 * need at once, one makes the growth.
 *
 * Blocks: as peermap_grow().
 * Meanwhile: anything.  Who shrinks it afterwards takes that away again.  A peer that a growth before has left late is asked again.
 * Returns: 0; also after an error `round` (may be NULL) is the report, in which nobody was asked where nothing was missing.
 * Errors: those of peermap_grow() but EINVAL, EINVAL (`size` is 0), EBUSY (also: others went on changing the size until the deadline).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_grow_to(peermap_segment *segment, size_t size, peermap_round *round);

/*
 * Makes the segment smaller: removes `by` bytes (rounded down to pages) from the end.  First every peer gives up the tail, then the memory goes
 * back to the system.  Waits for pins until the deadline.
 *
 * After an error the size is what it was, once every peer that had given up the tail has it again.  Where one of them is stopped out of
 * reach meanwhile, it is the smaller one until then, and whoever grows or shrinks by then gets ETIMEDOUT.
 *
 * Blocks: until its deadline: for rounds of this process that came first, for the segment's lock, for pins, for the peers.
 * Meanwhile: anything, but a touch of the tail that is not pinned, which is a SIGSEGV.  Who pins from now on pins the smaller size.
 * Returns: 0; also after an error `round` (may be NULL) is the report.
 * Errors: EBUSY (also: a pin; or, in a heap, an object in the tail), ETIMEDOUT (a peer did not give it up, without PEERMAP_ALLOW_LATE: with it
 *   the memory is freed once the late peer has run; or as peermap_grow()), EINVAL (less than a page, or nothing would be left), EDETACHED, EREADONLY,
 *   ELOST, EOS.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_shrink(peermap_segment *segment, size_t by, peermap_round *round);

/*
 * Makes a peer map the active memory.  peermap_remap() makes it replace its whole mapping by a fresh one: the repair for a peer whose
 * address space disagrees with the registry.  peermap_map_peer() is the peer mapping call by itself: on return the peer has the whole active memory
 * mapped.  Idempotent; maps only what is missing.  `pid` 0: every peer.
 *
 * Blocks: until its deadline: for rounds of this process that came first, for the segment's lock, for the peers.
 * Meanwhile: anything.  Growths and shrinks wait, but for growths within what is mapped ahead.
 * Returns: 0; also after an error `round` (may be NULL) is the report.
 * Errors: EINVAL (`pid` is negative), ESRCH, ETIMEDOUT (without PEERMAP_ALLOW_LATE; or as peermap_grow()), EBUSY, EDETACHED, EREADONLY, ELOST, EOS.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_remap(peermap_segment *segment, pid_t pid, peermap_round *round);
PEERMAP_API PEERMAP_CHECKED int peermap_map_peer(peermap_segment *segment, pid_t pid, peermap_round *round);

/*
 * Copies how the peers came to the last round that this handle ran (a growth that found everything mapped ahead is one): up to `capacity` rows, a
 * peer each.
 *
 * Blocks: until its deadline, while a round of this process goes on; after a growth within what is mapped ahead half as long, for /proc.
 * Meanwhile: anything.  Rounds of other threads on the same handle count.
 * Returns: how many rows there are: none after a call that was refused before it asked anybody.
 * Errors: EDETACHED, EINVAL (`capacity` is negative; `out` is NULL and it is not 0), EBUSY (a round goes on until the deadline), ELOST.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_results(peermap_segment *segment, peermap_result *out, int capacity);

/* ---- the heap: of a segment that was created with PEERMAP_HEAP ---- */

/*
 * Allocate objects that every peer may use and any peer may free.  Aligned to 16 bytes; none is at offset 0, so that can stand for none.  When there is no
 * room the segment grows by itself, so on return every peer has the object mapped.  peermap_base() to peermap_size() is the heap's: reach objects
 * through roots and pointers.  peermap_calloc() fills the object with zeroes.  A size of 0 is an object of its own.
 *
 * No lock is taken: a process that is stopped or killed in here holds up nobody, and what it was about to get is taken back
 * by peermap_reap(), or by whoever next needs memory.  Any thread may allocate and free, also while it ends, in destructors of thread-specific data.
 *
 * Blocks: never, unless the segment must grow, or have memory again that was given back: then until its deadline, as peermap_grow().  A thread's
 *   first call waits for a fork() that goes on.
 * Meanwhile: anything.
 * Returns: the object, the segment's until somebody, in whichever process, gives it to peermap_free(); NULL after an error.
 * Errors: in errno: ENOMEM (peermap_last_error() says which limit, or who did not map the growth), EINVAL (no heap, or an alignment that is not a
 *   power of two up to 2 MiB; above a page it holds in peers that are not relocated), EBADF (detached), EROFS (PEERMAP_EREADONLY),
 *   ENODATA (PEERMAP_ELOST: the object was cut short).
 */
PEERMAP_API PEERMAP_CHECKED void *peermap_alloc(peermap_segment *segment, size_t size);
PEERMAP_API PEERMAP_CHECKED void *peermap_calloc(peermap_segment *segment, size_t count, size_t size);
PEERMAP_API PEERMAP_CHECKED void *peermap_aligned_alloc(peermap_segment *segment, size_t alignment, size_t size);

/*
 * Allocate an object straight into a word of the segment: there is no moment at which a death loses it.  They fill it with zeroes, and put its address, or
 * with peermap_alloc_offset_to() its offset in the data, into `*slot`, which must be NULL, or 0.  A process that is killed in here leaves either the word as
 * it was and no object, or the word with the object; a word of the process's own, as in a table of what it is at work on, is therefore where its successor
 * finds what was under way.
 *
 * Blocks: as peermap_alloc().
 * Meanwhile: anything, but that nobody else may change the word; if the process is killed, not before it was reaped, as it is when its successor attaches.  Who
 *   reads it sees nothing, or the whole object.
 * Returns: the object, as peermap_alloc(), or its offset; NULL or 0 after an error: the word is what it was.
 * Errors: in errno: those of peermap_alloc(), EINVAL (no heap; or the word is not in the active memory, or not aligned to 8 bytes), EEXIST (the word is
 *   not NULL, or 0).
 */
PEERMAP_API PEERMAP_CHECKED void *peermap_alloc_to(peermap_segment *segment, void **slot, size_t size);
PEERMAP_API PEERMAP_CHECKED uint64_t peermap_alloc_offset_to(peermap_segment *segment, uint64_t *slot, size_t size);

/*
 * Resizes an object, like realloc(): NULL `ptr` allocates, size 0 makes it smallest.  An object keeps no alignment beyond 16 bytes when it moves.
 *
 * Blocks: as peermap_alloc(), and as peermap_free() where it moves.
 * Meanwhile: anything, but that nobody may use, free or resize the same object.
 * Returns: the object, as peermap_alloc(), perhaps at another address: `ptr` is void then.  NULL after an error: the object is what it was.
 * Errors: in errno: those of peermap_alloc(), and EINVAL (no heap; or `ptr` is no live object, or its guard was written over: reported as by peermap_free()).
 */
PEERMAP_API PEERMAP_CHECKED void *peermap_realloc(peermap_segment *segment, void *ptr, size_t size);

/*
 * Frees an object, whichever peer has allocated it.  NULL is ignored.  A pointer that is no live object of the heap (freed already, or foreign), or
 * one whose guard was written over, changes nothing: it is reported, see peermap_on_heap_fault(), and an object that was written past its end is
 * never used again.
 *
 * Blocks: never, unless so much memory is free then that some is given back to the system: until its deadline at most.  A thread's first call waits
 *   for a fork() that goes on.
 * Meanwhile: anything, but that nobody may use or free the same object.
 * Returns: nothing.
 * Errors: in errno: EINVAL (no heap, or what is reported), EBADF (detached), EROFS (PEERMAP_EREADONLY),
 *   ENODATA (the object of the segment was cut short: nothing is changed).
 */
PEERMAP_API void peermap_free(peermap_segment *segment, void *ptr);

/*
 * The size of an object, as it was asked for: a byte written past it is a fault.
 *
 * Blocks: never.
 * Meanwhile: anything, but that nobody may free the same object.
 * Returns: the bytes, of an object that was written past its end the most that it can have; 0 if `ptr` is no live object, which is no error, and after
 *   an error.
 * Errors: in errno: EINVAL (no heap), EBADF (detached), ENODATA (that cannot be told any more because the object was cut short).
 */
PEERMAP_API size_t peermap_object_size(peermap_segment *segment, const void *ptr);

/*
 * Gives all free memory back to the system: shrinks the segment to the end of its last object, and punches holes before that.
 *
 * Blocks: until its deadline, as peermap_shrink(); what that leaves of the holes is for the next call.
 * Meanwhile: anything: objects may be allocated and freed.
 * Returns: 0; `round` (may be NULL) is the report of the shrink.
 * Errors: those of peermap_shrink(), EINVAL (no heap), EBUSY (also: a pin; or others went on changing the size, or allocating at the end).
 */
PEERMAP_API int peermap_trim(peermap_segment *segment, peermap_round *round);

/* A live object. */
typedef struct peermap_object {
    void *pointer;
    uint64_t offset; /* in the data */
    size_t size;     /* as it was asked for; the most that it can have where it was written past its end */
    uint64_t owner;  /* id of the attachment that allocated it, or was the last to resize it in its place; 0: that has left, or is not known */
    pid_t pid;       /* of that; 0 likewise */
    int state;       /* PEERMAP_ALIVE or PEERMAP_DEAD; PEERMAP_UNKNOWN where there is no `owner` */
    char name[PEERMAP_NAME_MAX];
    uint64_t allocated_ns; /* CLOCK_REALTIME, to four seconds, by a clock that goes round in 194 days.  0: not known */
    uint64_t reserved[2];
} peermap_object;

/*
 * Goes from one live object to the next, in the order of addresses: to find what nothing refers to any more, as what a killed process had allocated and
 * told nobody of.  `*cursor` is 0 for the first, and is set for the next.
 *
 * Blocks: never, but that it looks at what describes the heap.
 * Meanwhile: anything.  What is allocated or freed meanwhile is met or not; what lives all the while is met once, but that a resize may move it.
 * Returns: 1, and `out` is an object; 0 at the end.
 * Errors: EINVAL (no heap; `cursor` or `out` is NULL), EDETACHED, ELOST, EBUSY (there are as many pins of this handle as can be).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_next_object(peermap_segment *segment, uint64_t *cursor, peermap_object *out);

/* Small objects of one size. */
typedef struct peermap_heap_class {
    uint32_t stride;   /* bytes from one to the next; objects of up to 8 bytes less are in it */
    uint32_t spans;    /* runs of memory that are divided into such objects */
    uint64_t objects;  /* live */
    uint64_t capacity; /* with those that are free, in the spans there are */
    uint64_t bytes;    /* of the spans */
    uint64_t reserved[2];
} peermap_heap_class;

/* What a peer did, one row for each, and one with pid 0 for those that have ended. */
typedef struct peermap_heap_peer {
    pid_t pid;
    char name[PEERMAP_NAME_MAX];
    uint32_t threads;         /* that have allocated */
    uint32_t spans;           /* that it allocates from */
    uint64_t span_bytes;      /* of those */
    uint64_t allocations;     /* since it attached */
    uint64_t allocated_bytes; /* as asked for */
    uint64_t frees;           /* of its own objects and others' */
    uint64_t freed_bytes;
    uint64_t reserved[2];
} peermap_heap_peer;

/* A look at the heap while it is used: the numbers need not be of one moment. */
typedef struct peermap_heap {
    uint64_t size;          /* bytes of the segment */
    uint64_t used;          /* bytes of live objects, with what rounding costs them */
    uint64_t small_objects; /* live, of the classes */
    uint64_t large_objects; /* live, of more than those */
    uint64_t large_bytes;   /* of those, in whole units of 16 KiB */
    uint64_t span_bytes;    /* divided into small objects, live or free */
    uint64_t free_bytes;    /* in no object and no span: memory that is there, */
    uint64_t hole_bytes;    /* and memory that went back to the system, without a change of size */
    uint64_t largest_free;  /* the longest run of either */
    uint64_t grown;         /* times that an allocation grew the segment */
    uint64_t faults;        /* bad frees and written guards since it was created */
    uint64_t reclaimed;     /* objects that peers were about to get when they ended, and that were taken back */
    uint64_t lost_threads;  /* that ended without giving back what they held: peermap_reap() does */
    uint64_t metadata;      /* bytes beside the data that describe it */
    uint64_t reserved[4];
} peermap_heap;

/*
 * Count what is in the heap: peermap_heap_stats() as a whole, peermap_heap_classes() in a row for each size of small objects, from 16 bytes to
 * 32 KiB, peermap_heap_peers() in one for each peer.  Rows are copied up to `capacity`.
 *
 * Blocks: never, but that they look at each 16 KiB of the heap.
 * Meanwhile: anything: the numbers need not be of one moment.
 * Returns: peermap_heap_stats() 0, the others how many rows there are.
 * Errors: EINVAL (no heap; or nowhere to put the answer), EDETACHED, ELOST, EOS (out of memory).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_heap_stats(peermap_segment *segment, peermap_heap *out);
PEERMAP_API PEERMAP_CHECKED int peermap_heap_classes(peermap_segment *segment, peermap_heap_class *out, int capacity);
PEERMAP_API PEERMAP_CHECKED int peermap_heap_peers(peermap_segment *segment, peermap_heap_peer *out, int capacity);

enum peermap_heap_fault_kind {
    PEERMAP_FAULT_DOUBLE_FREE = 1, /* the object is free already */
    PEERMAP_FAULT_FOREIGN = 2,     /* no object begins there, or it is not this segment's */
    PEERMAP_FAULT_OVERFLOW = 3,    /* written past its end, by whichever peer: found when it is freed or resized */
};

typedef struct peermap_heap_fault {
    int kind; /* enum peermap_heap_fault_kind */
    pid_t pid; /* of the peer that found it: this one */
    char peer[PEERMAP_NAME_MAX];
    const void *address;
    uint64_t offset;      /* in the data; UINT64_MAX if it is not in it */
    size_t size;          /* of the object, where that is known */
    const char *sentence; /* all of it, to print */
    uint64_t reserved[2];
} peermap_heap_fault;

typedef void peermap_heap_fault_handler(const peermap_heap_fault *fault, void *context);

/*
 * Sets what this process does about a fault of its heaps, besides an entry in the event ring.  Without a handler, or with NULL: one line on the
 * standard error output.  The handler may abort(); it may not use the segment.  The thread that met the fault calls it within its call,
 * and what it is given is gone when it returns.
 *
 * Blocks: never.
 * Meanwhile: no other thread may allocate or free: set it before.  Other processes have handlers of their own.
 * Returns: nothing; `handler` and `context` are kept until the next call.
 * Errors: none.
 */
PEERMAP_API void peermap_on_heap_fault(peermap_heap_fault_handler *handler, void *context);

/* ---- roots: pointers to the beginning of data structures ---- */

/*
 * Names a place in the memory: `ptr`, which must lie in the active memory with `size` bytes after it.  Replaces a root of that name; NULL `ptr`
 * removes it.  `type` may be NULL.
 *
 * Blocks: until its deadline: for other calls of this process that the registry is needed for, and for the registry; never for a round.
 * Meanwhile: anything.  Whoever reads the root has the old one or the new one.
 * Returns: 0.
 * Errors: ENAME (`root`, or `type` is longer than 63 bytes), EINVAL (not in the active memory), EROOTS (as many as options.max_roots), ENOSPC (in a
 *   heap: no memory for more of them), EBUSY, EDETACHED, EREADONLY, ELOST, EOS.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_set_root(peermap_segment *segment, const char *root, void *ptr, size_t size, const char *type);

/*
 * The root's address in this process; `size` (may be NULL) receives its size.
 *
 * Blocks: never.  Meanwhile: anything.  Errors: none: see peermap_read_root().
 * Returns: the address, in the segment; NULL if there is none, and where the handle is detached or the object was cut short.
 */
PEERMAP_API PEERMAP_CHECKED void *peermap_root(peermap_segment *segment, const char *root, size_t *size);

/* A root, copied. */
typedef struct peermap_root_copy {
    void *pointer;    /* NULL: there is no root of this name */
    size_t size;
    uint64_t version; /* another one whenever the root was set, also after it was removed in between; 0 if there is none */
    char type[PEERMAP_NAME_MAX];
    uint64_t reserved[2];
} peermap_root_copy;

/*
 * Reads a root, or that there is none.
 *
 * Blocks: never.  Meanwhile: anything.
 * Returns: 0; the pointer in `out` is into the segment.
 * Errors: ENAME, EINVAL (`out` is NULL), EDETACHED, ELOST.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_read_root(peermap_segment *segment, const char *root, peermap_root_copy *out);

/*
 * Waits for a change of a root: until its version is another than `version` (0: until there is such a root).  Costs nothing while nothing happens.
 *
 * Blocks: for at most `deadline_ms` (0: the handle's deadline).
 * Meanwhile: anything: it takes no lock, and any number of threads may wait.
 * Returns: 0, and `out` is the root, or that there is none any more; 1 if it was not so by then, and `out` is what it was.
 * Errors: ENAME, EINVAL (`out` is NULL), EDETACHED, ELOST.
 */
PEERMAP_API int peermap_wait_root(peermap_segment *segment, const char *root, uint64_t version, uint32_t deadline_ms, peermap_root_copy *out);

/*
 * Sets a root if nobody else has: like peermap_set_root(), if the root is still as it was when `*version` was read (0: there was none).
 *
 * Blocks: as peermap_set_root().
 * Meanwhile: anything.  Of any number of peers that try at once, one succeeds.
 * Returns: 0; or 1, and nothing is changed, if the root is another.  Either way `*version` is what it is now.
 * Errors: those of peermap_set_root(), EINVAL (not in the active memory; `version` is NULL).
 */
PEERMAP_API PEERMAP_CHECKED int peermap_compare_exchange_root(peermap_segment *segment, const char *root, uint64_t *version, void *ptr,
                                                                      size_t size, const char *type);

/* One of all roots, copied. */
typedef struct peermap_root_row {
    char name[PEERMAP_NAME_MAX];
    char type[PEERMAP_NAME_MAX];
    void *pointer;
    size_t size;
    uint64_t version;
    uint64_t reserved[2];
} peermap_root_row;

/*
 * Copies all roots, in no order: up to `capacity` rows, one each.  `out` may be NULL if capacity is 0.
 *
 * Blocks: never, but that it looks at every root.
 * Meanwhile: anything: where roots are changed all the time, the rows need not be of one moment.
 * Returns: how many roots there are.
 * Errors: EDETACHED, EINVAL (`capacity` is negative; `out` is NULL and it is not 0), ELOST.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_roots(peermap_segment *segment, peermap_root_row *out, int capacity);

/*
 * Waits for a change of any root: until the number of changes is another than `*changes`, which it then is.  Begin with 0, which is over at once unless
 * there was never a root, and look at the roots after each return.
 *
 * Blocks: for at most `deadline_ms` (0: the handle's deadline).
 * Meanwhile: anything: it takes no lock, and any number of threads may wait.
 * Returns: 0; 1 if nothing was changed by then.
 * Errors: EINVAL (`changes` is NULL), EDETACHED, ELOST.
 */
PEERMAP_API int peermap_wait_roots(peermap_segment *segment, uint64_t *changes, uint32_t deadline_ms);

/* ---- the registry ---- */

/*
 * This process's own row of the registry.
 *
 * Blocks: never.  Meanwhile: anything.  Returns: 0.
 * Errors: EDETACHED, EINVAL (`out` is NULL), EFORMAT (the row changes whenever it is read), ELOST.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_self(peermap_segment *segment, peermap_peer *out);

/*
 * What this attachment is, and how long its calls wait: the `id` and the `flags` of this process's own row, and milliseconds.
 *
 * Blocks: never.  Meanwhile: anything.  Returns: that; 0 if the handle is detached.  Errors: none.
 */
PEERMAP_API uint64_t peermap_id(const peermap_segment *segment);
PEERMAP_API uint32_t peermap_flags(const peermap_segment *segment);
PEERMAP_API uint32_t peermap_deadline_ms(const peermap_segment *segment);

/*
 * The pid of the live peer with this descriptive name.
 *
 * Blocks: for /proc, which is asked about that one: some 20 microseconds, in another pid namespace until its deadline at most.
 * Meanwhile: anything: the peer may have ended when it returns.
 * Returns: the pid; 0 if there is none, and where the handle is detached.
 * Errors: none.
 */
PEERMAP_API PEERMAP_CHECKED pid_t peermap_pid_of(peermap_segment *segment, const char *peer_name);

/*
 * Copies the registry: up to `capacity` rows, a peer each.  `out` may be NULL if capacity is 0.  A death that nobody has noticed yet is
 * entered in the event ring.
 *
 * Blocks: for /proc, which is asked about each peer: some 20 microseconds, half its deadline at most for all.
 * Meanwhile: anything: each row is of one moment, all of them need not be.
 * Returns: how many peers there are.
 * Errors: EDETACHED, EINVAL (`capacity` is negative; `out` is NULL and it is not 0), ELOST.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_peers(peermap_segment *segment, peermap_peer *out, int capacity);

/*
 * Whether a peer has ended wholly: no thread of the process of this peer, by its `id`, can touch the memory any more by this attachment, because it
 * has detached, or ended.  A process that is killed is DEAD at once, but its threads end one after the other: what was in their hands may be given
 * to others only when this says so.  peermap_wait_ended() waits until that is so.
 *
 * Blocks: peermap_peer_ended() for a look at /proc, until its deadline at most; peermap_wait_ended() for at most `deadline_ms` (0: the handle's deadline).
 * Meanwhile: anything.
 * Returns: 1 if it has; 0 if it lives, or its threads may still run.
 * Errors: EINVAL (no row of this segment), EDETACHED, ELOST, EOS.
 */
PEERMAP_API PEERMAP_CHECKED int peermap_peer_ended(peermap_segment *segment, const peermap_peer *peer);
PEERMAP_API PEERMAP_CHECKED int peermap_wait_ended(peermap_segment *segment, const peermap_peer *peer, uint32_t deadline_ms);

/*
 * Frees the slots of dead peers, and takes back what they held of the heap.
 *
 * Blocks: until its deadline: for other calls of this process that the registry is needed for, and for the registry, never for a round; half of that at
 *   most for /proc.  What a heap has of the dead is taken back after that, a look at each 16 KiB.
 * Meanwhile: anything.  A peer that ends meanwhile may stay for the next time.
 * Returns: how many slots were freed.
 * Errors: EBUSY, EDETACHED, EREADONLY, ELOST, EOS.
 */
PEERMAP_API int peermap_reap(peermap_segment *segment);

/*
 * Reaps some peers: does what peermap_reap() does, of these `count` peers alone, each by its `id`, as of rows that somebody has looked at and agreed
 * to.  Whoever has died since, or taken such a slot, stays as it is.  Those of them that live, or are gone, count as nothing.
 *
 * Blocks: as peermap_reap().
 * Meanwhile: anything.
 * Returns: how many slots were freed.
 * Errors: those of peermap_reap(), EINVAL (a `count` that cannot be, or a row that is of no peer of this segment).
 */
PEERMAP_API int peermap_reap_peers(peermap_segment *segment, const peermap_peer *peers, int count);

/* ---- deadlines ---- */

/*
 * The time that all deadlines go by: nanoseconds of the kernel's own CLOCK_MONOTONIC, whatever a preloaded library makes of the time.
 *
 * Blocks: never.  Meanwhile: anything.  Returns: the time.  Errors: none.
 */
PEERMAP_API uint64_t peermap_now(void);

/*
 * Sets one deadline for several calls: from now on no call of this thread, of whichever handle, waits past `until` (of peermap_now()), however long its own
 * deadline is; 0 lifts that.  A call for which it is over does what needs no waiting.
 *
 * Blocks: never.
 * Meanwhile: anything: it is this thread's alone.
 * Returns: what was set before, or 0, to be put back.
 * Errors: none.
 */
PEERMAP_API uint64_t peermap_set_thread_deadline(uint64_t until);

/*
 * Sleeps on a word of the memory: while `*word` is `value`, for locks of your own in a segment.
 *
 * Blocks: until somebody wakes it (FUTEX_WAKE), a signal comes, or `until` (0: without end).
 * Meanwhile: anything, but that the word stays mapped.
 * Returns: nothing, whatever ended it, and perhaps for no reason: look at the word, and at the time.
 * Errors: none.
 */
PEERMAP_API void peermap_sleep_while(const uint32_t *word, uint32_t value, uint64_t until);

/*
 * Waits until a word of the active memory is another than `value`: whoever changes it calls peermap_notify().
 *
 * Blocks: for at most `deadline_ms` (0: the handle's deadline).
 * Meanwhile: anything, but that the word stays in the active memory: an object that is not freed, or memory that is pinned.
 * Returns: 0 if it is another, however soon it may be that value again; 1 if it was not by then.  Where the change was told nobody, as by who was killed
 *   after it, this finds it within 50 ms.
 * Errors: EINVAL (not in the active memory, or not aligned to 4 bytes), EDETACHED, ELOST.
 */
PEERMAP_API int peermap_wait(peermap_segment *segment, const uint32_t *word, uint32_t value, uint32_t deadline_ms);

/*
 * Wakes up to `count` threads, in whichever process, that wait for this word to change: after it was changed.
 *
 * Blocks: never.  Meanwhile: anything.
 * Returns: how many were woken.
 * Errors: EINVAL (not in the active memory, or not aligned to 4 bytes; `count` is less than 1), EDETACHED, ELOST.
 */
PEERMAP_API int peermap_notify(peermap_segment *segment, const uint32_t *word, int count);

/* ---- this library ---- */

/*
 * The version of the library that is at work: its PEERMAP_VERSION_NUMBER, which is another one than the header's where a program was built with another.
 *
 * Blocks: never.  Meanwhile: anything.  Returns: the number.  Errors: none.
 */
PEERMAP_API uint32_t peermap_version(void);

/* ---- errors ---- */

/*
 * The name and the text of a code: "PEERMAP_ETIMEDOUT", and one sentence.
 *
 * Blocks: never.  Meanwhile: anything.  Errors: none.
 * Returns: the library's own string, constant; for 0 "PEERMAP_OK" and "success", for an unknown code "PEERMAP_?" and
 *   "not a code of this library".
 */
PEERMAP_API const char *peermap_error_name(int code);
PEERMAP_API const char *peermap_error_text(int code);

/*
 * A sentence on the calling thread's last failed call: what, where, and the remedy.
 *
 * Blocks: never.  Errors: none.
 * Meanwhile: anything: each thread has its own.
 * Returns: the library's own string, valid until the thread's next call; "" before the first failure.
 */
PEERMAP_API const char *peermap_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
