/* SPDX-License-Identifier: MIT */
/*
 * os.h - everything of the runtime that differs by system: futexes, robust futexes, the object's file, facts about processes.
 *
 * Deadlines are CLOCK_MONOTONIC nanoseconds.  Functions returning int return 0 or errno, unless they say otherwise.
 */
#ifndef PM_OS_H
#define PM_OS_H

#include "layout.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* From the kernel, whatever a preloaded library makes of the time. */
uint64_t pm_now(void);        /* CLOCK_MONOTONIC */
uint64_t pm_now_coarse(void); /* the same, to some milliseconds, at a fifth of the cost */
uint64_t pm_now_wall(void);   /* CLOCK_REALTIME */
uint64_t pm_now_wall_coarse(void); /* the same, to some milliseconds */
uint64_t pm_now_spent(void);  /* CLOCK_THREAD_CPUTIME_ID */
/* How far CLOCK_MONOTONIC of this process's time namespace is ahead of the system's, which is what a segment has; 0 also where that cannot be seen. */
uint64_t pm_clock_offset(void);
uint64_t pm_random(void);

/* From now on dlclose() leaves this library in place, and what it is linked into: called while that is being loaded. */
void pm_stay_loaded(void);

/* ---- futexes in shared memory ---- */

/* Sleeps while *word is `value`, until a wake with a common bit, or the deadline (0: none).  0, EAGAIN, ETIMEDOUT, EINTR or EFAULT. */
int pm_futex_wait(const uint32_t *word, uint32_t value, uint32_t bits, uint64_t deadline);
int pm_futex_wake(const uint32_t *word, uint32_t bits, int count); /* how many were woken */

/* By the kernel's clock and by its own call: a preloaded library may replace those of the C library. */
void pm_sleep_until(uint64_t deadline);

/*
 * Gives the processor away again and again while *word has one of `bits`, for at most 100 µs.  Before a sleep that most likely would be
 * short: sleeping sets a timer, and a wake from another core can cost more than a whole round.  Not where all cores are busy: there it gives away
 * a whole slice to whoever computes, where a sleeper would come before that one.
 */
void pm_yield_while(const uint32_t *word, uint32_t bits);
/* Until when cores count as busy: PM_CROWDED_NS after a yield that took longer than PM_LONG_NS, in which somebody else has used up a slice. */
extern uint64_t pm_crowded;
#define PM_LONG_NS UINT64_C(1000000)
#define PM_CROWDED_NS UINT64_C(1000000000)

#define PM_WAIT_MAX 128

struct pm_wait {
    const uint32_t *word;
    uint32_t value;
};

/* Sleeps until one of up to PM_WAIT_MAX words differs from its value or is woken.  ENOSYS before Linux 5.16. */
int pm_futex_wait_any(const struct pm_wait *waits, uint32_t count, uint64_t deadline);
/* The same for the runtime: ENOSYS also where a filter might end the program for the call. */
int pm_wait_any(const struct pm_wait *waits, uint32_t count, uint64_t deadline);

/* ---- robust futexes: words that the kernel marks when the thread holding them dies ---- */

/* As linux/futex.h has them. */
struct pm_robust_entry {
    struct pm_robust_entry *next;
};

struct pm_robust {
    struct pm_robust_entry list;
    long offset; /* from an entry to its word */
    struct pm_robust_entry *pending;
};

/* Makes `robust` the calling thread's list.  Atomic: a thread that dies has either the old list or the new one. */
int pm_robust_use(struct pm_robust *robust);

uint32_t pm_thread_id(void);

/* ---- the object ---- */

/* The segments' directory: PM_DIRECTORY, or what PEERMAP_DIR said in the environment when it was first asked for.  How long it may be; and whether that can be one:
 * NULL, or what is wrong. */
#define PM_TMPFS UINT64_C(0x01021994) /* TMPFS_MAGIC of linux/magic.h, which musl has not */
#define PM_DIRECTORY_MAX 200
const char *pm_directory(void);
const char *pm_directory_fault(void);
/* Of an object that is made there: its file system is one that a segment can lie in. */
bool pm_object_is_memory(int fd);
/* A new file without a name in the segments' directory.  The descriptor, or -errno. */
int pm_object_make(void);
/* Gives it `length` bytes, of which [first, second) are not allocated.  0 or errno; ETIMEDOUT: the memory was not there `until` then. */
int pm_object_furnish(int fd, uint64_t first, uint64_t second, uint64_t length, uint32_t mode, uint64_t until);
/* Gives it its name.  EEXIST if that is taken. */
int pm_object_publish(int fd, const char *segment);
/* There is something of its name. */
bool pm_object_is_there(const char *segment);
/* The descriptor of an existing object, or -errno.  Symbolic links and anything but regular files are refused (EINVAL).  EAGAIN, at once: somebody has a
 * lease on it. */
int pm_object_open(const char *segment, bool writable);
/* The same, but for a while who has a lease on it is waited for: an inspector that asks the kernel whether anybody has the object does, for microseconds. */
int pm_object_open_patiently(const char *segment, bool writable);
#define PM_LEASE_NS UINT64_C(100000000) /* so long, */
#define PM_LEASE_REST_NS UINT64_C(100000) /* with so much between two tries */
/* In its place, another of the same, which is greater than `number`.  Or -errno. */
int pm_descriptor_beyond(int fd, int number);
/* What it is, however often it is opened, and how long it is now; all 0 if `fd` is closed. */
struct pm_object {
    uint64_t device, inode;
    uint64_t length;
    uint32_t owner; /* uid */
};
struct pm_object pm_object_of(int fd);
/* Its owner is the user that this thread works as: the effective one, to whom what it makes belongs.  False where that cannot be told. */
bool pm_object_is_own(int fd);
int pm_object_remove(const char *segment);
/* Allocates [from, to) and extends the file to `to`: ENOSPC now rather than SIGBUS later.  Signals do not keep it from getting on.  What was
 * allocated before an error stays. */
int pm_object_extend(int fd, uint64_t from, uint64_t to, uint64_t deadline); /* ETIMEDOUT */
/* The same where it is a hole, without changing the length. */
int pm_object_fill(int fd, uint64_t from, uint64_t to, uint64_t deadline);
/* Zeroes [from, to) and gives its memory back, without changing the length.  ETIMEDOUT: not all of it; where nothing is left it takes no time. */
int pm_object_punch(int fd, uint64_t from, uint64_t to, uint64_t deadline);
int pm_object_cut(int fd, uint64_t length);
/* Where in [from, to) the first bytes are that were ever written, and where those end.  False: there are none.  Where the file system does not say, all may be. */
bool pm_object_written(int fd, uint64_t from, uint64_t to, uint64_t *begin, uint64_t *end);
/* A mark on the object that goes when the last process that has this descriptor, or a copy of it, has ended with all its threads. */
void pm_object_mark(int fd, uint64_t number);
void pm_object_unmark(int fd, uint64_t number); /* at once, whoever has a copy of the descriptor */
bool pm_object_is_marked(int fd, uint64_t number); /* by another descriptor than this, or where marks cannot be had: false */
bool pm_object_has_marks(int fd); /* any, by another descriptor than this */
/* Takes, or gives back, the right to make the object another: one descriptor at a time has it, and none that is closed.  0 or errno, without waiting. */
int pm_object_reserve(int fd, bool reserve);
/* Which object it is, among all that there ever were.  What of it is 0 is not known. */
struct pm_identity pm_identity_of(int fd);
/* Of a name in a folder, or of a descriptor (""): ns since 1970; 0 where its file system does not say. */
uint64_t pm_object_born(int folder, const char *name);
bool pm_identity_is(const struct pm_identity *a, const struct pm_identity *b);
/* Calls `each` with the segment name of every object in the directory until it returns false. */
void pm_object_each(bool (*each)(const char *segment, void *context), void *context);

/* Puts the allocated pages of [at, at + length), writable, into this process's page tables.  0 or errno; never a signal. */
int pm_memory_populate(void *at, uint64_t length, uint64_t until);
/* Bytes of the pages that the system gives a file in the segments' directory that asks for huge ones; 0: ordinary ones. */
uint64_t pm_memory_huge(void);
/* ---- mapping at a fixed address, inside a range that is the caller's own ---- */

int pm_map_object(void *at, uint64_t length, int fd, uint64_t off); /* shared, readable and writable */
int pm_map_to_read(void *at, uint64_t length, int fd, uint64_t off); /* shared, and only readable; no core file has it */
int pm_forbid_writing(void *at, uint64_t length);                    /* of what is mapped */
int pm_map_sparse(void *at, uint64_t length, int fd, uint64_t off); /* the same, of which only what is touched shall have memory */
int pm_map_nothing(void *at, uint64_t length);                      /* addresses only, which no core file has */
/* Whole pages.  Where the system refuses, cores are larger, or have less. */
void pm_keep_out_of_cores(void *at, uint64_t length);
void pm_let_into_cores(void *at, uint64_t length);
int pm_map_zeroes(void *at, uint64_t length);                       /* private memory; may be called by a signal handler */

/* ---- SIGBUS: a touch of memory behind which there is no file any more ---- */

/* Installs a handler for the whole process, which asks `mend` about each fault.  If that returns false, what was installed before gets
 * the signal. */
int pm_fault_watch(bool (*mend)(uintptr_t address));
/* Interrupts a system call of another thread of this process, by a signal that does nothing else. */
void pm_interrupt(uint32_t tid);

/* ---- limits: how much more shared memory there would be ---- */

enum pm_limit_kind { PM_LIMIT_NONE, PM_LIMIT_DIRECTORY, PM_LIMIT_FILE, PM_LIMIT_SYSTEM, PM_LIMIT_CGROUP };

/* The tightest of the limits asked for so far: begin with all 0. */
struct pm_limit {
    enum pm_limit_kind kind;
    uint64_t room;  /* bytes that it leaves */
    uint64_t whole; /* of so many */
    char path[256]; /* the file that has it, for a cgroup */
};

/* Each lowers `limit` to what it finds, if that is less.  They take no lock, and are not cancelled. */
void pm_limit_directory(int fd, struct pm_limit *limit);             /* of the file system of `fd`; -1: the segments' directory */
void pm_limit_file(uint64_t length, struct pm_limit *limit);         /* past which no file of this process may grow */
uint64_t pm_limit_memory(const char *meminfo, struct pm_limit *limit); /* of the machine; returns the free swap */
/* Of the memory cgroups that this process is in, of both versions.  `membership` is /proc/self/cgroup, `root` is /sys/fs/cgroup. */
void pm_limit_cgroups(const char *membership, const char *root, uint64_t swap, struct pm_limit *limit);

/* ---- processes ---- */

struct pm_process {
    uint32_t pid;
    uint32_t uid;
    uint64_t start_time;
    uint64_t pidns;
    uint64_t pidfd_ino;
};

/* The calling process. */
void pm_process_self(struct pm_process *self);

/* An agent, by its numbers here; they may become another's, which began at another time. */
struct pm_agent {
    uint32_t pid, thread;
    uint64_t started; /* field 22 of the thread's stat */
};

/* What /proc says of a process on this side of a pid namespace's border.  Takes no lock of the C library, like all that agents call. */
struct pm_facts {
    struct pm_agent agent;
    uint32_t uid;    /* effective, of the process */
    char state;      /* of that, as in /proc/PID/stat: 'T' is stopped.  The main thread may have ended long ago */
    bool forbids;    /* that the agent is traced: it says so by its name, which nobody else can write */
    bool traced;
    uint32_t tracer; /* pid, if it can be seen from here */
};

/* The names of agents, by which they are told from all other threads: those who may be traced, and those whose process forbids it. */
#define PM_AGENT "peermap"
#define PM_AGENT_NOT_TRACED "peermap-notrace"
/* Makes the calling thread known for one. */
void pm_thread_be_agent(bool traced);

/* Finds the process that `who` was told of, and its agent, which has the id `thread` there.  ESRCH if it, or the right one, is not to be seen
 * here; ETIME: it is in another pid namespace, and was not found by `until`; EMFILE: no descriptor was free to look by; EAGAIN, with all facts, if that is wanted only of one that is stopped or traced, and it is not. */
int pm_process_find(const struct pm_process *who, uint32_t thread, bool if_stopped, uint64_t until, struct pm_facts *facts);
/*
 * True if that thread of the process certainly runs no code of its own any more: it has ended, or is about to, though a core is dumped first, or a tracer
 * holds it at its exit.  False if it may still run, or if that cannot be known from here: another pid namespace, a /proc that hides it.
 */
bool pm_process_ended(const struct pm_process *who, uint32_t thread);
/* The same of several at once: those of other pid namespaces cost one look at all processes together.  Who of them was not known by `until` is not
 * called ended. */
struct pm_suspect {
    struct pm_process who;
    uint32_t thread;
    bool ended;
    /* Of the look: */
    bool elsewhere, blind;
    uint32_t number; /* here */
};
void pm_processes_ended(struct pm_suspect *suspects, uint32_t count, uint64_t until);
/* The same, for less than a microsecond: true only of a thread that is no more, in this pid namespace. */
bool pm_process_is_gone(const struct pm_process *who, uint32_t thread);
/* A pidfd, which polls as readable once the process has ended.  -1: it is not to be seen from here, or the kernel has none (Linux 5.3). */
int pm_process_pidfd(const struct pm_process *who);
/* Of the process alone, while the system runs.  0: unknown, as before Linux 6.9, where pidfds are not of a file system of their own, and all share one inode. */
uint64_t pm_pidfd_inode_of(uint32_t pid);
/* True if that thread of this process runs, or waits for nothing but a core.  0: one that was just made, and has not begun. */
bool pm_thread_wants_to_run(uint32_t thread);
/* Who holds that thread of this process stopped, as a debugger does; 0: nobody, as far as can be seen. */
uint32_t pm_thread_tracer(uint32_t thread);
/* The state of a process, as in /proc/PID/stat; '\0' if that is not to be seen. */
char pm_process_state(uint32_t pid);
/* The command's name of a process; "" if that is not to be seen. */
void pm_process_name(uint32_t pid, char *name, size_t size);

/* The freezer that holds a thread. */
struct pm_freezer {
    uint32_t version; /* of its cgroups; 0: it is seen by how the thread sleeps alone */
    char path[256];   /* the file to write to in the cgroup that was frozen, if it is in sight from here; "" if not */
};

/* True if the agent is held by a freezer; or, if the freezer is asked for, is about to be.  Otherwise it may be NULL, and the look is a quick one. */
bool pm_process_is_frozen(const struct pm_facts *facts, struct pm_freezer *freezer);
/* EPERM if a process may run this one's system calls past a filter that ends it: then nothing new is tried.  EMFILE: it could not look. */
int pm_process_sandbox(void);
/* True if no thread of the process will ever run code of its own again, as far as can be seen from here `until` then. */
bool pm_process_is_over(const struct pm_process *who, uint64_t until);
/* A process is asked by way of a thread that lives: of a main thread that has ended /proc says nothing any more. */

/* An object as lines of /proc/PID/maps name it, which a stat need not. */
struct pm_backing {
    uint64_t device, inode;
};
/* What this process has mapped at `address`, shared and writable.  False if that is not to be seen. */
bool pm_process_backing(const void *address, struct pm_backing *backing);

/* A thread that waits in the kernel where nothing interrupts it: state D. */
struct pm_kernel_wait {
    char text[96]; /* "thread 4711, state D, folio_wait_bit": the kernel's function (/proc/PID/wchan), if that is to be seen */
};
/* False if that thread of this process does not. */
bool pm_thread_waits(uint32_t thread, struct pm_kernel_wait *wait);
/* False if none of the first threads of that process does, as far as can be seen. */
bool pm_process_waits(uint32_t pid, struct pm_kernel_wait *wait);

/*
 * Lets a waking thread run before threads that have been running: a short slice of its own (Linux 6.12; before that, nothing).  Needs no
 * privilege, takes no time away from anybody.
 */
void pm_thread_be_prompt(void);
/* Of all thread-local variables that are known of.  Some C libraries take them off a thread's stack, however large that was asked for. */
uint64_t pm_thread_local_bytes(void);

/* What occupies [address, address + length) in this process, as a phrase: "/usr/lib/x.so at 0x...". */
void pm_occupant(uint64_t address, uint64_t length, char *phrase, size_t size);

#endif
