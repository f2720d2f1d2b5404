/* SPDX-License-Identifier: MIT */
/* list.c - all segments of the machine, each in a line. */
#include "budget.h"
#include "error.h"
#include "os.h"
#include "room.h"
#include "system.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct listing {
    struct pmo_summary *list;
    size_t count;
    size_t left_out;
    bool whole; /* all names were read */
    struct pmo_shares shares;
    bool own; /* those of this user are being listed, or else those of others */
    bool failed;
};

static void say(struct pmo_summary *summary, enum pmo_problem_code code, const char *where, const char *text)
{
    summary->has_problem = true;
    summary->problem.code = code;
    snprintf(summary->problem.where, sizeof summary->problem.where, "%s", where);
    snprintf(summary->problem.text, sizeof summary->problem.text, "%s", text);
}

/* Damage before what is a mode that somebody chose. */
static const struct pmo_problem *first_problem(const struct pmo_problems *problems)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->list[i].code != PMO_WORLD_WRITABLE)
            return &problems->list[i];
    return &problems->list[0];
}

static void summarise(struct pmo_summary *summary, const struct pmo_snapshot *snapshot)
{
    summary->readable = snapshot->readable;
    summary->object = snapshot->object;
    summary->header_len = snapshot->readable ? snapshot->header.header_len : 0;
    summary->active = pmo_active(&snapshot->header);
    summary->horizon = snapshot->header.horizon;
    summary->reserved = snapshot->header.reserved;
    for (size_t i = 0; i < snapshot->peer_count; i++) {
        enum pmo_peer_state state = snapshot->peers[i].state;
        summary->alive += state == PMO_ALIVE || state == PMO_LATE;
        summary->late += state == PMO_LATE;
        summary->dead += state == PMO_DEAD;
    }
    summary->has_problem = snapshot->problems.count > 0;
    if (summary->has_problem)
        summary->problem = *first_problem(&snapshot->problems);
}

static bool fill(struct pmo_summary *summary)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    int rc = pmo_observer_open(summary->name, &observer);
    if (rc == PEERMAP_ENOENT)
        return false;
    if (rc != 0) {
        say(summary, rc == PEERMAP_EACCES ? PMO_NO_ACCESS : rc == PEERMAP_EOS ? PMO_OS : PMO_NOT_A_SEGMENT, "object", peermap_last_error());
        return true;
    }
    summary->opened = true;
    rc = pmo_snapshot_take(&observer, PMO_REGISTRY, &snapshot);
    if (rc == 0) {
        summarise(summary, &snapshot);
        pmo_snapshot_free(&snapshot);
    } else {
        say(summary, PMO_OS, "object", peermap_last_error());
    }
    pmo_observer_close(&observer);
    return true;
}

static bool list_named(struct listing *listing, const char *segment, const struct stat *object)
{
    struct pmo_summary *summary = pmo_room((void **)&listing->list, listing->count, sizeof *summary);
    if (!summary)
        return false;
    snprintf(summary->name, sizeof summary->name, "%s", segment);
    summary->object = *object;
    if (fill(summary))
        listing->count++;
    return true;
}

/* Anybody may fill the directory: that must not cost this user the sight of its own segments.  False without memory. */
static bool list_one(struct listing *listing, int directory, const char *name)
{
    struct stat object;
    if (fstatat(directory, name, &object, AT_SYMLINK_NOFOLLOW) != 0 || (object.st_uid == geteuid()) != listing->own)
        return true; /* removed since the directory was read, or of the other round */
    if (listing->count == PMO_SEGMENTS_MAX || !pmo_share_take(&listing->shares, object.st_uid, PMO_SEGMENTS_MAX) ||
        !pmo_share_begin(&listing->shares, object.st_uid)) {
        listing->left_out++;
        return true;
    }
    const bool well = list_named(listing, name + strlen(PM_PREFIX), &object);
    pmo_share_end(&listing->shares, object.st_uid);
    return well;
}

static void list_round(struct listing *listing)
{
    DIR *directory = opendir(pm_directory());
    if (!directory)
        return;
    struct dirent *entry;
    while (!listing->failed && (listing->whole = pmo_budget_left()) && (entry = readdir(directory)) != NULL)
        if (strncmp(entry->d_name, PM_PREFIX, strlen(PM_PREFIX)) == 0)
            listing->failed = !list_one(listing, dirfd(directory), entry->d_name);
    closedir(directory);
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct pmo_summary *)a)->name, ((const struct pmo_summary *)b)->name);
}

int pmo_list(struct pmo_summary **list, size_t *count, size_t *left_out, bool *whole)
{
    struct listing listing = { .own = true, .whole = true };
    list_round(&listing);
    listing.own = false;
    if (!listing.failed && listing.whole)
        list_round(&listing);
    if (listing.failed) {
        free(listing.list);
        errno = ENOMEM;
        return pm_fail(PEERMAP_EOS, "no memory for the list of segments");
    }
    if (listing.count)
        qsort(listing.list, listing.count, sizeof *listing.list, by_name);
    *list = listing.list;
    *count = listing.count;
    *left_out = listing.left_out;
    *whole = listing.whole;
    return 0;
}
