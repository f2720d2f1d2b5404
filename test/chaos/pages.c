/* SPDX-License-Identifier: MIT */
/*
 * pages.c - what is in the pages, so that a wrong byte is seen.
 *
 * Three words of each page are looked at.  A word is 0, or says itself whose it is: the high half is made from segment, page and place.
 * The low half of a floor's first word counts the writes to it, and is known from outside: more have begun than it says, fewer are done.
 * Above the floor it is the ticket of the growth that made the page; only that grower writes it, and finds 0 there.
 */
#include "control.h"

#include <inttypes.h>

static const uint32_t places[] = { 0, 255, 511 };

static uint32_t arena_index(const struct arena *arena) { return (uint32_t)(arena - control->arenas); }

static uint64_t *word_at(const char *base, uint64_t page, uint32_t place)
{
    return (uint64_t *)(uintptr_t)(base + page * PAGE) + places[place];
}

static uint64_t stamp(const struct arena *arena, uint64_t page, uint32_t place)
{
    return mix(control->seed ^ (uint64_t)arena_index(arena) << 56 ^ page << 8 ^ place) << 32;
}

static void wrong(const struct arena *arena, uint64_t page, uint32_t place, uint64_t word, const char *why)
{
    fail(arena_index(arena), "page %" PRIu64 " of %s has 0x%016" PRIx64 " in word %u: %s (its high half should be 0x%08" PRIx64 ")", page, arena->name,
         word, places[place], why, stamp(arena, page, place) >> 32);
}

void pages_found(struct arena *arena, char *base)
{
    for (uint64_t page = 0; page < FLOOR_PAGES; page++)
        for (uint32_t place = 0; place < 3; place++)
            store64(word_at(base, page, place), stamp(arena, page, place));
}

void pages_check(const struct arena *arena, const char *base, uint64_t pages)
{
    for (uint64_t page = 0; page < pages; page++) {
        for (uint32_t place = 0; place < 3; place++) {
            uint64_t word = load64(word_at(base, page, place)), wanted = stamp(arena, page, place);
            if (word == 0 && page >= FLOOR_PAGES)
                continue;
            if (word >> 32 != wanted >> 32)
                wrong(arena, page, place, word, word == 0 ? "the data is lost" : "that belongs elsewhere");
            if (page < FLOOR_PAGES && place > 0 && word != wanted)
                wrong(arena, page, place, word, "nobody writes that");
            if (page >= FLOOR_PAGES && (uint32_t)word > load64(&arena->tickets))
                wrong(arena, page, place, word, "a growth that never was");
        }
    }
}

void pages_write(struct arena *arena, char *base, uint64_t *state)
{
    uint64_t page = chance(state) % FLOOR_PAGES, *at = word_at(base, page, 0), word = load64(at);
    add64(&arena->begun[page], 1);
    do {
        if (word >> 32 != stamp(arena, page, 0) >> 32)
            wrong(arena, page, 0, word, "before a write");
    } while (!cas64(at, &word, word + 1));
    add64(&arena->done[page], 1);
}

/* A stamp with a ticket of before this growth began lay there already: the page was not given back in between. */
void pages_take(struct arena *arena, char *base, uint64_t from, uint64_t to, uint64_t before)
{
    uint64_t ticket = add64(&arena->tickets, 1) + 1;
    for (uint64_t page = from; page < to; page++) {
        for (uint32_t place = 0; place < 3; place++) {
            uint64_t word = 0;
            if (!cas64(word_at(base, page, place), &word, stamp(arena, page, place) | ticket) && (uint32_t)word <= before)
                wrong(arena, page, place, word, "that is from before it was grown");
        }
    }
}

void pages_audit(struct arena *arena, const char *base)
{
    for (uint64_t page = 0; page < FLOOR_PAGES; page++) {
        uint64_t done = load64(&arena->done[page]);
        uint64_t word = load64(word_at(base, page, 0)), begun = load64(&arena->begun[page]);
        if ((uint32_t)word < done || (uint32_t)word > begun)
            fail(arena_index(arena), "page %" PRIu64 " of %s counts %u writes; %" PRIu64 " are done and %" PRIu64 " were begun", page, arena->name,
                 (uint32_t)word, done, begun);
    }
}
