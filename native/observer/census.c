/* SPDX-License-Identifier: MIT */
/* census.c - all shared memory of the machine: what was seen of each object, put together. */
#include "census.h"

#include "attach.h"
#include "budget.h"
#include "error.h"
#include "room.h"
#include "sighting.h"

#include <errno.h>
#include <inttypes.h>

const char *pmo_memory_word(enum pmo_memory_kind kind)
{
    static const char *const words[] = { "posix", "sysv", "memfd", "anonymous" };
    return words[kind];
}

/* The inode of a memfd allows everybody everything, and only who may look into a process that has it can reach it. */
bool pmo_memory_is_world_writable(const struct pmo_memory *memory)
{
    const bool reachable = (memory->kind == PMO_POSIX || memory->kind == PMO_SYSV) && !memory->removed;
    return memory->known && reachable && pmo_mode_is_world_writable(memory->mode);
}

bool pmo_sightings_are_over(struct pmo_sightings *sightings)
{
    const bool over = sightings->count == PMO_SIGHTINGS_MAX || !pmo_budget_left();
    sightings->over = sightings->over || over;
    return over;
}

struct pmo_sighting *pmo_sighting_add(struct pmo_sightings *sightings, enum pmo_memory_kind kind, struct pmo_object object,
                                      uint32_t payer, const char *name, size_t length)
{
    if (pmo_sightings_are_over(sightings))
        return NULL;
    struct pmo_sighting *sighting = pmo_room((void **)&sightings->list, sightings->count, sizeof *sighting);
    char *copy = sighting ? strndup(name, length) : NULL;
    if (!copy) {
        sightings->failed = true;
        return NULL;
    }
    *sighting = (struct pmo_sighting){ .kind = kind, .object = object, .process = PMO_NOBODY, .payer = payer, .name = copy };
    sightings->count++;
    return sighting;
}

static int compare(uint64_t a, uint64_t b) { return (a > b) - (a < b); }

static int same_object(const struct pmo_sighting *a, const struct pmo_sighting *b)
{
    int order = compare(a->kind, b->kind);
    order = order ? order : compare(a->ipc, b->ipc);
    order = order ? order : compare(a->object.device, b->object.device);
    return order ? order : compare(a->object.inode, b->object.inode);
}

/* Those of one object together, the one by name first, then by process. */
static int by_object(const void *a, const void *b)
{
    const struct pmo_sighting *x = a, *y = b;
    int order = same_object(x, y);
    return order ? order : compare(x->process + 1u, y->process + 1u); /* PMO_NOBODY becomes 0 */
}

static int by_kind_and_name(const void *a, const void *b)
{
    const struct pmo_memory *x = a, *y = b;
    int order = compare(x->kind, y->kind);
    order = order ? order : strcmp(x->name, y->name);
    return order ? order : compare(x->object.inode, y->object.inode);
}

static bool add_user(struct pmo_census *census, struct pmo_memory *memory, const struct pmo_sighting *sighting)
{
    struct pmo_memory_user *user = memory->user_count ? &memory->users[memory->user_count - 1] : NULL;
    if (!user || user->process != sighting->process) {
        if (memory->user_count == PMO_USERS_MAX) {
            census->cut = true;
            return true;
        }
        user = pmo_room((void **)&memory->users, memory->user_count, sizeof *user);
        if (!user)
            return false;
        memory->user_count++;
        user->process = sighting->process;
    }
    user->mappings += sighting->mappings;
    user->descriptors += sighting->descriptors;
    user->mapped += sighting->mapped;
    user->mapped_to_write += sighting->mapped_to_write;
    user->writes = user->writes || sighting->writable;
    user->names = user->names || sighting->named;
    return true;
}

static void take_facts(struct pmo_memory *memory, const struct pmo_sighting *sighting)
{
    const struct stat *facts = &sighting->facts;
    if (sighting->born_ns != 0)
        memory->born_ns = sighting->born_ns;
    if (sighting->known && !memory->known) {
        memory->known = true;
        memory->size = (uint64_t)facts->st_size;
        memory->allocated = (uint64_t)facts->st_blocks * 512;
        memory->uid = facts->st_uid;
        memory->gid = facts->st_gid;
        memory->mode = facts->st_mode & 0777;
        memory->removed = sighting->kind == PMO_SYSV ? sighting->removed : sighting->kind == PMO_POSIX && facts->st_nlink == 0;
    }
    if (!memory->known && sighting->end > memory->size)
        memory->size = sighting->end;
}

/* Of `count` sightings of one object. */
static bool put_together(struct pmo_census *census, const struct pmo_sightings *sightings, struct pmo_sighting *list, size_t count)
{
    struct pmo_memory *memory = pmo_room((void **)&census->list, census->count, sizeof *memory);
    if (!memory)
        return false;
    census->count++;
    memory->kind = list->kind;
    memory->object = list->object;
    memory->sysv = list->sysv;
    memory->removed = list->removed;
    memory->name = list->name;
    list->name = NULL;
    for (size_t i = 0; i < count; i++) {
        take_facts(memory, &list[i]);
        if (list[i].process != PMO_NOBODY && !add_user(census, memory, &list[i]))
            return false;
    }
    if (memory->kind == PMO_SYSV)
        memory->elsewhere = list->ipc != sightings->ipc;
    if (memory->kind == PMO_POSIX)
        memory->elsewhere = memory->object.device != sightings->directory;
    return true;
}

/*
 * In whose share it is: its owner's, where anybody knows that.  But one of those who have all pays for nothing that only others were seen to have, which a setuid
 * program of theirs may have made; and the owner of a System V segment is whom its creator names.
 */
static uint32_t payer_of(const struct pmo_sighting *list, size_t count)
{
    for (size_t i = 0; i < count && list->kind != PMO_SYSV; i++)
        if (list[i].known && !pmo_share_is_whole(list[i].facts.st_uid))
            return list[i].facts.st_uid;
    return list->payer;
}

static bool group(struct pmo_sightings *sightings)
{
    if (sightings->count > 0)
        qsort(sightings->list, sightings->count, sizeof *sightings->list, by_object);
    for (size_t from = 0, to; from < sightings->count; from = to) {
        for (to = from + 1; to < sightings->count && same_object(&sightings->list[from], &sightings->list[to]) == 0;)
            to++;
        if (sightings->census->count == PMO_MEMORIES_MAX) {
            sightings->census->cut = true;
            break;
        }
        if (!pmo_share_take(&sightings->pieces, payer_of(&sightings->list[from], to - from), PMO_MEMORIES_MAX))
            continue;
        if (!put_together(sightings->census, sightings, &sightings->list[from], to - from))
            return false;
    }
    if (sightings->census->count > 0)
        qsort(sightings->census->list, sightings->census->count, sizeof *sightings->census->list, by_kind_and_name);
    return true;
}

static void tell_hidden(struct pmo_census *census)
{
    const uint32_t own = census->hidden_own;
    const char *plural = census->hidden == 1 ? "" : "es";
    if (own == 0 || own == census->hidden)
        pmo_problem_add(&census->problems, PMO_NO_ACCESS, pmo_at("/proc"), "%" PRIu32 " process%s of %s could not be asked what %s",
                        census->hidden, plural, own ? "this user" : census->hidden == 1 ? "another user" : "other users",
                        census->hidden == 1 ? "it maps" : "they map");
    else
        pmo_problem_add(&census->problems, PMO_NO_ACCESS, pmo_at("/proc"),
                        "%" PRIu32 " processes could not be asked what they map, %" PRIu32 " of them of this user", census->hidden, own);
}

static void tell_cut(struct pmo_census *census)
{
    pmo_problem_add(&census->problems, PMO_LEFT_OUT, pmo_at("inventory"),
                    "there is more shared memory, or there are more processes that have it, than one look takes: what is listed is not all");
}

int pmo_census_take(struct pmo_census *census)
{
    *census = (struct pmo_census){ 0 };
    struct pmo_sightings sightings = { .census = census };
    pmo_sight_names(&sightings);
    if (!sightings.failed && !pmo_sightings_are_over(&sightings))
        pmo_sight_processes(&sightings);
    const bool well = !sightings.failed && group(&sightings);
    if (well)
        pmo_census_judge(census, &sightings.places);
    for (size_t i = 0; i < sightings.count; i++)
        free(sightings.list[i].name);
    free(sightings.list);
    pmo_limits_read(&census->limits);
    census->cut = census->cut || sightings.over;
    if (census->hidden > 0)
        tell_hidden(census);
    if (census->cut)
        tell_cut(census);
    pmo_shares_add(&sightings.places, &sightings.pieces);
    census->cut = pmo_shares_tell(&sightings.places, &census->problems) || sightings.crowded || census->cut;
    if (well)
        return 0;
    pmo_census_free(census);
    errno = ENOMEM;
    return pm_fail(PEERMAP_EOS, "no memory for a census of the machine's shared memory");
}

struct pmo_memory *pmo_census_find(const struct pmo_census *census, enum pmo_memory_kind kind, struct pmo_object object)
{
    for (size_t i = 0; i < census->count; i++) {
        struct pmo_memory *memory = &census->list[i];
        if (memory->kind == kind && !memory->elsewhere && memory->object.inode == object.inode && memory->object.device == object.device)
            return memory;
    }
    return NULL;
}

const struct pmo_census_process *pmo_census_holder(const struct pmo_census *census, const struct pmo_memory *memory, size_t *others)
{
    const struct pmo_census_process *first = NULL;
    *others = 0;
    for (size_t i = 0; i < memory->user_count; i++) {
        if (memory->users[i].looks)
            continue;
        if (first)
            (*others)++;
        else
            first = &census->processes[memory->users[i].process];
    }
    return first;
}

void pmo_census_free(struct pmo_census *census)
{
    for (size_t i = 0; i < census->count; i++) {
        free(census->list[i].name);
        free(census->list[i].users);
    }
    free(census->list);
    free(census->processes);
    pmo_problems_free(&census->problems);
    *census = (struct pmo_census){ 0 };
}
