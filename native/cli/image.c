/* SPDX-License-Identifier: MIT */
/* image.c - the bytes of a segment as they were at one moment, in another file. */
#include "image.h"

#include "heap.h"
#include "out.h"
#include "peermap.h"
#include "places.h"
#include "snapshot.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (UINT64_C(1) << 20)
#define BLOCK UINT64_C(4096)
#define ROUNDS_MOST 8u
#define UNITS_AT_ONCE 4096u

/* Bytes that do not count, from the start. */
struct span {
    uint64_t begin, end;
};

/* One round of looks.  Process-local. */
struct round {
    struct image *image;
    struct span void_;
    bool changed;
    char *read, *kept; /* a chunk each */
};

/* ---- copying ---- */

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* What is past the end is zero. */
static int read_chunk(int fd, uint64_t at, char *into, size_t length)
{
    const ssize_t got = pmo_read(fd, at, into, length);
    if (got < 0)
        return (int)-got;
    memset(into + got, 0, length - (size_t)got);
    return 0;
}

static int write_all(int fd, uint64_t at, const char *bytes, size_t length)
{
    while (length > 0) {
        const ssize_t put = pwrite(fd, bytes, length, (off_t)at);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return put < 0 ? errno : EIO;
        at += (uint64_t)put;
        bytes += put;
        length -= (size_t)put;
    }
    return 0;
}

/* Whether anything of a block differs that counts. */
static bool counts(const struct round *round, uint64_t at, const char *a, const char *b, size_t length)
{
    const uint64_t begin = round->void_.begin > at ? least(round->void_.begin - at, length) : 0;
    const uint64_t end = round->void_.end > at ? least(round->void_.end - at, length) : 0;
    return memcmp(a, b, begin) != 0 || memcmp(a + end, b + end, length - end) != 0;
}

/* Each block that differs is written.  0 or errno. */
static int look_at(struct round *round, uint64_t at, size_t length)
{
    struct image *image = round->image;
    image->reading = true;
    int error = read_chunk(image->from, at, round->read, length);
    if (error != 0)
        return error;
    image->reading = false;
    error = read_chunk(image->to, at, round->kept, length);
    for (size_t i = 0; i < length && error == 0; i += BLOCK) {
        const size_t block = (size_t)least(BLOCK, length - i);
        if (memcmp(round->read + i, round->kept + i, block) == 0)
            continue;
        round->changed = round->changed || counts(round, at + i, round->read + i, round->kept + i, block);
        error = write_all(image->to, at + i, round->read + i, block);
    }
    return error;
}

/* From `at` on, where either has something other than a hole: elsewhere both are zero. */
static uint64_t next_written(const struct image *image, uint64_t at)
{
    uint64_t from = image->length, to = image->length, end;
    if (!pm_object_written(image->from, at, image->length, &from, &end))
        from = image->length;
    if (!pm_object_written(image->to, at, image->length, &to, &end))
        to = image->length;
    const uint64_t next = least(from, to);
    return next < image->length ? next / BLOCK * BLOCK : image->length;
}

static int match_length(struct round *round)
{
    struct image *image = round->image;
    struct stat facts;
    if (fstat(image->from, &facts) != 0)
        return errno;
    const bool same = (uint64_t)facts.st_size == image->length;
    image->length = (uint64_t)facts.st_size;
    round->changed = round->changed || !same;
    return ftruncate(image->to, facts.st_size) == 0 ? 0 : errno;
}

static int look(struct round *round)
{
    struct image *image = round->image;
    round->changed = false;
    int error = match_length(round);
    for (uint64_t at = 0; error == 0 && (at = next_written(image, at)) < image->length; at += CHUNK)
        error = look_at(round, at, (size_t)least(CHUNK, image->length - at));
    return error ? error : match_length(round);
}

/* What is wrong with it is said by image_fault(). */
static bool read_header(int fd, struct pm_header *header, struct pm_places *places)
{
    struct stat facts;
    struct pmo_problems problems = { 0 };
    const bool readable = pmo_header_read(fd, header, &facts, &problems);
    pmo_problems_free(&problems);
    if (readable)
        pm_places_find(header, places);
    return readable;
}

/* Where the header says so; its constant part is all that this goes by. */
static struct span void_of(int fd)
{
    struct pm_header header;
    struct pm_places places;
    return read_header(fd, &header, &places) ? (struct span){ PM_EVERYBODYS, places.everybodys_end } : (struct span){ 0, 0 };
}

int image_take(struct image *image)
{
    struct round round = { .image = image, .void_ = void_of(image->from), .read = need(malloc(CHUNK)), .kept = need(malloc(CHUNK)) };
    int error = 0;
    image->whole = false;
    for (image->rounds = 0; error == 0 && image->rounds < ROUNDS_MOST && !image->whole; image->rounds++) {
        error = look(&round);
        image->whole = error == 0 && image->rounds > 0 && !round.changed;
    }
    free(round.read);
    free(round.kept);
    return error;
}

/* ---- its memory ---- */

/* Units that the heap calls holes have no memory in a segment, either. */
static int allocate_units(int fd, const struct pm_places *places, uint64_t data, uint64_t from, uint64_t to)
{
    uint64_t *words = need(calloc(UNITS_AT_ONCE, sizeof *words));
    int error = read_chunk(fd, places->heap.words + from * sizeof *words, (char *)words, (to - from) * sizeof *words);
    for (uint64_t i = from, end; i < to && error == 0; i = end) {
        const bool hole = pm_unit_state(words[i - from]) == PM_UNIT_HOLE;
        for (end = i + 1; end < to && (pm_unit_state(words[end - from]) == PM_UNIT_HOLE) == hole;)
            end++;
        error = hole ? 0 : pm_object_fill(fd, data + i * PM_UNIT, data + end * PM_UNIT, 0);
    }
    free(words);
    return error;
}

static int allocate_heap(int fd, const struct pm_header *header, const struct pm_places *places)
{
    const uint64_t units = pm_heap_units(pmo_active(header)), backed = least(header->heap.backed, units);
    const uint64_t words = places->heap.words + backed * sizeof(uint64_t), bits = places->heap.bits + backed * sizeof(struct pm_bits);
    const uint64_t records = places->heap.records + least(header->heap.records_used, PM_RECORDS) * sizeof(struct pm_record);
    int error = pm_object_fill(fd, places->heap.records, records, 0);
    if (error == 0)
        error = pm_object_fill(fd, places->heap.words, words, 0);
    if (error == 0)
        error = pm_object_fill(fd, places->heap.bits, bits, 0);
    const uint32_t roots = pm_roots_opened(header, header->root_count); /* records, the first of which are elsewhere */
    if (error == 0 && roots > 1 + PM_ROOTS_FIRST)
        error = pm_object_fill(fd, places->more_roots, pm_root_place(places, roots), 0);
    for (uint64_t at = 0, end; at < backed && error == 0; at = end) {
        end = least(at + UNITS_AT_ONCE, backed);
        error = allocate_units(fd, places, header->header_len, at, end);
    }
    return error ? error : pm_object_fill(fd, header->header_len + backed * PM_UNIT, header->header_len + pmo_active(header), 0);
}

int image_allocate(int fd)
{
    struct pm_header header;
    struct pm_places places;
    if (!read_header(fd, &header, &places))
        return EINVAL;
    const int error = pm_object_fill(fd, 0, places.plain_len, 0);
    if (error != 0 || (header.flags & PM_SEGMENT_HEAP) != 0)
        return error ? error : allocate_heap(fd, &header, &places);
    return pm_object_fill(fd, header.header_len, header.header_len + pmo_active(&header), 0);
}

/* ---- whether it is one ---- */

static bool is_damage(enum pmo_problem_code code)
{
    return code == PMO_NOT_A_SEGMENT || code == PMO_OTHER_VERSION || code == PMO_TRUNCATED || code == PMO_BAD_FIELD || code == PMO_BAD_SLOT || code == PMO_BAD_ROOT;
}

/* Without the remedy, which is one for objects. */
static char *first_damage(const struct pmo_problems *problems, int *code)
{
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct pmo_problem *problem = &problems->list[i];
        if (!is_damage(problem->code))
            continue;
        *code = problem->code == PMO_OTHER_VERSION ? PEERMAP_EVERSION : PEERMAP_EFORMAT;
        return text_of("%s: %.*s", problem->where, (int)strcspn(problem->text, problem->code == PMO_TRUNCATED ? ";" : ""), problem->text);
    }
    return NULL;
}

/* What a snapshot has not: all of the roots, and the heap. */
static char *table_fault(const struct pmo_observer *observer, int *code, uint64_t *roots)
{
    struct pmo_problems problems = { 0 };
    struct pm_root *list = NULL;
    size_t count = 0;
    struct pmo_heap *heap = need(calloc(1, sizeof *heap));
    *code = pmo_roots_all(observer, &list, &count, &problems);
    if (*code == 0)
        *code = pmo_heap_take(observer, heap, &problems);
    char *fault = *code ? text_of("its roots and its heap cannot be read") : first_damage(&problems, code);
    *roots = count;
    free(list);
    pmo_problems_free(&problems);
    pmo_heap_free(heap);
    free(heap);
    return fault;
}

char *image_fault(int fd, int *code, uint64_t *active, uint64_t *roots)
{
    const struct pmo_observer observer = { .fd = fd };
    struct pmo_snapshot snapshot;
    *code = pmo_snapshot_take(&observer, PMO_REGISTRY, &snapshot);
    if (*code != 0)
        return text_of("%s", peermap_last_error());
    const struct pm_header *h = &snapshot.header;
    char *fault = first_damage(&snapshot.problems, code);
    *code = fault ? *code : PEERMAP_EFORMAT;
    if (!fault && !snapshot.readable)
        fault = text_of("it cannot be read as a segment");
    if (!fault && (uint64_t)snapshot.object.st_size - h->header_len > h->reserved)
        fault = text_of("it is longer than its header says that it can ever be");
    *active = pmo_active(h);
    pmo_snapshot_free(&snapshot);
    return fault ? fault : table_fault(&observer, code, roots);
}
