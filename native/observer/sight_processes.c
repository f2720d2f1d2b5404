/* SPDX-License-Identifier: MIT */
/*
 * sight_processes.c - the shared memory that processes have, mapped or held open.
 *
 * What a mapping is of, its path tells: "/dev/shm/...", "/memfd:NAME", "/SYSV<key>", "/dev/zero" for anonymous memory.  How large that is
 * only a name, a descriptor or /proc/PID/map_files tell, the last to root alone.  Never smaps: it walks page tables under a lock of the
 * process that is looked at.
 */
#include "budget.h"
#include "named.h"
#include "patient.h"
#include "room.h"
#include "sighting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define REMOVED " (deleted)"

struct visit {
    struct pmo_sightings *sightings;
    const struct pmo_process *process;
    struct pmo_uids uids;
    bool over; /* it, or who pays for it, has no more to get */
};

/* What a path stands for. */
struct meaning {
    enum pmo_memory_kind kind;
    const char *name;
    size_t length;
    bool removed;
};

static bool begins(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

/* False: it is not shared memory. */
static bool understand(const char *path, struct meaning *meaning)
{
    const size_t length = strlen(path), end = strlen(REMOVED);
    *meaning = (struct meaning){ .removed = length > end && strcmp(path + length - end, REMOVED) == 0 };
    size_t from;
    if (begins(path, PM_DIRECTORY "/"))
        meaning->kind = PMO_POSIX, from = strlen(PM_DIRECTORY "/");
    else if (begins(path, "/memfd:") && meaning->removed)
        meaning->kind = PMO_MEMFD, from = strlen("/memfd:");
    else if (begins(path, "/SYSV") && meaning->removed)
        meaning->kind = PMO_SYSV, from = strlen("/SYSV");
    else if (strcmp(path, "/dev/zero" REMOVED) == 0 || strcmp(path, "/anon_hugepage" REMOVED) == 0)
        meaning->kind = PMO_ANONYMOUS, from = length;
    else if (begins(path, "[anon_shmem:")) /* with a name from prctl(PR_SET_VMA) */
        meaning->kind = PMO_ANONYMOUS, from = strlen("[anon_shmem:");
    else
        return false;
    meaning->name = path + from;
    meaning->length = length - from - (meaning->removed && from < length ? end : 0);
    if (path[0] == '[' && meaning->length > 0)
        meaning->length--;
    return true;
}

/* Whether there is no room for more of this process, or no time. */
static bool is_full(struct visit *visit)
{
    return pmo_sightings_are_over(visit->sightings) || visit->over || visit->sightings->failed;
}

/* Of what could not be asked. */
static void note(const struct visit *visit, int error) { (void)pmo_patient_tell(&visit->sightings->census->problems, visit->process, error); }

/* The process's place in the list, where it is put with the first thing that it has. */
static uint32_t place_of(const struct visit *visit)
{
    struct pmo_census *census = visit->sightings->census;
    if (census->process_count > 0 && census->processes[census->process_count - 1].pid == visit->process->pid)
        return (uint32_t)census->process_count - 1;
    struct pmo_census_process *process = pmo_room((void **)&census->processes, census->process_count, sizeof *process);
    if (!process) {
        visit->sightings->failed = true;
        return PMO_NOBODY;
    }
    process->pid = visit->process->pid;
    process->uid = visit->uids.effective;
    note(visit, pmo_process_command(visit->process, process->command, sizeof process->command));
    return (uint32_t)census->process_count++;
}

/* Where this object's row is, or would be.  There is always a free one: no process has more than half of them. */
static uint32_t *row_of(struct pmo_sightings *sightings, enum pmo_memory_kind kind, struct pmo_object object)
{
    const size_t count = sizeof sightings->rows / sizeof *sightings->rows;
    size_t at = (size_t)((object.inode * UINT64_C(0x9e3779b97f4a7c15)) >> 32) % count;
    for (; sightings->rows[at] != 0; at = (at + 1) % count) {
        const struct pmo_sighting *row = &sightings->list[sightings->rows[at] - 1];
        if (row->kind == kind && row->object.inode == object.inode && row->object.device == object.device)
            break;
    }
    return &sightings->rows[at];
}

/* One more row of this process; false: it has had its part, or who pays for it. */
static bool take_row(struct visit *visit)
{
    struct pmo_sightings *sightings = visit->sightings;
    const bool crowded = sightings->of_one == PMO_SIGHTINGS_OF_ONE_MAX;
    if (crowded)
        pmo_problem_add(&sightings->census->problems, PMO_LEFT_OUT, pmo_at("pid %" PRIu32, visit->process->pid),
                        "this process has more pieces of shared memory than one look takes of a process, %u: the rest is left out", PMO_SIGHTINGS_OF_ONE_MAX);
    sightings->crowded = sightings->crowded || crowded;
    visit->over = crowded || !pmo_share_take(&sightings->places, visit->uids.payer, PMO_SIGHTINGS_MAX);
    sightings->of_one += !visit->over;
    return !visit->over;
}

/* However often a process has one object, by mappings and descriptors, that is one row. */
static struct pmo_sighting *sight(struct visit *visit, struct pmo_object object, const struct meaning *meaning)
{
    if (is_full(visit))
        return NULL;
    uint32_t *row = row_of(visit->sightings, meaning->kind, object);
    if (*row != 0)
        return &visit->sightings->list[*row - 1];
    const uint32_t process = take_row(visit) ? place_of(visit) : PMO_NOBODY;
    struct pmo_sighting *sighting = process == PMO_NOBODY ? NULL :
        pmo_sighting_add(visit->sightings, meaning->kind, object, visit->uids.payer, meaning->name, meaning->length);
    if (!sighting)
        return NULL;
    sighting->process = process;
    sighting->removed = meaning->removed && meaning->kind == PMO_POSIX;
    *row = (uint32_t)visit->sightings->count;
    return sighting;
}

/* The kernel lets only the privileged look. */
static void ask_map_files(const struct visit *visit, const struct pmo_mapping *mapping, struct pmo_sighting *sighting)
{
    char path[64];
    if (visit->sightings->no_map_files || sighting->known)
        return;
    snprintf(path, sizeof path, "map_files/%" PRIx64 "-%" PRIx64, mapping->address, mapping->address + mapping->length);
    const int error = pmo_patient_stat(visit->process, -1, path, &sighting->facts);
    sighting->known = error == 0;
    note(visit, error);
    if (error == EPERM || error == EACCES)
        visit->sightings->no_map_files = geteuid() != 0;
}

/* By another path: a bind mount of the object, or of a folder that has it.  Only what this side's /dev/shm has a name for. */
static bool is_named(const struct pmo_sightings *sightings, struct pmo_object object, const char *path, struct meaning *meaning)
{
    if (object.device != sightings->directory || path[0] != '/')
        return false;
    *meaning = (struct meaning){ .kind = PMO_POSIX, .name = strrchr(path, '/') + 1 };
    meaning->length = strlen(meaning->name);
    for (size_t i = 0; i < sightings->count; i++) {
        const struct pmo_sighting *one = &sightings->list[i];
        if (one->process == PMO_NOBODY && one->kind == PMO_POSIX && one->object.device == object.device && one->object.inode == object.inode)
            return true;
    }
    return false;
}

static bool sight_mapping(struct pmo_object object, const struct pmo_mapping *mapping, const char *path, void *context)
{
    struct visit *visit = context;
    struct meaning meaning;
    if (is_full(visit))
        return false;
    if (!understand(path, &meaning) && !is_named(visit->sightings, object, path, &meaning))
        return true;
    struct stat ns;
    if (meaning.kind == PMO_SYSV)
        object.device = 0; /* its inode is its number, in its namespace */
    struct pmo_sighting *sighting = sight(visit, object, &meaning);
    if (!sighting)
        return false;
    const uint64_t end = mapping->offset + mapping->length;
    sighting->writable = sighting->writable || (mapping->flags & PMO_WRITABLE) != 0;
    sighting->mappings++;
    sighting->mapped += mapping->length;
    sighting->mapped_to_write += mapping->flags & PMO_WRITABLE ? mapping->length : 0;
    sighting->end = end > sighting->end ? end : sighting->end;
    if (meaning.kind == PMO_SYSV) {
        sighting->ipc = fstatat(visit->process->dir, "ns/ipc", &ns, 0) == 0 ? ns.st_ino : visit->sightings->ipc;
        sighting->sysv = (struct pmo_sysv){ .key = (uint32_t)strtoul(meaning.name, NULL, 16), .id = (uint32_t)object.inode };
    } else if (meaning.kind != PMO_POSIX || meaning.removed || object.device != visit->sightings->directory) {
        ask_map_files(visit, mapping, sighting);
    }
    return true;
}

/* What only looks like shared memory may be a file of any file system. */
static void sight_descriptor(struct visit *visit, int folder, const char *number)
{
    char path[PATH_MAX];
    struct stat link, facts;
    struct meaning meaning;
    ssize_t length = readlinkat(folder, number, path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = '\0';
    if (!understand(path, &meaning))
        return;
    const int error = pmo_patient_stat(visit->process, folder, number, &facts);
    note(visit, error);
    if (error != 0 || !S_ISREG(facts.st_mode))
        return;
    struct pmo_sighting *sighting = sight(visit, (struct pmo_object){ facts.st_dev, facts.st_ino }, &meaning);
    if (!sighting)
        return;
    sighting->descriptors++;
    sighting->named = sighting->named || pmo_descriptor_only_names(folder, number);
    /* The link's permissions are those of the open file. */
    sighting->writable = sighting->writable || (fstatat(folder, number, &link, AT_SYMLINK_NOFOLLOW) == 0 && (link.st_mode & S_IWUSR) != 0);
    sighting->known = true;
    sighting->facts = facts;
}

static void sight_descriptors(struct visit *visit)
{
    const int fd = pmo_process_open_descriptors(visit->process);
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; !is_full(visit) && (entry = readdir(folder)) != NULL;)
        if (entry->d_name[0] != '.')
            sight_descriptor(visit, fd, entry->d_name);
    closedir(folder);
}

static bool sight_process(const struct pmo_process *process, void *context)
{
    struct pmo_sightings *sightings = context;
    struct visit visit = { sightings, process, pmo_process_uids(process), false };
    if (sightings->of_one > 0)
        memset(sightings->rows, 0, sizeof sightings->rows);
    sightings->of_one = 0;
    if (sightings->count == PMO_SIGHTINGS_MAX)
        return false;
    int error = pmo_mappings_shared(process, sight_mapping, &visit);
    if (error == EACCES || error == EPERM) {
        sightings->census->hidden++;
        sightings->census->hidden_own += visit.uids.effective == geteuid();
        return true;
    }
    note(&visit, error);
    if (error != 0)
        return !sightings->failed; /* it ended, or is held up */
    sightings->census->asked++;
    if (!is_full(&visit))
        sight_descriptors(&visit);
    return !sightings->failed;
}

void pmo_sight_processes(struct pmo_sightings *sightings)
{
    sightings->census->whole = pmo_process_all_seen();
    bool whole;
    int error = pmo_process_each(sight_process, sightings, &sightings->places, &whole);
    sightings->over = sightings->over || !whole;
    if (error != 0)
        pmo_problem_system(&sightings->census->problems, pmo_at("/proc"), error);
}
