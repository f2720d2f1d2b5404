/* SPDX-License-Identifier: MIT */
/* ls.c - `peermap ls`: all segments of this machine. */
#include "cli.h"
#include "model.h"
#include "size.h"
#include "system.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct list {
    struct pmo_summary *segments;
    size_t count, left_out;
    struct pmo_census census;
};

/* The census's row for a segment; NULL if it came in between. */
static const struct pmo_memory *memory_of(const struct list *list, const struct pmo_summary *segment)
{
    for (size_t i = 0; i < list->census.count; i++) {
        const struct pmo_memory *memory = &list->census.list[i];
        if (memory->kind == PMO_POSIX && memory->object.inode == segment->object.st_ino && memory->object.device == segment->object.st_dev)
            return memory;
    }
    return NULL;
}

static bool is_wanted(const struct cli *cli, const struct pmo_memory *memory)
{
    return !has(cli, OPTION_ORPHANS) || (memory && memory->orphan == PMO_ORPHAN);
}

static void put_segment(struct table *table, const struct pmo_summary *segment, const struct pmo_memory *memory)
{
    table_put(table, TITLE, "%s", segment->name);
    if (segment->readable) {
        table_put(table, PLAIN, "%s", figure_bytes(segment->active).text);
        table_put(table, PLAIN, "%s", figure_bytes(segment->horizon).text);
        table_put(table, PLAIN, "%s", figure_bytes(segment->reserved).text);
        table_put(table, PLAIN, "%" PRIu32, segment->alive - segment->late);
        table_put(table, segment->late ? WARNING : PLAIN, "%" PRIu32, segment->late);
        table_put(table, segment->dead ? BAD : PLAIN, "%" PRIu32, segment->dead);
    } else {
        table_put(table, FAINT, "%s", figure_bytes((uint64_t)segment->object.st_size).text);
        for (int i = 0; i < 5; i++)
            table_put(table, FAINT, "-");
    }
    table_put(table, PLAIN, "%s", figure_user(segment->object.st_uid).text);
    table_put(table, pmo_mode_is_world_writable(segment->object.st_mode) ? WARNING : PLAIN, "%04o", (unsigned)segment->object.st_mode & 07777);
    const char *use = !memory || memory->orphan == PMO_IN_USE ? "" : memory->orphan == PMO_ORPHAN ? "orphan" : "unknown";
    table_put(table, segment->has_problem && segment->problem.code != PMO_WORLD_WRITABLE ? BAD : WARNING, "%s%s%s", use, *use && segment->has_problem ? ", " : "",
              segment->has_problem ? pmo_problem_word(segment->problem.code) : "");
    if (memory && memory->orphan == PMO_ORPHAN_UNKNOWN)
        table_note(table, FAINT, "  %s", pmo_reason_text(memory->reason));
    if (segment->has_problem)
        table_note(table, FAINT, "  %s: %s", segment->problem.where, segment->problem.text);
}

static void print_text(const struct cli *cli, const struct list *list)
{
    static const struct column columns[] = {
        { "SEGMENT", false, 0, true }, { "SIZE", true, 0, false }, { "HORIZON", true, 2, false }, { "RESERVED", true, 1, false },
        { "ALIVE", true, 0, false },   { "LATE", true, 0, false }, { "DEAD", true, 0, false },    { "OWNER", false, 3, true },
        { "MODE", true, 4, false },    { "", false, 0, false },
    };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    size_t shown = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct pmo_memory *memory = memory_of(list, &list->segments[i]);
        if (is_wanted(cli, memory)) {
            put_segment(table, &list->segments[i], memory);
            shown++;
        }
    }
    table_end(table, &cli->out);
    if (shown == 0)
        out_line(&cli->out, FAINT, has(cli, OPTION_ORPHANS) ? "no segment is an orphan for certain" : "there are no segments");
    if (list->left_out > 0)
        out_line(&cli->out, WARNING, "%zu more segments are left out, of other users before any of your own", list->left_out);
}

static void model_segment(struct json *json, const struct list *list, const struct pmo_summary *segment, const struct pmo_memory *memory)
{
    json_open(json, NULL, '{');
    json_string(json, "name", segment->name);
    json_number(json, "uid", segment->object.st_uid);
    json_number(json, "mode", segment->object.st_mode & 07777);
    json_bool(json, "worldWritable", pmo_mode_is_world_writable(segment->object.st_mode));
    json_number(json, "length", (uint64_t)segment->object.st_size);
    json_number(json, "allocated", (uint64_t)segment->object.st_blocks * 512);
    if (segment->readable) {
        json_number(json, "active", segment->active);
        json_number(json, "horizon", segment->horizon);
        json_number(json, "reserved", segment->reserved);
        json_number(json, "alive", segment->alive);
        json_number(json, "late", segment->late);
        json_number(json, "dead", segment->dead);
    }
    if (segment->has_problem)
        model_problem(json, "problem", &segment->problem);
    if (memory)
        model_memory(json, "memory", &list->census, memory);
    json_close(json, '}');
}

static void print_json(const struct cli *cli, const struct list *list)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_open(&json, "segments", '[');
    for (size_t i = 0; i < list->count; i++) {
        const struct pmo_memory *memory = memory_of(list, &list->segments[i]);
        if (is_wanted(cli, memory))
            model_segment(&json, list, &list->segments[i], memory);
    }
    json_close(&json, ']');
    json_number(&json, "leftOut", list->left_out);
    model_problems(&json, "problems", &list->census.problems);
    json_close(&json, '}');
}

/* Names that no command would take are left out: this is for completion and for xargs. */
static void print_names(const struct cli *cli, const struct list *list)
{
    struct json json = { .file = stdout };
    const bool json_wanted = has(cli, OPTION_JSON);
    if (json_wanted)
        json_open(&json, NULL, '[');
    for (size_t i = 0; i < list->count; i++) {
        if (!pmo_name_valid(list->segments[i].name) || !is_wanted(cli, memory_of(list, &list->segments[i])))
            continue;
        if (json_wanted)
            json_string(&json, NULL, list->segments[i].name);
        else
            puts(list->segments[i].name);
    }
    if (json_wanted)
        json_close(&json, ']');
}

int run_ls(struct cli *cli)
{
    struct list list = { 0 };
    bool whole; /* always: a command takes its time */
    int rc = pmo_list(&list.segments, &list.count, &list.left_out, &whole);
    if (rc == 0 && (!has(cli, OPTION_NAMES) || has(cli, OPTION_ORPHANS)))
        rc = pmo_census_take(&list.census);
    if (rc != 0)
        library_error("ls", rc, NULL);
    else if (has(cli, OPTION_NAMES))
        print_names(cli, &list);
    else if (has(cli, OPTION_JSON))
        print_json(cli, &list);
    else
        print_text(cli, &list);
    free(list.segments);
    pmo_census_free(&list.census);
    return rc == 0 ? EXIT_WELL : EXIT_FAILED;
}
