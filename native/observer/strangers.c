/* SPDX-License-Identifier: MIT */
/*
 * strangers.c - processes that map a segment's data and are not in its registry.
 *
 * To find who maps an object, every process must be asked: Linux keeps no list that a user may read.  Not all may be asked; how many could not be is
 * told where others than the owner may open the object.  So who is found maps it, and that nobody is found proves nothing: see lease.h.
 */
#include "patient.h"
#include "room.h"
#include "share.h"
#include "snapshot.h"

#include <errno.h>
#include <inttypes.h>

struct hunt {
    struct pmo_snapshot *snapshot;
    uint32_t hidden; /* processes that could not be asked */
    struct pmo_shares shares;
};

static bool is_registered(const struct pmo_snapshot *snapshot, uint32_t pid)
{
    for (size_t i = 0; i < snapshot->peer_count; i++) {
        const struct pmo_peer *peer = &snapshot->peers[i];
        if (peer->here == pid && peer->state != PMO_DEAD)
            return true;
    }
    return false;
}

static bool hunt_in(const struct pmo_process *process, void *context)
{
    struct hunt *hunt = context;
    struct pmo_snapshot *snapshot = hunt->snapshot;
    struct pmo_mappings mappings;
    if (snapshot->stranger_count == PMO_STRANGERS_MAX || snapshot->allowance.listed == 0)
        return false;
    if (is_registered(snapshot, process->pid))
        return true;
    snapshot->allowance.visits = PMO_VISITS_MAX; /* of each: this look is made when a person asks */
    int error = pmo_mappings_read(process, (struct pmo_object){ snapshot->object.st_dev, snapshot->object.st_ino }, &snapshot->allowance, &mappings);
    if (error == E2BIG || error == ETIME)
        pmo_problem_add(&snapshot->problems, PMO_LEFT_OUT, pmo_at("/proc/%" PRIu32 "/maps", process->pid),
                        error == E2BIG ? "it maps the object in too many pieces: they are left out" : "it has too many mappings to be looked through");
    if (error == EACCES || error == EPERM)
        hunt->hidden++;
    (void)pmo_patient_tell(&snapshot->problems, process, error);
    if (error != 0 || mappings.count == 0)
        return true;
    bool user = false;
    for (size_t i = 0; i < mappings.count; i++)
        user = user || pmo_maps_data(&mappings.list[i], snapshot->readable ? snapshot->header.header_len : 0);
    user = user && !pmo_process_is_in_its_parent(process) && pmo_share_take(&hunt->shares, pmo_process_uids(process).payer, PMO_STRANGERS_MAX);
    struct pmo_stranger *stranger = user ? pmo_room((void **)&snapshot->strangers, snapshot->stranger_count, sizeof *stranger) : NULL;
    if (!stranger) {
        free(mappings.list);
        return true;
    }
    stranger->pid = process->pid;
    stranger->mappings = mappings;
    (void)pmo_patient_tell(&snapshot->problems, process, pmo_process_command(process, stranger->command, sizeof stranger->command));
    snapshot->stranger_count++;
    return true;
}

void pmo_strangers_look(struct pmo_snapshot *snapshot)
{
    struct hunt hunt = { .snapshot = snapshot };
    bool whole;
    int error = pmo_process_each(hunt_in, &hunt, &hunt.shares, &whole);
    if (error != 0)
        pmo_problem_system(&snapshot->problems, pmo_at("/proc"), error);
    else if (!whole)
        pmo_problem_add(&snapshot->problems, PMO_LEFT_OUT, pmo_at("/proc"),
                        "processes are left out that may map the object too: asking all takes longer than a look may");
    pmo_shares_tell(&hunt.shares, &snapshot->problems);
    if (error == 0 && hunt.hidden > 0 && (snapshot->object.st_mode & (S_IRWXG | S_IRWXO)))
        pmo_problem_add(&snapshot->problems, PMO_NO_ACCESS, pmo_at("/proc"),
                        "whether %" PRIu32 " more process%s the object: this user may not ask; root may", hunt.hidden, hunt.hidden == 1 ? " maps" : "es map");
}
