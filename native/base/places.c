/* SPDX-License-Identifier: MIT */
/* places.c - where the parts of a header are: see places.h. */
#include "places.h"

static uint64_t rounded(uint64_t bytes, uint64_t unit) { return (bytes + unit - 1) / unit * unit; }

void pm_places_find(const struct pm_header *header, struct pm_places *places)
{
    const bool heap = (header->flags & PM_SEGMENT_HEAP) != 0;
    const uint64_t page = header->page_size, unit = heap || (header->flags & PM_SEGMENT_HUGE) != 0 ? PM_HUGE_PAGE : page;
    *places = (struct pm_places){ .slots = sizeof *header };
    places->events = places->slots + header->slot_count * sizeof(struct pm_slot);
    places->everybodys_end = places->roots = rounded(places->events + header->event_count * sizeof(struct pm_event), page);
    const uint32_t count = header->root_count, first = count < PM_ROOTS_FIRST ? count : PM_ROOTS_FIRST;
    const uint64_t end = places->roots + (1 + first) * sizeof(struct pm_root), more = (count - first) * sizeof(struct pm_root);
    if (heap)
        pm_heap_arrange(end, header->reserved, &places->heap);
    places->more_roots = heap ? rounded(places->heap.end, page) : end;
    places->header_len = rounded(places->more_roots + more, unit);
    places->plain_len = heap ? places->heap.records : places->header_len;
}
