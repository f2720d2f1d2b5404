/* SPDX-License-Identifier: MIT */
/*
 * resize.pml - what rounds are for: native/runtime/resize.c and the horizon of ahead.c.
 *
 * What an operation does before its round, and what after it; the round itself, which they share, is in peermap.pml.  `stage` is the
 * operation that it is for.
 */

/* ---- the word `active` ---- */

#ifdef BUG_NO_COUNT
#define COUNTED 0
#else
#ifdef BUG_COUNT_ONLY_SHRINKS
#define COUNTED (stage == SHRINK)
#else
#define COUNTED 1
#endif
#endif

inline close_active() { STEP(closed = true; from = active) }
inline set_closed(size) { STEP(active = size) }
inline open_active(size)
{
    STEP(active = size; seen(); closed = false; changes = changes + COUNTED; if :: stage == GROW && size == to && !late -> promise(size) :: else fi)
}

/* ---- the intent ---- */

inline begin(op)
{
    STEP(intent_from = 0; intent_to = 0; intent = op);
#ifdef BUG_CLOSED_LATER
    STEP(from = active)
#else
    close_active()
#endif
}

inline intend(size)
{
    to = size;
    STEP(intent_from = from; intent_to = to);
#ifdef BUG_CLOSED_LATER
    STEP(closed = true)
#endif
}

inline end(size)
{
    open_active(size);
    STEP(intent = NONE)
}

/* ---- the file ---- */

inline pm_object_extend(low, high) { file = file | (PAGES(high) & ~PAGES(low)) }

/* As long as a late peer may touch what was active, the file is punched, not cut.  The bytes are gone either way. */
inline cut(size)
{
    assert(size >= active && !ANY(RELIES, size));
    file = file & PAGES(size)
}

#define LET_GO(peer, size) (!IS_PEER(peer) || KNOWS(peer) <= (size))
#define CAME_TO(peer, asked) (!live[peer] || dead[peer] || acked[peer] >= (asked))

/* Finishes a shrink that a late peer had held up.  That peer may have come to it when it was over, and have kept what is cut. */
inline cut_if_all_acked()
{
    if
    :: WHEN(cut_epoch == 0 || !EACH(CAME_TO, cut_epoch), skip)
    :: WHEN(cut_epoch != 0 && EACH(CAME_TO, cut_epoch), skip);
#ifdef BUG_CUT_OPEN
       STEP(from = active);
       STEP(cut(from); cut_epoch = 0)
#else
       close_active();
       STEP(cut(from); cut_epoch = 0);
       open_active(from)
#endif
    OR_DIE
    fi
}

/* ---- ends ---- */

#ifdef BUG_HORIZON_LATE
#define COMPLETE true
#else
#define COMPLETE (!late && !partly)
#endif

inline settle_horizon() { STEP(horizon = (COMPLETE -> target : horizon)) }

/* Somebody has given up what is to be active again, and has not come back to it: then the word stays closed, for whoever takes the lock next. */
#ifdef BUG_UNDONE_REGARDLESS
#define IS_STUCK(size) false
#else
#define IS_STUCK(size) (active < (size) && late && (stage == UNDO || !ALLOWS_LATE(me)))
#endif

inline rolled_back()
{
    settle_horizon();
    set_closed(from);
    STEP(cut(from)); /* discard() */
    end(from)
}

/* ---- growing ---- */

inline grow()
{
    begin(GROW);
    intend(from + 1);
    STEP(cut(from)); /* discard() */
    STEP(pm_object_extend(from, to));
    if
    :: WHEN(to <= horizon, skip); end(to); goto unlock /* grow_inside() */
    :: WHEN(to > horizon, before = target; goal = MORE(target, to + AHEAD); needs = to)
    OR_DIE
    fi;
#ifdef BUG_ACTIVE_FIRST
    grown()
#endif
}

inline grown()
{
    settle_horizon();
    end(to)
}

/* ---- shrinking ---- */

#define PINS(peer, size) (live[peer] && !dead[peer] && pin[peer] > (size))

inline shrink()
{
    begin(SHRINK);
    intend(from - 1);
#ifndef BUG_PINS_FIRST
    STEP(active = to; release(to));
#endif
    if
    :: WHEN(!ANY(PINS, to), before = target; goal = to)
    :: WHEN(DEADLINES && ANY(PINS, to), skip); end(from); goto unlock
    OR_DIE
    fi;
#ifdef BUG_PINS_FIRST
    STEP(active = to; release(to));
#endif
#ifdef BUG_CUT_FIRST
    STEP(assert(EACH(LET_GO, to)); cut(to));
#endif
    STEP(horizon = LESS(horizon, to))
}

inline shrunk()
{
#ifndef BUG_CUT_UNDONE
    STEP(intent_from = to); /* it is finished now, whoever does it */
#endif
    if
    :: late -> STEP(cut_epoch = round)
    :: !late -> STEP(assert(EACH(LET_GO, to)); cut(to); cut_epoch = 0)
    fi;
    settle_horizon();
    end(to)
}

/* ---- recovery ---- */

#ifdef BUG_OPEN_JUDGED
#define FINAL false
#else
#define FINAL (!closed)
#endif

/* Of a closed word: an open one is final, whatever the intent says, since others may have grown inside the horizon since. */
inline recover()
{
#ifdef BUG_OPEN_JUDGED
    STEP(closed = true);
#endif
    STEP(from = active;
         to = (intent == SHRINK && intent_to != 0 -> intent_from : from);
         goal = (target < to || AHEAD == 0 -> to : target);
         needs = (intent == GROW || active < to -> to : 0));
#ifdef BUG_INTENT_FORGOTTEN
    STEP(intent = NONE);
#endif
    STEP(horizon = LESS(horizon, goal));
#ifdef BUG_UNDONE_EARLY
    set_closed(to)
#else
    STEP(active = (active < to -> active : to))
#endif
}

inline recovered()
{
    set_closed(to);
    if
    :: WHEN(intent == SHRINK && late, cut_epoch = round)
    :: WHEN(intent != SHRINK || !late, cut(to); cut_epoch = (intent == SHRINK -> 0 : cut_epoch))
    OR_DIE
    fi;
    settle_horizon();
    end(to)
}

/* ---- pm_move_horizon(), in the background: the word stays open ---- */

inline move()
{
    STEP(from = active; goal = MORE(target, from + AHEAD));
    if
    :: WHEN(from + AHEAD > horizon, skip)
    :: WHEN(from + AHEAD <= horizon, skip); goto unlock
    OR_DIE
    fi
}
