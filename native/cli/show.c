/* SPDX-License-Identifier: MIT */
/* show.c - `peermap show`: one segment, as it is now. */
#include "cli.h"
#include "model.h"
#include "view.h"

static void print_json(const struct pmo_snapshot *snapshot)
{
    struct json json = { .file = stdout };
    struct pmo_census_limits limits;
    pmo_census_limits(&limits);
    json_open(&json, NULL, '{');
    model_snapshot(&json, snapshot);
    model_limits(&json, "limits", &limits);
    json_close(&json, '}');
}

static void print_text(const struct out *out, const struct pmo_snapshot *snapshot)
{
    view_head(out, snapshot);
    if (snapshot->readable) {
        out_line(out, PLAIN, "%s", "");
        view_peers(out, snapshot);
        if (snapshot->root_count > 0)
            out_line(out, PLAIN, "%s", "");
        view_roots(out, snapshot);
    }
    if (snapshot->stranger_count > 0)
        out_line(out, PLAIN, "%s", "");
    view_strangers(out, snapshot);
    if (snapshot->problems.count > 0)
        out_line(out, PLAIN, "%s", "");
    view_problems(out, &snapshot->problems);
    if (snapshot->readable) {
        out_line(out, PLAIN, "%s", "");
        view_limits(out, snapshot);
    }
}

int run_show(struct cli *cli)
{
    const char *name = cli->words[0];
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    int rc = pmo_observer_open(name, &observer);
    if (rc != 0)
        return library_error(name, rc, NULL);
    rc = pmo_snapshot_take(&observer, PMO_STRANGERS, &snapshot);
    pmo_observer_close(&observer);
    if (rc != 0)
        return library_error(name, rc, NULL);
    if (has(cli, OPTION_JSON))
        print_json(&snapshot);
    else
        print_text(&cli->out, &snapshot);
    pmo_snapshot_free(&snapshot);
    return EXIT_WELL;
}
