/* SPDX-License-Identifier: MIT */
/*
 * here.c - which process of this side a slot means.
 *
 * A process has a number in its own pid namespace and in each above it, and registers by its own.  So from above it has another number here: status says
 * both.  From beside or below it has none.
 */
#include "share.h"
#include "snapshot.h"

#include "budget.h"
#include "proc_text.h"
#include "room.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#define PID_LIMIT (1u << 22) /* of every Linux */

uint64_t pmo_own_pidns(void)
{
    struct stat ns;
    return stat("/proc/self/ns/pid", &ns) == 0 ? ns.st_ino : 0;
}

uint32_t pmo_process_inner(const struct pmo_process *process)
{
    struct pm_text_field ids = { .name = "NSpid" }; /* "\t4711\t12" */
    pm_text_fields(process->dir, "status", &ids, 1);
    return strchr(ids.value, '\t') != strrchr(ids.value, '\t') ? pm_text_last_number(ids.value) : 0;
}

static bool keep_below(const struct pmo_process *process, void *context)
{
    struct pmo_below *below = context;
    const uint32_t inner = pmo_process_inner(process);
    struct pmo_inner *one = inner ? pmo_room((void **)&below->list, below->count, sizeof *one) : NULL;
    if (one) {
        *one = (struct pmo_inner){ .here = process->pid, .inner = inner };
        below->count++;
    }
    return pmo_budget_left() && (one || !inner);
}

/* Looked for where a slot needs them, once in a look at a segment. */
static void know_below(struct pmo_below *below)
{
    struct pmo_shares shares = { 0 };
    if (below->looked)
        return;
    below->looked = true;
    if (pmo_process_each(keep_below, below, &shares, &below->whole) != 0)
        below->whole = true; /* nobody's number is to be had, now or later */
    for (uint32_t i = 0; i < shares.count; i++)
        below->whole = below->whole && !shares.list[i].over;
}

/* 0; EXDEV: it is not among them; ETIME: not all could be looked at. */
static int find_below(const struct pm_slot *slot, struct pmo_below *below, struct pmo_process *process, uint32_t *perhaps)
{
    uint32_t candidates = 0;
    know_below(below);
    for (size_t i = 0; i < below->count; i++) {
        if (!pmo_budget_left())
            return ETIME;
        if (below->list[i].inner != slot->pid || pmo_process_open(below->list[i].here, process) != 0)
            continue;
        const enum pmo_match match = pmo_process_match(process, slot);
        if (match == PMO_IS)
            return 0;
        pmo_process_close(process);
        if (match == PMO_MAY_BE && candidates++ == 0)
            *perhaps = below->list[i].here;
    }
    if (candidates > 1) /* which of them is not even likely */
        *perhaps = 0;
    return below->whole ? EXDEV : ETIME;
}

int pmo_process_here(const struct pm_slot *slot, struct pmo_below *below, struct pmo_process *process, uint32_t *perhaps)
{
    const uint64_t own = pmo_own_pidns();
    int error = slot->pid > 0 && slot->pid <= PID_LIMIT ? pmo_process_open(slot->pid, process) : ESRCH;
    *perhaps = 0;
    if (error == 0) {
        if (pmo_process_match(process, slot) == PMO_IS)
            return 0;
        pmo_process_close(process);
        error = EEXIST;
    }
    if (!below || slot->pidns == own || slot->pidns == 0 || own == 0)
        return error;
    return find_below(slot, below, process, perhaps);
}
