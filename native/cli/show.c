/* SPDX-License-Identifier: MIT */
/* show.c - `peermap show`: one segment, as it is now. */
#include "cli.h"
#include "model.h"
#include "view.h"

#include <stdlib.h>
#include <string.h>

static void print_json(const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    struct json json = { .file = stdout };
    struct pmo_census_limits limits;
    pmo_limits_read(&limits);
    json_open(&json, NULL, '{');
    model_snapshot(&json, snapshot);
    if (heap->present)
        model_heap(&json, snapshot, heap);
    model_limits(&json, "limits", &limits);
    json_close(&json, '}');
}

static void print_text(const struct out *out, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    view_head(out, snapshot);
    if (snapshot->readable) {
        out_line(out, PLAIN, "%s", "");
        view_peers(out, snapshot);
        if (snapshot->root_count > 0)
            out_line(out, PLAIN, "%s", "");
        view_roots(out, snapshot);
    }
    if (heap->present) {
        out_line(out, PLAIN, "%s", "");
        view_heap(out, snapshot, heap);
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

/* A code of the library.  The heap's problems, which its reader tells beside those of the header, go to the others. */
static int take(const struct pmo_observer *observer, struct pmo_snapshot *snapshot, struct pmo_heap *heap)
{
    struct pmo_problems problems = { 0 };
    heap->present = false;
    int rc = pmo_snapshot_take(observer, PMO_STRANGERS, snapshot);
    if (rc != 0 || !snapshot->readable)
        return rc;
    if (pmo_heap_take(observer, heap, &problems) != 0)
        heap->present = false;
    for (uint32_t i = 0; i < problems.count && heap->present; i++)
        if (strstr(problems.list[i].where, "heap."))
            pmo_problem_add(&snapshot->problems, problems.list[i].code, pmo_at("%s", problems.list[i].where), "%s", problems.list[i].text);
    pmo_problems_free(&problems);
    return 0;
}

int run_show(struct cli *cli)
{
    const char *name = cli->words[0];
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    int rc = pmo_observer_open(name, &observer);
    if (rc != 0)
        return library_error(name, rc, NULL);
    struct pmo_heap *heap = need(calloc(1, sizeof *heap));
    rc = take(&observer, &snapshot, heap);
    pmo_observer_close(&observer);
    if (rc == 0 && has(cli, OPTION_JSON))
        print_json(&snapshot, heap);
    else if (rc == 0)
        print_text(&cli->out, &snapshot, heap);
    if (rc == 0)
        pmo_snapshot_free(&snapshot);
    pmo_heap_free(heap);
    free(heap);
    return rc == 0 ? EXIT_WELL : library_error(name, rc, NULL);
}
