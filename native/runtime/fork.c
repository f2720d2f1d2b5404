/* SPDX-License-Identifier: MIT */
/*
 * fork.c - what becomes of attachments at the end of the process, and in a child: it inherits the memory but no agent, so it is no peer, and its handles are dead.
 *
 * Two ways to find out.  A child of fork() runs our handler, which unmaps everything.  A child of a bare clone() or _Fork() runs
 * nothing; there the page of the mark is empty, because the kernel wipes it.  Such a child may do hardly anything before it
 * execs, so its handles only answer that they are dead, and what it inherited stays mapped.
 *
 * Handlers of the program use this library too, and take its locks.  Ours is there before them, so it comes after all others to take a lock, and before them
 * to let go of it.  Those that were there before a plugin with this library come in between: what they do here is done under the lock that their thread has.
 */
#include "segment.h"

#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#define RENEWING UINT32_MAX

static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;
static peermap_segment *all;

static uint32_t unwiped = 1; /* where no page can be wiped: fork()'s handler alone must do */
void *pm_mark_at = &unwiped; /* a word: the number of this process among its ancestors; 0: in a child that has not attached yet */
static uint32_t generation = 1;

/* The thread that holds the lock, from before a fork until after it.  No thread-local flag: agents come past, for which the C library would have to get memory. */
static void *forker;

static void *this_thread(void) { return (void *)(uintptr_t)pthread_self(); }
static bool is_forking(void) { return load_pointer(&forker) == this_thread(); }

/* A handler of the program may have attached already. */
static bool is_the_childs_own(const peermap_segment *segment)
{
    const uint32_t *mark = load_pointer(&pm_mark_at);
    return mark != &unwiped && segment->mark == load32(mark);
}

static void disown(void)
{
    peermap_segment **at = &all;
    while (*at) {
        peermap_segment *segment = *at;
        if (is_the_childs_own(segment)) {
            at = &segment->next;
            continue;
        }
        *at = segment->next;
        order_store32(&segment->detached, 1);
        pm_give_back(segment);
        pm_hand_in_child(&segment->hand);
    }
}

static void in_child(void)
{
    disown();
    store_pointer(&forker, NULL);
    pthread_mutex_unlock(&all_lock);
}

/* In a child of a bare clone() the list is of handles that are not its own, and the lock may be held by a thread that is not there. */
static void renew(void)
{
    uint32_t none = 0, *mark = load_pointer(&pm_mark_at);
    if (cas32(mark, &none, RENEWING)) {
        if (is_forking()) {
            disown();
        } else {
            pthread_mutex_init(&all_lock, NULL);
            store_pointer(&forker, NULL);
            all = NULL;
        }
        store32(mark, ++generation);
    }
    while (load32(mark) == RENEWING)
        sched_yield();
}

static void before_fork(void)
{
    renew();
    pthread_mutex_lock(&all_lock);
    store_pointer(&forker, this_thread());
}

static void after_fork(void)
{
    store_pointer(&forker, NULL);
    pthread_mutex_unlock(&all_lock);
}

/* Before constructors of the program that has this library inside. */
__attribute__((constructor(101))) static void watch_forks(void) { pthread_atfork(before_fork, after_fork, in_child); }

static void make_mark(void)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *got = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (got != MAP_FAILED && madvise(got, page, MADV_WIPEONFORK) == 0) {
        store32(got, generation);
        store_pointer(&pm_mark_at, got); /* another thread may be forking */
    }
}

void pm_hold_forks(void)
{
    if (!is_forking())
        pthread_mutex_lock(&all_lock);
}

void pm_let_fork(void)
{
    if (!is_forking())
        pthread_mutex_unlock(&all_lock);
}

void pm_enlist(peermap_segment *segment)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_mark);
    renew();
    pm_hold_forks();
    segment->mark = load32(load_pointer(&pm_mark_at));
    segment->next = all;
    all = segment;
    pm_let_fork();
}

void pm_delist(peermap_segment *segment)
{
    pm_hold_forks();
    peermap_segment **at = &all;
    while (*at != segment)
        at = &(*at)->next;
    *at = segment->next;
    pm_give_back(segment);
    pm_let_fork();
}

/* ---- the end of the process ---- */

/* The first that nobody is about to detach from.  Whoever has the lock may have been interrupted for ever. */
static peermap_segment *next_to_leave(void)
{
    peermap_segment *found;
    for (int tries = 0; pthread_mutex_trylock(&all_lock) != 0; tries++) {
        if (tries == 100)
            return NULL;
        pm_sleep_until(pm_now() + 1000000);
    }
    for (found = all; found; found = found->next) {
        uint32_t no = 0;
        if (pm_attached(found) && cas32(&found->leaving, &no, 1))
            break;
    }
    pthread_mutex_unlock(&all_lock);
    return found;
}

/* Calls that begin from here on answer that the handle is detached. */
static void leave(peermap_segment *segment)
{
    store32(&segment->exits, 1);
    order_store32(&segment->detached, 1);
    pm_heap_exit(segment);
    pm_agent_leave(segment, pm_now() + segment->deadline_ns);
}

/*
 * A process that exits leaves the segments that it did not detach from in good order: after the program's own exit handlers, when the library is finished.  Nothing is
 * unmapped, since other threads may still run; what they hold of a heap is taken back as that of the dead is, once they have ended.  Who has not left by the
 * handle's deadline is a dead peer, as after _exit().
 */
__attribute__((destructor)) static void leave_all(void)
{
    for (peermap_segment *segment; (segment = next_to_leave()) != NULL;)
        leave(segment);
}
