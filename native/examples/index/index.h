/* SPDX-License-Identifier: MIT */
/*
 * index.h - an inverted index in a segment: which word is in which file, how often.
 *
 *     root "index" -> struct index -> words: trie of struct word -> postings, newest chunk first -> (version, count)
 *                                  -> files: trie of struct file -> current version
 *
 * One writer, the indexer: its peer name is taken, so there is no second one.  Any number of readers in other processes follow
 * the same raw pointers while it writes, without a lock.  That works because nothing is ever moved or freed, and everything is
 * complete before the one release store that makes it reachable.  When a pointer is in reach, so is what it points to: the growth
 * that made room for it returned only when every reader had it mapped.
 *
 * A file counts from one store, of file.current: postings of any other version are passed over.  So a writer may be killed at
 * any instruction, and there is nothing to repair: a file half read simply has postings of a version that never became current.
 *
 * What it is not: a database.  The bytes of superseded versions are not reused; `indexer --fresh` begins anew.
 */
#ifndef INDEX_H
#define INDEX_H

#include <peermap.h>
#include <stdatomic.h>
#include <stdbool.h>

#define INDEX_ROOT "index"
#define INDEX_TYPE "struct index"
#define INDEX_MAGIC UINT64_C(0x3158444e49504d50) /* "PMPINDX1" read as a little-endian number */
#define INDEX_CHUNK_MAX 512

/* ---- shared: all pointers are addresses in the segment, the same in every peer ---- */

/* A key of a trie whose path is the key's hash, two bits a step: 4 children, no rebalancing, no resizing. */
struct index_key {
    _Atomic(struct index_key *) child[4];
    const char *text; /* not NUL-terminated */
    uint32_t length;
    uint32_t hash; /* low half: spares most comparisons */
};

struct index_file {
    struct index_key key;                     /* absolute path */
    _Atomic(struct index_version *) current; /* NULL: not read yet, or gone */
};

/* One reading of a file. */
struct index_version {
    struct index_file *file;
    uint64_t bytes;
    int64_t mtime_ns;
    uint64_t occurrences;
    uint64_t words; /* different ones */
};

struct index_posting {
    struct index_version *version;
    uint64_t count;
};

struct index_chunk {
    struct index_chunk *older;
    uint32_t capacity;
    _Atomic uint32_t length;
    struct index_posting postings[];
};

struct index_word {
    struct index_key key;
    _Atomic(struct index_chunk *) postings;
};

/* At the beginning of the data. */
struct index {
    uint64_t magic;
    _Atomic uint64_t used; /* bytes of the data given out; a guard word follows them */
    _Atomic(struct index_key *) words;
    _Atomic(struct index_key *) files;
};

/* ---- process-local ---- */

enum index_state {
    INDEX_READY,
    INDEX_ABSENT,  /* no root yet */
    INDEX_FOREIGN, /* the segment holds something else */
    INDEX_CUT,     /* a shrink took part of it */
};

/* A reader believes the bytes it pinned.  A pointer past them was published after the pin, and is not followed. */
struct index_view {
    const struct index *index;
    const char *base;
    size_t pinned;
};

struct index_count {
    const char *text;
    uint32_t length;
    uint32_t hash;
    uint64_t count;
};

/* What becomes of one file, given to the writer in one piece. */
struct index_reading {
    const char *path;
    uint64_t bytes;
    int64_t mtime_ns;
    uint64_t occurrences;
    const struct index_count *counts;
    size_t words;
};

struct index_writer {
    peermap_segment *segment;
    struct index *index;
    size_t pinned; /* held until index_end(): a shrink may take what others added, not what the index stands on */
    /* Makes the segment larger by at least `by` bytes.  0, or a code of peermap.h. */
    int (*grow)(struct index_writer *writer, size_t by);
    void *context; /* of grow */
};

/* ---- reading ---- */

/* Pins the segment and fills the view if the index is READY; pins nothing otherwise.  Each READY needs its index_leave(). */
enum index_state index_enter(peermap_segment *segment, struct index_view *view);
void index_leave(peermap_segment *segment);

const struct index_word *index_find(const struct index_view *view, const char *word, size_t length);

/* Calls `each` for every posting that counts.  With `stale` not NULL, counts there those that do not. */
typedef void index_posting_visitor(void *context, const struct index_version *version, uint64_t count);
void index_postings(const struct index_view *view, const struct index_word *word, index_posting_visitor *each, void *context,
                    uint64_t *stale);

/* Calls `each` for every key of a trie, with its depth. */
typedef void index_key_visitor(void *context, const struct index_key *key, unsigned depth);
void index_walk(const struct index_view *view, const _Atomic(struct index_key *) *trie, index_key_visitor *each, void *context);

const struct index_version *index_current(const struct index_view *view, const struct index_file *file);

/* ---- writing: one process at a time ---- */

/* Prepares the index, or finds the one that is there.  Set segment and grow before.  rc (not NULL) receives the failure of a call
 * of peermap.h, else 0: then the state tells.  index_end() belongs to READY. */
enum index_state index_begin(struct index_writer *writer, int *rc);
void index_end(struct index_writer *writer);

/* The version that counts now for the path; NULL if there is none. */
const struct index_version *index_known(const struct index_writer *writer, const char *path);

/* Enters the reading of a file, in place of an earlier one.  0, or what grow() answered; then the earlier one still counts. */
int index_put(struct index_writer *writer, const struct index_reading *reading);

/* The file counts no longer. */
void index_forget(struct index_writer *writer, const char *path);

uint64_t index_hash(const char *text, size_t length);

#endif
