/* SPDX-License-Identifier: MIT */
/*
 * swap - numbers that many processes change and read, and that are whole wherever one of them is killed.
 *
 *     swap SEGMENT write [TIMES]    replaces all numbers, so often, or until it is ended
 *     swap SEGMENT read             looks whether they are whole, and whether anything was lost
 *     swap SEGMENT forget
 *
 * Nothing is changed in its place.  A new table is built beside the old one, then the root is set to it, which is one step: whoever looks, and whoever comes after a
 * death, has the old one or the new one.  What the killed process was at is in two words of the store: `fresh`, into which peermap_alloc_to() allocates, so that no table is
 * lost, and `old`, which is to be freed.  Who gets the lock from the dead clears them up.
 *
 * The lock is a robust pthread mutex, which all who share it must have of the same C library.  It waits for ever for a holder that is stopped: pthread_mutex_clocklock() has an end.
 */
#include <peermap.h>

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct table {
    uint64_t version, count, sum;
    uint64_t numbers[];
};

struct store {
    pthread_mutex_t lock; /* held for all that is allocated and freed */
    void *fresh, *old;    /* tables: under way, and no longer wanted */
};

static int failed(const char *what)
{
    fprintf(stderr, "swap: %s: %s\n", what, peermap_last_error());
    exit(1);
}

static struct table *current(peermap_segment *segment) { return peermap_root(segment, "table", NULL); }

/* A table that was freed already is no object any more: nobody else has allocated since, for that needs the lock. */
static void discard(peermap_segment *segment, void **word)
{
    if (*word && *word != current(segment) && peermap_object_size(segment, *word) != 0)
        peermap_free(segment, *word);
    *word = NULL;
}

static void take(peermap_segment *segment, struct store *store)
{
    int rc = pthread_mutex_lock(&store->lock);
    if (rc == EOWNERDEAD) { /* it is ours, and what it protects may be half done */
        discard(segment, &store->fresh);
        discard(segment, &store->old);
        rc = pthread_mutex_consistent(&store->lock); /* without this nobody would have the lock ever again */
    }
    if (rc != 0) {
        fprintf(stderr, "swap: the lock: %s\n", strerror(rc));
        exit(1);
    }
}

static void make_lock(pthread_mutex_t *lock)
{
    pthread_mutexattr_t shared;
    pthread_mutexattr_init(&shared);
    pthread_mutexattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&shared, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(lock, &shared);
    pthread_mutexattr_destroy(&shared);
}

/* Of all who come first one makes the store; its lock is ready before the others see it. */
static struct store *find_or_make(peermap_segment *segment)
{
    uint64_t version = 0;
    struct store *found = peermap_root(segment, "store", NULL);
    if (found)
        return found;
    struct store *made = peermap_calloc(segment, 1, sizeof *made);
    if (!made)
        failed("a store");
    make_lock(&made->lock);
    int rc = peermap_compare_exchange_root(segment, "store", &version, made, sizeof *made, "struct store");
    if (rc < 0)
        failed("its root");
    if (rc == 0)
        return made;
    peermap_free(segment, made);
    return peermap_root(segment, "store", NULL);
}

static void fill(struct table *table, uint64_t version, uint64_t count)
{
    table->version = version;
    table->count = count;
    for (uint64_t i = 0; i < count; i++)
        table->sum += table->numbers[i] = version * i;
}

static void replace(peermap_segment *segment, struct store *store)
{
    take(segment, store);
    store->old = current(segment);
    uint64_t version = store->old ? ((struct table *)store->old)->version + 1 : 1, count = 10 + version * 37 % 5000;
    size_t size = sizeof(struct table) + count * sizeof(uint64_t);
    struct table *fresh = peermap_alloc_to(segment, &store->fresh, size);
    if (!fresh)
        failed("a table");
    fill(fresh, version, count);
    if (peermap_set_root(segment, "table", fresh, size, "struct table") != 0)
        failed("the root");
    discard(segment, &store->fresh); /* which is the current one */
    discard(segment, &store->old);
    pthread_mutex_unlock(&store->lock);
}

/* All that there is are the store and the current table. */
static int read_all(peermap_segment *segment, struct store *store)
{
    peermap_heap heap;
    uint64_t sum = 0;
    take(segment, store);
    const struct table *table = current(segment);
    for (uint64_t i = 0; table && i < table->count; i++)
        sum += table->numbers[i];
    bool is_whole = !table || sum == table->sum;
    if (table)
        printf("version %" PRIu64 ", %" PRIu64 " numbers, %s", table->version, table->count, is_whole ? "whole" : "damaged");
    if (peermap_reap(segment) < 0 || peermap_heap_stats(segment, &heap) != 0)
        failed("the heap");
    uint64_t lost = heap.small_objects + heap.large_objects - 1 - (table ? 1 : 0);
    pthread_mutex_unlock(&store->lock);
    printf("%s%" PRIu64 " objects lost\n", table ? ", " : "", lost);
    return is_whole && lost == 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP };
    peermap_segment *segment;
    if (argc < 3 || (strcmp(argv[2], "write") && strcmp(argv[2], "read") && strcmp(argv[2], "forget")))
        return fprintf(stderr, "usage: swap SEGMENT write [TIMES] | read | forget\n"), 2;
    if (strcmp(argv[2], "forget") == 0)
        return peermap_unlink(argv[1]) == 0 ? 0 : 1;
    if (peermap_open(argv[1], &options, &segment) != 0)
        failed(argv[1]);
    struct store *store = find_or_make(segment);
    int result = 0;
    if (strcmp(argv[2], "read") == 0)
        result = read_all(segment, store);
    else
        for (long times = argc > 3 ? atol(argv[3]) : -1; times != 0; times -= times > 0)
            replace(segment, store);
    peermap_detach(segment);
    return result;
}
