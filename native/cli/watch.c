/* SPDX-License-Identifier: MIT */
/*
 * watch.c - `peermap watch`: one segment, live.
 *
 * It sleeps until the segment says that something changed, so while nothing does it costs nothing, and shows nothing new: what the segment
 * is not told, that a process is stopped for example, is seen with the next change, or with any key.
 */
#include "cli.h"
#include "follow.h"
#include "model.h"
#include "size.h"
#include "terminal.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define INTERVAL_MS 100
#define KEPT 256u     /* events that a screen may have */
#define AT_FIRST 8u   /* of those that came before */
#define SECONDS 10u   /* that rates are of */
#define SECOND_NS UINT64_C(1000000000)

/* Process-local. */
struct screen {
    struct follow follow;
    struct pm_event kept[KEPT]; /* a ring */
    uint64_t kept_count;
    struct {
        uint64_t second, events, rounds;
    } rates[SECONDS];
    uint64_t missed;
};

static void count(struct screen *screen, const struct pm_event *event)
{
    const uint64_t second = event->time_ns / SECOND_NS;
    const size_t slot = second % SECONDS;
    if (screen->rates[slot].second != second) {
        screen->rates[slot].second = second;
        screen->rates[slot].events = screen->rates[slot].rounds = 0;
    }
    screen->rates[slot].events++;
    screen->rates[slot].rounds += event->kind == PM_EV_ROUND_END || event->kind == PM_EV_ROLLBACK;
}

/* How many there were in the last seconds; none: there is no need to draw again for that. */
static uint64_t rate(const struct screen *screen, uint64_t now, uint64_t *rounds)
{
    uint64_t events = 0;
    *rounds = 0;
    for (size_t i = 0; i < SECONDS; i++) {
        if (screen->rates[i].second + SECONDS <= now / SECOND_NS)
            continue;
        events += screen->rates[i].events;
        *rounds += screen->rates[i].rounds;
    }
    return events;
}

static void keep(struct screen *screen, const struct pmo_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        screen->kept[screen->kept_count++ % KEPT] = events->list[i];
        count(screen, &events->list[i]);
    }
    screen->missed += events->missed;
}

static void view_rates(const struct out *out, const struct screen *screen, const struct pmo_snapshot *snapshot)
{
    uint64_t rounds;
    const uint64_t events = rate(screen, snapshot->monotonic_ns, &rounds);
    out_line(out, FAINT, "%s and %s in the last %u s", figure_count(rounds, "round").text, figure_count(events, "event").text, SECONDS);
}

static void view_last(const struct out *out, const struct screen *screen, const struct pmo_snapshot *snapshot, uint64_t most)
{
    const uint64_t there = screen->kept_count < KEPT ? screen->kept_count : KEPT, shown = there < most ? there : most;
    for (uint64_t i = screen->kept_count - shown; i < screen->kept_count; i++)
        view_event(out, &screen->kept[i % KEPT], &screen->follow.names, follow_offset(snapshot), true);
}

static void view_body(const struct out *out, const struct pmo_snapshot *snapshot)
{
    view_head(out, snapshot);
    if (snapshot->readable) {
        out_line(out, PLAIN, "%s", "");
        view_peers(out, snapshot);
    }
    if (snapshot->problems.count > 0)
        out_line(out, PLAIN, "%s", "");
    view_problems(out, &snapshot->problems);
    out_line(out, PLAIN, "%s", "");
}

/* ---- on a terminal ---- */

/* The first `most` lines of the text, and how many there are of them. */
static size_t first_lines(const char *text, size_t length, size_t most, size_t *lines)
{
    size_t at = 0;
    for (*lines = 0; at < length && *lines < most; ++*lines)
        at = (size_t)((const char *)memchr(text + at, '\n', length - at) - text) + 1;
    return at;
}

static void draw(struct screen *screen, const struct cli *cli, const struct pmo_snapshot *snapshot)
{
    const size_t least = 4; /* lines that the events have in any case */
    size_t rows, body_length, frame_length, lines;
    char *body, *frame;
    struct out out = cli->out;
    terminal_size(&rows, &out.width);
    out.file = need(open_memstream(&body, &body_length));
    view_body(&out, snapshot);
    fclose(out.file);
    out.file = need(open_memstream(&frame, &frame_length));
    const size_t used = first_lines(body, body_length, rows > least + 2 ? rows - least - 2 : 1, &lines);
    fwrite(body, 1, used, out.file);
    view_rates(&out, screen, snapshot);
    view_last(&out, screen, snapshot, rows > lines + 2 ? rows - lines - 2 : 0);
    out_part(&out, FAINT, "q quits%s", used < body_length ? "; there is more above than fits" : "");
    if (screen->missed > 0)
        out_part(&out, WARNING, "; %s missed", figure_count(screen->missed, "event").text);
    fclose(out.file);
    terminal_draw(frame, frame_length, out.width);
    free(body);
    free(frame);
}

/* One look.  A code of the library. */
static int look(struct screen *screen, struct pmo_snapshot *snapshot, struct pmo_events *events, struct waiter *waiter)
{
    const int rc = follow_read(&screen->follow, SIZE_MAX, snapshot, events);
    if (rc != 0)
        return rc;
    keep(screen, events);
    if (waiter) {
        uint64_t rounds;
        follow_remind(events, waiter);
        if (!events->more_later && rate(screen, snapshot->monotonic_ns, &rounds) > 0)
            pmo_watch_remind(waiter->watch, SECONDS * 1000);
    }
    return 0;
}

/* False: the end. */
static bool draw_and_wait(struct screen *screen, const struct cli *cli, struct waiter *waiter, int *rc)
{
    struct pmo_snapshot snapshot;
    struct pmo_events events;
    int what = 0;
    *rc = look(screen, &snapshot, &events, waiter);
    if (*rc != 0)
        return false;
    draw(screen, cli, &snapshot);
    pmo_events_free(&events);
    pmo_snapshot_free(&snapshot);
    const enum wake wake = waiter_wait(waiter, &what);
    if (wake == WOKE_SIGNAL && what != SIGWINCH && what != SIGPIPE)
        terminal_obey(what);
    const bool quits = wake == WOKE_KEY && (what == 'q' || what == 'Q' || what == 4); /* Ctrl+D */
    return wake != WOKE_UNREAD && !quits;
}

static int watch_terminal(struct screen *screen, struct cli *cli)
{
    struct waiter waiter;
    sigset_t signals;
    if (!terminal_enter(&signals))
        return failure(cli->words[0], "the terminal cannot be drawn on");
    int rc = waiter_start(&waiter, &screen->follow.observer, INTERVAL_MS, &signals, true);
    if (rc == 0) {
        while (draw_and_wait(screen, cli, &waiter, &rc))
            ;
        waiter_stop(&waiter);
    }
    terminal_leave();
    return rc == 0 ? EXIT_WELL : library_error(cli->words[0], rc, NULL);
}

/* ---- elsewhere ---- */

static void print_block(const struct cli *cli, const struct screen *screen, const struct pmo_snapshot *snapshot, const struct pmo_events *events)
{
    if (has(cli, OPTION_JSON)) {
        struct json json = { .file = stdout, .lines = true };
        json_open(&json, NULL, '{');
        model_snapshot(&json, snapshot);
        json_open(&json, "events", '[');
        for (size_t i = 0; i < events->count; i++)
            model_event(&json, NULL, &events->list[i]);
        json_close(&json, ']');
        json_number(&json, "missed", events->missed);
        json_close(&json, '}');
        return;
    }
    out_line(&cli->out, TITLE, "---- %s", figure_clock(snapshot->realtime_ns).text);
    view_body(&cli->out, snapshot);
    view_rates(&cli->out, screen, snapshot);
    if (events->missed > 0)
        out_line(&cli->out, WARNING, "(%s missed)", figure_count(events->missed, "event").text);
    const uint64_t most = events->count == screen->kept_count ? AT_FIRST : KEPT;
    view_last(&cli->out, screen, snapshot, events->count < most ? events->count : most);
    out_line(&cli->out, PLAIN, "%s", "");
}

static int print_one(struct screen *screen, const struct cli *cli, struct waiter *waiter)
{
    struct pmo_snapshot snapshot;
    struct pmo_events events;
    const int rc = look(screen, &snapshot, &events, NULL);
    if (rc != 0)
        return library_error(cli->words[0], rc, NULL);
    print_block(cli, screen, &snapshot, &events);
    if (waiter)
        follow_remind(&events, waiter);
    pmo_events_free(&events);
    pmo_snapshot_free(&snapshot);
    return EXIT_WELL;
}

static int watch_pipe(struct screen *screen, struct cli *cli)
{
    struct waiter waiter;
    int what, rc = waiter_start(&waiter, &screen->follow.observer, INTERVAL_MS, NULL, false);
    if (rc != 0)
        return library_error(cli->words[0], rc, NULL);
    do
        rc = print_one(screen, cli, &waiter);
    while (rc == 0 && fflush(stdout) == 0 && !screen->follow.ended && waiter_wait(&waiter, &what) != WOKE_UNREAD);
    waiter_stop(&waiter);
    return rc;
}

int run_watch(struct cli *cli)
{
    struct screen *screen = need(calloc(1, sizeof *screen));
    int rc = pmo_observer_open(cli->words[0], &screen->follow.observer);
    if (rc != 0)
        rc = library_error(cli->words[0], rc, NULL);
    else if (has(cli, OPTION_ONCE))
        rc = print_one(screen, cli, NULL);
    else if (has(cli, OPTION_JSON) || !terminal_can())
        rc = watch_pipe(screen, cli);
    else
        rc = watch_terminal(screen, cli);
    names_free(&screen->follow.names);
    pmo_observer_close(&screen->follow.observer);
    free(screen);
    return rc;
}
