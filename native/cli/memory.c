/* SPDX-License-Identifier: MIT */
/* memory.c - `peermap roots` and `hexdump`: what lies in a segment, by pread, so that nothing is written and nobody's cut is a SIGBUS. */
#include "cli.h"
#include "model.h"
#include "size.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define LINE 16u
#define AT_ONCE (64u << 10)
#define JSON_MOST (UINT64_C(16) << 20)

/* A segment that is looked into.  Process-local. */
struct sight {
    const char *name;
    struct pmo_observer observer;
    struct pm_header header;
    struct pmo_problems problems;
    struct pm_root *roots;
    size_t root_count;
};

/* 0, or an exit code. */
static int sight_begin(const char *name, struct sight *sight)
{
    struct stat object;
    *sight = (struct sight){ .name = name };
    int rc = pmo_observer_open(name, &sight->observer);
    if (rc != 0)
        return library_error(name, rc, NULL);
    if (!pmo_header_read(sight->observer.fd, &sight->header, &object, &sight->problems)) {
        const struct pmo_problem *first = sight->problems.count ? &sight->problems.list[0] : NULL;
        return library_error(name, first && first->code == PMO_OTHER_VERSION ? PEERMAP_EVERSION : PEERMAP_EFORMAT, first ? first->text : "it cannot be read as a segment");
    }
    rc = pmo_roots_all(&sight->observer, &sight->roots, &sight->root_count, &sight->problems);
    return rc == 0 ? 0 : library_error(name, rc, NULL);
}

static int sight_end(struct sight *sight, int rc)
{
    free(sight->roots);
    pmo_problems_free(&sight->problems);
    pmo_observer_close(&sight->observer);
    return rc;
}

/* ---- roots ---- */

static void print_roots_json(const struct sight *sight)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_string(&json, "segment", sight->name);
    model_roots(&json, sight->roots, sight->root_count);
    model_problems(&json, "problems", &sight->problems);
    json_close(&json, '}');
}

static void print_roots(const struct out *out, const struct sight *sight)
{
    static const struct column columns[] = {
        { "OFFSET", true, 0, false }, { "SIZE", true, 0, false }, { "VERSION", true, 2, false }, { "NAME", false, 0, true }, { "TYPE", false, 1, true }
    };
    const uint64_t active = pmo_active(&sight->header);
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < sight->root_count; i++) {
        const struct pm_root *root = &sight->roots[i];
        const bool outside = root->off > active || root->size > active - root->off;
        table_put(table, outside ? BAD : PLAIN, "0x%" PRIx64, root->off);
        table_put(table, outside ? BAD : PLAIN, "%s", figure_bytes(root->size).text);
        table_put(table, PLAIN, "%" PRIu64, root->version);
        table_put(table, PLAIN, "%s", root->name);
        table_put(table, PLAIN, "%s", root->type);
    }
    if (sight->root_count == 0)
        out_line(out, FAINT, "no roots");
    table_end(table, out);
    view_problems(out, &sight->problems);
}

int run_roots(struct cli *cli)
{
    struct sight sight;
    const int rc = sight_begin(cli->words[0], &sight);
    if (rc == 0 && has(cli, OPTION_JSON))
        print_roots_json(&sight);
    else if (rc == 0)
        print_roots(&cli->out, &sight);
    return sight_end(&sight, rc);
}

/* ---- hexdump ---- */

/* Which bytes.  Process-local. */
struct place {
    uint64_t offset, length;
    const struct pm_root *root; /* by which they were named; else NULL */
};

static const struct pm_root *find_root(const struct sight *sight, const char *name, size_t length)
{
    for (size_t i = 0; i < sight->root_count; i++)
        if (strlen(sight->roots[i].name) == length && strncmp(sight->roots[i].name, name, length) == 0)
            return &sight->roots[i];
    return NULL;
}

/* The part before a colon: an offset, or the name of a root.  An exit code. */
static int parse_begin(const struct sight *sight, const char *text, size_t length, struct place *place)
{
    const uint64_t active = pmo_active(&sight->header);
    char *word = text_of("%.*s", (int)length, text);
    const char *wrong = parse_offset(word, &place->offset);
    int rc = 0;
    place->length = active > place->offset ? active - place->offset : 0;
    if (wrong && (place->root = find_root(sight, text, length)) != NULL) {
        place->offset = place->root->off;
        place->length = place->root->size;
    } else if (wrong && pmo_name_valid(word) && !strchr("-0123456789", *word)) {
        rc = failure(sight->name, "there is no root %s; peermap roots shows those there are", word);
    } else if (wrong) {
        rc = usage_error("%s: %s, or the name of a root", text, wrong);
    }
    free(word);
    return rc;
}

/* An exit code. */
static int parse_place(const struct sight *sight, const char *text, struct place *place)
{
    const uint64_t active = pmo_active(&sight->header);
    const size_t length = strcspn(text, ":");
    *place = (struct place){ .length = active };
    int rc = length > 0 || text[length] == '\0' ? parse_begin(sight, text, length, place) : 0;
    const char *wrong = rc == 0 && text[length] ? parse_size(text + length + 1, place->root ? place->length : active, &place->length) : NULL;
    if (wrong)
        return usage_error("%s: %s", text, wrong);
    if (rc == 0 && place->offset >= active)
        return failure(sight->name, "0x%" PRIx64 " is past its %" PRIu64 " active bytes", place->offset, active);
    if (rc == 0 && place->length > active - place->offset)
        rc = failure(sight->name, "%" PRIu64 " bytes at 0x%" PRIx64 " are not in its %" PRIu64 " active bytes", place->length, place->offset, active);
    return rc;
}

/* "00000010: 4865 6c6c 6f20 ...  Hello ": as xxd has it. */
static void print_line(const struct out *out, uint64_t at, const unsigned char *bytes, size_t length)
{
    char hex[LINE * 3], text[LINE + 1];
    size_t used = 0;
    for (size_t i = 0; i < length; i++) {
        used += (size_t)snprintf(hex + used, sizeof hex - used, "%s%02x", i > 0 && i % 2 == 0 ? " " : "", bytes[i]);
        text[i] = bytes[i] >= 0x20 && bytes[i] < 0x7f ? (char)bytes[i] : '.';
    }
    text[length] = '\0';
    out_part(out, FAINT, "%08" PRIx64 ":", at);
    out_line(out, PLAIN, " %-39s  %s", hex, text);
}

/* Process-local.  Lines that are as the one before are one "*". */
struct dump {
    const struct out *out;
    unsigned char before[LINE];
    bool any, skipping;
};

/* `last`: they are the last ones. */
static void print_bytes(struct dump *dump, uint64_t at, const unsigned char *bytes, size_t length, bool last)
{
    for (size_t i = 0; i < length; i += LINE) {
        const size_t line = length - i < LINE ? length - i : LINE;
        const bool end = last && i + line == length, same = dump->any && line == LINE && memcmp(bytes + i, dump->before, LINE) == 0;
        if (same && !end && !dump->skipping)
            out_line(dump->out, FAINT, "*");
        dump->skipping = same && !end;
        if (!dump->skipping)
            print_line(dump->out, at + i, bytes + i, line);
        if (line == LINE)
            memcpy(dump->before, bytes + i, LINE);
        dump->any = true;
    }
}

/* All of it, or an exit code. */
static int read_bytes(const struct sight *sight, uint64_t offset, unsigned char *bytes, size_t length)
{
    const ssize_t got = pmo_data_read(&sight->observer, offset, bytes, length);
    if (got < 0)
        return library_error(sight->name, (int)got, NULL);
    return (size_t)got == length ? 0 : failure(sight->name, "it ends at 0x%" PRIx64 " by now", offset + (uint64_t)got);
}

static int dump_text(const struct cli *cli, const struct sight *sight, const struct place *place)
{
    struct dump dump = { .out = &cli->out };
    unsigned char *bytes = need(malloc(AT_ONCE));
    int rc = 0;
    for (uint64_t done = 0, length; done < place->length && rc == 0; done += length) {
        length = place->length - done < AT_ONCE ? place->length - done : AT_ONCE;
        rc = read_bytes(sight, place->offset + done, bytes, (size_t)length);
        if (rc == 0)
            print_bytes(&dump, place->offset + done, bytes, (size_t)length, done + length == place->length);
    }
    free(bytes);
    return rc;
}

static void print_hex(const struct sight *sight, const struct place *place, const unsigned char *bytes)
{
    struct json json = { .file = stdout };
    char *hex = need(malloc((size_t)place->length * 2 + 1));
    for (size_t i = 0; i < place->length; i++)
        snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    hex[place->length * 2] = '\0';
    json_open(&json, NULL, '{');
    json_string(&json, "segment", sight->name);
    if (place->root)
        json_string(&json, "root", place->root->name);
    json_number(&json, "offset", place->offset);
    json_number(&json, "length", place->length);
    json_string(&json, "hex", hex);
    json_close(&json, '}');
    free(hex);
}

static int dump_json(const struct sight *sight, const struct place *place)
{
    if (place->length > JSON_MOST)
        return usage_error("with --json at most %s at once: give a LENGTH", figure_bytes(JSON_MOST).text);
    unsigned char *bytes = need(malloc((size_t)place->length + 1));
    const int rc = read_bytes(sight, place->offset, bytes, (size_t)place->length);
    if (rc == 0)
        print_hex(sight, place, bytes);
    free(bytes);
    return rc;
}

int run_hexdump(struct cli *cli)
{
    struct sight sight;
    struct place place;
    int rc = sight_begin(cli->words[0], &sight);
    if (rc == 0)
        rc = parse_place(&sight, cli->word_count > 1 ? cli->words[1] : ":100%", &place);
    if (rc == 0)
        rc = has(cli, OPTION_JSON) ? dump_json(&sight, &place) : dump_text(cli, &sight, &place);
    return sight_end(&sight, rc);
}
