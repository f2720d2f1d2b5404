/* SPDX-License-Identifier: MIT */
/*
 * index.c - the index's structure: finding, walking, adding.  Needs peermap.h only.
 *
 * Memory orders: every pointer is published by a release store and followed after an acquire load of the same word, so whoever
 * sees the pointer sees what it points to.  The writer reads its own words relaxed.
 */
#include "index.h"

#include <string.h>

#define GUARD UINT64_C(0x6472617567207469)

uint64_t index_hash(const char *text, size_t length)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
    hash ^= hash >> 32; /* FNV leaves its top bits, which choose the first steps, poorly mixed */
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

static bool same_key(const struct index_key *key, uint64_t hash, const char *text, size_t length)
{
    return key->hash == (uint32_t)hash && key->length == length && memcmp(key->text, text, length) == 0;
}

/* ---- reading ---- */

static bool inside(const struct index_view *view, const void *at, size_t size)
{
    uintptr_t off = (uintptr_t)at - (uintptr_t)view->base;
    return off < view->pinned && size <= view->pinned - off;
}

static enum index_state look(peermap_segment *segment, size_t pinned, struct index_view *view)
{
    size_t size = 0;
    const struct index *index = peermap_root(segment, INDEX_ROOT, &size);
    *view = (struct index_view){ .index = index, .base = peermap_base(segment), .pinned = pinned };
    if (index == NULL)
        return INDEX_ABSENT;
    if (size < sizeof *index || !inside(view, index, sizeof *index) || index->magic != INDEX_MAGIC)
        return INDEX_FOREIGN;
    /* `used` may have grown since the pin; then so has the segment, and what matters is whether it fits now. */
    if (atomic_load_explicit(&index->used, memory_order_acquire) > peermap_size(segment))
        return INDEX_CUT;
    return INDEX_READY;
}

enum index_state index_enter(peermap_segment *segment, struct index_view *view)
{
    enum index_state state = look(segment, peermap_pin(segment), view);
    if (state != INDEX_READY)
        peermap_unpin(segment);
    return state;
}

void index_leave(peermap_segment *segment)
{
    peermap_unpin(segment);
}

static const struct index_key *follow(const struct index_view *view, const _Atomic(struct index_key *) *link)
{
    const struct index_key *key = atomic_load_explicit(link, memory_order_acquire);
    return key != NULL && inside(view, key, sizeof *key) && inside(view, key->text, key->length) ? key : NULL;
}

const struct index_word *index_find(const struct index_view *view, const char *word, size_t length)
{
    uint64_t hash = index_hash(word, length);
    uint64_t path = hash;
    const struct index_key *key = follow(view, &view->index->words);
    while (key != NULL && !same_key(key, hash, word, length)) {
        key = follow(view, &key->child[path >> 62]);
        path <<= 2;
    }
    return (const struct index_word *)key;
}

const struct index_version *index_current(const struct index_view *view, const struct index_file *file)
{
    const struct index_version *version = atomic_load_explicit(&file->current, memory_order_acquire);
    return version != NULL && inside(view, version, sizeof *version) ? version : NULL;
}

static bool counts(const struct index_view *view, const struct index_version *version)
{
    return inside(view, version, sizeof *version) && inside(view, version->file, sizeof *version->file) &&
           index_current(view, version->file) == version;
}

void index_postings(const struct index_view *view, const struct index_word *word, index_posting_visitor *each, void *context,
                    uint64_t *stale)
{
    const struct index_chunk *chunk = atomic_load_explicit(&word->postings, memory_order_acquire);
    for (; chunk != NULL && inside(view, chunk, sizeof *chunk); chunk = chunk->older) {
        uint32_t length = atomic_load_explicit(&chunk->length, memory_order_acquire);
        if (!inside(view, chunk->postings, length * sizeof chunk->postings[0]))
            continue;
        for (uint32_t i = 0; i < length; i++) {
            const struct index_posting *posting = &chunk->postings[i];
            if (counts(view, posting->version))
                each(context, posting->version, posting->count);
            else if (stale != NULL)
                ++*stale;
        }
    }
}

static void walk(const struct index_view *view, const _Atomic(struct index_key *) *link, unsigned depth, index_key_visitor *each,
                 void *context)
{
    const struct index_key *key = follow(view, link);
    if (key == NULL)
        return;
    each(context, key, depth);
    for (int i = 0; i < 4; i++)
        walk(view, &key->child[i], depth + 1, each, context);
}

void index_walk(const struct index_view *view, const _Atomic(struct index_key *) *trie, index_key_visitor *each, void *context)
{
    walk(view, trie, 1, each, context);
}

/* ---- writing ---- */

static uint64_t *guard_at(struct index *index, uint64_t used)
{
    return (uint64_t *)(void *)((char *)index + used);
}

static uint64_t used_now(const struct index *index)
{
    return atomic_load_explicit(&index->used, memory_order_relaxed);
}

/* Pins `end` bytes of the data, growing the segment if it is smaller. */
static int reserve(struct index_writer *writer, size_t end)
{
    while (writer->pinned < end) {
        size_t pinned = peermap_pin(writer->segment);
        peermap_unpin(writer->segment); /* the older of the two: no moment without a pin */
        writer->pinned = pinned;
        int rc = pinned < end ? writer->grow(writer, end - pinned) : 0;
        if (rc != 0)
            return rc;
    }
    return 0;
}

/* The guard behind the last allocation tells a writer that comes later whether a shrink, even one followed by a growth, cut into
 * the index.  Written ahead of `used`, so that it is there wherever the writer is killed. */
static void *allocate(struct index_writer *writer, size_t size, int *rc)
{
    struct index *index = writer->index;
    uint64_t used = used_now(index);
    size_t need = (size + 7) & ~(size_t)7;
    *rc = reserve(writer, used + need + sizeof(uint64_t));
    if (*rc != 0)
        return NULL;
    *guard_at(index, used + need) = GUARD;
    atomic_store_explicit(&index->used, used + need, memory_order_release);
    void *at = guard_at(index, used);
    memset(at, 0, need);
    return at;
}

static enum index_state prepare(struct index_writer *writer, int *rc)
{
    struct index *index = peermap_base(writer->segment);
    static const char zeros[4096];
    /* A writer that died in here left the magic but no root, so nobody has seen anything of it yet. */
    if (index->magic != INDEX_MAGIC && memcmp(index, zeros, sizeof zeros) != 0)
        return INDEX_FOREIGN;
    memset(index, 0, sizeof *index);
    *(volatile uint64_t *)&index->magic = INDEX_MAGIC;
    *guard_at(index, sizeof *index) = GUARD;
    atomic_store_explicit(&index->used, sizeof *index, memory_order_release);
    writer->index = index;
    *rc = peermap_set_root(writer->segment, INDEX_ROOT, index, sizeof *index, INDEX_TYPE);
    return INDEX_READY;
}

enum index_state index_begin(struct index_writer *writer, int *rc)
{
    struct index_view view;
    *rc = 0;
    writer->pinned = peermap_pin(writer->segment);
    enum index_state state = look(writer->segment, writer->pinned, &view);
    if (state == INDEX_ABSENT)
        state = prepare(writer, rc);
    else if (state == INDEX_READY)
        writer->index = (struct index *)(uintptr_t)view.index;
    if (state == INDEX_READY && *rc == 0) {
        uint64_t used = used_now(writer->index);
        if (used + sizeof(uint64_t) > writer->pinned || *guard_at(writer->index, used) != GUARD)
            state = INDEX_CUT;
    }
    if (state != INDEX_READY || *rc != 0)
        peermap_unpin(writer->segment);
    return state;
}

void index_end(struct index_writer *writer)
{
    peermap_unpin(writer->segment);
    writer->index = NULL;
}

/* Where the key is, or where it belongs: then *found is NULL. */
static _Atomic(struct index_key *) *place(_Atomic(struct index_key *) *link, uint64_t hash, const char *text, size_t length,
                                          struct index_key **found)
{
    uint64_t path = hash;
    while ((*found = atomic_load_explicit(link, memory_order_relaxed)) != NULL && !same_key(*found, hash, text, length)) {
        link = &(*found)->child[path >> 62];
        path <<= 2;
    }
    return link;
}

/* `size` is of the struct that begins with the key; the text goes behind it. */
static struct index_key *insert(struct index_writer *writer, _Atomic(struct index_key *) *trie, const char *text, size_t length,
                                size_t size, int *rc)
{
    uint64_t hash = index_hash(text, length);
    struct index_key *key;
    _Atomic(struct index_key *) *link = place(trie, hash, text, length, &key);
    if (key != NULL)
        return key;
    key = allocate(writer, size + length, rc);
    if (key == NULL)
        return NULL;
    char *copy = (char *)key + size;
    memcpy(copy, text, length);
    key->text = copy;
    key->length = (uint32_t)length;
    key->hash = (uint32_t)hash;
    atomic_store_explicit(link, key, memory_order_release); /* pairs with follow() */
    return key;
}

static int append(struct index_writer *writer, struct index_word *word, struct index_version *version, uint64_t count)
{
    struct index_chunk *head = atomic_load_explicit(&word->postings, memory_order_relaxed);
    uint32_t length = head == NULL ? 0 : atomic_load_explicit(&head->length, memory_order_relaxed);
    if (head == NULL || length == head->capacity) {
        uint32_t capacity = head == NULL ? 1 : head->capacity < INDEX_CHUNK_MAX ? head->capacity * 2 : INDEX_CHUNK_MAX;
        int rc = 0;
        struct index_chunk *chunk = allocate(writer, sizeof *chunk + capacity * sizeof chunk->postings[0], &rc);
        if (chunk == NULL)
            return rc;
        chunk->older = head;
        chunk->capacity = capacity;
        atomic_store_explicit(&word->postings, chunk, memory_order_release); /* pairs with index_postings() */
        head = chunk;
        length = 0;
    }
    head->postings[length] = (struct index_posting){ .version = version, .count = count };
    atomic_store_explicit(&head->length, length + 1, memory_order_release); /* pairs with index_postings() */
    return 0;
}

static struct index_file *known_file(const struct index_writer *writer, const char *path)
{
    size_t length = strlen(path);
    struct index_key *key;
    place(&writer->index->files, index_hash(path, length), path, length, &key);
    return (struct index_file *)key;
}

const struct index_version *index_known(const struct index_writer *writer, const char *path)
{
    const struct index_file *file = known_file(writer, path);
    return file == NULL ? NULL : atomic_load_explicit(&file->current, memory_order_relaxed);
}

int index_put(struct index_writer *writer, const struct index_reading *reading)
{
    int rc = 0;
    struct index_file *file = (struct index_file *)insert(writer, &writer->index->files, reading->path, strlen(reading->path),
                                                          sizeof *file, &rc);
    struct index_version *version = file == NULL ? NULL : allocate(writer, sizeof *version, &rc);
    if (version == NULL)
        return rc;
    *version = (struct index_version){ .file = file,
                                       .bytes = reading->bytes,
                                       .mtime_ns = reading->mtime_ns,
                                       .occurrences = reading->occurrences,
                                       .words = reading->words };
    for (size_t i = 0; i < reading->words; i++) {
        const struct index_count *each = &reading->counts[i];
        struct index_key *key = insert(writer, &writer->index->words, each->text, each->length, sizeof(struct index_word), &rc);
        if (key == NULL)
            return rc;
        rc = append(writer, (struct index_word *)key, version, each->count);
        if (rc != 0)
            return rc;
    }
    atomic_store_explicit(&file->current, version, memory_order_release); /* the commit; pairs with index_current() */
    return 0;
}

void index_forget(struct index_writer *writer, const char *path)
{
    struct index_file *file = known_file(writer, path);
    if (file != NULL)
        atomic_store_explicit(&file->current, NULL, memory_order_release);
}
