/* SPDX-License-Identifier: MIT */
/* heap.c - the heap of a segment, as an observer counts it: for people, and as JSON in the names of struct peermap_heap. */
#include "heap.h"

#include "model.h"
#include "size.h"
#include "view.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(value) figure_bytes(value).text

static uint64_t small_objects(const struct pmo_heap *heap)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < PM_CLASSES; i++)
        count += heap->tally.classes[i].objects;
    return count;
}

/* What is on its way from one hand to another is in no object. */
static uint64_t free_bytes(const struct pmo_heap *heap) { return heap->tally.free_bytes + heap->tally.claimed_bytes; }

/* The registry's row of a peer; NULL: of those that have ended. */
static const struct pmo_peer *peer_of(const struct pmo_snapshot *snapshot, uint32_t slot)
{
    for (size_t i = 0; i < snapshot->peer_count; i++)
        if (snapshot->peers[i].index == slot)
            return &snapshot->peers[i];
    return NULL;
}

/* ---- for people ---- */

static void view_sums(const struct out *out, const struct pmo_heap *heap)
{
    const uint64_t used = pm_tally_used(&heap->tally);
    out_part(out, TITLE, "heap");
    out_line(out, PLAIN, ": %s used of %s, %.0f%%", BYTES(used), BYTES(heap->size), heap->size ? 100.0 * (double)used / (double)heap->size : 0);
    out_part(out, FAINT, "  objects   ");
    if (small_objects(heap) + heap->tally.span_bytes + heap->tally.large_objects == 0)
        out_line(out, PLAIN, "none");
    else
        out_line(out, PLAIN, "%" PRIu64 " small in %s, %" PRIu64 " large in %s", small_objects(heap), BYTES(heap->tally.span_bytes),
                 heap->tally.large_objects, BYTES(heap->tally.large_bytes));
    out_part(out, FAINT, "  free      ");
    out_part(out, PLAIN, "%s", BYTES(free_bytes(heap)));
    if (heap->tally.hole_bytes > 0)
        out_part(out, PLAIN, ", and %s of holes", BYTES(heap->tally.hole_bytes));
    out_line(out, PLAIN, "; the longest run is %s", BYTES(heap->tally.largest_free));
    out_part(out, FAINT, "  since     ");
    out_part(out, PLAIN, "it was created: grown %s, ", figure_count(heap->grown, "time").text);
    out_part(out, heap->faults ? BAD : PLAIN, "%s", figure_count(heap->faults, "fault").text);
    out_line(out, PLAIN, ", %s taken back from the dead", figure_count(heap->reclaimed, "object").text);
    if (heap->lost_threads > 0)
        out_line(out, WARNING, "  %s ended without giving back what they held: peermap reap", figure_count(heap->lost_threads, "thread").text);
}

/* After a line that keeps it apart, if there is anything in it. */
static void end_table(struct table *table, const struct out *out, bool some)
{
    if (some)
        out_line(out, PLAIN, "%s", "");
    table_end(table, out);
}

static void view_classes(const struct out *out, const struct pmo_heap *heap)
{
    static const struct column columns[] = { { "CLASS", true, 0, false },    { "OBJECTS", true, 0, false }, { "ROOM FOR", true, 0, false },
                                             { "OCCUPIED", true, 0, false }, { "SPANS", true, 0, false },   { "BYTES", true, 0, false } };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    bool some = false;
    for (uint32_t i = 0; i < PM_CLASSES; i++) {
        const uint64_t spans = heap->tally.classes[i].spans, objects = heap->tally.classes[i].objects, room = spans * pm_classes[i].capacity;
        if (spans == 0)
            continue;
        table_put(table, PLAIN, "%" PRIu32, pm_classes[i].stride);
        table_put(table, PLAIN, "%" PRIu64, objects);
        table_put(table, PLAIN, "%" PRIu64, room);
        table_put(table, PLAIN, "%.0f%%", 100.0 * (double)objects / (double)room);
        table_put(table, PLAIN, "%" PRIu64, spans);
        table_put(table, PLAIN, "%s", BYTES(heap->tally.classes[i].bytes));
        some = true;
    }
    end_table(table, out, some);
}

static void view_holders(const struct out *out, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    static const struct column columns[] = { { "PID", true, 0, false },     { "PEER", false, 0, true },    { "THREADS", true, 1, false },
                                             { "HOLDS", true, 0, false },   { "ALLOCATED", true, 0, false }, { "BYTES", true, 0, false },
                                             { "FREED", true, 0, false },   { "BYTES", true, 0, false } };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    bool some = false;
    for (size_t i = 0; i < heap->peer_count; i++) {
        const struct pmo_heap_peer *row = &heap->peers[i];
        const struct pmo_peer *peer = peer_of(snapshot, row->slot);
        if (!peer && row->allocations == 0 && row->frees == 0 && row->spans == 0)
            continue;
        table_put(table, PLAIN, peer ? "%" PRIu32 : "-", peer ? peer->slot.pid : 0);
        table_put(table, peer ? PLAIN : FAINT, "%s", peer ? peer->slot.name : "(ended)");
        table_put(table, PLAIN, "%" PRIu32, row->threads);
        table_put(table, PLAIN, "%s", BYTES(row->span_bytes));
        table_put(table, PLAIN, "%" PRIu64, row->allocations);
        table_put(table, PLAIN, "%s", BYTES(row->allocated_bytes));
        table_put(table, PLAIN, "%" PRIu64, row->frees);
        table_put(table, PLAIN, "%s", BYTES(row->freed_bytes));
        some = true;
    }
    end_table(table, out, some);
}

void view_heap(const struct out *out, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    view_sums(out, heap);
    view_classes(out, heap);
    view_holders(out, snapshot, heap);
}

/* ---- for programs ---- */

static void model_classes(struct json *json, const struct pmo_heap *heap)
{
    json_open(json, "classes", '[');
    for (uint32_t i = 0; i < PM_CLASSES; i++) {
        if (heap->tally.classes[i].spans == 0)
            continue;
        json_open(json, NULL, '{');
        json_number(json, "stride", pm_classes[i].stride);
        json_number(json, "spans", heap->tally.classes[i].spans);
        json_number(json, "objects", heap->tally.classes[i].objects);
        json_number(json, "capacity", heap->tally.classes[i].spans * pm_classes[i].capacity);
        json_number(json, "bytes", heap->tally.classes[i].bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void model_holders(struct json *json, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    json_open(json, "peers", '[');
    for (size_t i = 0; i < heap->peer_count; i++) {
        const struct pmo_heap_peer *row = &heap->peers[i];
        const struct pmo_peer *peer = peer_of(snapshot, row->slot);
        json_open(json, NULL, '{');
        json_number(json, "pid", peer ? peer->slot.pid : 0);
        json_string(json, "name", peer ? peer->slot.name : "");
        json_number(json, "threads", row->threads);
        json_number(json, "spans", row->spans);
        json_number(json, "spanBytes", row->span_bytes);
        json_number(json, "allocations", row->allocations);
        json_number(json, "allocatedBytes", row->allocated_bytes);
        json_number(json, "frees", row->frees);
        json_number(json, "freedBytes", row->freed_bytes);
        json_close(json, '}');
    }
    json_close(json, ']');
}

void model_heap(struct json *json, const struct pmo_snapshot *snapshot, const struct pmo_heap *heap)
{
    json_open(json, "heap", '{');
    json_number(json, "size", heap->size);
    json_number(json, "used", pm_tally_used(&heap->tally));
    json_number(json, "smallObjects", small_objects(heap));
    json_number(json, "largeObjects", heap->tally.large_objects);
    json_number(json, "largeBytes", heap->tally.large_bytes);
    json_number(json, "spanBytes", heap->tally.span_bytes);
    json_number(json, "freeBytes", free_bytes(heap));
    json_number(json, "holeBytes", heap->tally.hole_bytes);
    json_number(json, "largestFree", heap->tally.largest_free);
    json_number(json, "grown", heap->grown);
    json_number(json, "faults", heap->faults);
    json_number(json, "reclaimed", heap->reclaimed);
    json_number(json, "lostThreads", heap->lost_threads);
    json_number(json, "metadata", heap->metadata);
    model_classes(json, heap);
    model_holders(json, snapshot, heap);
    json_close(json, '}');
}
