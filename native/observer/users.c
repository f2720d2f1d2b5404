/* SPDX-License-Identifier: MIT */
/* users.c - the processes that map the data of any segment: those whom a developer may want to look at. */
#include "budget.h"
#include "error.h"
#include "room.h"
#include "system.h"

#include <errno.h>

struct census {
    struct pmo_summary *segments;
    size_t segment_count;
    struct pmo_snapshot *snapshots; /* of each segment that can be read; name "" otherwise */
    struct pmo_user *users;
    size_t user_count;
    struct pmo_user current;
    bool over; /* there are more of them, or more to ask, than a look takes */
    bool failed;
};

static struct pmo_snapshot *segment_of(struct census *census, struct pmo_object object)
{
    for (size_t i = 0; i < census->segment_count; i++) {
        struct pmo_snapshot *s = &census->snapshots[i];
        if (s->name[0] && s->object.st_ino == object.inode && s->object.st_dev == object.device)
            return s;
    }
    return NULL;
}

static bool count_in(struct pmo_object object, const struct pmo_mapping *mapping, void *context)
{
    struct census *census = context;
    struct pmo_user *user = &census->current;
    census->over = census->over || !pmo_budget_left();
    if (census->over)
        return false;
    const struct pmo_snapshot *s = segment_of(census, object);
    if (!s || !pmo_maps_data(mapping, s->readable ? s->header.header_len : 0))
        return true;
    for (size_t i = 0; i < user->use_count; i++)
        if (strcmp(user->uses[i].segment, s->name) == 0)
            return true;
    struct pmo_use *use = pmo_room((void **)&user->uses, user->use_count, sizeof *use);
    census->failed = use == NULL;
    if (!use)
        return false;
    memcpy(use->segment, s->name, sizeof use->segment);
    user->use_count++;
    return true;
}

static void name_peers(struct census *census, const struct pmo_process *process)
{
    for (size_t u = 0; u < census->current.use_count; u++) {
        struct pmo_use *use = &census->current.uses[u];
        for (size_t i = 0; i < census->segment_count; i++) {
            const struct pmo_snapshot *s = &census->snapshots[i];
            for (size_t p = 0; p < s->peer_count && strcmp(s->name, use->segment) == 0; p++) {
                const struct pmo_peer *peer = &s->peers[p];
                if (peer->slot.pid != process->pid || peer->state == PMO_DEAD || !pmo_process_is(process, &peer->slot))
                    continue;
                use->registered = true;
                memcpy(use->peer_name, peer->slot.name, sizeof use->peer_name);
            }
        }
    }
}

static bool ask(const struct pmo_process *process, void *context)
{
    struct census *census = context;
    census->current = (struct pmo_user){ .pid = process->pid };
    census->over = census->over || census->user_count == PMO_USERS_MAX || !pmo_budget_left();
    if (census->over)
        return false;
    if (pmo_mappings_each(process, count_in, census) != 0 || census->failed || census->current.use_count == 0) {
        free(census->current.uses);
        return !census->failed;
    }
    struct pmo_user *user = pmo_room((void **)&census->users, census->user_count, sizeof *user);
    census->failed = user == NULL;
    if (!user) {
        free(census->current.uses);
        return false;
    }
    census->current.uid = pmo_process_uid(process);
    pmo_process_command(process, census->current.command, sizeof census->current.command);
    name_peers(census, process);
    *user = census->current;
    census->user_count++;
    return true;
}

static void open_segments(struct census *census)
{
    for (size_t i = 0; i < census->segment_count; i++) {
        struct pmo_observer observer;
        census->over = census->over || !pmo_budget_left();
        if (census->over)
            break;
        if (pmo_observer_open(census->segments[i].name, &observer) != 0)
            continue;
        census->failed = pmo_snapshot_take(&observer, PMO_REGISTRY, &census->snapshots[i]) != 0 || census->failed;
        pmo_observer_close(&observer);
    }
}

int pmo_users_find(struct pmo_user **list, size_t *count, bool *whole)
{
    struct census census = { 0 };
    size_t left_out;
    int rc = pmo_list(&census.segments, &census.segment_count, &left_out);
    if (rc != 0)
        return rc;
    census.snapshots = calloc(census.segment_count + 1, sizeof *census.snapshots);
    census.failed = census.snapshots == NULL;
    if (!census.failed)
        open_segments(&census);
    int error = census.failed || census.segment_count == 0 ? 0 : pmo_process_each(ask, &census);
    for (size_t i = 0; i < census.segment_count && census.snapshots; i++)
        pmo_snapshot_free(&census.snapshots[i]);
    free(census.snapshots);
    free(census.segments);
    if (census.failed || error != 0) {
        pmo_users_free(census.users, census.user_count);
        errno = census.failed ? ENOMEM : error;
        return pm_fail(PEERMAP_EOS, "cannot look through the processes: %s", strerror(errno));
    }
    *list = census.users;
    *count = census.user_count;
    *whole = !census.over && left_out == 0;
    return 0;
}

void pmo_users_free(struct pmo_user *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].uses);
    free(list);
}
