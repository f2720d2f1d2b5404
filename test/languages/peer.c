/* SPDX-License-Identifier: MIT */
/* peer.c - the peer in C; see peer.h. */
#include "peer.h"

#include <peermap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static peermap_segment *segment;
static struct table *table;

static int fail(int rc) { return printf("error %s %s\n", peermap_error_name(rc), peermap_last_error()); }

static void fill(unsigned char *bytes, uint64_t length, uint64_t seed)
{
    for (uint64_t i = 0; i < length; i++)
        bytes[i] = (unsigned char)((seed + i) % 251);
}

static int holds(const unsigned char *bytes, uint64_t length, uint64_t seed)
{
    for (uint64_t i = 0; i < length; i++)
        if (bytes[i] != (seed + i) % 251)
            return 0;
    return 1;
}

static void grow(size_t bytes, uint64_t seed)
{
    peermap_round round;
    int rc = peermap_grow(segment, bytes, &round);
    if (rc != 0) {
        fail(rc);
        return;
    }
    unsigned char *at = (unsigned char *)peermap_base(segment) + round.size - bytes;
    fill(at, bytes, seed);
    table->pieces[table->count] = (struct piece){ (uintptr_t)at, bytes, seed };
    table->count++;
    printf("ok %zu\n", round.size - bytes);
}

static void check(const char *name)
{
    const struct table *other = peermap_root(segment, name, NULL);
    uint64_t bytes = 0;
    for (uint64_t i = 0; other && i < other->count; i++) {
        const struct piece *piece = &other->pieces[i];
        if (!holds((const unsigned char *)(uintptr_t)piece->address, piece->length, piece->seed)) {
            printf("error piece %d of %s\n", (int)i, name);
            return;
        }
        bytes += piece->length;
    }
    printf("ok %d %d\n", other ? (int)other->count : -1, (int)bytes);
}

static int by_name(const void *a, const void *b) { return strcmp(((const peermap_peer *)a)->name, ((const peermap_peer *)b)->name); }

static void list_peers(void)
{
    static const char *const states[] = { "dead", "alive", "late" };
    peermap_peer peers[16];
    int count = peermap_peers(segment, peers, 16);
    qsort(peers, count > 0 ? (size_t)count : 0, sizeof *peers, by_name);
    printf("ok");
    for (int i = 0; i < count; i++)
        printf(" %s:%s", peers[i].name, states[peers[i].state]);
    printf("\n");
}

static void make(uint64_t count, uint64_t seed)
{
    for (uint64_t k = 0; k < count; k++) {
        uint64_t length = LENGTH_OF(seed, k);
        struct object *object = peermap_alloc(segment, sizeof *object + length);
        if (!object) {
            fail(PEERMAP_ENOSPC);
            return;
        }
        *object = (struct object){ table->chain, length, seed + k };
        fill((unsigned char *)(object + 1), length, seed + k);
        table->chain = (uintptr_t)object;
    }
    printf("ok\n");
}

static void take(const char *name)
{
    struct table *other = peermap_root(segment, name, NULL);
    int objects = 0, bytes = 0;
    while (other->chain != 0) {
        struct object *object = (struct object *)(uintptr_t)other->chain;
        if (!holds((unsigned char *)(object + 1), object->length, object->seed)) {
            printf("error object %d of %s\n", objects, name);
            return;
        }
        other->chain = object->next;
        objects++;
        bytes += (int)object->length;
        peermap_free(segment, object);
    }
    printf("ok %d %d\n", objects, bytes);
}

static void stats(void)
{
    static peermap_heap heap;
    int rc = peermap_heap_stats(segment, &heap);
    if (rc != 0)
        fail(rc);
    else
        printf("ok %d %d\n", (int)(heap.small_objects + heap.large_objects), (int)heap.faults);
}

static void obey(const char *line)
{
    char word[16] = "", name[64] = "";
    unsigned long long a = 0, b = 0;
    sscanf(line, "%15s %63s", word, name);
    sscanf(line, "%*s %llu %llu", &a, &b);
    if (strcmp(word, "grow") == 0)
        grow(a, b);
    else if (strcmp(word, "check") == 0)
        check(name);
    else if (strcmp(word, "peers") == 0)
        list_peers();
    else if (strcmp(word, "make") == 0)
        make(a, b);
    else if (strcmp(word, "take") == 0)
        take(name);
    else if (strcmp(word, "stats") == 0)
        stats();
    else
        printf("error what is %s?\n", word);
}

/* The table that a process of this name had, or a new one. */
static int find_table(const char *name, int heap)
{
    peermap_round round;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    table = peermap_root(segment, name, NULL);
    if (table)
        return 0;
    if (heap) {
        table = peermap_calloc(segment, 1, sizeof *table);
    } else {
        int rc = peermap_grow(segment, page, &round);
        if (rc != 0)
            return rc;
        table = (struct table *)(void *)((char *)peermap_base(segment) + round.size - page);
    }
    return table ? peermap_set_root(segment, name, table, sizeof *table, "struct table") : PEERMAP_ENOSPC;
}

int main(int argc, char **argv)
{
    int heap = argc > 3;
    peermap_options options = { .struct_size = sizeof options, .peer_name = argv[2], .deadline_ms = 20000, .flags = heap ? PEERMAP_HEAP : 0 };
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = peermap_open(argv[1], &options, &segment);
    if (rc == 0)
        rc = find_table(argv[2], heap);
    if (rc != 0)
        return fail(rc), 1;
    printf("ready %d %llx %d\n", (int)getpid(), (unsigned long long)(uintptr_t)peermap_base(segment), (int)table->count);
    char line[256];
    while (fgets(line, sizeof line, stdin))
        obey(line);
    peermap_detach(segment);
    return 0;
}
