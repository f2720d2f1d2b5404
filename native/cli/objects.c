/* SPDX-License-Identifier: MIT */
/* objects.c - `peermap objects`: what lives in a heap, and who allocated it, as a peer that only reads. */
#include "model.h"
#include "peer.h"
#include "size.h"

#include <inttypes.h>
#include <stdlib.h>

/* Process-local. */
struct list {
    peermap_object *objects;
    size_t count, room;
    uint64_t bytes;
};

static const char *state_word(const peermap_object *object)
{
    return object->state == PEERMAP_DEAD ? "dead" : object->state == PEERMAP_UNKNOWN ? "unknown" : "alive";
}

static void add(struct list *list, const peermap_object *object)
{
    if (list->count == list->room) {
        list->room = list->room ? 2 * list->room : 256;
        list->objects = need(realloc(list->objects, list->room * sizeof *list->objects));
    }
    list->objects[list->count++] = *object;
    list->bytes += object->size;
}

/* A code of the library. */
static int collect(peermap_segment *segment, bool dead, struct list *list)
{
    peermap_object object;
    uint64_t cursor = 0;
    int rc;
    while ((rc = peermap_next_object(segment, &cursor, &object)) == 1)
        if (!dead || object.state == PEERMAP_DEAD || object.state == PEERMAP_UNKNOWN)
            add(list, &object);
    return rc;
}

static void print_json(const char *name, const struct list *list)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_string(&json, "segment", name);
    json_number(&json, "count", list->count);
    json_number(&json, "bytes", list->bytes);
    json_open(&json, "objects", '[');
    for (size_t i = 0; i < list->count; i++) {
        const peermap_object *object = &list->objects[i];
        json_open(&json, NULL, '{');
        json_number(&json, "offset", object->offset);
        json_number(&json, "size", object->size);
        json_string(&json, "state", state_word(object));
        if (object->pid != 0) {
            json_signed(&json, "pid", object->pid);
            json_string(&json, "name", object->name);
        }
        if (object->allocated_ns != 0)
            json_milliseconds(&json, "allocatedAtMs", object->allocated_ns);
        json_close(&json, '}');
    }
    json_close(&json, ']');
    json_close(&json, '}');
}

static void print_text(const struct out *out, const struct list *list)
{
    static const struct column columns[] = { { "OFFSET", true, 0, false }, { "SIZE", true, 0, false },  { "PID", true, 1, false },
                                             { "OWNER", false, 0, true },  { "STATE", false, 0, false }, { "ALLOCATED", false, 2, false } };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < list->count; i++) {
        const peermap_object *object = &list->objects[i];
        table_put(table, PLAIN, "0x%" PRIx64, object->offset);
        table_put(table, PLAIN, "%s", figure_bytes(object->size).text);
        table_put(table, PLAIN, object->pid ? "%d" : "-", (int)object->pid);
        table_put(table, object->pid ? PLAIN : FAINT, "%s", object->pid ? object->name : "(left)");
        table_put(table, object->state == PEERMAP_DEAD ? WARNING : PLAIN, "%s", state_word(object));
        table_put(table, PLAIN, "%s", object->allocated_ns ? figure_date(object->allocated_ns).text : "");
    }
    out_line(out, TITLE, "%s, %s", figure_count(list->count, "object").text, figure_bytes(list->bytes).text);
    table_end(table, out);
}

int run_objects(struct cli *cli)
{
    peermap_segment *segment;
    struct list list = { 0 };
    int rc = peer_begin_as(cli, PEERMAP_READ_ONLY, &segment);
    if (rc != 0)
        return rc;
    const int code = collect(segment, has(cli, OPTION_DEAD), &list);
    char *sentence = text_of("%s", code ? peermap_last_error() : "");
    peer_end(segment); /* before anything is printed: nobody is to be held up by whoever reads it */
    if (code != 0)
        rc = library_error(cli->words[0], code, sentence);
    else if (has(cli, OPTION_JSON))
        print_json(cli->words[0], &list);
    else
        print_text(&cli->out, &list);
    free(sentence);
    free(list.objects);
    return rc;
}
