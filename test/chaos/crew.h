/* SPDX-License-Identifier: MIT */
/*
 * crew.h - the supervisor's own: what it knows of the actors, and the turns in which it tends them.
 *
 * chaos.c is what a storm is; crew.c starts actors, notices their ends, and harms them; endings.c keeps how they ended.
 */
#ifndef CREW_H
#define CREW_H

#include "control.h"

#define MS UINT64_C(1000000)

/* Process-local.  What it knows of an actor. */
struct known {
    uint64_t state; /* as last seen */
    int pidfd;      /* -1: there is no process */
    bool killed;
    bool reaped;
    int status;              /* if it was reaped */
    uint64_t restart;        /* when, if there is no process */
    uint64_t stopped, until; /* 0: runs */
    bool sampled;
    uint64_t stopped_steps;
    uint64_t steps, progress; /* last seen, and when */
};

extern struct known known[MOST_ACTORS];
extern int64_t low[ARENAS], high[ARENAS]; /* pages that a segment may have, besides arena.balance */
extern uint64_t dice;
extern const char *hang_of; /* more words for a hang */

uint64_t now_ns(void);
void send(struct known *it, int number);
char process_state(pid_t pid);
/* Records a failure as an actor would, but lives on to tell it. */
void wrong(uint32_t arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void resume(uint32_t index); /* one that is stopped */
void turn(bool storm);       /* about a millisecond; true: harms, and restarts */

/* ---- endings.c ---- */
void endings_begin(void);
void endings_end(void);
int ending_keep(const struct actor *actor, const struct known *it); /* its status, or -1 */
void ending_of_another(const char *what, pid_t pid, int status);
void ending_words(int status, char *words, size_t length);
void tell_endings(uint32_t arena);

#endif
