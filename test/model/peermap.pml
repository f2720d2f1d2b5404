/* SPDX-License-Identifier: MIT */
/*
 * peermap.pml - the round protocol: agents that resize a segment, answer, join, leave and die, and the applications above them.
 *
 * A peer is an agent and, where the configuration has it call or read, an application's thread.  A step is one access to shared
 * memory or one system call; between any two steps everybody else may run, a peer may be killed, and a deadline may pass: a process that
 * is stopped, traced or slow is one that takes no step meanwhile, and a peer that unstop lets run is one that does.
 */
#include "segment.pml"
#include "round.pml"
#include "resize.pml"

#if STOPS
#define RUNS(me) (!stopped[me])
#define PROCESS(me) provided (RUNS(me))
#else
#define RUNS(me) true
#define PROCESS(me)
#endif

/* ---- agent.c, registry.c ---- */

#if WAKES
#define RING rung[me] = true
#else
#define RING skip
#endif

inline fill()
{
    requested[me] = 0;
    acked[me] = 0;
    told[me] = 0;
    pin[me] = 0;
    dead[me] = false
}

inline pm_converge_first()
{
    do
    :: WHEN(true, round = epoch);
       apply();
       STEP(told[me] = mapped[me]; acked[me] = round);
       if
       :: WHEN(epoch == round, skip); break
       :: WHEN(epoch != round, skip)
       OR_DIE
       fi
    OR_DIE
    od;
#ifdef BUG_JOIN_ANSWERS
    STEP(tried = requested[me]);
#endif
    STEP(attached[me] = true; round = 0; wanted = 0)
}

inline leave()
{
    STEP(attached[me] = false; mapped[me] = 0);
    STEP(maps[me] = 0);
    STEP(live[me] = false; posted[me] = NONE);
#if WAKES
    if
    :: requested[me] != tried -> pm_answer(requested[me])
    :: requested[me] == tried
    fi
#endif
}

/* A shrink that waited for that. */
#define HAS_TOLD(peer, size) (!live[peer] || dead[peer] || told[peer] >= (size))
#define CAN_BE_UNDONE (closed && lock == 0 && intent == SHRINK && active < intent_from && EACH(HAS_TOLD, intent_from))

proctype agent(byte me; bool joins) PROCESS(me)
{
    byte tried, wanted, round, awaited, stage, from, to, before, goal, needs;
    bool late, partly, awake = !WAKES;
    if
#ifdef BUG_JOIN_FIRST
    :: joins -> STEP(fill()); pm_converge_first(); STEP(live[me] = true)
#else
    :: joins -> STEP(fill()); STEP(live[me] = true); pm_converge_first()
#endif
    :: !joins
    fi;
end_idle:
    do
#if WAKES
#ifdef BUG_BELL_LAST
    :: WHEN(!awake && rung[me], awake = true)
    :: WHEN(awake && !ASKED && posted[me] == NONE, skip); STEP(awake = false; rung[me] = false)
#else
    :: WHEN(!awake && rung[me], awake = true; rung[me] = false)
    :: WHEN(awake && !ASKED && posted[me] == NONE, awake = false)
#endif
#endif
    :: converge(awake, true)
    :: WHEN(awake && !ASKED && CAN_BE_UNDONE, skip); goto locked /* pm_nudge_cut() */
    :: WHEN(awake && !ASKED && posted[me] != NONE && posted[me] != LEAVE, skip); goto locked
    :: WHEN(awake && !ASKED && posted[me] == LEAVE, skip); leave(); goto died
    OR_DIE
    od;

locked:
    pm_lock();
    if
    :: WHEN(intent == NONE && !closed, skip)
    :: WHEN(intent != NONE && FINAL, intent = NONE)
    :: WHEN((intent != NONE || closed) && !FINAL, stage = RECOVER); recover(); goto reconcile
    OR_DIE
    fi;
operate:
    cut_if_all_acked();
    if
    :: WHEN(posted[me] == GROW, stage = GROW); grow()
    :: WHEN(posted[me] == SHRINK, stage = SHRINK); shrink()
    :: WHEN(posted[me] == MOVE, stage = MOVE); move()
    :: WHEN(posted[me] == NONE, lock = 0; FORGET); goto end_idle
    OR_DIE
    fi;
reconcile:
    pm_round_ask();
    pm_round_wait();
    if
    :: (stage == GROW || stage == SHRINK) && late && !ALLOWS_LATE(me) ->
        WHEN(true, needs = (stage == SHRINK -> from : 0); stage = UNDO; goal = before; late = false; partly = false); goto reconcile
    :: stage == GROW && (!late || ALLOWS_LATE(me)) -> grown()
    :: stage == SHRINK && (!late || ALLOWS_LATE(me)) -> shrunk()
    :: stage == UNDO && IS_STUCK(from) -> skip
    :: stage == UNDO && !IS_STUCK(from) -> rolled_back()
    :: stage == MOVE -> settle_horizon()
    :: stage == RECOVER && IS_STUCK(to) -> skip
    :: stage == RECOVER && !IS_STUCK(to) -> recovered(); WHEN(true, late = false; partly = false); goto operate
    fi;
unlock:
    STEP(lock = 0);
answered:
    STEP(posted[me] = NONE; FORGET);
    goto end_idle;
died:
    skip
}

/* ---- an application's thread.  One of a process that is being killed may run on for a moment ---- */

#define UNLESS_DEAD :: dead[me] -> goto died

inline post(op)
{
    WHEN(true, posted[me] = (dead[me] -> NONE : op); RING);
    posted[me] == NONE
}

/* A growth below the horizon. */
inline inside()
{
    do
    :: WHEN(!closed, size = active; count = changes);
       if
       :: WHEN(size < horizon && size < mapped[me], skip)
       :: WHEN(size >= horizon || size >= mapped[me], skip); post(GROW); break
       UNLESS_DEAD
       fi;
       WHEN(true, pm_object_extend(size, size + 1));
       if
       :: WHEN(!closed && active == size && changes == count,
               active = size + 1; seen(); promise(active));
          WHEN(true, epoch++);
          break
       :: WHEN(closed || active != size || changes != count, skip)
       UNLESS_DEAD
       fi
    :: WHEN(closed, skip); post(GROW); break
    UNLESS_DEAD
    od;
    size = 0;
    count = 0
}

inline call(op)
{
    if
    :: op == NONE
    :: op == GROW && AHEAD > 0 -> inside()
    :: op == GROW && AHEAD == 0 || op > GROW -> post(op)
    fi
}

proctype application(byte me; byte first; byte second; byte third) PROCESS(me)
{
    byte size, count;
    call(first);
    call(second);
    call(third);
died:
    size = 0;
    count = 0
}

/* ---- an application's thread that reads what it has pinned ---- */

proctype reader(byte me; byte times) PROCESS(me)
{
    byte size, now;
    do
    :: times > 0 && !dead[me] ->
        WHEN(true, size = active);
        WHEN(true, size = LESS(size, mapped[me]); pin[me] = size);
        WHEN(true, now = active);
        WHEN(true, now = LESS(now, mapped[me]); now = LESS(now, size); relied[me] = (dead[me] -> 0 : now);
             assert(maps[me] >= relied[me] && BACKED(relied[me])));
        WHEN(true, relied[me] = 0; pin[me] = 0; size = 0; now = 0);
        times--
    :: times == 0 || dead[me] -> break
    od
}

/* ---- signals ---- */

proctype signals(byte peer)
{
    stopped[peer] = true;
    if
    :: stopped[peer] = false
    :: skip /* it stays */
    fi
}

#define SETTLED(peer, size) (!IS_PEER(peer) || stopped[peer] || mapped[peer] >= (size))

init
{
    d_step {
        i = 0;
        do
        :: i < PEERS - JOINERS -> live[i] = true; attached[i] = true; mapped[i] = target; told[i] = target; maps[i] = target; SAW(i); acked[i] = epoch; i++
        :: else -> break
        od
    };
    atomic { WORLD }
    timeout;
    assert(EACH(SETTLED, active));
    assert(deaths < DEATHS || lock == 0 && intent == NONE && !closed)
}
