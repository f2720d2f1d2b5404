/* SPDX-License-Identifier: MIT */
/*
 * guard.c - the object cut short from outside (`truncate`, a disk quota's tool, another program's mistake) under running peers.
 *
 * What lies past the end of the file is SIGBUS for whoever touches it.  Where that is the header, the one who touches it is this
 * library, in the agent or in a thread of the application, and the program could do nothing about it: so the header is replaced
 * by private zeroes, the handle is lost, and every call says so.  The agent's futexes are in those zeroes, too: it goes on serving this
 * process, so that nothing hangs and peermap_detach() works.  What describes a heap can be more than the process may have of private memory (RLIMIT_DATA,
 * vm.overcommit_memory=2), or all of it be filled at once where future memory is locked: it is replaced where it is touched.  Where it is the data, the touch is the application's own, and the signal
 * goes on to where it went before; a growth or shrink notices that the file is too short, and does not paper over it.  Where this library touches the data itself, it says so beforehand: touch.h.
 *
 * The handler takes no lock: it looks through a table to which places are only ever added.
 */
#include "touch.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PLACES 64

enum { LOST_NOT = 0, LOST_NOW, LOST };

/* Process-local.  `from` is written last, and cleared first: 0 is a free place, 1 one that is being filled. */
struct place {
    uint64_t from, to; /* the header */
    uint64_t end;      /* of the reservation */
    peermap_segment *segment;
};

struct places {
    struct place place[PLACES];
    void *next; /* struct places */
};

static struct places first;

/* Of what describes a heap, whose header is a multiple of it. */
#define PIECE (UINT64_C(1) << 20)

static uint64_t plain_part(const struct pm_shape *shape)
{
    uint64_t whole = (shape->places.plain_len + PIECE - 1) / PIECE * PIECE;
    return whole < shape->header_len ? whole : shape->header_len;
}

static bool replace_plain(peermap_segment *segment) { return pm_map_zeroes(segment->start, plain_part(&segment->shape)) == 0; }

/* It may be done twice, by who met the loss at the same moment: what was written in between is of a heap that nobody uses any more. */
static bool replace_piece(peermap_segment *segment, uint64_t off)
{
    return off < plain_part(&segment->shape) || pm_map_zeroes(segment->start + off / PIECE * PIECE, PIECE) == 0;
}

/* One thread replaces what is gone; another that meets the same fault meanwhile tries again until that is done. */
static bool lose(peermap_segment *segment, uint64_t off)
{
    uint32_t state = load32(&segment->lost);
    const bool newly = state == LOST_NOT;
    if (state == LOST_NOW || !cas32(&segment->lost, &state, LOST_NOW))
        return true;
    if (newly && !replace_plain(segment)) {
        store32(&segment->lost, LOST_NOT);
        return false;
    }
    bool replaced = replace_piece(segment, off);
    store32(&segment->lost, LOST);
    uint32_t agent = load32(&segment->tid);
    if (newly && agent != 0 && agent != pm_thread_id()) /* it may sleep on words of the file, where nobody wakes it any more */
        pm_interrupt(agent);
    return replaced;
}

static bool mend(uintptr_t address)
{
    for (struct places *places = &first; places; places = load_pointer(&places->next)) {
        for (struct place *place = places->place; place < places->place + PLACES; place++) {
            uint64_t from = load64(&place->from);
            if (from <= 1 || address < from || address >= load64(&place->end))
                continue;
            return address >= load64(&place->to) ? pm_lend(place->segment, address) : !pm_inherited(place->segment) && lose(place->segment, address - from);
        }
    }
    return false;
}

/* Whatever is read of a place counts only if that is still the same one. */
static peermap_segment *segment_in(struct place *place, uintptr_t address)
{
    uint64_t from = load64(&place->from);
    if (from <= 1 || address < from || address >= load64(&place->end))
        return NULL;
    peermap_segment *segment = load_pointer((void **)&place->segment);
    return load64(&place->from) == from ? segment : NULL;
}

peermap_segment *peermap_segment_at(const void *address)
{
    for (struct places *places = &first; places; places = load_pointer(&places->next)) {
        for (struct place *place = places->place; place < places->place + PLACES; place++) {
            peermap_segment *segment = segment_in(place, (uintptr_t)address);
            if (segment)
                return pm_attached(segment) ? segment : NULL;
        }
    }
    return NULL;
}

static void watch_faults(void) { pm_fault_watch(mend); }

static bool settle(struct places *places, peermap_segment *segment)
{
    for (struct place *place = places->place; place < places->place + PLACES; place++) {
        uint64_t free = 0;
        if (!cas64(&place->from, &free, 1))
            continue;
        store_pointer((void **)&place->segment, segment);
        store64(&place->end, (uintptr_t)segment->start + segment->reservation);
        store64(&place->to, (uintptr_t)segment->start + segment->shape.header_len);
        store64(&place->from, (uintptr_t)segment->start);
        return true;
    }
    return false;
}

/* One thread at a time: forks are held. */
static int add(peermap_segment *segment)
{
    struct places *places = &first;
    while (!settle(places, segment)) {
        if (!places->next) {
            struct places *more = calloc(1, sizeof *more);
            if (!more)
                return pm_fail_own_memory();
            store_pointer(&places->next, more);
        }
        places = places->next;
    }
    return 0;
}

int pm_guard(peermap_segment *segment)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, watch_faults);
    pm_hold_forks();
    int rc = add(segment);
    pm_let_fork();
    return rc;
}

void pm_unguard(const peermap_segment *segment)
{
    for (struct places *places = &first; places; places = places->next)
        for (struct place *place = places->place; place < places->place + PLACES; place++)
            if (load64(&place->from) > 1 && place->segment == segment)
                store64(&place->from, 0);
}

int pm_fail_lost(const peermap_segment *segment)
{
    return pm_fail(PEERMAP_ELOST, "the object of segment %s was cut short from outside, its header with it; destroy it, and create it anew", segment->name);
}

int pm_unless_lost(const peermap_segment *segment, int rc) { return pm_lost(segment) ? pm_fail_lost(segment) : rc; }

static int too_short(peermap_segment *segment, uint64_t length, uint64_t needed)
{
    uint32_t told = 0;
    if (segment->index != PM_NO_SLOT && cas32(&segment->loss_told, &told, 1))
        pm_journal(segment, (struct pm_event){ .kind = PM_EV_LOST,
                                               .slot = (uint16_t)segment->index,
                                               .epoch = peek64(&segment->header->epoch),
                                               .size = length - segment->shape.header_len });
    return pm_fail(PEERMAP_ELOST, "the object of segment %s was cut short from outside: %" PRIu64 " of %" PRIu64 " bytes are left; destroy it, and create it anew",
                   segment->name, length, needed);
}

/* Where nothing is too short now, it was then; or a hole was made, for which there is no memory any more. */
int pm_fail_gone(peermap_segment *segment)
{
    int rc = pm_object_check(segment);
    if (rc == PEERMAP_ELOST)
        return rc;
    return pm_fail(PEERMAP_ELOST,
                   "memory of segment %s was gone when it was touched: the object was cut short from outside and is long again, or has a hole that there is no "
                   "memory for (see df %s); destroy it, and create it anew",
                   segment->name, pm_directory());
}

int pm_fail_closed(const peermap_segment *segment, int error)
{
    if (error == EBADF)
        pm_fail(PEERMAP_EOS, "this process has closed the descriptor of segment %s, and cannot open its object by the name any more; attach anew", segment->name);
    else
        pm_fail(PEERMAP_EOS, "this process has closed the descriptor of segment %s, and has none free to open it anew: %s; see ulimit -n", segment->name, strerror(error));
    errno = error;
    return PEERMAP_EOS;
}

int pm_fail_hole(peermap_segment *segment, uint64_t bytes, int error)
{
    if (error == EBADF || error == EMFILE || error == ENFILE)
        return pm_fail_closed(segment, error);
    return error == ENODATA ? pm_fail_gone(segment) : pm_no_memory(segment->name, bytes, error);
}

int pm_object_check(peermap_segment *segment)
{
    const struct pm_header *header = segment->header;
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    if (!pm_regain_object(segment))
        return pm_fail_closed(segment, errno);
    for (;;) {
        struct stat facts;
        uint64_t word = order_load64(&header->active), needed = segment->shape.header_len + (word & PM_ACTIVE_BYTES);
        if (fstat(segment->fd, &facts) == 0 && (uint64_t)facts.st_size < segment->shape.header_len)
            lose(segment, 0);
        if (pm_lost(segment))
            return pm_fail_lost(segment);
        if ((uint64_t)facts.st_size >= needed || (word & PM_ACTIVE_BYTES) > segment->shape.reserved)
            return 0;
        /* A shrink lowers the size first, and cuts the file then: the same size again means that it was nobody's shrink. */
        if (order_load64(&header->active) == word)
            return too_short(segment, (uint64_t)facts.st_size, needed);
    }
}
