/* SPDX-License-Identifier: MIT */
/*
 * mutate.c - new inputs from old ones, by what layout.h says an object holds.
 *
 * libFuzzer's hooks, so that both engines change fields and records rather than bytes.  The same seed makes the same input.
 */
#include "fuzz.h"

#include "places.h"

#include <string.h>

struct field {
    uint16_t at, size;
};
#define F(type, name) { offsetof(struct type, name), sizeof(((struct type *)0)->name) }

static const struct field header_fields[] = {
    F(pm_header, magic), F(pm_header, version), F(pm_header, page_size), F(pm_header, generation), F(pm_header, header_len),
    F(pm_header, base), F(pm_header, reserved), F(pm_header, slot_count), F(pm_header, root_count), F(pm_header, event_count),
    F(pm_header, flags), F(pm_header, slots_off), F(pm_header, roots_off), F(pm_header, events_off), F(pm_header, created_ns),
    F(pm_header, creator_pid), F(pm_header, creator_start), F(pm_header, creator_name), F(pm_header, ahead),
    /* Twice: what changes while a segment lives. */
    F(pm_header, active), F(pm_header, target), F(pm_header, horizon), F(pm_header, epoch), F(pm_header, cut_epoch),
    F(pm_header, active), F(pm_header, target), F(pm_header, horizon), F(pm_header, epoch), F(pm_header, cut_epoch),
    F(pm_header, populate_epoch), F(pm_header, slots_used), F(pm_header, intent.op),
    F(pm_header, intent.slot), F(pm_header, intent.from), F(pm_header, intent.to), F(pm_header, lock), F(pm_header, lock_slot),
    F(pm_header, registry_lock), F(pm_header, registry_slot), F(pm_header, bell), F(pm_header, identity.device),
    F(pm_header, identity.inode), F(pm_header, identity.born_ns), F(pm_header, identity.boot), F(pm_header, outstanding), F(pm_header, change), F(pm_header, pin_waiter), F(pm_header, event_head),
};
static const struct field slot_fields[] = {
    F(pm_slot, tag), F(pm_slot, tag), F(pm_slot, pid), F(pm_slot, uid), F(pm_slot, start_time), F(pm_slot, pidns), F(pm_slot, pidfd_ino),
    F(pm_slot, life), F(pm_slot, life), F(pm_slot, flags), F(pm_slot, base), F(pm_slot, mapped), F(pm_slot, requested), F(pm_slot, requested),
    F(pm_slot, remap), F(pm_slot, requested_ns), F(pm_slot, acked), F(pm_slot, method), F(pm_slot, error), F(pm_slot, latency_ns),
    F(pm_slot, pin), F(pm_slot, unstopped), F(pm_slot, attached_ns), F(pm_slot, populated), F(pm_slot, name),
};
static const struct field root_fields[] = {
    F(pm_root, tag), F(pm_root, version), F(pm_root, off), F(pm_root, off), F(pm_root, size), F(pm_root, size), F(pm_root, name), F(pm_root, type),
};
static const struct field event_fields[] = {
    F(pm_event, seq), F(pm_event, seq), F(pm_event, time_ns), F(pm_event, epoch), F(pm_event, kind), F(pm_event, method),
    F(pm_event, slot), F(pm_event, by), F(pm_event, pid), F(pm_event, error), F(pm_event, size), F(pm_event, ns),
};
#define COUNT(array) (sizeof(array) / sizeof *(array))

static uint64_t state;

static uint64_t chance(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % below;
}

/* ---- where ---- */

/* What the counts of an image are, as far as they can be true, and where its records are then. */
struct tables {
    uint64_t slots, roots, events;
    struct pm_places places;
};

static uint32_t word_at(const uint8_t *bytes, size_t size, size_t at)
{
    uint32_t word = 0;
    if (at + sizeof word <= size)
        memcpy(&word, bytes + at, sizeof word);
    return word;
}

static struct tables tables_for(uint64_t slots, uint64_t roots, uint64_t events)
{
    const struct pm_header counts = { .slot_count = (uint32_t)slots, .root_count = (uint32_t)roots, .event_count = (uint32_t)events, .page_size = 4096 };
    struct tables t = { .slots = slots, .roots = roots, .events = events };
    pm_places_find(&counts, &t.places);
    return t;
}

static struct tables tables_of(const uint8_t *bytes, size_t size)
{
    struct tables t = { .slots = word_at(bytes, size, offsetof(struct pm_header, slot_count)),
                        .roots = word_at(bytes, size, offsetof(struct pm_header, root_count)),
                        .events = word_at(bytes, size, offsetof(struct pm_header, event_count)) };
    t.slots = t.slots == 0 || t.slots > 16 ? 4 : t.slots;
    t.roots = t.roots == 0 || t.roots > 64 ? 4 : t.roots;
    t.events = t.events == 0 || t.events > 64 ? 16 : t.events;
    return tables_for(t.slots, t.roots, t.events);
}

/* One of `count` records from `first` on: rather one that is in use, where its tag says so. */
static uint64_t some_record(const uint8_t *bytes, size_t size, uint64_t first, uint64_t count, size_t length)
{
    uint64_t at = 0;
    for (int i = 0; i < 4; i++) {
        at = first + chance(count) * length;
        if (bytes && at < size && bytes[at] != PM_FREE)
            break;
    }
    return at;
}

/* A field of a record, as an offset in the object. */
static struct field somewhere(struct tables t, const uint8_t *bytes, size_t size)
{
    const struct pm_places *places = &t.places;
    struct field field;
    uint64_t record = 0;
    switch (chance(8)) {
    case 0:
    case 1:
        field = slot_fields[chance(COUNT(slot_fields))];
        record = some_record(bytes, size, places->slots, t.slots, sizeof(struct pm_slot));
        break;
    case 2:
    case 3:
        field = root_fields[chance(COUNT(root_fields))];
        record = some_record(bytes, size, places->roots, 1 + t.roots, sizeof(struct pm_root));
        break;
    case 4:
        field = event_fields[chance(COUNT(event_fields))];
        record = places->events + chance(t.events) * sizeof(struct pm_event);
        break;
    default: field = header_fields[chance(COUNT(header_fields))];
    }
    field.at = (uint16_t)(field.at + record);
    return field;
}

/* ---- what ---- */

static uint64_t strange_number(void)
{
    static const uint64_t numbers[] = {
        0, 1, 2, 3, 4, 7, 16, 0xff, 4095, 4096, 4097, 8192, 65536, 65537, 1 << 20, (1 << 20) + 4096, PM_SLOTS_MAX, PM_NO_SLOT,
        INT32_MAX, UINT32_MAX, PM_FUTEX_TID, PM_FUTEX_DIED, PM_FUTEX_WAITERS, FUZZ_SELF_PID, FUZZ_SELF_PID | PM_FUTEX_WAITERS,
        PM_RESERVED_MAX, PM_RESERVED_MAX + 4096, PM_ACTIVE_BYTES, PM_ACTIVE_BYTES | PM_ACTIVE_CLOSED, PM_PIN_ONE, PM_PIN_ONE | 65536,
        UINT64_C(1) << 32, UINT64_C(1) << 53, INT64_MAX, UINT64_C(1) << 63, UINT64_MAX, UINT64_C(0x7e8000000000), UINT64_C(0x7ffffffff000),
    };
    switch (chance(6)) {
    case 0: return (uint64_t)-(int64_t)(4096 * (1 + chance(128)));
    case 1: return UINT64_C(1) << chance(64);
    case 2: return chance(256) << 8 | chance(4);
    case 3: return 4096 * chance(512);
    default: return numbers[chance(COUNT(numbers))];
    }
}

static uint64_t read_field(const uint8_t *bytes, size_t size, struct field field)
{
    uint64_t value = 0;
    const size_t width = field.size < 8 ? field.size : 8;
    if (field.at + width <= size)
        memcpy(&value, bytes + field.at, width);
    return value;
}

/* A value for a field that has `now`, in an image whose other fields may have it already. */
static uint64_t new_value(uint64_t now, const uint8_t *bytes, size_t size)
{
    uint64_t a, b;
    size_t width;
    switch (chance(8)) {
    case 0: return now ^ UINT64_C(1) << chance(64);
    case 1: return now + chance(9) - 4;
    case 2: return now + 4096 * (chance(9) - 4);
    case 3:
    case 4:
        if (fuzz_compared((unsigned int)chance(256), &a, &b, &width))
            return (now == a ? b : a) + (chance(3) == 0 ? chance(3) - 1 : 0);
        return strange_number();
    case 5: return bytes ? read_field(bytes, size, somewhere(tables_of(bytes, size), bytes, size)) : strange_number();
    default: return strange_number();
    }
}

/* ---- images ---- */

/* Fills names as well as numbers.  The image's end moves where the field lies behind it. */
static size_t write_field(uint8_t *bytes, size_t size, size_t most, struct field field, uint64_t value)
{
    const size_t end = (size_t)field.at + field.size;
    if (end > most)
        return size;
    if (end > size)
        memset(bytes + size, 0, end - size);
    if (field.size > 8) {
        memset(bytes + field.at, (int)(value & 0xff), chance(2) ? field.size : chance(field.size + 1u));
        memcpy(bytes + field.at, &value, chance(2) ? 0 : chance(9));
    } else {
        memcpy(bytes + field.at, &value, field.size);
    }
    return end > size ? end : size;
}

static void copy_record(uint8_t *bytes, size_t size, uint64_t first, uint64_t count, size_t length)
{
    const uint64_t from = first + chance(count) * length, to = first + chance(count) * length;
    if (from + length <= size && to + length <= size)
        memmove(bytes + to, bytes + from, length);
}

/* Wherever one of two compared values is found, there goes the other. */
static void satisfy(uint8_t *bytes, size_t size)
{
    uint64_t a, b;
    size_t width;
    if (!fuzz_compared((unsigned int)chance(256), &a, &b, &width) || size < width)
        return;
    const size_t start = chance(size) / 4 * 4;
    for (size_t i = 0; i < size; i += 4) {
        const size_t at = (start + i) % (size / 4 * 4);
        if (at + width <= size && memcmp(bytes + at, &a, width) == 0) {
            memcpy(bytes + at, &b, width);
            return;
        }
    }
}

static size_t mutate_image(uint8_t *bytes, size_t size, size_t most)
{
    const struct tables t = tables_of(bytes, size);
    const struct field field = somewhere(t, bytes, size);
    switch (chance(16)) {
    case 0: copy_record(bytes, size, t.places.slots, t.slots, sizeof(struct pm_slot)); return size;
    case 1: copy_record(bytes, size, t.places.roots, t.roots, sizeof(struct pm_root)); return size;
    case 2: satisfy(bytes, size); return size;
    case 3: return LLVMFuzzerMutate(bytes, size, most);
    default: return write_field(bytes, size, most, field, new_value(read_field(bytes, size, field), bytes, size));
    }
}

/* Other counts, and the places that go with them: else nearly every change of a count is refused at the first look. */
static size_t rearrange(uint8_t *bytes, size_t size, size_t most, uint32_t *length)
{
    struct pm_header h;
    struct pm_places places;
    if (size < sizeof h || most < sizeof h)
        return size;
    memcpy(&h, bytes, sizeof h);
    h.slot_count = (uint32_t)(1 + chance(chance(4) ? 8 : PM_SLOTS_MAX));
    h.root_count = (uint32_t)(1 + chance(chance(4) ? 8 : 4096));
    h.event_count = UINT32_C(1) << chance(chance(4) ? 6 : 21);
    h.page_size = 4096;
    h.flags &= ~(uint32_t)(PM_SEGMENT_HEAP | PM_SEGMENT_HUGE);
    pm_places_find(&h, &places);
    pm_places_write(&places, &h);
    h.base = UINT64_C(0x7e8000000000) + h.header_len;
    *length = (uint32_t)(h.header_len + 65536);
    memcpy(bytes, &h, sizeof h);
    return size;
}

static uint32_t new_length(uint32_t now)
{
    switch (chance(4)) {
    case 0: return (uint32_t)chance(FUZZ_OBJECT_MAX);
    case 1: return (uint32_t)(4096 * chance(40));
    default: return now - (uint32_t)chance(now + UINT64_C(4096));
    }
}

static size_t mutate_object(uint8_t *input, size_t size, size_t most)
{
    struct fuzz_image head = { 0 };
    if (size < sizeof head)
        return most < sizeof head ? size : (memset(input, 0, sizeof head), sizeof head);
    memcpy(&head, input, sizeof head);
    if (chance(16) == 0)
        size = sizeof head + rearrange(input + sizeof head, size - sizeof head, most - sizeof head, &head.length);
    if (chance(12) == 0)
        head.length = new_length(head.length);
    if (chance(4) == 0)
        head.calls = (uint32_t)chance(UINT32_MAX);
    if (chance(16) != 0)
        head.calls &= ~FUZZ_SLOW;
    memcpy(input, &head, sizeof head);
    return sizeof head + mutate_image(input + sizeof head, size - sizeof head, most - sizeof head);
}

/* ---- scripts ---- */

static size_t length_of(const uint8_t *script, size_t size, size_t at)
{
    struct fuzz_step step;
    if (at + sizeof step > size)
        return size - at;
    memcpy(&step, script + at, sizeof step);
    const size_t whole = sizeof step + (step.what % FUZZ_WHATS == FUZZ_IMAGE ? size : step.length);
    return whole < size - at ? whole : size - at;
}

/* Where a step begins; the end, too. */
static size_t some_step(const uint8_t *script, size_t size)
{
    size_t starts[64] = { 1 }, count = 1;
    for (size_t at = 1; at < size && count < COUNT(starts); count++)
        starts[count] = at += length_of(script, size, at);
    return starts[chance(count)] < size ? starts[chance(count)] : size;
}

static size_t make_step(uint8_t out[64])
{
    const struct field field = somewhere(tables_for(4, 4, 16), NULL, 0);
    struct fuzz_step step = { .what = FUZZ_CALL, .argument = (uint16_t)chance(FUZZ_CALLS) };
    const uint64_t value = new_value(0, NULL, 0);
    const uint8_t word[] = { (uint8_t)chance(FUZZ_LIVES), (uint8_t)(chance(3) ? 0 : chance(9) - 4), field.size == 4 };
    if (chance(5) > 1) {
        const bool is_live = chance(3) == 0;
        step.what = is_live ? FUZZ_WORD : FUZZ_PATCH;
        step.argument = field.at / 4;
        step.length = is_live ? sizeof word : (uint8_t)(field.size < 8 ? 4 : 8);
    }
    memcpy(out, &step, sizeof step);
    memcpy(out + sizeof step, step.what == FUZZ_WORD ? (const void *)word : &value, step.length);
    return sizeof step + step.length;
}

static size_t insert(uint8_t *script, size_t size, size_t most, const uint8_t *bytes, size_t length)
{
    const size_t at = some_step(script, size);
    if (size + length > most)
        return size;
    memmove(script + at + length, script + at, size - at);
    memcpy(script + at, bytes, length);
    return size + length;
}

static size_t mutate_script(uint8_t *script, size_t size, size_t most)
{
    uint8_t fresh[256 + sizeof(struct fuzz_step)];
    if (size == 0) {
        script[0] = 0;
        size = 1;
    }
    const size_t at = some_step(script, size), length = at < size ? length_of(script, size, at) : 0;
    switch (chance(10)) {
    case 0:
        memmove(script + at, script + at + length, size - at - length);
        return size - length;
    case 1:
        if (length == 0 || length > sizeof fresh)
            break;
        memcpy(fresh, script + at, length);
        return insert(script, size, most, fresh, length);
    case 2: script[0] = (uint8_t)chance(8); return size;
    case 3:
    case 4:
        if (length > sizeof(struct fuzz_step)) { /* another value in its patch */
            const size_t word = at + sizeof(struct fuzz_step), room = length - sizeof(struct fuzz_step);
            const uint64_t value = strange_number();
            memcpy(script + word + (room > 8 ? chance(room / 8) * 8 : 0), &value, room < 8 ? room : 8);
            return size;
        }
        break;
    default: break;
    }
    return insert(script, size, most, fresh, make_step(fresh));
}

/* ---- the hooks ---- */

size_t LLVMFuzzerCustomMutator(uint8_t *input, size_t size, size_t most, unsigned int seed)
{
    state = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252u;
    for (uint64_t times = 1 + chance(chance(3) ? 3 : 10); times > 0; times--)
        size = fuzz_plays_scripts ? mutate_script(input, size, most) : mutate_object(input, size, most);
    return size;
}

/* Images: some aligned words are the other's.  Scripts: the beginning of one, the end of the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out, size_t most,
                                 unsigned int seed)
{
    state = (uint64_t)seed * UINT64_C(0x9e3779b97f4a7c15) + 88172645463325252u;
    if (fuzz_plays_scripts) {
        const size_t until = some_step(a, a_size), since = some_step(b, b_size);
        const size_t rest = until + (b_size - since) > most ? most - until : b_size - since;
        memcpy(out, a, until);
        memcpy(out + until, b + since, rest);
        return until + rest;
    }
    memcpy(out, a, a_size);
    const uint64_t every = 1 + chance(40);
    for (size_t at = 0; at + 8 <= a_size && at + 8 <= b_size; at += 8)
        if (chance(every) == 0)
            memcpy(out + at, b + at, 8);
    return a_size;
}
