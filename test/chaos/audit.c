/* SPDX-License-Identifier: MIT */
/*
 * audit.c - the invariants of a segment, while everybody who runs rests.
 *
 * In a process of its own, which attaches like any other.  What the runtime claims is compared with what the supervisor knows (who runs,
 * how much was grown, what was written) and with what the kernel says (/proc/PID/maps, the length of the object).
 */
#include "../maps.h"
#include "control.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void must(uint32_t arena, const char *what, int rc, const peermap_round *round)
{
    if (rc < 0)
        fail(arena, "at rest, %s answers %s: %s", what, peermap_error_name(rc), peermap_last_error());
    if (round && round->late != 0)
        fail(arena, "at rest, %s leaves %u peers late: %.63s (pid %d)", what, round->late, round->blocker, (int)round->blocker_pid);
}

static bool runs(const struct actor *actor, uint32_t arena)
{
    return (load64(&actor->state) & 0xff) == RUNNING && actor->arena == arena && load32(&actor->attached) && !load32(&actor->ended);
}

/* Until nobody is late, in vain at most for as long as the auditor waits for anything: its agent may be moving the horizon, which is a round. */
static int read_registry(peermap_segment *segment, peermap_peer *peers)
{
    for (unsigned int waited_ms = 0;; waited_ms++) {
        int count = peermap_peers(segment, peers, MOST_ACTORS), at = 0;
        while (at < count && peers[at].state != PEERMAP_LATE)
            at++;
        if (at >= count || waited_ms >= PATIENT_MS)
            return count;
        usleep(1000);
    }
}

/* After a reap: the registry holds who lives, and nobody else. */
static void audit_registry(uint32_t arena, peermap_segment *segment)
{
    static peermap_peer peers[MOST_ACTORS];
    int count = read_registry(segment, peers);
    must(arena, "peers", count, NULL);
    int expected = 1;
    for (uint32_t i = 0; i < control->actor_count; i++) {
        const struct actor *actor = &control->actors[i];
        if (!runs(actor, arena))
            continue;
        expected++;
        int at = 0;
        while (at < count && (peers[at].pid != actor->pid || strcmp(peers[at].name, actor->name) != 0))
            at++;
        if (at == count)
            fail(arena, "%s (pid %d) lives and is not in the registry", actor->name, (int)actor->pid);
        if (peers[at].state != PEERMAP_ALIVE)
            fail(arena, "at rest, %s (pid %d) has state %d: asked for %" PRIu64 ", at %" PRIu64, actor->name, (int)actor->pid, peers[at].state,
                 peers[at].epoch_requested, peers[at].epoch_acked);
    }
    for (int i = 0; i < count && count != expected; i++)
        fprintf(stderr, "  in the registry: %.63s (pid %d), state %d\n", peers[i].name, (int)peers[i].pid, peers[i].state);
    if (count != expected)
        fail(arena, "the registry has %d peers, %d live", count, expected);
}

static void audit_maps(uint32_t arena, uint64_t base, uint64_t size)
{
    const struct arena *it = &control->arenas[arena];
    char path[128];
    struct stat facts;
    struct view own = view_of(it->name, getpid(), base);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", it->name);
    if (stat(path, &facts) != 0 || (uint64_t)facts.st_size != own.header + size)
        fail(arena, "after a shrink the object has %" PRIu64 " bytes; header %" PRIu64 " and active %" PRIu64, (uint64_t)facts.st_size, own.header, size);
    for (uint32_t i = 0; i < control->actor_count; i++) {
        const struct actor *actor = &control->actors[i];
        if (!runs(actor, arena))
            continue;
        struct view view = view_of(it->name, actor->pid, base);
        bool exact = it->flags & PEERMAP_STRICT || view.reads;
        if (view.header != own.header || view.whole < size || view.reads != (actor->reads != 0) || (exact && view.total != (view.reads ? it->reserve : size)))
            fail(arena, "%s (pid %d) maps %" PRIu64 " bytes without a gap and %" PRIu64 " in all; active are %" PRIu64, actor->name, (int)actor->pid,
                 view.whole, view.total, size);
    }
}

void audit(uint32_t arena, uint64_t least, uint64_t most, uint64_t *pages)
{
    struct arena *it = &control->arenas[arena];
    peermap_segment *segment;
    peermap_round round;
    must(arena, "attach", actor_attach(it, "auditor", 0, PATIENT_MS, &segment), NULL);
    must(arena, "map_peer", peermap_map_peer(segment, 0, &round), &round);
    *pages = peermap_size(segment) / PAGE;
    if (*pages < least || *pages > most)
        fail(arena, "the size is %" PRIu64 " pages; growths and shrinks make it %" PRIu64 " to %" PRIu64, *pages, least, most);
    must(arena, "grow", peermap_grow(segment, PAGE, &round), &round);
    must(arena, "shrink", peermap_shrink(segment, PAGE, &round), &round);
    if (peermap_size(segment) != *pages * PAGE)
        fail(arena, "a growth and a shrink of a page have made %" PRIu64 " pages %zu bytes", *pages, peermap_size(segment));
    must(arena, "reap", peermap_reap(segment), NULL);
    audit_registry(arena, segment);
    audit_maps(arena, (uintptr_t)peermap_base(segment), *pages * PAGE);
    pages_check(it, peermap_base(segment), *pages);
    pages_audit(it, peermap_base(segment));
    peermap_detach(segment);
}

void audit_end(uint32_t arena)
{
    const struct arena *it = &control->arenas[arena];
    peermap_segment *segment;
    peermap_peer peer;
    char path[128];
    must(arena, "attach", actor_attach(it, "auditor", 0, PATIENT_MS, &segment), NULL);
    must(arena, "grow", peermap_grow(segment, PAGE, NULL), NULL);
    must(arena, "reap", peermap_reap(segment), NULL);
    if (peermap_peers(segment, &peer, 1) != 1)
        fail(arena, "everybody is gone, and the registry has %d peers", peermap_peers(segment, &peer, 1));
    peermap_detach(segment);
    must(arena, "destroy", peermap_unlink(it->name), NULL);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", it->name);
    if (access(path, F_OK) == 0)
        fail(arena, "%s is still there", path);
}
