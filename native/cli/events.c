/* SPDX-License-Identifier: MIT */
/* events.c - `peermap events`: what happened to a segment, as far as its ring remembers. */
#include "cli.h"
#include "follow.h"
#include "model.h"
#include "size.h"

#include <inttypes.h>

#define INTERVAL_MS 20
#define ALL SIZE_MAX

static void print_gap(const struct cli *cli, uint64_t count, bool at_start)
{
    struct json json = { .file = stdout, .lines = true };
    if (count == 0)
        return;
    if (has(cli, OPTION_JSON)) {
        json_open(&json, NULL, '{');
        json_number(&json, "missed", count);
        json_close(&json, '}');
    } else if (at_start && !has(cli, OPTION_SINCE)) {
        out_line(&cli->out, FAINT, "(%s %s not in the ring any more)", figure_count(count, "older event").text, count == 1 ? "is" : "are");
    } else {
        out_line(&cli->out, WARNING, "(%s missed)", figure_count(count, "event").text);
    }
}

/* Those after `after`, one a line, and where some are missing, how many. */
static void print_lines(const struct cli *cli, const struct follow *follow, const struct pmo_snapshot *snapshot,
                        const struct pmo_events *events, size_t from, uint64_t after)
{
    for (size_t i = from; i < events->count; i++) {
        const struct pm_event *event = &events->list[i];
        print_gap(cli, event->seq - after - 1, after == 0);
        after = event->seq;
        if (has(cli, OPTION_JSON)) {
            struct json json = { .file = stdout, .lines = true };
            model_event(&json, NULL, event);
        } else {
            view_event(&cli->out, event, &follow->names, follow_offset(snapshot), false);
        }
    }
    print_gap(cli, events->last - after, after == 0);
}

static void print_document(const struct pmo_events *events, size_t from)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_open(&json, "events", '[');
    for (size_t i = from; i < events->count; i++)
        model_event(&json, NULL, &events->list[i]);
    json_close(&json, ']');
    json_number(&json, "last", events->last);
    json_number(&json, "missed", events->missed);
    json_close(&json, '}');
}

/* One look.  `first`: --last counts from the end of it. */
static int print_new(struct cli *cli, struct follow *follow, uint64_t last, bool first, struct waiter *waiter)
{
    struct pmo_snapshot snapshot;
    struct pmo_events events;
    uint64_t after = follow->last;
    const int rc = follow_read(follow, ALL, &snapshot, &events);
    if (rc != 0)
        return library_error(cli->words[0], rc, NULL);
    if (after > events.last)
        after = events.last; /* --since past the end */
    const size_t from = first && events.count > last ? events.count - (size_t)last : 0;
    if (from > 0)
        after = from < events.count ? events.list[from].seq - 1 : events.last;
    if (has(cli, OPTION_JSON) && !waiter)
        print_document(&events, from);
    else
        print_lines(cli, follow, &snapshot, &events, from, after);
    if (first && !snapshot.readable)
        failure(cli->words[0], "it has no events that could be read: %s", snapshot.problems.count ? snapshot.problems.list[0].text : "?");
    if (waiter)
        follow_remind(&events, waiter);
    const bool readable = snapshot.readable;
    pmo_events_free(&events);
    pmo_snapshot_free(&snapshot);
    return first && !readable ? EXIT_FAILED : EXIT_WELL;
}

static int follow_on(struct cli *cli, struct follow *follow, uint64_t last)
{
    struct waiter waiter;
    int rc = waiter_start(&waiter, &follow->observer, INTERVAL_MS, NULL, false), what;
    if (rc != 0)
        return library_error(cli->words[0], rc, NULL);
    for (bool first = true; rc == 0; first = false) {
        rc = print_new(cli, follow, last, first, &waiter);
        if (fflush(stdout) != 0 || rc != 0 || follow->ended || waiter_wait(&waiter, &what) == WOKE_UNREAD)
            break;
    }
    if (follow->ended && !has(cli, OPTION_JSON))
        out_line(&cli->out, FAINT, "(the segment was removed, and nobody is left in it)");
    waiter_stop(&waiter);
    return rc;
}

int run_events(struct cli *cli)
{
    struct follow follow = { 0 };
    uint64_t last;
    if (!option_number(cli, OPTION_SINCE, 0, UINT64_C(1) << 53, &follow.last, 0) ||
        !option_number(cli, OPTION_LAST, 0, UINT64_C(1) << 53, &last, UINT64_MAX))
        return EXIT_USAGE;
    int rc = pmo_observer_open(cli->words[0], &follow.observer);
    if (rc != 0)
        return library_error(cli->words[0], rc, NULL);
    rc = has(cli, OPTION_FOLLOW) ? follow_on(cli, &follow, last) : print_new(cli, &follow, last, true, NULL);
    names_free(&follow.names);
    pmo_observer_close(&follow.observer);
    return rc;
}
