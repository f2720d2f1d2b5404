/* SPDX-License-Identifier: MIT */
/*
 * snapshot.c - a private copy of a segment at one moment.
 *
 * The header is read before and after the tables: if sizes and epoch did not move, all of it belongs to one epoch.  If they did, it is
 * done again; a segment that never holds still is shown all the same, and said to be unstable.  Growths below the horizon alone do not
 * make it so: they touch nothing but the active size and the epoch.
 */
#include "snapshot.h"

#include "budget.h"
#include "places.h"
#include "error.h"
#include "os.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define TRIES 16

/* The tables as copied, before they are rows.  Process-local. */
struct tables {
    struct pm_slot slots[PM_SLOTS_MAX];
    struct pm_root roots[PMO_ROOTS_MAX];
    uint32_t root_count;
    bool slot_good[PM_SLOTS_MAX];
    bool root_good[PMO_ROOTS_MAX];
};

/* What happened to the sizes while the tables were copied. */
enum motion { STILL, GREW_INSIDE, MOVED };

static enum motion motion_between(const struct pm_header *a, const struct pm_header *b)
{
    const bool same = a->target == b->target && a->cut_epoch == b->cut_epoch && a->intent.op == b->intent.op &&
                      a->intent.from == b->intent.from && a->intent.to == b->intent.to;
    if (same && a->active == b->active && a->epoch == b->epoch)
        return STILL;
    const bool inside = same && !pmo_closed(a) && !pmo_closed(b) && pmo_active_changes(a) == pmo_active_changes(b);
    return inside && a->horizon == b->horizon && pmo_active(a) < pmo_active(b) && pmo_active(b) <= b->horizon ? GREW_INSIDE : MOVED;
}

/* 0 or errno. */
static int copy_once(int fd, struct pmo_snapshot *snapshot, struct tables *tables, enum motion *motion)
{
    struct pm_header *h = &snapshot->header;
    struct pm_header after;
    *motion = STILL;
    pmo_problems_free(&snapshot->problems);
    snapshot->readable = pmo_header_read(fd, h, &snapshot->object, &snapshot->problems);
    if (!snapshot->readable)
        return 0;
    int error = pmo_records_read(fd, h->slots_off, h->slot_count, sizeof(struct pm_slot), tables->slots, tables->slot_good);
    const uint32_t opened = pm_roots_opened(h, h->root_count);
    tables->root_count = opened < PMO_ROOTS_MAX ? opened : PMO_ROOTS_MAX;
    if (error == 0)
        error = pmo_roots_read(fd, h, tables->root_count, tables->roots, tables->root_good);
    if (error != 0)
        return error;
    *motion = pmo_read(fd, 0, &after, sizeof after) == (ssize_t)sizeof after ? motion_between(h, &after) : MOVED;
    return 0;
}

static void copy(int fd, struct pmo_snapshot *snapshot, struct tables *tables)
{
    enum motion motion = MOVED;
    int error = 0;
    /* ENODATA: cut short between two reads; the next look at the header says so properly. */
    for (int i = 0; i < TRIES && motion != STILL; i++) {
        error = copy_once(fd, snapshot, tables, &motion);
        if (error == ENODATA)
            motion = MOVED;
        if (error != 0 && error != ENODATA)
            break;
    }
    snapshot->readable = snapshot->readable && error == 0;
    if (error != 0)
        pmo_problem_system(&snapshot->problems, pmo_at("object"), error);
    else if (motion == MOVED)
        pmo_problem_add(&snapshot->problems, PMO_UNSTABLE, pmo_at("header"),
                        "sizes or epoch changed each of %d times it was copied: it may mix two moments", TRIES);
}

static enum pmo_peer_state state_of(const struct pm_slot *slot)
{
    const uint64_t state = slot->tag & PM_TAG_STATE;
    if (state == PM_CLAIMED || state == PM_JOINING)
        return slot->life & PM_FUTEX_DIED ? PMO_DEAD : PMO_ATTACHING;
    if (state == PM_DEAD || !pmo_life_alive(slot->life))
        return PMO_DEAD;
    return slot->acked < slot->requested ? PMO_LATE : PMO_ALIVE;
}

static void keep_peers(struct pmo_snapshot *snapshot, const struct tables *tables)
{
    for (uint32_t i = 0; i < snapshot->header.slot_count; i++) {
        const struct pm_slot *slot = &tables->slots[i];
        const uint64_t state = slot->tag & PM_TAG_STATE;
        if (!tables->slot_good[i])
            pmo_problem_add(&snapshot->problems, PMO_UNSTABLE, pmo_at("slot %" PRIu32, i), "changed hands each time it was copied");
        else if (state > PM_JOINING)
            pmo_problem_add(&snapshot->problems, PMO_BAD_SLOT, pmo_at("slot %" PRIu32, i), "state %" PRIu64 " does not exist", state);
        else if (state != PM_FREE)
            snapshot->peers[snapshot->peer_count++] = (struct pmo_peer){ .index = i, .slot = *slot, .state = state_of(slot), .uid = UINT32_MAX };
    }
}

static bool keep_roots(struct pmo_snapshot *snapshot, struct tables *tables)
{
    const uint32_t opened = pm_roots_opened(&snapshot->header, snapshot->header.root_count);
    snapshot->root_count = pmo_roots_keep(&snapshot->header, tables->roots, tables->root_good, tables->root_count, &snapshot->problems);
    snapshot->roots = malloc((snapshot->root_count + 1) * sizeof *snapshot->roots);
    if (!snapshot->roots)
        return false;
    memcpy(snapshot->roots, tables->roots, snapshot->root_count * sizeof *snapshot->roots);
    if (tables->root_count < opened)
        pmo_problem_add(&snapshot->problems, PMO_LEFT_OUT, pmo_at("roots"),
                        "%" PRIu32 " of %" PRIu32 " places for roots were looked at, the first ones; peermap roots lists all", tables->root_count, opened);
    return true;
}

/* Whoever attaches to it makes it a segment of its own; until then it is shown as it will be. */
static void see_whether_copy(int fd, struct pmo_snapshot *snapshot)
{
    const struct pm_identity is = pm_identity_of(fd);
    snapshot->copy = !pm_identity_is(&snapshot->header.identity, &is) && !pm_object_has_marks(fd);
    if (!snapshot->copy)
        return;
    for (size_t i = 0; i < snapshot->peer_count; i++)
        snapshot->peers[i].state = PMO_DEAD;
    snapshot->header.lock = snapshot->header.registry_lock = 0;
    pmo_problem_add(&snapshot->problems, PMO_COPY, pmo_at("object"),
                    "is a copy, or was restored: none of the peers that it names has it.  Data and roots hold; the first to attach makes it a segment of its own");
}

/* Before the tables, of which a damaged one may leave no room for it. */
static void see_whether_world_writable(struct pmo_snapshot *snapshot)
{
    const struct stat *object = &snapshot->object;
    if (pmo_mode_is_world_writable(object->st_mode) && object->st_nlink > 0)
        pmo_problem_add(&snapshot->problems, PMO_WORLD_WRITABLE, pmo_at("object"),
                        "mode %04o lets every user write it and take part; unless that is meant: chmod o-w %s/" PM_PREFIX "%s",
                        (unsigned)object->st_mode & 07777, pm_directory(), snapshot->name);
}

static bool keep(struct pmo_snapshot *snapshot, struct tables *tables)
{
    snapshot->peers = calloc(snapshot->header.slot_count, sizeof *snapshot->peers);
    if (!snapshot->peers)
        return false;
    pmo_name_tame(snapshot->header.creator_name);
    keep_peers(snapshot, tables);
    return keep_roots(snapshot, tables);
}

int pmo_snapshot_take(const struct pmo_observer *observer, enum pmo_depth depth, struct pmo_snapshot *snapshot)
{
    *snapshot = (struct pmo_snapshot){ .realtime_ns = pm_now_wall(), .monotonic_ns = pm_now() - pm_clock_offset(), .allowance = PMO_ALLOWANCE };
    memcpy(snapshot->name, observer->name, sizeof snapshot->name);
    snapshot->born_ns = pm_object_born(observer->fd, "");
    struct tables *tables = malloc(sizeof *tables);
    if (tables) {
        copy(observer->fd, snapshot, tables);
        see_whether_world_writable(snapshot);
    }
    if (!tables || (snapshot->readable && !keep(snapshot, tables))) {
        free(tables);
        pmo_snapshot_free(snapshot);
        errno = ENOMEM;
        return pm_fail(PEERMAP_EOS, "no memory for a snapshot of segment %s", observer->name);
    }
    free(tables);
    if (snapshot->object.st_nlink == 0)
        pmo_problem_add(&snapshot->problems, PMO_GONE, pmo_at("object"),
                        "was removed: who is attached keeps the memory, nobody can attach any more");
    if (snapshot->readable) {
        pmo_peers_judge(snapshot);
        see_whether_copy(observer->fd, snapshot);
        pmo_peers_bury(snapshot, depth >= PMO_PROCESSES);
    }
    if (snapshot->readable && depth >= PMO_PROCESSES)
        pmo_peers_look(snapshot);
    if (depth >= PMO_STRANGERS)
        pmo_strangers_look(snapshot);
    return 0;
}

void pmo_snapshot_free(struct pmo_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->peer_count; i++) {
        free(snapshot->peers[i].mappings.list);
        free(snapshot->peers[i].missing.list);
    }
    for (size_t i = 0; i < snapshot->stranger_count; i++)
        free(snapshot->strangers[i].mappings.list);
    free(snapshot->peers);
    free(snapshot->roots);
    free(snapshot->strangers);
    pmo_problems_free(&snapshot->problems);
    *snapshot = (struct pmo_snapshot){ 0 };
}

bool pmo_lock_held(const struct pmo_snapshot *snapshot, const struct pmo_peer **peer, bool *died)
{
    const uint32_t lock = snapshot->header.lock;
    *peer = NULL;
    *died = (lock & PM_FUTEX_DIED) != 0;
    for (size_t i = 0; i < snapshot->peer_count; i++)
        if (snapshot->peers[i].index + 1 == snapshot->header.lock_slot)
            *peer = &snapshot->peers[i];
    return *died || (lock & PM_FUTEX_TID) != 0;
}
