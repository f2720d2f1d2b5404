/* SPDX-License-Identifier: MIT */
/* round.c - `peermap grow`, `shrink`, `remap` and `trim`: one round, and how each peer came to it. */
#include "model.h"
#include "peer.h"
#include "reason.h"
#include "size.h"
#include "view.h"
#include "words.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(value) figure_bytes(value).text

/* A round that is over.  Process-local. */
struct report {
    const char *op;
    uint64_t before; /* bytes */
    int rc;
    char sentence[512]; /* of a failure */
    peermap_round round;
    peermap_result *answers;
    int count;
};

static void take_answers(peermap_segment *segment, struct report *report)
{
    const int count = peermap_results(segment, NULL, 0);
    if (count <= 0)
        return;
    report->answers = need(calloc((size_t)count, sizeof *report->answers));
    const int got = peermap_results(segment, report->answers, count);
    report->count = got < count ? got : count;
}

static void print_json(const struct cli *cli, const struct report *report)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_string(&json, "segment", cli->words[0]);
    json_string(&json, "op", report->op);
    json_number(&json, "before", report->before);
    model_round(&json, &report->round, report->answers, report->count);
    if (report->rc != 0)
        model_error(&json, peermap_error_name(report->rc), pmo_sentence_of(PMO_TOOL, report->sentence).text);
    json_close(&json, '}');
}

/* "how" of one answer; for free(). */
static char *answer_text(const peermap_result *answer)
{
    const char *how = method_sentence((uint32_t)answer->method);
    return answer->method == PEERMAP_BY_NONE ? text_of("%s: %s", how, pm_reason_text(answer->error)) : text_of("%s", how);
}

static void print_answers(const struct out *out, const struct report *report)
{
    static const struct column columns[] = { { "PID", true, 0, false }, { "PEER", false, 0, true }, { "AFTER", true, 0, false }, { "HOW", false, 0, true } };
    struct table *table = table_new(columns, 4);
    for (int i = 0; i < report->count; i++) {
        const peermap_result *answer = &report->answers[i];
        const bool late = answer->method == PEERMAP_BY_NONE;
        char *how = answer_text(answer);
        table_put(table, PLAIN, "%d", (int)answer->pid);
        table_put(table, PLAIN, "%s", answer->name);
        table_put(table, PLAIN, "%s", late || answer->nanoseconds == 0 ? "" : figure_time(answer->nanoseconds).text);
        table_put(table, late ? WARNING : PLAIN, "%s", how);
        free(how);
    }
    table_end(table, out);
}

static void print_text(const struct cli *cli, const struct report *report)
{
    const peermap_round *round = &report->round;
    const struct figure before = figure_bytes(report->before), after = figure_bytes(round->size);
    if (report->rc == 0) {
        out_part(&cli->out, TITLE, "%s", cli->words[0]);
        if (report->before != round->size)
            out_part(&cli->out, PLAIN, " %s -> %s", before.text, after.text);
        else
            out_part(&cli->out, PLAIN, " %s: %s", report->op, after.text);
        if (round->late > 0)
            out_part(&cli->out, WARNING, " in all but %s that did not answer", figure_count(round->late, "peer").text);
        else
            out_part(&cli->out, GOOD, " in every peer");
        out_line(&cli->out, PLAIN, " after %s, epoch %" PRIu64, figure_time(round->nanoseconds).text, round->epoch);
    }
    print_answers(&cli->out, report);
}

static int finish(const struct cli *cli, peermap_segment *segment, struct report *report)
{
    snprintf(report->sentence, sizeof report->sentence, "%s", report->rc ? peermap_last_error() : "");
    take_answers(segment, report);
    peer_end(segment); /* before anything is printed: nobody is to be held up by whoever reads it */
    if (has(cli, OPTION_JSON))
        print_json(cli, report);
    else
        print_text(cli, report);
    fflush(stdout);
    free(report->answers);
    return report->rc == 0 ? EXIT_WELL : documented_error(cli->words[0], report->rc, report->sentence);
}

static int resize(struct cli *cli, const char *op, int (*act)(peermap_segment *, size_t, peermap_round *))
{
    peermap_segment *segment;
    struct report report = { .op = op };
    uint64_t bytes;
    const char *wrong = parse_size(cli->words[1], 1 << 20, &bytes);
    if (wrong)
        return usage_error("%s: %s", cli->words[1], wrong);
    const int rc = peer_begin(cli, &segment);
    if (rc != 0)
        return rc;
    report.before = peermap_size(segment);
    wrong = parse_size(cli->words[1], report.before, &bytes);
    if (wrong) {
        peer_end(segment);
        return usage_error("%s: %s", cli->words[1], wrong);
    }
    report.rc = act(segment, (size_t)bytes, &report.round);
    return finish(cli, segment, &report);
}

int run_grow(struct cli *cli) { return resize(cli, "grow", peermap_grow); }
int run_shrink(struct cli *cli) { return resize(cli, "shrink", peermap_shrink); }

int run_remap(struct cli *cli)
{
    peermap_segment *segment;
    struct report report = { .op = "remap" };
    uint64_t pid = 0;
    if (cli->word_count > 1 && (!parse_number(cli->words[1], &pid) || pid == 0 || pid > INT32_MAX))
        return usage_error("%s is not the number of a process", cli->words[1]);
    const int rc = peer_begin(cli, &segment);
    if (rc != 0)
        return rc;
    report.before = peermap_size(segment);
    report.rc = peermap_remap(segment, (pid_t)pid, &report.round);
    return finish(cli, segment, &report);
}

int run_trim(struct cli *cli)
{
    peermap_segment *segment;
    struct report report = { .op = "trim" };
    const int rc = peer_begin(cli, &segment);
    if (rc != 0)
        return rc;
    report.before = peermap_size(segment);
    report.rc = peermap_trim(segment, &report.round);
    return finish(cli, segment, &report);
}
