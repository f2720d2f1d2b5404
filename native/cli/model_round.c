/* SPDX-License-Identifier: MIT */
/* model_round.c - rounds, and the shared memory of the machine, as JSON. */
#include "model.h"

#include "lease.h"
#include "words.h"

static void model_answer(struct json *json, const peermap_result *answer)
{
    json_open(json, NULL, '{');
    json_signed(json, "pid", answer->pid);
    json_string(json, "name", answer->name);
    json_string(json, "method", pmo_method_word((uint32_t)answer->method));
    json_signed(json, "error", answer->error);
    json_number(json, "nanoseconds", answer->nanoseconds);
    json_close(json, '}');
}

void model_round(struct json *json, const peermap_round *round, const peermap_result *answers, int count)
{
    json_number(json, "epoch", round->epoch);
    json_number(json, "size", round->size);
    json_number(json, "peers", round->peers);
    json_number(json, "acked", round->acked);
    json_number(json, "late", round->late);
    json_number(json, "died", round->died);
    json_number(json, "unstopped", round->unstopped);
    json_number(json, "ahead", round->ahead);
    json_number(json, "populated", round->populated);
    json_number(json, "nanoseconds", round->nanoseconds);
    if (round->blocker_pid != 0) {
        json_open(json, "blocker", '{');
        json_signed(json, "pid", round->blocker_pid);
        json_string(json, "name", round->blocker);
        json_close(json, '}');
    }
    json_open(json, "results", '[');
    for (int i = 0; i < count; i++)
        model_answer(json, &answers[i]);
    json_close(json, ']');
}

void model_error(struct json *json, const char *code, const char *text)
{
    json_open(json, "error", '{');
    json_string(json, "code", code);
    json_string(json, "text", text);
    json_close(json, '}');
}

static void model_user(struct json *json, const struct pmo_census *census, const struct pmo_memory_user *user)
{
    const struct pmo_census_process *process = &census->processes[user->process];
    json_open(json, NULL, '{');
    json_number(json, "pid", process->pid);
    if (process->uid != UINT32_MAX)
        json_number(json, "uid", process->uid);
    json_string(json, "command", process->command);
    json_number(json, "mapped", user->mapped);
    json_number(json, "mappings", user->mappings);
    json_number(json, "descriptors", user->descriptors);
    json_bool(json, "writes", user->writes);
    json_bool(json, "reads", user->reads);
    json_bool(json, "looks", user->looks);
    json_close(json, '}');
}

static void model_sysv(struct json *json, const struct pmo_memory *memory)
{
    json_number(json, "id", memory->sysv.id);
    json_hex(json, "key", memory->sysv.key);
    if (memory->elsewhere)
        return;
    json_number(json, "attached", memory->sysv.attached);
    json_number(json, "creatorPid", memory->sysv.creator_pid);
    json_number(json, "lastPid", memory->sysv.last_pid);
    json_number(json, "swapped", memory->sysv.swapped);
}

void model_memory(struct json *json, const char *key, const struct pmo_census *census, const struct pmo_memory *memory)
{
    static const char *const orphan[] = { "no", "yes", "unknown" };
    json_open(json, key, '{');
    json_string(json, "kind", pmo_memory_word(memory->kind));
    if (memory->kind == PMO_SYSV)
        model_sysv(json, memory);
    else
        json_string(json, "name", memory->name);
    if (memory->kind != PMO_SYSV)
        json_number(json, "inode", memory->object.inode);
    json_number(json, "size", memory->size);
    json_bool(json, "sizeKnown", memory->known);
    if (memory->known) {
        json_number(json, "allocated", memory->allocated);
        json_number(json, "uid", memory->uid);
        json_number(json, "gid", memory->gid);
        json_number(json, "mode", memory->mode);
        json_bool(json, "worldWritable", pmo_memory_is_world_writable(memory));
    }
    json_bool(json, "removed", memory->removed);
    json_bool(json, "elsewhere", memory->elsewhere);
    json_string(json, "orphan", orphan[memory->orphan]);
    json_string(json, "reason", pmo_reason_word(memory->reason));
    json_string(json, "reasonText", pmo_reason_text(memory->reason));
    if (pmo_name_before(memory->name))
        json_string(json, "nameBefore", pmo_name_before(memory->name));
    json_open(json, "users", '[');
    for (size_t i = 0; i < memory->user_count; i++)
        model_user(json, census, &memory->users[i]);
    json_close(json, ']');
    json_close(json, '}');
}

static void known(struct json *json, const char *key, uint64_t value)
{
    if (value != UINT64_MAX)
        json_number(json, key, value);
}

void model_limits(struct json *json, const char *key, const struct pmo_census_limits *limits)
{
    json_open(json, key, '{');
    known(json, "shmSize", limits->directory_size);
    known(json, "shmUsed", limits->directory_used);
    known(json, "shmFree", limits->directory_free);
    known(json, "shmmax", limits->shmmax);
    known(json, "shmall", limits->shmall);
    known(json, "shmmni", limits->shmmni);
    known(json, "resident", limits->resident);
    json_close(json, '}');
}
