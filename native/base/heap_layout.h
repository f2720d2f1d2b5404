/* SPDX-License-Identifier: MIT */
/*
 * heap_layout.h - what describes the heap of a segment: which memory is free, in whose hands, and which objects live.
 *
 *     header ... roots | hints | summary | records | words | bits |        | data: units of 16 KiB
 *                                                                 2 MiB boundary
 *
 * The data is divided into units.  A run of units is a span, divided into objects of one size class, or one large object.  Every unit
 * has a word that says what it is, and two rows of bits, used where a span begins: object i of the span lives if its bit in the one row
 * differs from its bit in the other.  The first row is written by the span's owner alone, so its owner allocates and frees by a plain store; all
 * others free by a compare-and-swap of the second.  That one store is all that an allocation or a free is: there is nothing that a
 * death in the middle could leave half done.  What is described is never inside the data, where a stray write could reach it.
 *
 * All of it is zero at first and is a hole in the file, which gets memory as the heap grows into it; a zero word is a free unit.
 */
#ifndef PM_HEAP_LAYOUT_H
#define PM_HEAP_LAYOUT_H

#include "layout.h"
#include "order.h"

#define PM_UNIT_SHIFT 14
#define PM_UNIT (UINT64_C(1) << PM_UNIT_SHIFT)
#define PM_CLASSES 72u
#define PM_SMALL_MAX UINT32_C(32768) /* the largest stride */
#define PM_SPAN_UNITS_MAX 16u
#define PM_SPAN_OBJECTS_MAX 1024u
#define PM_BIT_WORDS (PM_SPAN_OBJECTS_MAX / 64)
#define PM_GUARD UINT64_C(8)   /* bytes at the end of each object that are not the application's */
#define PM_GROUP UINT64_C(64)  /* units to one bit of the summary */
#define PM_HINTS 64u           /* for each class */
#define PM_RECORDS UINT32_C(4096)
#define PM_ALIGN_MAX (UINT64_C(2) << 20)
#define PM_HEAP_RESERVED_MAX (UINT64_C(1) << 42)

/* Shared.  What one thread that allocates holds; a record belongs to a peer, and whoever finds that dead takes it over. */
struct pm_record {
    uint64_t holder;  /* changes of the slot's tag << 16 | slot index + 1; 0: free */
    uint64_t pending; /* offset + 1 of the object that it is about to get; 0: none */
    uint64_t allocations, allocated_bytes, frees, freed_bytes;
    uint32_t thread;
    uint32_t pad0;
    uint64_t link;    /* offset + 1 of a word in the data; 0: none.  Where it is `linked`, the pending object has come to who wanted it there */
    uint64_t linked;
    uint8_t pad1[56];
};

/* How a record names the peer in this slot, under this tag; and in which slot that is. */
static inline uint64_t pm_holder_of(uint64_t tag, uint32_t index) { return tag >> 8 << 16 | (index + 1); }
static inline uint64_t pm_holder_index(uint64_t holder) { return (holder & 0xffff) - 1; }

/* Shared. */
struct pm_bits {
    uint64_t taken[PM_BIT_WORDS]; /* by the owner of the span */
    uint64_t given[PM_BIT_WORDS]; /* back, by others */
};

enum pm_unit_state {
    PM_UNIT_FREE = 0,    /* with memory, or never used */
    PM_UNIT_HOLE = 1,    /* free; its memory must be allocated before it is touched */
    PM_UNIT_CLAIMED = 2, /* on its way to or from one of the following, in the hands of a record */
    PM_UNIT_SPAN = 3,    /* the first of a span */
    PM_UNIT_LARGE = 4,   /* the first of a large object */
    PM_UNIT_BODY = 5,    /* a further one of either */
};

/*
 * A unit's word: state, then for a CLAIMED, SPAN or LARGE one: class << 4 | owner << 12 | length in units << 32.  The owner is the index + 1 of
 * the record that allocates from the span, or 0.  A BODY has: number of its run's claim << 4 | units since the first << 36.  While there is a BODY, the
 * first of its run is CLAIMED, SPAN or LARGE: it becomes so before them, and is given back after them.  Claims are counted in the header, by all together.
 */
#define PM_OWNER_MAX UINT32_C(0xfffff)
static inline uint64_t pm_unit_word(enum pm_unit_state state, uint32_t class_, uint32_t owner, uint64_t length)
{
    return (uint64_t)state | (uint64_t)class_ << 4 | (uint64_t)owner << 12 | length << 32;
}
static inline uint64_t pm_unit_body(uint32_t claim, uint64_t distance) { return (uint64_t)PM_UNIT_BODY | (uint64_t)claim << 4 | distance << 36; }
static inline enum pm_unit_state pm_unit_state(uint64_t word) { return (enum pm_unit_state)(word & 15); }
static inline uint32_t pm_unit_class(uint64_t word) { return (uint32_t)(word >> 4) & 255; }
static inline uint32_t pm_unit_owner(uint64_t word) { return (uint32_t)(word >> 12) & PM_OWNER_MAX; }
static inline uint64_t pm_unit_length(uint64_t word) { return word >> 32; }
static inline uint64_t pm_unit_distance(uint64_t body) { return body >> 36; }
static inline uint64_t pm_unit_owned_by(uint64_t word, uint32_t owner) { return (word & ~((uint64_t)PM_OWNER_MAX << 12)) | (uint64_t)owner << 12; }

/* ---- size classes ---- */

struct pm_class {
    uint32_t stride, units, capacity;
    uint64_t inverse; /* ceil(2^40 / stride): (bytes * inverse) >> 40 is bytes / stride, for all bytes of a span */
};
extern const struct pm_class pm_classes[PM_CLASSES];

/* The class whose stride holds `bytes`, 1 to PM_SMALL_MAX: 16 bytes apart up to 128, then eight to a doubling. */
static inline uint32_t pm_class_of(uint64_t bytes)
{
    if (bytes <= 128)
        return (uint32_t)(bytes + 15) / 16 - 1;
    uint32_t log = 63u - (uint32_t)__builtin_clzll(bytes - 1);
    return 8 * (log - 7) + (uint32_t)((bytes - 1) >> (log - 3));
}

/* ---- where it all is ---- */

/* Offsets from the start of the header. */
struct pm_heap_places {
    uint64_t hints, summary, records, words, bits, end;
};
static inline uint64_t pm_heap_units(uint64_t bytes) { return bytes >> PM_UNIT_SHIFT; }
void pm_heap_arrange(uint64_t begin, uint64_t reserved, struct pm_heap_places *places);

/* Bytes that describe a heap of which so much has memory. */
static inline uint64_t pm_heap_metadata(const struct pm_heap_places *places, uint64_t backed, uint64_t records)
{
    return places->records - places->hints + records * sizeof(struct pm_record) + backed * (sizeof(uint64_t) + sizeof(struct pm_bits));
}

/*
 * ---- guards ----
 *
 * The last 8 bytes of an object's room say how much of it the object leaves, who allocated it, and when, made unlikely; and 8 bytes right behind the object, where
 * there is room, are what they must be.  A large object leaves more than there are bits for: its guard is its size, and the rest is in the bits of its first unit, which
 * are of no other use.
 */
#define PM_NOTE_ROOM_BITS 15   /* of what is left */
#define PM_NOTE_OWNER_BITS 16  /* of pm_slot.attachment */
#define PM_NOTE_TIME_BITS 22   /* of seconds since the segment was created, in units of 1 << PM_NOTE_TIME_SHIFT: 194 days */
#define PM_NOTE_TIME_SHIFT 2
#define PM_NOTE_BITS (PM_NOTE_ROOM_BITS + PM_NOTE_OWNER_BITS + PM_NOTE_TIME_BITS) /* those above are 0 */
static inline uint64_t pm_guard_key(uint64_t secret, uint64_t off) { return secret ^ (off + 1) * UINT64_C(0x9e3779b97f4a7c15); }
/* So that another first byte, which is the first to be written over, makes all of it another. */
static inline uint64_t pm_guard_hide(uint64_t key, uint64_t note) { return (note ^ key) * UINT64_C(0x9e3779b97f4a7c15); }
static inline uint64_t pm_guard_show(uint64_t key, uint64_t guard) { return (guard * UINT64_C(0xf1de83e19937733d)) ^ key; }
/* What a note has of an attachment's number. */
static inline uint64_t pm_note_attachment(uint64_t number) { return number & ((UINT64_C(1) << PM_NOTE_OWNER_BITS) - 1); }
/* All but what is left. */
static inline uint64_t pm_note_of(uint64_t attachment, uint64_t seconds)
{
    return pm_note_attachment(attachment) << PM_NOTE_ROOM_BITS |
           (seconds >> PM_NOTE_TIME_SHIFT & ((UINT64_C(1) << PM_NOTE_TIME_BITS) - 1)) << (PM_NOTE_ROOM_BITS + PM_NOTE_OWNER_BITS);
}
static inline uint64_t pm_note_room(uint64_t note) { return note & ((UINT64_C(1) << PM_NOTE_ROOM_BITS) - 1); }
static inline uint64_t pm_note_owner(uint64_t note) { return pm_note_attachment(note >> PM_NOTE_ROOM_BITS); }
static inline uint64_t pm_note_time(uint64_t note) { return note >> (PM_NOTE_ROOM_BITS + PM_NOTE_OWNER_BITS) & ((UINT64_C(1) << PM_NOTE_TIME_BITS) - 1); }

/* ---- counting ---- */

/* Process-local.  What a look through all units adds up to. */
struct pm_tally {
    struct {
        uint64_t spans, objects, bytes;
    } classes[PM_CLASSES];
    uint64_t large_objects, large_bytes, free_bytes, hole_bytes, claimed_bytes, span_bytes, run, largest_free;
    uint64_t odd;                     /* units whose word makes no sense */
    uint64_t body;                    /* units that the last first one still covers */
    uint32_t spans[PM_RECORDS + 1];   /* by owner */
    uint64_t held[PM_RECORDS + 1];    /* bytes of them */
};

/* Units in their order, each with its word, and with its bits if the word is of a span. */
void pm_tally_unit(struct pm_tally *tally, uint64_t word, const struct pm_bits *bits);
/* After them, memory that no unit describes yet: nobody has wanted it. */
void pm_tally_rest(struct pm_tally *tally, uint64_t bytes);
static inline uint64_t pm_tally_used(const struct pm_tally *tally)
{
    uint64_t used = tally->large_bytes;
    for (uint32_t i = 0; i < PM_CLASSES; i++)
        used += tally->classes[i].objects * pm_classes[i].stride;
    return used;
}
/* Live objects of a span of this class. */
uint32_t pm_bits_live(const struct pm_bits *bits, uint32_t class_);

static_assert(PM_HEAP_RESERVED_MAX >> PM_UNIT_SHIFT <= UINT64_C(1) << 28, "distance of a BODY");
static_assert(sizeof(struct pm_record) == 128, "record");
static_assert(sizeof(struct pm_bits) == 256, "bits");

#endif
