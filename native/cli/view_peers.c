/* SPDX-License-Identifier: MIT */
/*
 * view_peers.c - the registry for people: what each peer claims, beside what the kernel maps.
 */
#include "view.h"

#include "size.h"
#include "words.h"

#include <inttypes.h>
#include <string.h>

#define BYTES(value) figure_bytes(value).text
#define RUNS_SHOWN 3

static enum style state_style(const struct pmo_peer *peer)
{
    if (peer->state == PMO_DEAD)
        return BAD;
    return peer->state == PMO_ALIVE && !pmo_held_word(peer) ? GOOD : WARNING;
}

/* Bytes of the data, the header left out. */
static uint64_t data_mapped(const struct pmo_mappings *mappings, uint64_t header_len)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < mappings->count; i++) {
        const uint64_t from = mappings->list[i].offset, end = from + mappings->list[i].length;
        sum += end > header_len ? end - (from > header_len ? from : header_len) : 0;
    }
    return sum;
}

static void note_drift(struct table *table, const struct pmo_peer *peer)
{
    const bool held = peer->frozen || peer->process_state == 'T' || peer->process_state == 't';
    for (size_t i = 0; i < peer->missing.count && i < RUNS_SHOWN; i++)
        table_note(table, BAD, "         the kernel maps nothing of ours in %s at 0x%" PRIx64 ": %s", BYTES(peer->missing.list[i].length),
                   peer->missing.list[i].address, held ? "it maps that when it goes on" : "peermap remap mends it");
    if (peer->missing.count > RUNS_SHOWN)
        table_note(table, BAD, "         nor in %s more", figure_count(peer->missing.count - RUNS_SHOWN, "place").text);
}

static void note_more(struct table *table, const struct pmo_peer *peer)
{
    const struct pm_slot *slot = &peer->slot;
    if (peer->frozen)
        table_note(table, WARNING, "         its cgroup is frozen, and nothing else makes it go on: %s", pmo_thaw_remedy(&peer->freezer).text);
    if (peer->uid != UINT32_MAX && pmo_uid_is_claimed(peer))
        table_note(table, WARNING, "         it says that it works as %s (uid %" PRIu32 "): of a user namespace of its own, or a lie", figure_user(slot->uid).text, slot->uid);
    if (pm_pin_count(slot->pin) > 0 && peer->state != PMO_DEAD)
        table_note(table, PLAIN, "         pins %s: a shrink below that waits", BYTES(pm_pin_bytes(slot->pin)));
    if (slot->flags & PM_SLOT_RELOCATED)
        table_note(table, PLAIN, "         at another address than the others, 0x%" PRIx64, slot->base);
    if (slot->flags & PM_SLOT_READ_ONLY)
        table_note(table, PLAIN, "         only reads: it has all that the segment can have mapped so, and nobody waits for it");
    if (slot->flags & PM_SLOT_NO_PTRACE)
        table_note(table, PLAIN, "         nobody uses ptrace on it");
    if (slot->error != 0)
        table_note(table, BAD, "         its last mapping failed: %s", strerror(slot->error));
    if (peer->here == 0 && peer->perhaps != 0)
        table_note(table, WARNING, "         of another pid namespace; perhaps it is pid %" PRIu32 " here", peer->perhaps);
    else if (peer->here == 0 && (peer->state == PMO_ALIVE || peer->state == PMO_LATE))
        table_note(table, WARNING, "         its process cannot be seen from here: see \"not seen\"");
}

static void put_peer(struct table *table, const struct pmo_snapshot *snapshot, const struct pmo_peer *peer)
{
    const struct pm_slot *slot = &peer->slot;
    const enum style plain = peer->state == PMO_DEAD ? FAINT : PLAIN;
    if (peer->here != 0 && !peer->same_pid)
        table_put(table, plain, "%" PRIu32 " (here %" PRIu32 ")", slot->pid, peer->here);
    else
        table_put(table, plain, "%" PRIu32, slot->pid);
    table_put(table, plain, "%s", slot->name);
    if (peer->uid != UINT32_MAX)
        table_put(table, plain, "%s", figure_user(peer->uid).text);
    else
        table_put(table, FAINT, "says %s", figure_user(slot->uid).text);
    const char *held = pmo_held_word(peer);
    table_put(table, state_style(peer), "%s%s%s", pmo_state_word(peer->state), held ? ", " : "", held ? held : "");
    table_put(table, plain, "0x%" PRIx64, slot->base);
    table_put(table, plain, "%s", BYTES(slot->mapped));
    if (peer->mappings_known)
        table_put(table, peer->missing.count ? BAD : plain, "%s", BYTES(data_mapped(&peer->mappings, snapshot->header.header_len)));
    else
        table_put(table, FAINT, "%s", peer->state == PMO_DEAD ? "-" : "?");
    if (slot->acked < slot->requested)
        table_put(table, WARNING, "%" PRIu64 " of %" PRIu64, slot->acked, slot->requested);
    else
        table_put(table, plain, "%" PRIu64, slot->acked);
    table_put(table, plain, "%s", pmo_method_word(slot->method));
    table_put(table, plain, "%s", figure_time(slot->latency_ns).text);
    note_drift(table, peer);
    note_more(table, peer);
}

static void count_line(const struct out *out, const struct pmo_snapshot *snapshot)
{
    size_t counts[4] = { 0 };
    char text[160] = "";
    for (size_t i = 0; i < snapshot->peer_count; i++)
        counts[snapshot->peers[i].state]++;
    for (int state = 0; state < 4; state++)
        if (counts[state] > 0)
            snprintf(text + strlen(text), sizeof text - strlen(text), "%s%zu %s", *text ? ", " : "", counts[state],
                     pmo_state_word((enum pmo_peer_state)state));
    out_part(out, TITLE, "%s", snapshot->peer_count ? figure_count(snapshot->peer_count, "peer").text : "no peers");
    out_line(out, FAINT, "%s%s, of %" PRIu32 " slots", *text ? ": " : "", text, snapshot->header.slot_count);
}

void view_peers(const struct out *out, const struct pmo_snapshot *snapshot)
{
    static const struct column columns[] = {
        { "PID", true, 0, false },    { "NAME", false, 0, true },   { "USER", false, 3, true },   { "STATE", false, 0, false },
        { "BASE", true, 4, false },   { "CLAIMS", true, 0, false }, { "MAPS", true, 0, false },   { "EPOCH", true, 1, false },
        { "METHOD", false, 2, false }, { "AFTER", true, 2, false },
    };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    count_line(out, snapshot);
    for (size_t i = 0; i < snapshot->peer_count; i++)
        put_peer(table, snapshot, &snapshot->peers[i]);
    table_end(table, out);
}

void view_strangers(const struct out *out, const struct pmo_snapshot *snapshot)
{
    static const struct column columns[] = { { "PID", true, 0, false }, { "MAPS", true, 0, false }, { "COMMAND", false, 0, true } };
    struct table *table = table_new(columns, 3);
    for (size_t i = 0; i < snapshot->stranger_count; i++) {
        const struct pmo_stranger *stranger = &snapshot->strangers[i];
        table_put(table, WARNING, "%" PRIu32, stranger->pid);
        table_put(table, WARNING, "%s", BYTES(data_mapped(&stranger->mappings, snapshot->readable ? snapshot->header.header_len : 0)));
        table_put(table, PLAIN, "%s", stranger->command);
    }
    if (snapshot->stranger_count > 0)
        out_line(out, TITLE, "%s that the registry does not know: no growth reaches it",
                 figure_count(snapshot->stranger_count, "process").text);
    table_end(table, out);
}
