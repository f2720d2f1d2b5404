/* SPDX-License-Identifier: MIT */
/*
 * large.c - objects that are runs of units of their own.
 *
 * A thread keeps a few runs that it freed last, as they are, but for their first unit, which is CLAIMED by it: a program that frees and allocates
 * the same size again and again then changes one word, not one for each unit.  After its death they are reclaimed like all that it had claimed.
 */
#include "heap.h"

#define PARKED_UNITS (UINT64_C(4) << 20 >> PM_UNIT_SHIFT)

static uint64_t claimed(const struct pm_cache *cache, uint64_t units) { return pm_unit_word(PM_UNIT_CLAIMED, 0, cache->owner, units); }

/* ---- parked runs ---- */

/* The one that was parked last of this length, or -1. */
static int parked_of(const struct pm_cache *cache, uint64_t units, uint64_t align)
{
    for (int i = (int)cache->parked_count; i-- > 0;)
        if (cache->parked[i].units == units && cache->parked[i].first % align == 0)
            return i;
    return -1;
}

static struct pm_parked unpark(struct pm_cache *cache, uint32_t at)
{
    struct pm_parked run = cache->parked[at];
    cache->parked_units -= run.units;
    for (cache->parked_count--; at < cache->parked_count; at++)
        cache->parked[at] = cache->parked[at + 1];
    return run;
}

static void give_oldest(struct pm_cache *cache)
{
    struct pm_parked run = unpark(cache, 0);
    pm_units_give(&cache->segment->heap, run.first, run.units, false);
}

void pm_large_give_parked(struct pm_cache *cache)
{
    while (cache->parked_count > 0)
        give_oldest(cache);
}

static bool park(struct pm_cache *cache, uint64_t first, uint64_t word)
{
    uint64_t units = pm_unit_length(word);
    if (!cas64(&cache->segment->heap.words[first], &word, claimed(cache, units)))
        return false;
    PM_POINT("large.parked");
    while (cache->parked_count == PM_PARKED_MAX || cache->parked_units + units > PARKED_UNITS)
        give_oldest(cache);
    cache->parked[cache->parked_count++] = (struct pm_parked){ first, units };
    cache->parked_units += units;
    return true;
}

/* ---- taking and giving ---- */

/* `pending` is there before the object is, and names it until the caller has it. */
static uint64_t announce(struct pm_cache *cache, uint64_t first)
{
    const uint64_t off = first << PM_UNIT_SHIFT;
    store64(&cache->record->pending, off + 1);
    PM_POINT("large.pending");
    return off;
}

static uint64_t word_of(const struct pm_cache *cache, uint64_t units) { return pm_unit_word(PM_UNIT_LARGE, 0, cache->owner, units); }

uint64_t pm_large_take_parked(struct pm_cache *cache, uint64_t units, uint64_t align)
{
    int at = parked_of(cache, units, align);
    if (at < 0)
        return PM_NO_OFFSET;
    const uint64_t first = unpark(cache, (uint32_t)at).first, off = announce(cache, first);
    order_store64(&cache->segment->heap.words[first], word_of(cache, units));
    PM_POINT("large.taken");
    return off;
}

int pm_large_take(struct pm_cache *cache, uint64_t units, uint64_t align, uint64_t deadline, uint64_t *off)
{
    uint64_t first;
    int rc = pm_units_claim(cache->segment, cache->owner, units, align, deadline, &first);
    if (rc != 0)
        return rc;
    *off = announce(cache, first);
    pm_units_publish(&cache->segment->heap, first, word_of(cache, units), pm_cache_claim(cache));
    PM_POINT("large.taken");
    return 0;
}

bool pm_large_give(peermap_segment *segment, struct pm_cache *cache, uint64_t first, uint64_t word)
{
    bool parks = cache && pm_unit_length(word) <= PARKED_UNITS / 2;
    bool given = parks ? park(cache, first, word) : pm_units_release(&segment->heap, first, word, segment->heap.owner);
    if (given)
        pm_units_purge_some(segment);
    return given;
}
