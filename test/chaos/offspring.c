/* SPDX-License-Identifier: MIT */
/*
 * offspring.c - what an actor does with fork() and exec().
 *
 * A child uses nothing and ends; or looks at the handle that it inherited, which is dead, and becomes an actor of its own; or executes
 * one.  A parent may end first.  An actor executes itself: its memory is gone in between, its name is not.
 */
#include "control.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void execute(struct actor *me)
{
    char fd[16], index[16], claim[32];
    snprintf(fd, sizeof fd, "%d", control_fd);
    snprintf(index, sizeof index, "%u", (unsigned)(me - control->actors));
    snprintf(claim, sizeof claim, "%llu", (unsigned long long)(load64(&me->state) >> 8));
    execl("/proc/self/exe", "chaos", "--actor", fd, index, claim, (char *)NULL);
    fail(me->arena, "exec failed: %s", strerror(errno));
}

void offspring_exec(struct actor *me)
{
    counted(COUNT_execs, 1);
    me->life++;
    store32(&me->attached, 0);
    execute(me);
    abort();
}

/* An actor's record for a child, of the same arena; NULL if all are in use. */
static struct actor *claim(uint64_t *number)
{
    for (uint32_t i = control->regulars; i < control->actor_count; i++) {
        struct actor *free = &control->actors[i];
        uint64_t word = load64(&free->state);
        *number = (word >> 8) + 1;
        if ((word & 0xff) == EMPTY && cas64(&free->state, &word, *number << 8 | CLAIMED))
            return free;
    }
    return NULL;
}

static void must_be_dead(const struct actor *me, peermap_segment *segment)
{
    peermap_peer peer;
    if (peermap_size(segment) != 0 || peermap_base(segment) || peermap_pin(segment) != 0)
        fail(me->arena, "a forked child of %s sees memory through its parent's handle", me->name);
    if (peermap_grow(segment, PAGE, NULL) != PEERMAP_EDETACHED || peermap_peers(segment, &peer, 1) != PEERMAP_EDETACHED)
        fail(me->arena, "a forked child of %s can use its parent's handle", me->name);
    peermap_unpin(segment);
    peermap_detach(segment);
}

/* False if the supervisor took the record away: the parent was stopped for too long before it came to fork.  Then it may be another child's. */
static bool become(const struct actor *parent, struct actor *child, uint64_t number, uint64_t *state)
{
    uint64_t word = number << 8 | CLAIMED;
    if (!cas64(&child->state, &word, number << 8 | BORN))
        return false;
    child->pid = getpid();
    child->ended = 0;
    child->arena = parent->arena;
    child->life = 0;
    child->seed = chance(state);
    snprintf(child->name, sizeof child->name, "child-%u.%llu", (unsigned)(child - control->actors), (unsigned long long)number);
    store64(&child->state, number << 8 | RUNNING);
    return true;
}

void offspring_fork(struct actor **me, peermap_segment **segment, uint64_t *state)
{
    struct actor *parent = *me;
    uint64_t kind = chance(state) % 8, number = 0;
    struct actor *child = kind < 4 ? claim(&number) : NULL;
    pid_t pid = fork();
    if (pid < 0)
        fail(parent->arena, "fork failed");
    if (pid == 0) {
        if (kind == 7)
            execl("/bin/true", "true", (char *)NULL);
        if (kind >= 6)
            must_be_dead(parent, *segment);
        if (!child)
            _exit(0);
        if (kind < 2)
            must_be_dead(parent, *segment);
        if (!become(parent, child, number, state))
            _exit(0);
        if (kind >= 2)
            execute(child);
        *me = child;
        *segment = NULL;
        return;
    }
    counted(COUNT_forks, 1);
    if (chance(state) % 4 == 0) { /* without a word: the slot stays, of a dead peer */
        counted(COUNT_exits, 1);
        store32(&parent->attached, 0);
        store32(&parent->ended, 1);
        _exit(0);
    }
}
