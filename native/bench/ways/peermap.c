/* SPDX-License-Identifier: MIT */
/*
 * peermap.c - peermap_grow(), by each rung of its ladder that programs can bring about.
 *
 *     ahead   a segment as it is made by default: peers map past its size, and a growth finds everybody ready
 *     agent   PEERMAP_STRICT: every growth asks each peer's agent
 *     unstop  that, with one of the peers stopped (SIGSTOP)
 *
 * The report of each growth says whether it came by that rung.  The next rung, `inject`, is no way here: it comes after half of the
 * deadline, so its time is the deadline's; and no program can keep an agent that may be traced from running its own code.
 */
#include "../common/bench.h"
#include "ways.h"

/* Process-local. */
struct member {
    struct bench_segment named;
    peermap_segment *segment;
};

static void open_segment(struct way *way, uint32_t flags, uint32_t deadline_ms)
{
    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        way_die("memory");
    member->named = (struct bench_segment){ .flags = flags, .initial_size = WAY_INITIAL, .deadline_ms = deadline_ms };
    bench_name_segment(&member->named, way->name);
    way->own = member;
}

static void open_ahead(struct way *way) { open_segment(way, 0, 0); }
static void open_agent(struct way *way) { open_segment(way, PEERMAP_STRICT, 0); }
static void open_unstop(struct way *way) { open_segment(way, PEERMAP_STRICT, 1000); }

static void serve(int channel, void *context)
{
    struct way *way = context;
    bench_peer(channel, &((struct member *)way->own)->named);
}

static void begin(struct way *way)
{
    struct member *member = way->own;
    member->segment = bench_create(&member->named);
    for (size_t i = 0; i < way->count; i++)
        bench_start_peer(&(struct bench_process){ way->pids[i], way->channels[i] });
}

static void begin_unstop(struct way *way)
{
    begin(way);
    int status;
    kill(way->pids[0], SIGSTOP);
    if (waitpid(way->pids[0], &status, WUNTRACED) != way->pids[0] || !WIFSTOPPED(status))
        way_die("SIGSTOP");
}

static void grow_by(struct way *way, size_t bytes, peermap_round *round)
{
    peermap_segment *segment = ((struct member *)way->own)->segment;
    int rc = peermap_grow(segment, bytes, round);
    if (rc == PEERMAP_ELATE)
        way_is_missing(way, "%s", peermap_last_error());
    else
        bench_check(rc, "grow");
}

static void grow_ahead(struct way *way, size_t bytes)
{
    peermap_round round = { 0 };
    grow_by(way, bytes, &round);
    way->elsewhere = round.ahead == 0 || round.ahead != round.acked;
}

static void grow_agent(struct way *way, size_t bytes)
{
    peermap_round round = { 0 };
    grow_by(way, bytes, &round);
    way->elsewhere = round.ahead != 0 || round.unstopped != 0 || round.injected != 0;
}

static void grow_unstop(struct way *way, size_t bytes)
{
    peermap_round round = { 0 };
    grow_by(way, bytes, &round);
    way->elsewhere = round.unstopped != 1;
}

static void shrink(struct way *way, size_t bytes)
{
    bench_check(peermap_shrink(((struct member *)way->own)->segment, bytes, NULL), "shrink");
}

static void end(struct way *way)
{
    struct member *member = way->own;
    peermap_detach(member->segment);
    free(member);
}

struct way way_ahead = {
    .name = "ahead", .open = open_ahead, .serve = serve, .begin = begin, .grow = grow_ahead, .shrink = shrink, .end = end
};
struct way way_agent = {
    .name = "agent", .open = open_agent, .serve = serve, .begin = begin, .grow = grow_agent, .shrink = shrink, .end = end
};
struct way way_unstop = {
    .name = "unstop", .open = open_unstop, .serve = serve, .begin = begin_unstop, .grow = grow_unstop, .shrink = shrink, .end = end
};
