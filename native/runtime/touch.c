/* SPDX-License-Identifier: MIT */
/* touch.c - the library's own touches of the data: see touch.h.  And those that the application has made for it. */
#include "touch.h"

#include <string.h>
#include <unistd.h>

#define PIECE (UINT64_C(1) << 20) /* no more than that is gone on with for nothing */

_Thread_local struct pm_thread pm_thread;

static uint64_t page_size(void) { return (uint64_t)sysconf(_SC_PAGESIZE); }

/* ---- lending ---- */

bool pm_lend(peermap_segment *segment, uintptr_t address)
{
    struct pm_touching *now = &pm_thread.touching;
    const uint64_t page = page_size(), at = address / page * page;
    bool ours = (address >= peek64(&now->from) && address < peek64(&now->to)) || (address >= peek64(&now->also_from) && address < peek64(&now->also_to));
    if (!ours)
        return false;
    add64(&segment->loans.made, 1); /* before anybody can meet it */
    if (pm_map_zeroes((void *)at, page) != 0) {
        add64(&segment->loans.returned, 1);
        return false;
    }
    const uint64_t lent = peek64(&now->lent);
    poke64(&now->first, lent == 0 || at < peek64(&now->first) ? at : peek64(&now->first));
    poke64(&now->last, lent == 0 || at > peek64(&now->last) ? at : peek64(&now->last));
    poke64(&now->lent, lent + 1);
    return true;
}

int pm_torn(peermap_segment *segment)
{
    PM_UNCANCELLED;
    struct pm_touching *own = &pm_thread.touching;
    const uint64_t lent = peek64(&own->lent);
    if (lent > 0)
        pm_map_back(segment, peek64(&own->first) - (uintptr_t)segment->base, peek64(&own->last) + page_size() - (uintptr_t)segment->base);
    poke64(&own->lent, 0);
    add64(&segment->loans.returned, lent);
    return pm_fail_gone(segment);
}

/* ---- pieces ---- */

static uint64_t piece_of(uint64_t rest) { return rest < PIECE ? rest : PIECE; }

int pm_zero(peermap_segment *segment, void *at, uint64_t length)
{
    struct pm_thread *own = pm_own();
    for (uint64_t piece; length > 0; at = (char *)at + piece, length -= piece) {
        piece = piece_of(length);
        if (!pm_touch(own, segment, at, piece))
            return pm_torn(segment);
        memset(at, 0, piece);
        if (!pm_touched(own, segment))
            return pm_torn(segment);
    }
    return 0;
}

/* Not memcpy(): where the heap is full of lies they may overlap. */
int pm_copy(peermap_segment *segment, void *to, const void *from, uint64_t length)
{
    struct pm_thread *own = pm_own();
    for (uint64_t piece; length > 0; to = (char *)to + piece, from = (const char *)from + piece, length -= piece) {
        piece = piece_of(length);
        poke64(&own->touching.also_from, (uintptr_t)from);
        poke64(&own->touching.also_to, (uintptr_t)from + piece);
        bool whole = pm_is_mapped(segment, from, piece) && pm_touch(own, segment, to, piece);
        if (whole)
            memmove(to, from, piece);
        whole = pm_touched(own, segment) && whole;
        poke64(&own->touching.also_to, 0);
        if (!whole)
            return pm_torn(segment);
    }
    return 0;
}

/* ---- for the application ---- */

static int pin(peermap_segment *segment, size_t offset, const void *bytes, size_t length)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if (!bytes && length > 0)
        return pm_fail(PEERMAP_EINVAL, "bytes is NULL");
    const size_t size = peermap_pin(segment);
    if (size > 0 && offset <= size && length <= size - offset && !pm_lost(segment))
        return 0;
    if (size > 0)
        peermap_unpin(segment);
    return pm_unless_lost(segment, pm_fail(PEERMAP_EINVAL, "%zu bytes at offset %zu do not lie in the active memory of segment %s, which has %zu", length, offset,
                                           segment->name, size));
}

#define CARRIED 4096u /* at once: what the application gave may be a mapping of its own that is cut short, whose signal must find no touch of ours under way */

/* Between the data and what the application gave: into the one of `into` and `from` that is not NULL, or out of it. */
static int carry(peermap_segment *segment, size_t offset, char *into, const char *from, size_t length)
{
    PM_UNCANCELLED;
    struct pm_thread *own = pm_own();
    char carried[CARRIED];
    int rc = pin(segment, offset, into ? into : from, length);
    if (rc != 0)
        return rc;
    for (size_t done = 0, piece; rc == 0 && done < length; done += piece) {
        char *data = segment->base + offset + done;
        piece = length - done < CARRIED ? length - done : CARRIED;
        if (from)
            memcpy(carried, from + done, piece);
        bool whole = pm_touch(own, segment, data, piece);
        if (whole)
            memcpy(from ? data : carried, from ? carried : data, piece);
        if (!whole || !pm_touched(own, segment))
            rc = pm_torn(segment);
        else if (into)
            memcpy(into + done, carried, piece);
    }
    peermap_unpin(segment);
    return rc;
}

int peermap_read(peermap_segment *segment, size_t offset, void *bytes, size_t length) { return carry(segment, offset, bytes, NULL, length); }

int peermap_write(peermap_segment *segment, size_t offset, const void *bytes, size_t length)
{
    if (pm_attached(segment) && pm_only_reads(segment))
        return pm_fail_read_only(segment, "write");
    return carry(segment, offset, NULL, bytes, length);
}
