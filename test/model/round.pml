/* SPDX-License-Identifier: MIT */
/* round.pml - asking, converging, waiting: native/runtime/round.c, converge.c and lock.c. */

/* ---- converge.c ---- */

#ifdef BUG_OLD_ACK
#define FOR_THIS(asked) true
#else
#define FOR_THIS(asked) (outstanding_epoch == (asked))
#endif

inline pm_answer(asked)
{
#if WAKES
    STEP(outstanding = (outstanding > 0 && FOR_THIS(asked) -> outstanding - 1 : outstanding))
#endif
}

#ifdef BUG_STALE_TARGET
#define UNCHANGED true
#else
#define UNCHANGED (target == wanted)
#endif
#ifdef BUG_LOOK_FIRST
#define LOWER skip
#define GIVE_UP mapped[me] = wanted; told[me] = LESS(told[me], wanted); maps[me] = wanted
#elif defined(BUG_STALE_TARGET) || defined(BUG_TOLD_LATER)
#define LOWER mapped[me] = wanted
#define GIVE_UP maps[me] = wanted
#else
#define LOWER mapped[me] = wanted; told[me] = LESS(told[me], wanted)
#define GIVE_UP maps[me] = wanted
#endif

/*
 * Maps the target.  What is given up may be needed again by the time it is: the shrink was undone, and the application has pinned it, or a
 * growth counts upon it.  So what others go by is lowered first, and then the target must be what it was: they change that first, and then
 * look.
 */
inline apply()
{
    do
    :: WHEN(true, wanted = target);
       if
       :: WHEN(wanted > mapped[me], maps[me] = wanted); STEP(mapped[me] = wanted; SAW(me)); break
       :: WHEN(wanted == mapped[me], skip); break
       :: WHEN(wanted < mapped[me], LOWER);
          if
          :: WHEN(UNCHANGED, skip); STEP(assert(!RELIES(me, wanted) && owed[me] <= wanted); GIVE_UP; FORGOT(me)); break
          :: WHEN(!UNCHANGED, mapped[me] = maps[me])
          OR_DIE
          fi
       OR_DIE
       fi
    OR_DIE
    od
}

#define ASKED (requested[me] != tried)

/* One round's worth of pm_converge(). */
inline converge(awake_now, by_agent)
{
    WHEN(awake_now && ASKED, tried = requested[me]);
    apply();
    STEP(told[me] = mapped[me]; acked[me] = tried; wanted = 0);
#if WAKES
    if
    :: by_agent -> pm_answer(tried)
    :: !by_agent
    fi
#endif
}

/* ---- round.c ---- */

inline collect()
{
    awaited = 0;
    sum = 0;
    i = 0;
    do
    :: i < PEERS ->
        if
        :: live[i] && !dead[i] -> awaited = awaited | (1 << i); sum = sum + (i != me)
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline request()
{
    i = 0;
    do
    :: i < PEERS ->
        if
        :: HAS(awaited, i) -> requested[i] = round
        :: else
        fi;
        i++
    :: else -> break
    od
}

inline ring()
{
    i = 0;
    do
    :: i < PEERS -> rung[i] = rung[i] || i != me && HAS(awaited, i); i++
    :: else -> break
    od
}

/* Asks for `goal`. */
inline pm_round_ask()
{
#ifdef BUG_HORIZON_FIRST
    STEP(horizon = goal);
#endif
    STEP(target = goal);
#ifdef BUG_EPOCH_STORED
    STEP(round = epoch + 1);
    STEP(epoch = round);
#else
    STEP(epoch++; round = epoch);
#endif
#if WAKES
    STEP(collect(); outstanding = sum; outstanding_epoch = round);
    STEP(request());
    STEP(ring());
#else
    STEP(collect());
    STEP(request());
#endif
    do
    :: converge(true, false)
    :: WHEN(!ASKED, skip); break
    OR_DIE
    od
}

#ifdef BUG_OLD_ACK
#define ACKED(peer) (outstanding == 0)
#else
#define ACKED(peer) (acked[peer] == round)
#endif
#define ENOUGH(peer) (needs != 0 && told[peer] >= needs)
#define ANSWERED(peer) (ACKED(peer) || dead[peer] || !live[peer])

#define GONE(peer) (dead[peer] || !live[peer])

/* Takes those off the list who answered, or, once patience is at its end, have what is needed. */
inline sweep(patient)
{
    i = 0;
    do
    :: i < PEERS ->
        if
        :: HAS(awaited, i) && (ANSWERED(i) || !(patient) && ENOUGH(i)) ->
            awaited = awaited & ~(1 << i);
            partly = partly || !GONE(i) && !ACKED(i) && ENOUGH(i);
            late = late || !GONE(i) && !ACKED(i) && !ENOUGH(i)
        :: else
        fi;
        i++
    :: else -> break
    od
}

#define STILL(peer, unused) (HAS(awaited, peer) && !ANSWERED(peer))

#if WAKES
#define WOKEN (outstanding == 0)
#else
#define WOKEN true
#endif

inline pm_round_wait()
{
    if
    :: WHEN(!ANY(STILL, 0) && WOKEN, sweep(true); needs = 0)
    :: WHEN(DEADLINES && ANY(STILL, 0), sweep(false); late = late || awaited != 0; awaited = 0; needs = 0)
    OR_DIE
    fi
}

/* ---- lock.c: whoever waits for the lock goes on answering the bell ---- */

inline pm_lock()
{
    do
    :: WHEN(lock == 0, lock = me + 1); break
    :: converge(true, true)
    :: WHEN(DEADLINES && lock != 0, skip); goto answered
    OR_DIE
    od
}
