/* SPDX-License-Identifier: MIT */
/* heap_layout.c - size classes, the arrangement of what describes a heap, and counting it. */
#include "heap_layout.h"

/* A span is as few units as leave room for 8 objects and waste no more than a sixteenth. */
#define FITS(stride, units) ((units) * PM_UNIT / (stride) >= 8 && (units) * PM_UNIT % (stride) <= (units) * PM_UNIT / 16)
#define UNITS(stride) (FITS(stride, 1) ? 1u : FITS(stride, 2) ? 2u : FITS(stride, 4) ? 4u : FITS(stride, 8) ? 8u : 16u)
#define ROW(stride) \
    { (uint32_t)(stride), UNITS(stride), (uint32_t)(UNITS(stride) * PM_UNIT / (stride)), ((UINT64_C(1) << 40) + (stride)-1) / (stride) }
#define EIGHT(from, step) \
    ROW(from + step), ROW(from + 2 * step), ROW(from + 3 * step), ROW(from + 4 * step), ROW(from + 5 * step), ROW(from + 6 * step), \
        ROW(from + 7 * step), ROW(from + 8 * step)

const struct pm_class pm_classes[PM_CLASSES] = { EIGHT(0, 16),      EIGHT(128, 16),    EIGHT(256, 32),   EIGHT(512, 64),    EIGHT(1024, 128),
                                                 EIGHT(2048, 256),  EIGHT(4096, 512),  EIGHT(8192, 1024), EIGHT(16384, 2048) };

static uint64_t pages(uint64_t bytes) { return (bytes + 4095) / 4096 * 4096; }

void pm_heap_arrange(uint64_t begin, uint64_t reserved, struct pm_heap_places *places)
{
    uint64_t units = pm_heap_units(reserved), groups = (units + PM_GROUP - 1) / PM_GROUP;
    places->hints = pages(begin);
    places->summary = places->hints + pages(PM_CLASSES * PM_HINTS * sizeof(uint32_t));
    places->records = places->summary + pages((groups + 63) / 64 * 8);
    places->words = places->records + pages(PM_RECORDS * sizeof(struct pm_record));
    places->bits = places->words + pages(units * sizeof(uint64_t));
    places->end = places->bits + pages(units * sizeof(struct pm_bits));
}

/*
 * Sequentially consistent, as its partners in span.c are: who left the span, or freed another object of it, looks then whether it is empty; an acquire
 * load could come before the store that it is to come after.  `taken` is its owner's, whom whoever counts has the word of the span from.
 */
uint32_t pm_bits_live(const struct pm_bits *bits, uint32_t class_)
{
    uint32_t capacity = pm_classes[class_].capacity, live = 0;
    for (uint32_t i = 0; i * 64 < capacity; i++) {
        uint64_t differ = order_load64(&bits->given[i]) ^ peek64(&bits->taken[i]);
        if (capacity - i * 64 < 64)
            differ &= (UINT64_C(1) << (capacity - i * 64)) - 1;
        live += (uint32_t)__builtin_popcountll(differ);
    }
    return live;
}

/* ---- counting ---- */

static void count_span(struct pm_tally *tally, uint64_t word, const struct pm_bits *bits)
{
    uint32_t class_ = pm_unit_class(word), owner = pm_unit_owner(word);
    if (class_ >= PM_CLASSES || owner > PM_RECORDS || pm_unit_length(word) != pm_classes[class_].units) {
        tally->odd++;
        return;
    }
    uint64_t bytes = pm_unit_length(word) << PM_UNIT_SHIFT;
    tally->classes[class_].spans++;
    tally->classes[class_].bytes += bytes;
    tally->classes[class_].objects += bits ? pm_bits_live(bits, class_) : 0;
    tally->span_bytes += bytes;
    tally->spans[owner]++;
    tally->held[owner] += bytes;
    tally->body = pm_unit_length(word) - 1;
}

static void add_run(struct pm_tally *tally, uint64_t bytes)
{
    tally->run += bytes;
    if (tally->run > tally->largest_free)
        tally->largest_free = tally->run;
}

void pm_tally_rest(struct pm_tally *tally, uint64_t bytes)
{
    if (bytes == 0)
        return;
    tally->body = 0;
    tally->free_bytes += bytes;
    add_run(tally, bytes);
}

void pm_tally_unit(struct pm_tally *tally, uint64_t word, const struct pm_bits *bits)
{
    enum pm_unit_state state = pm_unit_state(word);
    if (state == PM_UNIT_BODY && tally->body > 0) {
        tally->body--;
        return;
    }
    tally->body = 0;
    if (state == PM_UNIT_FREE || state == PM_UNIT_HOLE) {
        *(state == PM_UNIT_FREE ? &tally->free_bytes : &tally->hole_bytes) += PM_UNIT;
        add_run(tally, PM_UNIT);
        return;
    }
    tally->run = 0;
    switch (state) {
    case PM_UNIT_CLAIMED: /* one by one on the way in; as a whole on the way out */
        tally->claimed_bytes += pm_unit_length(word) << PM_UNIT_SHIFT;
        tally->body = pm_unit_length(word) - 1;
        break;
    case PM_UNIT_SPAN: count_span(tally, word, bits); break;
    case PM_UNIT_LARGE:
        tally->large_objects++;
        tally->large_bytes += pm_unit_length(word) << PM_UNIT_SHIFT;
        tally->body = pm_unit_length(word) - 1;
        break;
    default: tally->odd++; break; /* a further one of nothing, for a moment: its first was freed while we looked */
    }
}
