/* SPDX-License-Identifier: MIT */
/*
 * users.c - the processes that map the data of any segment: those whom a developer may want to look at.
 *
 * First who maps what, by the kernel's word, then who of them is a peer, one segment at a time: of the registries of thousands of segments, which their makers fill
 * as they like, no more than one is in memory.
 */
#include "budget.h"
#include "error.h"
#include "patient.h"
#include "room.h"
#include "system.h"

#include <errno.h>

/* That a process maps a segment.  Of one segment they are a chain. */
struct claim {
    uint32_t segment;
    uint32_t user;
    uint32_t use;    /* of that user */
    uint32_t before; /* 1 + another of the segment; 0: none */
};

/* Process-local. */
struct search {
    struct pmo_summary *segments;
    size_t segment_count;
    uint32_t *last; /* of each segment: 1 + the latest claim; 0: none */
    struct claim *claims;
    size_t claim_count;
    struct pmo_user *users;
    size_t user_count;
    struct pmo_user current;
    uint32_t payer; /* in whose share that one is */
    struct pmo_shares processes, uses; /* of users, in each of both */
    struct pmo_problems *problems;
    bool over; /* there are more of them, or more to ask, than a look takes */
    bool failed;
};

/* SIZE_MAX: none. */
static size_t segment_of(const struct search *search, struct pmo_object object)
{
    for (size_t i = 0; i < search->segment_count; i++) {
        const struct pmo_summary *s = &search->segments[i];
        if (s->opened && s->object.st_ino == object.inode && s->object.st_dev == object.device)
            return i;
    }
    return SIZE_MAX;
}

static bool is_claimed(const struct search *search, size_t segment)
{
    const uint32_t last = search->last[segment];
    return last != 0 && search->claims[last - 1].user == search->user_count;
}

static bool claim(struct search *search, size_t segment)
{
    struct pmo_user *user = &search->current;
    struct claim *claim = pmo_room((void **)&search->claims, search->claim_count, sizeof *claim);
    struct pmo_use *use = claim ? pmo_room((void **)&user->uses, user->use_count, sizeof *use) : NULL;
    search->failed = use == NULL;
    if (!use)
        return false;
    memcpy(use->segment, search->segments[segment].name, sizeof use->segment - 1); /* what could be opened has no longer name */
    *claim = (struct claim){ (uint32_t)segment, (uint32_t)search->user_count, (uint32_t)user->use_count, search->last[segment] };
    search->last[segment] = (uint32_t)++search->claim_count;
    user->use_count++;
    return true;
}

static bool count_in(struct pmo_object object, const struct pmo_mapping *mapping, void *context)
{
    struct search *search = context;
    if (!pmo_budget_left()) {
        search->over = true;
        return false;
    }
    const size_t segment = segment_of(search, object);
    if (segment == SIZE_MAX || !pmo_maps_data(mapping, search->segments[segment].header_len) || is_claimed(search, segment))
        return true;
    if (!pmo_share_take(&search->uses, search->payer, PMO_USES_MAX))
        return false;
    if (search->current.use_count == PMO_USES_OF_ONE_MAX || search->claim_count == PMO_USES_MAX) {
        search->over = true;
        return false;
    }
    return claim(search, segment);
}

/* The process ended meanwhile, or its user has its share: what it had claimed is nobody's. */
static void forget_current(struct search *search)
{
    for (; search->claim_count > 0 && search->claims[search->claim_count - 1].user == search->user_count; search->claim_count--)
        search->last[search->claims[search->claim_count - 1].segment] = search->claims[search->claim_count - 1].before;
    free(search->current.uses);
}

static bool ask(const struct pmo_process *process, void *context)
{
    struct search *search = context;
    search->current = (struct pmo_user){ .pid = process->pid };
    if (search->user_count == PMO_USERS_MAX || search->claim_count == PMO_USES_MAX)
        return false;
    const struct pmo_uids uids = pmo_process_uids(process);
    search->current.uid = uids.effective;
    search->payer = uids.payer;
    const int error = pmo_mappings_each(process, count_in, search);
    (void)pmo_patient_tell(search->problems, process, error);
    if (error != 0 || search->failed || search->current.use_count == 0 || pmo_process_is_in_its_parent(process) || !pmo_share_take(&search->processes, search->payer, PMO_USERS_MAX)) {
        forget_current(search);
        return !search->failed;
    }
    struct pmo_user *user = pmo_room((void **)&search->users, search->user_count, sizeof *user);
    search->failed = user == NULL;
    if (!user) {
        forget_current(search);
        return false;
    }
    (void)pmo_patient_tell(search->problems, process, pmo_process_command(process, search->current.command, sizeof search->current.command));
    *user = search->current;
    search->user_count++;
    return true;
}

/* What the registry says of a process that maps the segment, if it is still the one that registered. */
static void name_peer(const struct pmo_snapshot *s, const struct pmo_user *user, struct pmo_use *use)
{
    struct pmo_process process;
    if (pmo_process_open(user->pid, &process) != 0)
        return;
    const uint32_t inner = pmo_process_inner(&process);
    for (size_t i = 0; i < s->peer_count && !use->registered && pmo_budget_left(); i++) {
        const struct pmo_peer *peer = &s->peers[i];
        if ((peer->slot.pid != user->pid && peer->slot.pid != inner) || peer->state == PMO_DEAD || pmo_process_match(&process, &peer->slot) != PMO_IS)
            continue;
        use->registered = true;
        memcpy(use->peer_name, peer->slot.name, sizeof use->peer_name);
    }
    pmo_process_close(&process);
}

static void name_peers(struct search *search, size_t segment)
{
    struct pmo_observer observer;
    struct pmo_snapshot s;
    if (pmo_observer_open(search->segments[segment].name, &observer) != 0)
        return;
    const int rc = pmo_snapshot_take(&observer, PMO_REGISTRY, &s);
    pmo_observer_close(&observer);
    if (rc != 0)
        return;
    for (uint32_t at = search->last[segment]; at != 0 && pmo_budget_left(); at = search->claims[at - 1].before) {
        const struct claim *claim = &search->claims[at - 1];
        struct pmo_user *user = &search->users[claim->user];
        name_peer(&s, user, &user->uses[claim->use]);
    }
    pmo_snapshot_free(&s);
}

/* 0 or errno. */
static int look(struct search *search)
{
    search->last = calloc(search->segment_count + 1, sizeof *search->last);
    if (!search->last)
        return ENOMEM;
    bool whole = true;
    const int error = search->segment_count == 0 ? 0 : pmo_process_each(ask, search, &search->processes, &whole);
    for (size_t i = 0; i < search->segment_count && error == 0 && !search->failed; i++)
        if (search->last[i] != 0 && pmo_budget_left())
            name_peers(search, i);
    search->over = search->over || !whole || !pmo_budget_left();
    return search->failed ? ENOMEM : error;
}

int pmo_users_find(struct pmo_user **list, size_t *count, bool *whole, struct pmo_problems *problems)
{
    struct search search = { .problems = problems };
    *problems = (struct pmo_problems){ 0 };
    size_t left_out;
    bool listed;
    int rc = pmo_list(&search.segments, &search.segment_count, &left_out, &listed);
    if (rc != 0)
        return rc;
    const int error = look(&search);
    free(search.last);
    free(search.claims);
    free(search.segments);
    if (error != 0) {
        pmo_users_free(search.users, search.user_count);
        errno = error;
        return pm_fail(PEERMAP_EOS, "cannot look through the processes: %s", strerror(error));
    }
    *list = search.users;
    *count = search.user_count;
    pmo_shares_add(&search.processes, &search.uses);
    *whole = !pmo_shares_tell(&search.processes, problems) && !search.over && listed && left_out == 0;
    return 0;
}

void pmo_users_free(struct pmo_user *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(list[i].uses);
    free(list);
}
