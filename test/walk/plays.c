/* SPDX-License-Identifier: MIT */
/* plays.c - the operations, and how each comes about. */
#include "walk.h"

#include <stdio.h>

#define LITTLE (UINT64_C(128) << 10)
#define PATIENT 20000u
#define HASTY 300u

static void third_attaches(struct stage *stage, uint32_t flags)
{
    start_person(stage, THIRD);
    must(stage, THIRD, (struct order){ .what = ATTACH, .name = "third", .flags = flags, .deadline_ms = PATIENT });
}

static void a_third(struct stage *stage) { third_attaches(stage, 0); }

static void a_dead_third(struct stage *stage)
{
    a_third(stage);
    end_person(stage, THIRD);
}

static void a_stopped_third(struct stage *stage)
{
    a_third(stage);
    stop_person(stage, THIRD);
}

static void a_third_out_of_reach(struct stage *stage)
{
    third_attaches(stage, PEERMAP_NO_PTRACE);
    stop_person(stage, THIRD);
}

static void a_stopped_reader(struct stage *stage)
{
    third_attaches(stage, PEERMAP_READ_ONLY | PEERMAP_NO_PTRACE);
    stop_person(stage, THIRD);
}

/* A shrink that the third holds up. */
static void an_unfinished_shrink(struct stage *stage)
{
    a_third_out_of_reach(stage);
    must(stage, VICTIM, (struct order){ .what = SHRINK, .bytes = 2 * PAGE });
}

static void a_shrink_to_finish(struct stage *stage)
{
    an_unfinished_shrink(stage);
    continue_person(stage, THIRD);
    must(stage, WITNESS, (struct order){ .what = SETTLE, .bytes = 20000 });
}

static void third_meets(struct stage *stage, struct order order, const char *place, enum action action)
{
    struct answer answer;
    a_third(stage);
    arm(stage, THIRD, place, action);
    tell(stage, THIRD, &order);
    stage->owed = action == STOP;
    stage->other = FIRST_PAGES * PAGE; /* if what it died in is undone; or else it is done */
    if (hear(stage, THIRD, &answer) != (action == STOP ? STOPPED : DIED))
        fail(stage, "the third did not come past %s: it answered %d, %s", place, answer.rc, answer.sentence);
}

static const struct order grow_much = { .what = GROW, .bytes = 1 << 20 };
static const struct order shrink_two = { .what = SHRINK, .bytes = 2 * PAGE };
static void third_dies_allocated(struct stage *stage) { third_meets(stage, grow_much, "grow.allocated", KILL); }
static void third_dies_asking(struct stage *stage) { third_meets(stage, grow_much, "round.requested", KILL); }
static void third_dies_lowered(struct stage *stage) { third_meets(stage, shrink_two, "shrink.lowered", KILL); }
static void third_dies_cutting(struct stage *stage) { third_meets(stage, shrink_two, "cut.begun", KILL); }
static void third_vanishes_holding(struct stage *stage) { third_meets(stage, (struct order){ .what = MAP }, "lock.taken", VANISH); }
static void third_vanishes_in_the_registry(struct stage *stage)
{
    third_meets(stage, (struct order){ .what = SET_ROOT, .bytes = 3 * PAGE }, "root.told", VANISH);
}
static void third_stops_holding(struct stage *stage) { third_meets(stage, (struct order){ .what = MAP }, "lock.taken", STOP); }

static void a_dead_victim(struct stage *stage)
{
    end_person(stage, VICTIM);
    start_person(stage, VICTIM);
}

static void a_root(struct stage *stage) { must(stage, WITNESS, (struct order){ .what = SET_ROOT, .bytes = PAGE }); }

/* In place of the segment a copy of it, as it was when the witness was attached. */
static void a_copy(struct stage *stage)
{
    char path[128], copy[160], bytes[65536];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", stage->segment);
    snprintf(copy, sizeof copy, "%s.copy", path);
    must(stage, WITNESS, (struct order){ .what = CREATE, .name = "witness", .deadline_ms = PATIENT });
    must(stage, WITNESS, (struct order){ .what = FILL });
    FILE *from = fopen(path, "r"), *to = fopen(copy, "w");
    if (!from || !to)
        fail(stage, "the segment cannot be copied");
    for (size_t length; (length = fread(bytes, 1, sizeof bytes, from)) > 0;)
        fwrite(bytes, 1, length, to);
    fclose(from);
    fclose(to);
    must(stage, WITNESS, (struct order){ .what = DETACH });
    if (rename(copy, path) != 0)
        fail(stage, "the copy does not get the segment's name");
}

/* ---- of a heap ---- */

#define MIB (UINT64_C(1) << 20)
#define LARGE (100 * UINT64_C(1000))
#define HEAP .flags = PEERMAP_HEAP

static void victim_does(struct stage *stage, enum what what, uint64_t bytes) { must(stage, VICTIM, (struct order){ .what = what, .bytes = bytes }); }

static void victim_has_small(struct stage *stage) { victim_does(stage, ALLOC, 100); }
static void victim_has_large(struct stage *stage) { victim_does(stage, ALLOC, LARGE); }
static void victim_has_much(struct stage *stage) { victim_does(stage, ALLOC, 3 * MIB); }

static void victim_had_large(struct stage *stage)
{
    victim_has_large(stage);
    victim_does(stage, FREE_OWN, 0);
}

static void victim_had_small(struct stage *stage)
{
    victim_has_small(stage);
    victim_does(stage, FREE_OWN, 0);
}

/* Eight of them, and of different lengths, so that none is used twice: the next is one too many. */
static void victim_parked_many(struct stage *stage)
{
    for (uint64_t i = 1; i <= 8; i++) {
        victim_does(stage, ALLOC, LARGE + i * 5 * PAGE);
        victim_does(stage, FREE_OWN, 0);
    }
    victim_has_large(stage);
}

static void witness_gave(struct stage *stage) { must(stage, WITNESS, (struct order){ .what = GIVE, .bytes = 100 }); }

static void witness_gave_word(struct stage *stage) { must(stage, WITNESS, (struct order){ .what = GIVE_WORD }); }

static void witness_gave_word_and_victim_allocates(struct stage *stage)
{
    witness_gave_word(stage);
    victim_had_small(stage);
}

static void many_roots(struct stage *stage) { must(stage, WITNESS, (struct order){ .what = MANY_ROOTS }); }

static void third_gave_and_left(struct stage *stage)
{
    a_third(stage);
    must(stage, THIRD, (struct order){ .what = GIVE, .bytes = 20000 });
    must(stage, THIRD, (struct order){ .what = DETACH });
    stage->people[THIRD].attached = false;
}

static void third_left_a_span(struct stage *stage)
{
    a_third(stage);
    must(stage, THIRD, (struct order){ .what = SCATTER, .bytes = 100 });
    must(stage, THIRD, (struct order){ .what = DETACH });
    stage->people[THIRD].attached = false;
}

/* A free run with memory before the last object. */
static void a_gap(struct stage *stage)
{
    victim_has_much(stage);
    must(stage, WITNESS, (struct order){ .what = GIVE, .bytes = LARGE });
    victim_does(stage, FREE_OWN, 0);
}

static void a_hole(struct stage *stage)
{
    a_gap(stage);
    must(stage, WITNESS, (struct order){ .what = TRIM });
}

static void third_dies_in(struct stage *stage, struct order order, const char *place)
{
    third_meets(stage, order, place, KILL);
    stage->other = 0;
}
static const struct order one_small = { .what = ALLOC, .bytes = 100 }, one_wide = { .what = ALLOC, .bytes = 3000 };
static void third_dies_taking(struct stage *stage) { third_dies_in(stage, one_small, "span.taken"); }
static void third_dies_claiming(struct stage *stage) { third_dies_in(stage, one_wide, "heap.claimed"); }
static void third_dies_publishing(struct stage *stage) { third_dies_in(stage, one_wide, "heap.bodied"); }
static void third_dies_with_large(struct stage *stage) { third_dies_in(stage, (struct order){ .what = ALLOC, .bytes = 40000 }, "large.taken"); }
static void third_dies_giving(struct stage *stage)
{
    a_third(stage);
    must(stage, THIRD, (struct order){ .what = ALLOC, .bytes = 3 * MIB });
    arm(stage, THIRD, "heap.unbodied", KILL);
    struct answer answer;
    tell(stage, THIRD, &(struct order){ .what = FREE_OWN });
    if (hear(stage, THIRD, &answer) != DIED)
        fail(stage, "the third did not come past heap.unbodied");
}

#define ATTACHING { .what = ATTACH, .name = "victim", .deadline_ms = PATIENT }
#define READING { .what = ATTACH, .name = "victim", .deadline_ms = PATIENT, .flags = PEERMAP_READ_ONLY }
#define READER .actor = VICTIM, .victim_flags = PEERMAP_READ_ONLY
#define GROWING(n) .order = { .what = GROW, .bytes = (n) * PAGE }, .pages = (n)
#define SHRINKING(n) .order = { .what = SHRINK, .bytes = (n) * PAGE }, .pages = -(n)

/* clang-format off */
const struct play plays[] = {
    { "grow inside the horizon", GROWING(1), .actor = VICTIM },
    { "grow past the horizon", .ahead = LITTLE, GROWING(256), .actor = VICTIM },
    { "grow and move the horizon", .ahead = LITTLE, .order = { .what = GROW, .bytes = 24 * PAGE, .deadline_ms = 500 }, .pages = 24, .actor = VICTIM },
    { "grow, strict", PEERMAP_STRICT, GROWING(3), .actor = VICTIM },
    { "grow and populate", PEERMAP_STRICT, GROWING(3), .actor = VICTIM, .victim_flags = PEERMAP_PREFAULT },
    { "grow beside a dead peer", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = a_dead_third },
    { "shrink", SHRINKING(2), .actor = VICTIM },
    { "shrink, strict", PEERMAP_STRICT, SHRINKING(2), .actor = VICTIM },
    { "attach", .order = ATTACHING, .actor = VICTIM, .apart = true },
    { "attach, strict", PEERMAP_STRICT, .order = ATTACHING, .actor = VICTIM, .apart = true },
    { "restart", .order = ATTACHING, .actor = VICTIM, .prepare = a_dead_victim },
    { "create", .order = { .what = CREATE, .name = "victim", .deadline_ms = PATIENT }, .actor = VICTIM, .apart = true, .creates = true },
    { "attach to a copy", .order = ATTACHING, .actor = VICTIM, .apart = true, .creates = true, .prepare = a_copy },
    { "detach", .order = { .what = DETACH }, .actor = VICTIM },
    { "destroy", .order = { .what = DESTROY }, .actor = VICTIM },
    { "reap", .order = { .what = REAP }, .actor = VICTIM, .prepare = a_dead_third },
    { "remap", .order = { .what = REMAP }, .actor = VICTIM },
    { "map a peer", PEERMAP_STRICT, .order = { .what = MAP }, .actor = VICTIM },
    { "set a root", .order = { .what = SET_ROOT, .bytes = 2 * PAGE }, .actor = VICTIM },
    { "replace a root", .order = { .what = SET_ROOT, .bytes = 2 * PAGE }, .actor = VICTIM, .prepare = a_root },
    { "remove a root", .order = { .what = DROP_ROOT }, .actor = VICTIM, .prepare = a_root },
    { "set a root in a further region", .flags = PEERMAP_HEAP, .order = { .what = SET_ROOT, .bytes = 2 * PAGE }, .actor = VICTIM, .prepare = many_roots },
    { "be asked to grow", PEERMAP_STRICT, GROWING(3), .actor = WITNESS },
    { "be asked to grow and populate", PEERMAP_STRICT, GROWING(3), .actor = WITNESS, .witness_flags = PEERMAP_PREFAULT },
    { "be asked to shrink", SHRINKING(2), .actor = WITNESS },
    { "be asked to remap", .order = { .what = REMAP }, .actor = WITNESS },
    { "recover from a death before asking", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = third_dies_allocated },
    { "recover from a death while asking", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = third_dies_asking },
    { "recover from a death in a shrink", GROWING(1), .actor = VICTIM, .prepare = third_dies_lowered },
    { "recover from a death while cutting", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = third_dies_cutting },
    { "roll a growth back", PEERMAP_STRICT, GROWING(3), .actor = VICTIM, .prepare = a_third_out_of_reach, .may_be_late = true, .deadline_ms = HASTY },
    { "roll a shrink back", PEERMAP_STRICT, SHRINKING(2), .actor = VICTIM, .prepare = a_third_out_of_reach, .may_be_late = true, .deadline_ms = HASTY },
    { "shrink without a late peer", SHRINKING(2), .actor = VICTIM, .prepare = a_third_out_of_reach, .victim_flags = PEERMAP_ALLOW_LATE, .deadline_ms = HASTY },
    { "grow over an unfinished shrink", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = an_unfinished_shrink, .victim_flags = PEERMAP_ALLOW_LATE, .deadline_ms = HASTY },
    { "finish a shrink", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = a_shrink_to_finish, .victim_flags = PEERMAP_ALLOW_LATE, .deadline_ms = HASTY },
    { "grow beside a stopped peer", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = a_stopped_third },
    { "shrink beside a stopped peer", SHRINKING(1), .actor = VICTIM, .prepare = a_stopped_third },
    { "attach to read", .order = READING, READER, .apart = true },
    { "attach to read a heap", HEAP, .order = READING, READER, .apart = true },
    { "attach to read a copy", .order = READING, READER, .apart = true, .creates = true, .prepare = a_copy },
    { "restart to read", .order = READING, READER, .prepare = a_dead_victim },
    { "detach a reader", .order = { .what = DETACH }, READER },
    { "be asked to remap as a reader", .order = { .what = REMAP }, .actor = WITNESS, .victim_flags = PEERMAP_READ_ONLY },
    { "grow beside a stopped reader", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = a_stopped_reader },
    { "shrink beside a stopped reader", SHRINKING(1), .actor = VICTIM, .prepare = a_stopped_reader },
    { "attach to a heap", HEAP, .order = ATTACHING, .actor = VICTIM, .apart = true },
    { "detach from a heap", HEAP, .order = { .what = DETACH }, .actor = VICTIM, .prepare = victim_has_small, .objects = 1 },
    { "detach from a heap, with nothing", HEAP, .order = { .what = DETACH }, .actor = VICTIM, .prepare = victim_had_small },
    { "allocate", HEAP, .order = { .what = ALLOC, .bytes = 100 }, .actor = VICTIM, .objects = 1 },
    { "allocate a large object, and grow", HEAP, .order = { .what = ALLOC, .bytes = LARGE }, .pages = 80, .actor = VICTIM, .objects = 1 },
    { "allocate a large object again", HEAP, .order = { .what = ALLOC, .bytes = LARGE }, .actor = VICTIM, .prepare = victim_had_large, .objects = 1 },
    { "allocate in a hole", HEAP, .order = { .what = ALLOC, .bytes = MIB }, .actor = VICTIM, .prepare = a_hole, .objects = 2 },
    { "allocate from a span that was left", HEAP, .order = { .what = ALLOC, .bytes = 100 }, .actor = VICTIM, .prepare = third_left_a_span, .objects = 2 },
    { "allocate to a word", HEAP, .order = { .what = ALLOC_TO, .bytes = 100 }, .actor = VICTIM, .prepare = witness_gave_word_and_victim_allocates, .objects = 1 },
    { "allocate a large object to a word", HEAP, .order = { .what = ALLOC_TO, .bytes = LARGE }, .pages = 80, .actor = VICTIM, .prepare = witness_gave_word, .objects = 1 },
    { "free", HEAP, .order = { .what = FREE_OWN }, .actor = VICTIM, .prepare = victim_has_small, .more = 1 },
    { "free another's object", HEAP, .order = { .what = FREE_GIVEN }, .actor = VICTIM, .prepare = witness_gave, .more = 1 },
    { "free the last of a span", HEAP, .order = { .what = FREE_GIVEN }, .actor = VICTIM, .prepare = third_gave_and_left, .more = 1 },
    { "free a large object", HEAP, .order = { .what = FREE_OWN }, .actor = VICTIM, .prepare = victim_has_large, .more = 1 },
    { "free one large object too many", HEAP, .order = { .what = FREE_OWN }, .actor = VICTIM, .prepare = victim_parked_many, .more = 1 },
    { "free a very large object", HEAP, .order = { .what = FREE_OWN }, .actor = VICTIM, .prepare = victim_has_much, .more = 1 },
    { "trim", HEAP, .order = { .what = TRIM }, .actor = VICTIM, .prepare = a_gap, .objects = 1 },
    { "reap a death while taking", HEAP, .order = { .what = REAP }, .actor = VICTIM, .prepare = third_dies_taking },
    { "reap a death while claiming", HEAP, .order = { .what = REAP }, .actor = VICTIM, .prepare = third_dies_claiming },
    { "reap a death while publishing", HEAP, .order = { .what = REAP }, .actor = VICTIM, .prepare = third_dies_publishing },
    { "reap a death with a large object", HEAP, .order = { .what = REAP }, .actor = VICTIM, .prepare = third_dies_with_large },
    { "reap a death while giving back", HEAP, .order = { .what = REAP }, .actor = VICTIM, .prepare = third_dies_giving },
    { "grow when the lock's holder has vanished", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = third_vanishes_holding },
    { "set a root when the registry's holder has vanished", .order = { .what = SET_ROOT, .bytes = 2 * PAGE }, .actor = VICTIM, .prepare = third_vanishes_in_the_registry },
    { "grow when the lock's holder is stopped", PEERMAP_STRICT, GROWING(1), .actor = VICTIM, .prepare = third_stops_holding },
};
/* clang-format on */
const uint32_t play_count = sizeof plays / sizeof *plays;
