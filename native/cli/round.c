/* SPDX-License-Identifier: MIT */
/* round.c - `peermap grow`, `shrink`, `remap` and `trim`: one round, and how each peer came to it. */
#include "ask.h"
#include "loss.h"
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
    uint64_t asked;  /* bytes more or less, as they were typed; 0: none, or a part of what there was */
    uint64_t page;
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
    if (report->asked > 0)
        json_number(&json, "asked", report->asked);
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

/* " +4 KiB, 1.004 MiB" */
static void print_size(const struct out *out, const struct report *report)
{
    const uint64_t before = report->before, after = report->round.size, change = after > before ? after - before : before - after;
    const uint64_t made = after > before ? (report->asked + report->page - 1) / report->page * report->page : report->asked / report->page * report->page;
    if (change == 0) {
        out_part(out, PLAIN, " %s: %s%s", report->op, figure_pages(after).text, strcmp(report->op, "remap") == 0 ? "" : " already");
        return;
    }
    char *rounded = rounding_of(report->asked, made, report->page);
    out_part(out, PLAIN, " %c%s%s, %s", after > before ? '+' : '-', figure_pages(change).text, rounded, figure_pages(after).text);
    free(rounded);
}

/* Where nothing was missing, nobody was asked. */
static void print_how(const struct out *out, const peermap_round *round)
{
    if (round->late > 0)
        out_part(out, WARNING, " in all but %s that did not answer", figure_count(round->late, "peer").text);
    else if (round->peers > 0)
        out_part(out, GOOD, " in every peer");
    if (round->peers > 0)
        out_part(out, PLAIN, " after %s, epoch %" PRIu64, figure_time(round->nanoseconds).text, round->epoch);
    out_line(out, PLAIN, "%s", "");
}

static void print_text(const struct cli *cli, const struct report *report)
{
    const peermap_round *round = &report->round;
    if (report->rc == 0) {
        out_part(&cli->out, TITLE, "%s", cli->words[0]);
        print_size(&cli->out, report);
        print_how(&cli->out, round);
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

/* What was typed, of what there is.  An exit code. */
static int read_size(struct report *report, const char *text, uint64_t current, uint64_t *bytes)
{
    const char *wrong = parse_size(text, current, bytes);
    const bool grows = strcmp(report->op, "grow") == 0;
    if (wrong && text[strspn(text, " \t")] == '-')
        return usage_error("%s: %s; peermap %s", text, wrong, grows ? "shrink takes memory away" : "grow adds memory");
    if (wrong)
        return usage_error("%s: %s", text, wrong);
    report->asked = strchr(text, '%') ? 0 : *bytes;
    return 0;
}

typedef int resize_call(peermap_segment *segment, size_t bytes, peermap_round *round);

/* `agreed`, if it is not NULL, is what somebody may have said yes to. */
static int resize(struct cli *cli, struct report *report, const char *text, resize_call *act, const struct loss *agreed)
{
    peermap_segment *segment;
    uint64_t bytes;
    int rc = read_size(report, text, 1 << 20, &bytes);
    if (rc == 0)
        rc = peer_begin(cli, &segment);
    if (rc != 0)
        return rc;
    report->before = peermap_size(segment);
    report->page = peermap_page_size(segment);
    if (agreed && agreed->bytes > 0 && agreed->active != report->before)
        rc = refusal(cli->words[0], "it has %s by now, not %s: look again, or shrink it all the same by --force", figure_bytes_unlike(report->before, agreed->active).text,
                     figure_bytes_unlike(agreed->active, report->before).text);
    else
        rc = read_size(report, text, report->before, &bytes);
    if (rc != 0) {
        peer_end(segment);
        return rc;
    }
    if (act == peermap_grow_to)
        report->asked = 0; /* of what is added, nothing was said */
    report->rc = act(segment, (size_t)bytes, &report->round);
    return finish(cli, segment, report);
}

int run_grow(struct cli *cli)
{
    struct report report = { .op = "grow" };
    const char *to = cli->given[OPTION_TO];
    if (!to && cli->word_count < 2)
        return usage_error("an argument is missing: peermap grow NAME SIZE, or --to SIZE");
    if (to && cli->word_count > 1)
        return usage_error("SIZE is what is added, and --to what there shall be: give one of the two");
    if (to && strpbrk(to, "+%"))
        return usage_error("--to %s: this is what there shall be in all, such as 64K, 2 MiB or 0x10000", to);
    return resize(cli, &report, to ? to : cli->words[1], to ? peermap_grow_to : peermap_grow, NULL);
}

/* Whether it may: nobody loses anything, or somebody says so. */
static int shrink_may(const char *name, const struct loss *loss)
{
    if (!loss->why)
        return 0;
    if (!can_ask())
        return refusal(name, "%s; --force shrinks it all the same", loss->why);
    char *text = text_of("Shrink %s?", name);
    const bool yes = ask(name, loss->why, text);
    free(text);
    return yes ? 0 : refusal(name, "not shrunk");
}

int run_shrink(struct cli *cli)
{
    struct report report = { .op = "shrink" };
    struct loss loss = { 0 };
    uint64_t bytes;
    int rc = read_size(&report, cli->words[1], 1 << 20, &bytes);
    if (rc == 0 && !has(cli, OPTION_FORCE)) {
        loss_find(cli->words[0], cli->words[1], &loss);
        rc = shrink_may(cli->words[0], &loss);
    }
    if (rc == 0)
        rc = resize(cli, &report, cli->words[1], peermap_shrink, &loss);
    loss_free(&loss);
    return rc;
}

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
    report.page = peermap_page_size(segment);
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
    report.page = peermap_page_size(segment);
    report.rc = peermap_trim(segment, &report.round);
    return finish(cli, segment, &report);
}
