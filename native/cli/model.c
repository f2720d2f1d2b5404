/* SPDX-License-Identifier: MIT */
/* model.c - what is known of segments, as JSON. */
#include "model.h"

#include "words.h"

void model_problem(struct json *json, const char *key, const struct pmo_problem *problem)
{
    json_open(json, key, '{');
    json_string(json, "code", pmo_problem_word(problem->code));
    json_string(json, "where", problem->where);
    json_string(json, "text", problem->text);
    json_close(json, '}');
}

void model_problems(struct json *json, const char *key, const struct pmo_problems *problems)
{
    json_open(json, key, '[');
    for (uint32_t i = 0; i < problems->count; i++)
        model_problem(json, NULL, &problems->list[i]);
    if (problems->left_out > 0) {
        struct pmo_problem rest = { .code = PMO_OS, .where = "problems" };
        snprintf(rest.text, sizeof rest.text, "%u more are left out", problems->left_out);
        model_problem(json, NULL, &rest);
    }
    json_close(json, ']');
}

static void model_mappings(struct json *json, const struct pmo_mappings *mappings)
{
    json_open(json, "mappings", '[');
    for (size_t i = 0; i < mappings->count; i++) {
        const struct pmo_mapping *mapping = &mappings->list[i];
        char permissions[5];
        pmo_permissions(mapping->flags, permissions);
        json_open(json, NULL, '{');
        json_hex(json, "address", mapping->address);
        json_number(json, "length", mapping->length);
        json_number(json, "offset", mapping->offset);
        json_string(json, "permissions", permissions);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void model_kernel(struct json *json, const struct pmo_peer *peer)
{
    if (!peer->mappings_known)
        return;
    model_mappings(json, &peer->mappings);
    json_open(json, "missing", '[');
    for (size_t i = 0; i < peer->missing.count; i++) {
        json_open(json, NULL, '{');
        json_hex(json, "address", peer->missing.list[i].address);
        json_number(json, "length", peer->missing.list[i].length);
        json_close(json, '}');
    }
    json_close(json, ']');
}

static void model_peer(struct json *json, const struct pmo_peer *peer)
{
    const struct pm_slot *slot = &peer->slot;
    const char state[] = { peer->process_state, '\0' };
    json_open(json, NULL, '{');
    json_number(json, "slot", peer->index);
    json_number(json, "generation", slot->tag / PM_TAG_STEP);
    json_number(json, "pid", slot->pid);
    if (peer->uid != UINT32_MAX)
        json_number(json, "uid", peer->uid);
    if (pmo_uid_is_claimed(peer))
        json_number(json, "claimedUid", slot->uid);
    json_number(json, "startTime", slot->start_time);
    json_string(json, "name", slot->name);
    json_string(json, "state", pmo_state_word(peer->state));
    if (peer->process_state)
        json_string(json, "processState", state);
    if (peer->frozen) {
        json_open(json, "frozen", '{');
        if (peer->freezer.path[0]) {
            json_string(json, "file", peer->freezer.path);
            json_string(json, "thaw", pmo_thaw_value(&peer->freezer));
        }
        json_close(json, '}');
    }
    json_bool(json, "samePid", peer->same_pid);
    if (peer->here)
        json_number(json, "pidHere", peer->here);
    if (peer->perhaps)
        json_number(json, "pidPerhaps", peer->perhaps);
    json_hex(json, "base", slot->base);
    json_bool(json, "relocated", (slot->flags & PM_SLOT_RELOCATED) != 0);
    json_bool(json, "noPtrace", (slot->flags & PM_SLOT_NO_PTRACE) != 0);
    json_bool(json, "readOnly", (slot->flags & PM_SLOT_READ_ONLY) != 0);
    json_number(json, "mapped", slot->mapped);
    json_number(json, "requested", slot->requested);
    json_number(json, "acked", slot->acked);
    json_number(json, "unstopped", slot->unstopped);
    json_number(json, "populated", slot->populated);
    json_string(json, "method", pmo_method_word(slot->method));
    json_signed(json, "error", slot->error);
    json_number(json, "latencyNs", slot->latency_ns);
    json_number(json, "pins", pm_pin_count(slot->pin));
    json_number(json, "pinnedBytes", pm_pin_count(slot->pin) ? pm_pin_bytes(slot->pin) : 0);
    json_milliseconds(json, "attachedAtMs", slot->attached_ns);
    model_kernel(json, peer);
    json_close(json, '}');
}

static void model_root(struct json *json, const struct pm_root *root)
{
    json_open(json, NULL, '{');
    json_string(json, "name", root->name);
    json_string(json, "type", root->type);
    json_number(json, "offset", root->off);
    json_number(json, "size", root->size);
    json_number(json, "version", root->version);
    json_close(json, '}');
}

void model_roots(struct json *json, const struct pm_root *roots, size_t count)
{
    json_open(json, "roots", '[');
    for (size_t i = 0; i < count; i++)
        model_root(json, &roots[i]);
    json_close(json, ']');
}

static void model_lock(struct json *json, const struct pmo_snapshot *snapshot)
{
    const struct pmo_peer *holder;
    bool died;
    if (!pmo_lock_held(snapshot, &holder, &died))
        return;
    json_open(json, "lock", '{');
    json_signed(json, "slot", holder ? (int64_t)holder->index : -1);
    json_number(json, "pid", holder ? holder->slot.pid : 0);
    json_string(json, "name", holder ? holder->slot.name : "");
    json_bool(json, "died", died);
    json_close(json, '}');
}

static void model_flags(struct json *json, uint32_t flags)
{
    const char *word;
    uint32_t flag;
    json_open(json, "flags", '[');
    for (size_t i = 0; (word = pmo_flag_word(i, &flag)) != NULL; i++)
        if (flags & flag)
            json_string(json, NULL, word);
    json_close(json, ']');
}

static void model_header(struct json *json, const struct pmo_snapshot *snapshot)
{
    const struct pm_header *h = &snapshot->header;
    json_open(json, "header", '{');
    json_number(json, "version", h->version);
    json_hex(json, "generation", h->generation);
    json_number(json, "pageSize", h->page_size);
    json_number(json, "headerLength", h->header_len);
    json_hex(json, "base", h->base);
    json_number(json, "reserved", h->reserved);
    model_flags(json, h->flags);
    json_number(json, "ahead", h->ahead);
    json_number(json, "active", pmo_active(h));
    json_bool(json, "closed", pmo_closed(h));
    json_number(json, "target", h->target);
    json_number(json, "horizon", h->horizon);
    json_number(json, "epoch", h->epoch);
    json_number(json, "slots", h->slot_count);
    model_lock(json, snapshot);
    if (h->intent.op != PM_OP_NONE) {
        json_open(json, "intent", '{');
        json_string(json, "op", pmo_op_word(h->intent.op));
        json_number(json, "from", h->intent.from);
        json_number(json, "to", h->intent.to);
        json_close(json, '}');
    }
    json_open(json, "creator", '{');
    json_number(json, "pid", h->creator_pid);
    json_number(json, "uid", h->creator_uid);
    json_number(json, "startTime", h->creator_start);
    json_string(json, "name", h->creator_name);
    json_close(json, '}');
    json_milliseconds(json, "createdAtMs", h->created_ns);
    json_number(json, "eventHead", h->event_head);
    json_close(json, '}');
}

static void model_object(struct json *json, const struct stat *object)
{
    json_open(json, "object", '{');
    json_number(json, "inode", object->st_ino);
    json_number(json, "length", (uint64_t)object->st_size);
    json_number(json, "allocated", (uint64_t)object->st_blocks * 512);
    json_number(json, "uid", object->st_uid);
    json_number(json, "mode", object->st_mode & 07777);
    json_close(json, '}');
}

void model_snapshot(struct json *json, const struct pmo_snapshot *snapshot)
{
    json_string(json, "name", snapshot->name);
    json_milliseconds(json, "takenAtMs", snapshot->realtime_ns);
    json_exact(json, "monotonicNs", snapshot->monotonic_ns);
    model_object(json, &snapshot->object);
    if (snapshot->readable)
        model_header(json, snapshot);
    json_open(json, "peers", '[');
    for (size_t i = 0; i < snapshot->peer_count; i++)
        model_peer(json, &snapshot->peers[i]);
    json_close(json, ']');
    model_roots(json, snapshot->roots, snapshot->root_count);
    json_open(json, "strangers", '[');
    for (size_t i = 0; i < snapshot->stranger_count; i++) {
        json_open(json, NULL, '{');
        json_number(json, "pid", snapshot->strangers[i].pid);
        json_string(json, "command", snapshot->strangers[i].command);
        model_mappings(json, &snapshot->strangers[i].mappings);
        json_close(json, '}');
    }
    json_close(json, ']');
    model_problems(json, "problems", &snapshot->problems);
}

static void model_slot(struct json *json, const char *key, uint16_t slot)
{
    json_signed(json, key, slot == PM_NO_SLOT ? -1 : slot);
}

void model_event(struct json *json, const char *key, const struct pm_event *event)
{
    const bool has_op = pmo_event_has_op(event->kind);
    json_open(json, key, '{');
    json_number(json, "seq", event->seq);
    json_exact(json, "timeNs", event->time_ns);
    json_number(json, "epoch", event->epoch);
    json_string(json, "kind", pmo_event_word(event->kind));
    json_string(json, "method", has_op ? "none" : pmo_method_word(event->method));
    json_string(json, "op", has_op ? pmo_op_word(event->method) : "none");
    model_slot(json, "slot", event->slot);
    json_number(json, "pid", event->pid);
    model_slot(json, "bySlot", event->by);
    json_number(json, "byPid", event->by_pid);
    json_signed(json, "error", event->error);
    json_number(json, "size", event->size);
    json_number(json, "ns", event->ns);
    json_close(json, '}');
}
