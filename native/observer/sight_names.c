/* SPDX-License-Identifier: MIT */
/* sight_names.c - the shared memory that has a name or a number: the files below /dev/shm, the kernel's table of System V segments. */
#include "os.h"
#include "sighting.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#define DEPTH 8 /* programs make folders in /dev/shm; not so many in each other */
#define PATH 1024

static void sight_folder(struct pmo_sightings *sightings, int folder, char path[PATH], int depth);

static void sight_entry(struct pmo_sightings *sightings, DIR *folder, const char *entry, char path[PATH], int depth)
{
    struct stat facts;
    if (fstatat(dirfd(folder), entry, &facts, AT_SYMLINK_NOFOLLOW) != 0 || facts.st_dev != sightings->directory)
        return;
    const size_t length = strlen(path);
    if (snprintf(path + length, PATH - length, "%s", entry) >= (int)(PATH - length - 1))
        return;
    if (S_ISREG(facts.st_mode)) {
        struct pmo_sighting *sighting = NULL;
        if (pmo_share_take(&sightings->places, facts.st_uid, PMO_SIGHTINGS_MAX))
            sighting = pmo_sighting_add(sightings, PMO_POSIX, (struct pmo_object){ facts.st_dev, facts.st_ino }, facts.st_uid, path, strlen(path));
        if (sighting) {
            sighting->known = true;
            sighting->facts = facts;
            sighting->born_ns = pm_object_born(dirfd(folder), entry);
        }
    } else if (S_ISDIR(facts.st_mode) && depth < DEPTH) {
        strcat(path, "/");
        sight_folder(sightings, openat(dirfd(folder), entry, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), path, depth + 1);
    }
    path[length] = '\0';
}

/* Closes `fd`, which may be -1. */
static void sight_folder(struct pmo_sightings *sightings, int fd, char path[PATH], int depth)
{
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    if (!folder) {
        char where[64];
        snprintf(where, sizeof where, PM_DIRECTORY "/%.40s", path);
        pmo_problem_system(&sightings->census->problems, pmo_at("%s", where), errno);
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *entry; !sightings->failed && !pmo_sightings_are_over(sightings) && (entry = readdir(folder)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            sight_entry(sightings, folder, entry->d_name, path, depth);
    closedir(folder);
}

static void sight_directory(struct pmo_sightings *sightings)
{
    struct stat facts;
    char path[PATH] = "";
    int fd = open(PM_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &facts) == 0)
        sightings->directory = facts.st_dev;
    sight_folder(sightings, fd, path, 0);
}

/* One line of the table.  rss and swap came with Linux 2.6.27. */
static void sight_sysv(struct pmo_sightings *sightings, const char *line)
{
    int32_t key;
    struct pmo_sysv sysv = { 0 };
    struct stat facts = { 0 };
    unsigned int mode, uid, gid, creator;
    uint64_t size, resident;
    if (sscanf(line, "%" SCNd32 " %" SCNu32 " %o %" SCNu64 " %" SCNu32 " %" SCNu32 " %" SCNu64 " %u %u %u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
               &key, &sysv.id, &mode, &size, &sysv.creator_pid, &sysv.last_pid, &sysv.attached, &uid, &gid, &creator, &resident, &sysv.swapped) != 12)
        return;
    sysv.key = (uint32_t)key;
    facts.st_size = (off_t)size;
    facts.st_blocks = (blkcnt_t)((resident + sysv.swapped) / 512);
    facts.st_mode = mode;
    facts.st_uid = uid;
    facts.st_gid = gid;
    /* Who created it may give it to anybody, and needs no permission of theirs; its creator it does not change. */
    const uint32_t payer = pmo_share_payer(creator, uid);
    if (!pmo_share_take(&sightings->places, payer, PMO_SIGHTINGS_MAX))
        return;
    struct pmo_sighting *sighting = pmo_sighting_add(sightings, PMO_SYSV, (struct pmo_object){ 0, sysv.id }, payer, "", 0);
    if (!sighting)
        return;
    sighting->known = true;
    sighting->facts = facts;
    sighting->sysv = sysv;
    sighting->removed = (mode & 01000) != 0; /* SHM_DEST */
    sighting->ipc = sightings->ipc;
}

static void sight_table(struct pmo_sightings *sightings)
{
    char *line = NULL;
    size_t size = 0;
    struct stat own;
    if (stat("/proc/self/ns/ipc", &own) == 0)
        sightings->ipc = own.st_ino;
    FILE *table = fopen("/proc/sysvipc/shm", "re");
    if (!table && errno != ENOENT) /* a kernel without System V shared memory has none */
        pmo_problem_system(&sightings->census->problems, pmo_at("/proc/sysvipc/shm"), errno);
    if (!table)
        return;
    while (!pmo_sightings_are_over(sightings) && getline(&line, &size, table) > 0)
        sight_sysv(sightings, line); /* the first line, of titles, is none */
    free(line);
    fclose(table);
}

void pmo_sight_names(struct pmo_sightings *sightings)
{
    sight_directory(sightings);
    if (!pmo_sightings_are_over(sightings))
        sight_table(sightings);
}

static uint64_t number_in(const char *path, const char *after)
{
    uint64_t value = UINT64_MAX;
    char *line = NULL;
    size_t size = 0;
    FILE *file = fopen(path, "re");
    if (!file)
        return UINT64_MAX;
    while (value == UINT64_MAX && getline(&line, &size, file) > 0)
        if (strncmp(line, after, strlen(after)) == 0)
            value = strtoull(line + strlen(after), NULL, 10);
    free(line);
    fclose(file);
    return value;
}

void pmo_limits_read(struct pmo_census_limits *limits)
{
    struct statfs system;
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    *limits = (struct pmo_census_limits){ .directory_size = UINT64_MAX, .directory_used = UINT64_MAX, .directory_free = UINT64_MAX };
    if (statfs(PM_DIRECTORY, &system) == 0) {
        const uint64_t block = (uint64_t)system.f_bsize;
        limits->directory_size = system.f_blocks * block;
        limits->directory_used = (system.f_blocks - system.f_bfree) * block;
        limits->directory_free = system.f_blocks ? system.f_bavail * block : UINT64_MAX;
    }
    limits->shmmax = number_in("/proc/sys/kernel/shmmax", "");
    limits->shmall = number_in("/proc/sys/kernel/shmall", "");
    limits->shmall = limits->shmall > UINT64_MAX / page ? UINT64_MAX : limits->shmall * page;
    limits->shmmni = number_in("/proc/sys/kernel/shmmni", "");
    limits->resident = number_in("/proc/meminfo", "Shmem:");
    if (limits->resident != UINT64_MAX)
        limits->resident <<= 10;
}
