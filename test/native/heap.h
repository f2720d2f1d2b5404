/* SPDX-License-Identifier: MIT */
/* heap.h - objects with a pattern in them, and what a test says of a heap. */
#ifndef TEST_HEAP_H
#define TEST_HEAP_H

#include "drive.h"

#include <spawn.h>
#include <sys/stat.h>

static peermap_segment *heap;

static inline void open_heap(const char *peer_name, uint32_t flags, size_t initial, size_t reserve)
{
    peermap_options options = { .struct_size = sizeof options,
                                .peer_name = peer_name,
                                .initial_size = initial,
                                .reserve_size = reserve,
                                .deadline_ms = 20000,
                                .flags = PEERMAP_HEAP | flags };
    int rc = peermap_open(seg(), &options, &heap);
    if (rc != 0)
        FAIL("cannot open a heap: %s", peermap_last_error());
}

static inline void close_heap(void)
{
    peermap_detach(heap);
    heap = NULL;
}

/* Bytes of an object that depend on its size and a seed: another object's are others. */
static inline unsigned char pattern(uint64_t seed, size_t at) { return (unsigned char)((seed * 31 + at * 7) >> (at % 3)); }
static inline void write_pattern(unsigned char *object, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i += size > 4096 ? 61 : 1)
        object[i] = pattern(seed, i);
    if (size > 0)
        object[size - 1] = pattern(seed, size - 1);
}
static inline bool has_pattern(const unsigned char *object, size_t size, uint64_t seed)
{
    for (size_t i = 0; i < size; i += size > 4096 ? 61 : 1)
        if (object[i] != pattern(seed, i))
            return false;
    return size == 0 || object[size - 1] == pattern(seed, size - 1);
}

static inline peermap_heap stats(void)
{
    static peermap_heap found;
    CHECK_INT(peermap_heap_stats(heap, &found), 0);
    return found;
}

static inline uint64_t objects(void)
{
    peermap_heap found = stats();
    return found.small_objects + found.large_objects;
}

/* Nothing is in use: all of it is free, and goes back. */
static inline void is_empty(void)
{
    CHECK_INT(peermap_trim(heap, NULL), 0);
    peermap_heap found = stats();
    CHECK_INT(found.small_objects + found.large_objects, 0);
    CHECK_INT(found.used, 0);
    CHECK_INT(found.span_bytes, 0);
    CHECK_INT(found.free_bytes + found.hole_bytes, found.size);
    CHECK(found.size <= 65536);
}

/* Bytes that the object's file has of the system. */
static inline uint64_t memory_of_object(void)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(stat(path, &facts) == 0);
    return (uint64_t)facts.st_blocks * 512;
}

/* This program again, with one more word; it finds its segment by the name that it is given. */
static inline pid_t start_self(const char *word, int number)
{
    char text[16];
    snprintf(text, sizeof text, "%d", number);
    char *arguments[] = { "self", (char *)word, text, segment_name, NULL };
    pid_t pid;
    /* No fork(): ThreadSanitizer does not hold out what the threads of this process are in the middle of. */
    CHECK(posix_spawn(&pid, "/proc/self/exe", NULL, NULL, arguments, environ) == 0);
    return pid;
}

/* In the program that start_self() started: the number it was given; the segment is that of the test. */
static inline int be_started(char **argv)
{
    snprintf(segment_name, sizeof segment_name, "%s", argv[3]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    signal(SIGPIPE, SIG_IGN);
    return atoi(argv[2]);
}

static inline uint64_t chance_of(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Mostly small, now and then large. */
static inline size_t some_size(uint64_t *state)
{
    uint64_t kind = chance_of(state) % 100;
    if (kind < 70)
        return chance_of(state) % 512;
    if (kind < 97)
        return chance_of(state) % 8192;
    return kind < 99 ? chance_of(state) % 100000 : chance_of(state) % 1000000;
}

#endif
