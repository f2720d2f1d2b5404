/* SPDX-License-Identifier: MIT */
/*
 * peermap.c - peermap_grow(), by each rung of its ladder.
 *
 *     ahead   a segment as it is made by default: peers map past its size, and a growth finds everybody ready
 *     agent   PEERMAP_STRICT: every growth asks each peer's agent
 *     unstop  that, with one of the peers stopped (SIGSTOP)
 *
 * peermap_results() says whether a growth came by that rung.
 */
#include "../common/bench.h"
#include "ways.h"

/* Process-local. */
struct member {
    struct bench_segment named;
    peermap_segment *segment;
};

static void open_segment(struct way *way, uint32_t flags)
{
    struct member *member = calloc(1, sizeof *member);
    if (member == NULL)
        way_die("memory");
    member->named = (struct bench_segment){ .flags = flags, .initial_size = WAY_INITIAL };
    bench_name_segment(&member->named, way->name);
    way->own = member;
}

static void open_ahead(struct way *way) { open_segment(way, 0); }
static void open_strict(struct way *way) { open_segment(way, PEERMAP_STRICT); }

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

static void grow(struct way *way, size_t bytes)
{
    if (peermap_grow(((struct member *)way->own)->segment, bytes, NULL) != 0)
        way_is_missing(way, "grow: %s", peermap_last_error());
}

/* How many peers came to the last round by `method`. */
static int count_answers(struct way *way, int method, int *all)
{
    static peermap_result answers[BENCH_SLOTS];
    int count = 0;
    *all = peermap_results(((struct member *)way->own)->segment, answers, BENCH_SLOTS);
    for (int i = 0; i < *all && i < BENCH_SLOTS; i++)
        count += answers[i].method == method;
    return count;
}

static bool came_ahead(struct way *way)
{
    int all;
    return count_answers(way, PEERMAP_BY_AHEAD, &all) == all;
}

static bool came_by_agent(struct way *way)
{
    int all;
    return count_answers(way, PEERMAP_BY_AGENT, &all) + 1 == all; /* the driver is one of them */
}

static bool came_by_unstop(struct way *way)
{
    int all;
    return count_answers(way, PEERMAP_BY_UNSTOP, &all) == 1;
}

static void shrink(struct way *way, size_t bytes)
{
    if (peermap_shrink(((struct member *)way->own)->segment, bytes, NULL) != 0)
        way_is_missing(way, "shrink: %s", peermap_last_error());
}

/* After a shrink nobody maps ahead until the next growth. */
static void settle_ahead(struct way *way) { grow(way, 4096); }

static void begin_ahead(struct way *way)
{
    begin(way);
    settle_ahead(way);
}

static void end(struct way *way)
{
    struct member *member = way->own;
    peermap_detach(member->segment);
    free(member);
}

struct way way_ahead = { .name = "ahead",
                         .open = open_ahead,
                         .serve = serve,
                         .begin = begin_ahead,
                         .grow = grow,
                         .shrink = shrink,
                         .settle = settle_ahead,
                         .came = came_ahead,
                         .end = end };
struct way way_agent = { .name = "agent",
                         .open = open_strict,
                         .serve = serve,
                         .begin = begin,
                         .grow = grow,
                         .shrink = shrink,
                         .came = came_by_agent,
                         .end = end };
struct way way_unstop = { .name = "unstop",
                          .open = open_strict,
                          .serve = serve,
                          .begin = begin_unstop,
                          .grow = grow,
                          .shrink = shrink,
                          .came = came_by_unstop,
                          .end = end };
