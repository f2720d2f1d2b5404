/* SPDX-License-Identifier: MIT */
/*
 * peers.c - the registry's rows: whether each can be right by itself, and what the kernel says of the process behind it.
 */
#include "snapshot.h"

#include "os.h"
#include "patient.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PID_LIMIT (1u << 22) /* of every Linux */
#define PAST_ALL_NUMBERS (UINT64_C(1) << 53)

/* What is wrong with a complete slot, or NULL. */
static const char *damage(const struct pm_header *h, struct pm_slot *slot)
{
    if (!pmo_name_tame(slot->name) || slot->name[0] == '\0')
        return "its name is damaged";
    if (slot->pid == 0 || slot->pid > PID_LIMIT)
        return "its pid is not one";
    if (slot->base % h->page_size != 0 || slot->base < h->header_len || slot->base > UINT64_MAX - PM_RESERVED_MAX)
        return "its base address cannot be right";
    if (slot->base != h->base && !(slot->flags & PM_SLOT_RELOCATED))
        return "its base address is not the segment's, and it does not say that it was relocated";
    if (slot->mapped > h->reserved)
        return "it claims to map more than the segment can have";
    if (slot->method > PM_BY_LAST)
        return "the method of its last mapping does not exist";
    if (slot->requested >= PAST_ALL_NUMBERS || slot->acked >= PAST_ALL_NUMBERS || slot->latency_ns >= PAST_ALL_NUMBERS ||
        slot->unstopped >= PAST_ALL_NUMBERS || slot->populated >= PAST_ALL_NUMBERS)
        return "an epoch or a time in it is past all numbers";
    return NULL;
}

void pmo_peers_judge(struct pmo_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->peer_count; i++) {
        struct pmo_peer *peer = &snapshot->peers[i];
        const uint64_t state = peer->slot.tag & PM_TAG_STATE;
        if (state != PM_LIVE && state != PM_DEAD) {
            pmo_name_tame(peer->slot.name); /* still being filled: nothing in it can be held against it */
            continue;
        }
        const char *what = damage(&snapshot->header, &peer->slot);
        if (what)
            pmo_problem_add(&snapshot->problems, PMO_BAD_SLOT, pmo_at("slot %" PRIu32, peer->index), "%s", what);
    }
}

void pmo_peers_bury(struct pmo_snapshot *snapshot, bool thoroughly)
{
    for (size_t i = 0; i < snapshot->peer_count && pmo_budget_left(); i++) {
        struct pmo_peer *peer = &snapshot->peers[i];
        const struct pm_slot *slot = &peer->slot;
        const struct pm_process who = { slot->pid, slot->uid, slot->start_time, slot->pidns, slot->pidfd_ino };
        if (peer->state == PMO_DEAD || (slot->tag & PM_TAG_STATE) == PM_CLAIMED) /* who does not say yet who it is */
            continue;
        if ((thoroughly ? pm_process_ended : pm_process_is_gone)(&who, slot->life & PM_FUTEX_TID))
            peer->state = PMO_DEAD;
    }
}

/* Process-local.  What is not told of peers. */
struct omitted {
    size_t unasked; /* how many were not asked, or not to the end */
    size_t pieces;  /* how many map the object in too many pieces */
    uint32_t first; /* of those: its pid */
    size_t denied;  /* how many may not be asked */
    uint32_t first_denied;
};

static void compare(struct pmo_snapshot *snapshot, struct pmo_peer *peer, const struct pmo_process *process, struct omitted *omitted)
{
    if (snapshot->allowance.visits == 0 || snapshot->allowance.listed == 0) {
        omitted->unasked++;
        return;
    }
    const struct pm_header *h = &snapshot->header;
    const struct pmo_object object = { snapshot->object.st_dev, snapshot->object.st_ino };
    const uint64_t active = pmo_active(h) < h->reserved ? pmo_active(h) : h->reserved;
    const uint32_t needed = PMO_READABLE | PMO_SHARED | (peer->slot.flags & PM_SLOT_READ_ONLY ? 0 : PMO_WRITABLE);
    int error = pmo_mappings_read(process, object, &snapshot->allowance, &peer->mappings);
    if (error == 0 && peer->slot.base < UINT64_MAX - PM_RESERVED_MAX)
        error = pmo_mappings_missing(&peer->mappings, needed, peer->slot.base, active, h->header_len, &peer->missing);
    peer->mappings_known = error == 0;
    omitted->unasked += error == ETIME;
    if (error == E2BIG && omitted->pieces++ == 0)
        omitted->first = process->pid;
    const bool denied = error == EACCES || error == EPERM;
    if (denied && omitted->denied++ == 0)
        omitted->first_denied = process->pid;
    if (pmo_patient_tell(&snapshot->problems, process, error))
        return;
    if (error != 0 && error != ETIME && error != E2BIG && !denied)
        pmo_problem_system(&snapshot->problems, pmo_at("/proc/%" PRIu32 "/maps", process->pid), error);
}

/* Of somebody who lives, by the registry: why its process is not looked at. */
static void tell_unseen(struct pmo_snapshot *snapshot, const struct pmo_peer *peer, int error)
{
    struct pmo_problems *problems = &snapshot->problems;
    const struct pmo_place place = pmo_at("slot %" PRIu32, peer->index);
    const uint32_t pid = peer->slot.pid;
    if (error == EXDEV && peer->perhaps)
        pmo_problem_add(problems, PMO_NO_PROCESS, place,
                        "pid %" PRIu32 " is of another pid namespace: perhaps it is pid %" PRIu32 " here, which began at that moment; only its user and root may ask",
                        pid, peer->perhaps);
    else if (error == ETIME)
        pmo_problem_add(problems, PMO_LEFT_OUT, place,
                        "pid %" PRIu32 " is of another pid namespace, and was not found here: looking at all processes takes longer than a look may", pid);
    else if (error == EXDEV)
        pmo_problem_add(problems, PMO_NO_PROCESS, place,
                        "pid %" PRIu32 " is of another pid namespace, and is not to be seen from here: look from where it runs, or from the machine itself", pid);
    else if (error == EEXIST)
        pmo_problem_add(problems, PMO_NO_PROCESS, place,
                        "pid %" PRIu32 " here is another process: the peer has ended, or is of another pid namespace", pid);
    else
        pmo_problem_system(problems, pmo_at("/proc/%" PRIu32, pid), error);
}

/* How it sleeps does not tell: of version 1 as if it waited for a device, of version 2 as ever. */
static void ask_freezer(struct pmo_peer *peer)
{
    const struct pm_slot *slot = &peer->slot;
    const struct pm_process who = { slot->pid, slot->uid, slot->start_time, slot->pidns, slot->pidfd_ino };
    struct pm_facts facts;
    /* The quick look first: hardly anybody is. */
    peer->frozen = pm_process_find(&who, slot->life & PM_FUTEX_TID, false, UINT64_MAX, &facts) == 0 && pm_process_is_frozen(&facts, NULL) &&
                   pm_process_is_frozen(&facts, &peer->freezer);
}

static void look(struct pmo_snapshot *snapshot, struct pmo_peer *peer, struct pmo_below *below, struct omitted *omitted)
{
    /* Of the dead and the unfinished nothing is required that maps could contradict; and that they cannot be seen is no wonder. */
    const bool lives = peer->state == PMO_ALIVE || peer->state == PMO_LATE;
    struct pmo_process process;
    const int error = pmo_process_here(&peer->slot, peer->state == PMO_DEAD ? NULL : below, &process, &peer->perhaps);
    if (error != 0) {
        if (lives)
            tell_unseen(snapshot, peer, error);
        return;
    }
    peer->process_state = pmo_process_activity(&process);
    if (peer->process_state == 0) { /* what has ended is there no more, whether or not its parent has waited for it */
        peer->state = lives ? PMO_DEAD : peer->state;
    } else {
        peer->here = process.pid;
        peer->uid = pmo_process_uid(&process);
        peer->same_pid = process.pid == peer->slot.pid;
        if (peer->state != PMO_DEAD)
            ask_freezer(peer);
        if (lives)
            compare(snapshot, peer, &process, omitted);
    }
    pmo_process_close(&process);
}

void pmo_peers_look(struct pmo_snapshot *snapshot)
{
    struct omitted omitted = { 0 };
    struct pmo_below below = { 0 };
    size_t asked = 0;
    for (; asked < snapshot->peer_count && pmo_budget_left(); asked++)
        look(snapshot, &snapshot->peers[asked], &below, &omitted);
    free(below.list);
    omitted.unasked += snapshot->peer_count - asked;
    if (omitted.unasked > 0)
        pmo_problem_add(&snapshot->problems, PMO_LEFT_OUT, pmo_at("registry"),
                        "what %zu of %zu peers map is left out: asking all takes longer than a look may", omitted.unasked, snapshot->peer_count);
    if (omitted.denied > 0) /* one line, not one for each process of another user */
        pmo_problem_add(&snapshot->problems, PMO_NO_ACCESS, pmo_at("registry"),
                        "what %zu of %zu peers map: this user may not ask, pid %" PRIu32 " for one; the user of each, and root, may", omitted.denied,
                        snapshot->peer_count, omitted.first_denied);
    if (omitted.pieces > 0)
        pmo_problem_add(&snapshot->problems, PMO_LEFT_OUT, pmo_at("/proc/%" PRIu32 "/maps", omitted.first),
                        "the object is mapped in too many pieces: those of %zu peers are left out", omitted.pieces);
}
