/* SPDX-License-Identifier: MIT */
/* system.c - `peermap system`: all shared memory of this machine, and who has it. */
#include "cli.h"
#include "lease.h"
#include "model.h"
#include "size.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define USERS_SHOWN 6
#define BYTES(value) figure_bytes(value).text

static bool is_wanted(const struct cli *cli, const struct pmo_memory *memory)
{
    return !has(cli, OPTION_ORPHANS) || memory->orphan == PMO_ORPHAN;
}

/* What people call it; for free(). */
static char *title_of(const struct pmo_memory *memory)
{
    if (memory->kind == PMO_SYSV && memory->sysv.key == 0)
        return text_of("id %" PRIu32 " (private)", memory->sysv.id);
    if (memory->kind == PMO_SYSV)
        return text_of("id %" PRIu32 ", key 0x%08" PRIx32, memory->sysv.id, memory->sysv.key);
    if (memory->name[0] == '\0')
        return text_of("inode %llu", (unsigned long long)memory->object.inode);
    return text_of("%s", memory->name);
}

static void put_remarks(struct table *table, const struct pmo_memory *memory)
{
    char remarks[96] = "";
    if (memory->orphan == PMO_ORPHAN)
        strcat(remarks, ", orphan");
    if (memory->orphan == PMO_ORPHAN_UNKNOWN)
        strcat(remarks, ", unknown");
    if (memory->orphan == PMO_IN_USE && memory->reason != PMO_SEEN)
        strcat(remarks, ", in use");
    if (pmo_name_before(memory->name))
        strcat(remarks, ", being removed");
    if (memory->removed)
        strcat(remarks, ", removed");
    if (memory->elsewhere)
        strcat(remarks, ", of a container");
    if (pmo_memory_is_world_writable(memory))
        strcat(remarks, ", world-writable");
    table_put(table, memory->orphan == PMO_ORPHAN || pmo_memory_is_world_writable(memory) ? WARNING : FAINT, "%s", remarks[0] ? remarks + 2 : "");
}

/* How it is known, or why it is not: of an orphan, and of who was seen, the row says enough. */
static void note_reason(struct table *table, const struct pmo_memory *memory)
{
    if (memory->orphan != PMO_ORPHAN && memory->reason != PMO_SEEN)
        table_note(table, FAINT, "       %s", pmo_reason_text(memory->reason));
    if (pmo_name_before(memory->name))
        table_note(table, FAINT, "       its removal was interrupted; it was called %s", pmo_name_before(memory->name));
}

static void note_users(const struct cli *cli, struct table *table, const struct pmo_census *census, const struct pmo_memory *memory)
{
    const size_t shown = has(cli, OPTION_ALL) || memory->user_count <= USERS_SHOWN ? memory->user_count : USERS_SHOWN - 1;
    for (size_t i = 0; i < shown; i++) {
        const struct pmo_memory_user *user = &memory->users[i];
        const struct pmo_census_process *process = &census->processes[user->process];
        const char *reads = user->reads ? "  only reads" : "";
        const size_t taken = 34 + strlen(reads), room = cli->out.width > taken + 8 ? cli->out.width - taken : cli->out.width ? 8 : sizeof process->command;
        char *tame = text_tame(&cli->out, process->command, strlen(process->command));
        table_note(table, PLAIN, "       %8" PRIu32 " %-9s %11s  %.*s%s", process->pid, figure_user(process->uid).text,
                   user->mappings ? BYTES(user->mapped) : "open only", (int)text_fitting(tame, strlen(tame), room), tame,
                   reads);
        free(tame);
    }
    if (shown < memory->user_count)
        table_note(table, FAINT, "       and %zu more: --all", memory->user_count - shown);
}

static void put_memory(const struct cli *cli, struct table *table, const struct pmo_census *census, const struct pmo_memory *memory)
{
    char *title = title_of(memory);
    table_put(table, FAINT, "%s", memory->kind == PMO_ANONYMOUS ? "anon" : pmo_memory_word(memory->kind));
    table_put(table, TITLE, "%s", title);
    table_put(table, PLAIN, "%s%s", memory->known ? "" : ">= ", BYTES(memory->size));
    table_put(table, memory->known ? PLAIN : FAINT, "%s", memory->known ? BYTES(memory->allocated) : "?");
    table_put(table, memory->known ? PLAIN : FAINT, "%s", memory->known ? figure_user(memory->uid).text : "?");
    if (memory->known)
        table_put(table, pmo_memory_is_world_writable(memory) ? WARNING : PLAIN, "%04" PRIo32, memory->mode);
    else
        table_put(table, FAINT, "?");
    table_put(table, PLAIN, "%zu", memory->user_count);
    put_remarks(table, memory);
    note_reason(table, memory);
    note_users(cli, table, census, memory);
    free(title);
}

/* "limit" or what stands for there being none. */
static struct figure limit_of(uint64_t value)
{
    const struct figure none = { "no limit" };
    return value >= UINT64_C(1) << 60 ? none : figure_bytes(value);
}

static void print_limits(const struct out *out, const struct pmo_census *census)
{
    const struct pmo_census_limits *limits = &census->limits;
    uint64_t count = 0, bytes = 0;
    for (size_t i = 0; i < census->count; i++) {
        const bool counts = census->list[i].kind == PMO_SYSV && !census->list[i].elsewhere;
        count += counts;
        bytes += counts ? census->list[i].size : 0;
    }
    if (limits->directory_size != UINT64_MAX)
        out_line(out, PLAIN, "/dev/shm   %s used of %s, %s free", BYTES(limits->directory_used),
                 limits->directory_size ? BYTES(limits->directory_size) : "no limit", limit_of(limits->directory_free).text);
    if (limits->shmmni != UINT64_MAX)
        out_line(out, PLAIN, "System V   %" PRIu64 " of %" PRIu64 " segments, %s; one at most %s, all %s", count, limits->shmmni, BYTES(bytes),
                 limit_of(limits->shmmax).text, limit_of(limits->shmall).text);
    if (limits->resident != UINT64_MAX)
        out_line(out, PLAIN, "in memory  %s of all kinds", BYTES(limits->resident));
    /* "All" is said only where nobody was left unasked. */
    if (census->hidden > 0)
        out_line(out, PLAIN, "processes  %" PRIu32 " asked, %" PRIu32 " could not be%s", census->asked, census->hidden,
                 census->whole ? "" : "; others cannot be seen from here");
    else
        out_line(out, PLAIN, "processes  %" PRIu32 " asked%s", census->asked,
                 census->cut     ? ", not all that there are"
                 : census->whole ? ", all there are"
                                 : ", all that can be seen from here");
    for (uint32_t i = 0; i < census->problems.count; i++)
        out_line(out, WARNING, "not seen   %s: %s", census->problems.list[i].where, census->problems.list[i].text);
}

static void print_text(const struct cli *cli, const struct pmo_census *census)
{
    static const struct column columns[] = {
        { "KIND", false, 0, false }, { "NAME", false, 0, true },   { "SIZE", true, 0, false },  { "ALLOCATED", true, 1, false },
        { "OWNER", false, 2, true }, { "MODE", false, 3, false },  { "USERS", true, 0, false }, { "", false, 0, false },
    };
    struct table *table = table_new(columns, sizeof columns / sizeof *columns);
    size_t shown = 0;
    for (size_t i = 0; i < census->count; i++) {
        if (!is_wanted(cli, &census->list[i]))
            continue;
        put_memory(cli, table, census, &census->list[i]);
        shown++;
    }
    table_end(table, &cli->out);
    if (shown == 0)
        out_line(&cli->out, FAINT, has(cli, OPTION_ORPHANS) ? "no orphans" : "no shared memory");
    out_line(&cli->out, PLAIN, "%s", "");
    print_limits(&cli->out, census);
}

static void print_json(const struct cli *cli, const struct pmo_census *census)
{
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_open(&json, "memory", '[');
    for (size_t i = 0; i < census->count; i++)
        if (is_wanted(cli, &census->list[i]))
            model_memory(&json, NULL, census, &census->list[i]);
    json_close(&json, ']');
    model_limits(&json, "limits", &census->limits);
    json_number(&json, "asked", census->asked);
    json_number(&json, "hidden", census->hidden);
    json_number(&json, "hiddenOwn", census->hidden_own);
    json_bool(&json, "whole", census->whole);
    model_problems(&json, "problems", &census->problems);
    json_close(&json, '}');
}

int run_system(struct cli *cli)
{
    struct pmo_census census;
    const int rc = pmo_census_take(&census);
    if (rc != 0)
        return library_error("system", rc, NULL);
    if (has(cli, OPTION_JSON))
        print_json(cli, &census);
    else
        print_text(cli, &census);
    pmo_census_free(&census);
    return EXIT_WELL;
}
