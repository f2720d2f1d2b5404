/* SPDX-License-Identifier: MIT */
/* touch.c - the library's own touches of the data: see touch.h.  And those that the application has made for it. */
#include "touch.h"

#include <string.h>
#include <unistd.h>

#define PIECE (UINT64_C(1) << 20) /* no more than that is gone on with for nothing */

_Thread_local struct pm_thread pm_thread;

static uint64_t page_size(void) { return (uint64_t)sysconf(_SC_PAGESIZE); }

/* ---- lending ---- */

bool pm_lend(uintptr_t address)
{
    struct pm_touching *now = &pm_thread.touching;
    const uint64_t page = page_size();
    bool ours = (address >= peek64(&now->from) && address < peek64(&now->to)) || (address >= peek64(&now->also_from) && address < peek64(&now->also_to));
    if (!ours || pm_map_zeroes((void *)(address / page * page), page) != 0)
        return false;
    poke64(&now->lent, peek64(&now->lent) + 1);
    return true;
}

static void take_back(peermap_segment *segment, const void *at, uint64_t length)
{
    const uint64_t page = page_size(), off = (uint64_t)((const char *)at - segment->base);
    pm_map_back(segment, off / page * page, (off + length + page - 1) / page * page);
}

int pm_torn(peermap_segment *segment, const void *at, uint64_t length)
{
    take_back(segment, at, length);
    poke64(&pm_thread.touching.lent, 0);
    return pm_fail_gone(segment);
}

/* ---- pieces ---- */

static uint64_t piece_of(uint64_t rest) { return rest < PIECE ? rest : PIECE; }

int pm_zero(peermap_segment *segment, void *at, uint64_t length)
{
    struct pm_thread *own = pm_own();
    for (uint64_t piece; length > 0; at = (char *)at + piece, length -= piece) {
        piece = piece_of(length);
        pm_touch(own, at, piece);
        memset(at, 0, piece);
        if (!pm_touched(own))
            return pm_torn(segment, at, piece);
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
        pm_touch(own, to, piece);
        memmove(to, from, piece);
        bool whole = pm_touched(own);
        poke64(&own->touching.also_to, 0);
        if (!whole) {
            take_back(segment, from, piece);
            return pm_torn(segment, to, piece);
        }
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
    if (offset <= size && length <= size - offset && !pm_lost(segment))
        return 0;
    peermap_unpin(segment);
    return pm_unless_lost(segment, pm_fail(PEERMAP_EINVAL, "%zu bytes at offset %zu do not lie in the active memory of segment %s, which has %zu", length, offset,
                                           segment->name, size));
}

/* From the one to the other, of which `in_data` is the one in the data. */
static int carry(peermap_segment *segment, char *to, const char *from, const char *in_data, size_t length)
{
    struct pm_thread *own = pm_own();
    int rc = 0;
    for (size_t done = 0, piece; rc == 0 && done < length; done += piece) {
        piece = (size_t)piece_of(length - done);
        pm_touch(own, in_data + done, piece);
        memmove(to + done, from + done, piece);
        if (!pm_touched(own))
            rc = pm_torn(segment, in_data + done, piece);
    }
    peermap_unpin(segment);
    return rc;
}

int peermap_read(peermap_segment *segment, size_t offset, void *bytes, size_t length)
{
    int rc = pin(segment, offset, bytes, length);
    return rc == 0 ? carry(segment, bytes, segment->base + offset, segment->base + offset, length) : rc;
}

int peermap_write(peermap_segment *segment, size_t offset, const void *bytes, size_t length)
{
    int rc = pin(segment, offset, bytes, length);
    return rc == 0 ? carry(segment, segment->base + offset, bytes, segment->base + offset, length) : rc;
}
