/* SPDX-License-Identifier: MIT */
/* heap.c - what a puppet does with a heap, and whether that is whole. */
#include "walk.h"

#include "places.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KEPT_BYTES (7 * PAGE)

static void *own_object;

static unsigned char byte_of(size_t at) { return (unsigned char)(at / PAGE * 37 + at % 251 + 1); }

int heap_fill(peermap_segment *segment)
{
    unsigned char *kept = peermap_alloc(segment, KEPT_BYTES);
    for (size_t at = 0; kept && at < KEPT_BYTES; at++)
        kept[at] = byte_of(at);
    return kept ? peermap_set_root(segment, "kept", kept, KEPT_BYTES, "bytes") : PEERMAP_ENOSPC;
}

int heap_check(peermap_segment *segment)
{
    size_t size = 0;
    const unsigned char *kept = peermap_root(segment, "kept", &size);
    if (!kept || size != KEPT_BYTES || peermap_object_size(segment, kept) != KEPT_BYTES)
        return PEERMAP_EINVAL;
    for (size_t at = 0; at < KEPT_BYTES; at++)
        if (kept[at] != byte_of(at))
            return PEERMAP_EINVAL;
    return 0;
}

static int allocate(peermap_segment *segment, uint64_t bytes)
{
    own_object = peermap_alloc(segment, bytes);
    if (own_object)
        memset(own_object, 0x5a, bytes);
    return own_object ? 0 : PEERMAP_ENOSPC;
}

static int free_own(peermap_segment *segment)
{
    peermap_free(segment, own_object);
    own_object = NULL;
    return 0;
}

static int give(peermap_segment *segment, uint64_t bytes)
{
    void *object = peermap_alloc(segment, bytes);
    return object ? peermap_set_root(segment, "given", object, bytes, NULL) : PEERMAP_ENOSPC;
}

/* A word that is to have an object: no other root is of this type. */
static int give_word(peermap_segment *segment)
{
    void *object = peermap_calloc(segment, 1, 64);
    return object ? peermap_set_root(segment, "given", object, 64, "word") : PEERMAP_ENOSPC;
}

static int allocate_to(peermap_segment *segment, uint64_t bytes)
{
    void **word = peermap_root(segment, "given", NULL);
    return peermap_alloc_to(segment, word, bytes) ? 0 : PEERMAP_ENOSPC;
}

/* How many objects are in such a word, each of which lives; or an error. */
static int in_word(peermap_segment *segment)
{
    peermap_root_copy root;
    int rc = peermap_read_root(segment, "given", &root);
    if (rc != 0 || !root.pointer || strcmp(root.type, "word") != 0)
        return rc;
    void *object = *(void **)root.pointer;
    return !object ? 0 : peermap_object_size(segment, object) > 0 ? 1 : PEERMAP_EINVAL;
}

static int free_given(peermap_segment *segment)
{
    peermap_free(segment, peermap_root(segment, "given", NULL));
    return 0;
}

/* Some live on, in one span that is mostly free. */
static int scatter(peermap_segment *segment, uint64_t bytes)
{
    void *object[64];
    for (int i = 0; i < 64; i++)
        if (!(object[i] = peermap_alloc(segment, bytes)))
            return PEERMAP_ENOSPC;
    for (int i = 1; i < 64; i++)
        peermap_free(segment, object[i]);
    return 0;
}

/* ---- is it whole? ---- */

static bool is_body_of(const uint64_t *words, uint64_t unit)
{
    uint64_t distance = pm_unit_distance(words[unit]);
    if (distance == 0 || distance > unit)
        return false;
    uint64_t first = words[unit - distance];
    return (pm_unit_state(first) == PM_UNIT_SPAN || pm_unit_state(first) == PM_UNIT_LARGE) && pm_unit_length(first) > distance;
}

static bool judge_words(const uint64_t *words, uint64_t units)
{
    for (uint64_t unit = 0; unit < units; unit++) {
        enum pm_unit_state state = pm_unit_state(words[unit]);
        if (state == PM_UNIT_CLAIMED || state > PM_UNIT_BODY || (state == PM_UNIT_BODY && !is_body_of(words, unit))) {
            fprintf(stderr, "walk: unit %llu is 0x%llx\n", (unsigned long long)unit, (unsigned long long)words[unit]);
            return false;
        }
    }
    return true;
}

static bool words_are_whole(const char *name)
{
    char path[128];
    struct pm_header header;
    struct pm_places places;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool whole = fd < 0; /* destroyed */
    if (fd >= 0 && pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header) {
        uint64_t units = header.heap.backed, *words = calloc(units + 1, sizeof *words);
        pm_places_find(&header, &places);
        whole = pread(fd, words, units * sizeof *words, (off_t)places.heap.words) == (ssize_t)(units * sizeof *words) && judge_words(words, units);
        free(words);
    }
    if (fd >= 0)
        close(fd);
    return whole;
}

/* After whatever happened, when nobody is in the middle of anything: the number of live objects, but for one in a word, if all is accounted for. */
static int audit(peermap_segment *segment, const char *name)
{
    peermap_heap *found = malloc(sizeof *found);
    int rc = peermap_reap(segment);
    if (rc >= 0)
        rc = peermap_trim(segment, NULL);
    if (rc >= 0)
        rc = peermap_heap_stats(segment, found);
    if (rc >= 0 && (found->faults != 0 || found->lost_threads != 0 || !words_are_whole(name)))
        rc = PEERMAP_EINVAL;
    if (rc >= 0)
        rc = in_word(segment);
    if (rc >= 0)
        rc = (int)(found->small_objects + found->large_objects) - rc;
    free(found);
    return rc;
}

int heap_obey(peermap_segment *segment, const char *name, const struct order *order)
{
    switch (order->what) {
    case ALLOC: return allocate(segment, order->bytes);
    case ALLOC_TO: return allocate_to(segment, order->bytes);
    case FREE_OWN: return free_own(segment);
    case GIVE: return give(segment, order->bytes);
    case GIVE_WORD: return give_word(segment);
    case FREE_GIVEN: return free_given(segment);
    case SCATTER: return scatter(segment, order->bytes);
    case TRIM: return peermap_trim(segment, NULL);
    case AUDIT: return audit(segment, name);
    default: return PEERMAP_EINVAL;
    }
}
