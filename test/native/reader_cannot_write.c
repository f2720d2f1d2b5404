/* SPDX-License-Identifier: MIT */
/*
 * In a peer that attached to read, the data, the sizes, the roots and what describes the heap cannot be written: a stray write is a fault at the
 * instruction that makes it, before and after growths, shrinks, remaps and lost memory.  Calls that would change them say so, all others work.
 */
#include "heap.h"
#include "places.h"

#include "../maps.h"

#include <setjmp.h>

#define MIB (UINT64_C(1) << 20)

static sigjmp_buf back;
static volatile uintptr_t faulted;
static volatile int which;

static void on_fault(int number, siginfo_t *info, void *context)
{
    (void)context;
    faulted = (uintptr_t)info->si_addr;
    which = number;
    siglongjmp(back, 1);
}

/* What a store there does: 0, or the signal. */
static int store(volatile char *at)
{
    faulted = 0;
    which = 0;
    if (sigsetjmp(back, 1) == 0) {
        *at = 1;
        return 0;
    }
    CHECK_INT(faulted, (uintptr_t)at);
    return which;
}

static void only_words_of_everybody_are_writable(const peermap_segment *reader, uint64_t reserved)
{
    const uint64_t base = (uintptr_t)peermap_base(reader), start = base - header_length();
    struct pm_places places;
    pm_places_find((const struct pm_header *)start, &places);
    uint64_t writable = 0;
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps)) {
        uint64_t begin, end;
        char rights[8];
        CHECK(sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &begin, &end, rights) == 3);
        if (end <= start || begin >= base + reserved)
            continue;
        CHECK(rights[0] == 'r');
        if (rights[1] != 'w')
            continue;
        CHECK(begin >= start + PM_EVERYBODYS && end <= start + places.everybodys_end);
        writable += end - begin;
    }
    fclose(maps);
    CHECK_INT(writable, places.everybodys_end - PM_EVERYBODYS);
    const struct pm_header *header = (const void *)start;
    const uint64_t forbidden[] = { 0, offsetof(struct pm_header, active), offsetof(struct pm_header, heap), places.roots, header->header_len - 1, header->header_len,
                                   header->header_len + peermap_size(reader) - 1 };
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        CHECK_INT(store((char *)start + forbidden[i]), SIGSEGV);
}

#define REFUSED(call) refused(call, #call)
static void refused(int rc, const char *call)
{
    if (rc != PEERMAP_EREADONLY)
        FAIL("%s: %s", call, peermap_error_name(rc));
    CHECK(strstr(peermap_last_error(), "PEERMAP_READ_ONLY") != NULL);
}

#define NOTHING(call) nothing(call, #call)
static void nothing(const void *got, const char *call)
{
    if (got || errno != EROFS)
        FAIL("%s: %p, errno %d", call, got, errno);
    CHECK(strstr(peermap_last_error(), "PEERMAP_READ_ONLY") != NULL);
}

static void changes_are_refused(peermap_segment *reader, void *object)
{
    peermap_round round = { .peers = 77 };
    peermap_peer nobody = { .id = 1 };
    uint64_t version = 0;
    REFUSED(peermap_grow(reader, 4096, &round));
    CHECK_INT(round.peers, 0);
    CHECK_INT(round.size, peermap_size(reader));
    REFUSED(peermap_shrink(reader, 4096, NULL));
    REFUSED(peermap_remap(reader, 0, NULL));
    REFUSED(peermap_map_peer(reader, getpid(), NULL));
    REFUSED(peermap_trim(reader, NULL));
    REFUSED(peermap_write(reader, 0, "x", 1));
    REFUSED(peermap_set_root(reader, "r", object, 1, NULL));
    REFUSED(peermap_set_root(reader, "numbers", NULL, 0, NULL));
    REFUSED(peermap_compare_exchange_root(reader, "r", &version, object, 1, NULL));
    REFUSED(peermap_reap(reader));
    REFUSED(peermap_reap_peers(reader, &nobody, 1));
    NOTHING(peermap_alloc(reader, 8));
    NOTHING(peermap_calloc(reader, 1, 8));
    NOTHING(peermap_aligned_alloc(reader, 64, 8));
    NOTHING(peermap_realloc(reader, object, 8));
    NOTHING(peermap_realloc(reader, NULL, 8));
    errno = 0;
    peermap_free(reader, object);
    CHECK_INT(errno, EROFS);
    errno = 0;
    peermap_free(reader, (char *)object + 1); /* which is reported as no fault */
    CHECK_INT(errno, EROFS);
}

/* The object, where the writer has it. */
static void what_reads_works(peermap_segment *writer, peermap_segment *reader, void *written)
{
    char *object = (char *)written + ((char *)peermap_base(reader) - (char *)peermap_base(writer));
    char bytes[8];
    peermap_heap seen, is;
    peermap_heap_class classes[128];
    peermap_heap_peer peers[8];
    peermap_root_copy root;
    size_t size = 0;
    CHECK_INT(peermap_read(reader, (size_t)(object - (char *)peermap_base(reader)), bytes, 8), 0);
    CHECK(memcmp(bytes, "12345678", 8) == 0);
    errno = 0;
    CHECK_INT(peermap_object_size(reader, object), 100);
    CHECK_INT(errno, 0);
    CHECK_INT(peermap_object_size(reader, object + 1), 0);
    CHECK_INT(peermap_heap_stats(reader, &seen), 0);
    CHECK_INT(peermap_heap_stats(writer, &is), 0);
    CHECK_INT(seen.used, is.used);
    CHECK_INT(seen.faults, 0);
    CHECK(peermap_heap_classes(reader, classes, 128) > 0);
    CHECK(peermap_heap_peers(reader, peers, 8) > 0);
    CHECK(peermap_root(reader, "numbers", &size) == object && size == 100);
    CHECK_INT(peermap_wait_root(reader, "numbers", 0, 100, &root), 0);
    CHECK_INT(peermap_set_root(writer, "numbers", written, 50, "bytes"), 0);
    const uint64_t before = root.version;
    CHECK_INT(peermap_wait_root(reader, "numbers", before, 1000, &root), 0);
    CHECK(root.version != before && root.size == 50);
    CHECK_INT(peermap_set_root(writer, "numbers", written, 100, "bytes"), 0);
}

static const peermap_peer *row_of(const peermap_peer *rows, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return &rows[i];
    FAIL("no row of %s", name);
}

static void the_registry_says_who_reads(peermap_segment *segment, uint64_t reserved)
{
    peermap_peer rows[8], self;
    const int count = peermap_peers(segment, rows, 8);
    CHECK_INT(count, 2);
    CHECK_INT(row_of(rows, count, "reader")->flags, PEERMAP_READ_ONLY | PEERMAP_RELOCATABLE);
    CHECK_INT(row_of(rows, count, "writer")->flags, 0);
    CHECK_INT(row_of(rows, count, "reader")->mapped, reserved);
    CHECK_INT(row_of(rows, count, "reader")->state, PEERMAP_ALIVE);
    CHECK_INT(peermap_self(segment, &self), 0);
    CHECK(self.id == peermap_id(segment));
    CHECK_INT(self.flags, peermap_flags(segment));
}

static void creates_nothing(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_READ_ONLY };
    peermap_segment *segment = (void *)1;
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EINVAL);
    CHECK(segment == NULL && strstr(peermap_last_error(), "PEERMAP_READ_ONLY") != NULL);
    CHECK_INT(peermap_open(seg(), &options, &segment), PEERMAP_ENOENT);
    CHECK_INT(peermap_attach(seg(), &options, &segment), PEERMAP_ENOENT);
    CHECK_INT(peermap_unlink(seg()), PEERMAP_ENOENT);
}

/* In a process of its own, at the same place, where one cannot have it twice. */
static void alone(uint32_t creation, void *object, uint64_t reserved)
{
#ifndef __SANITIZE_THREAD__ /* a child of several threads may start none */
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_READ_ONLY, .deadline_ms = 5000 };
    peermap_segment *reader;
    int status;
    pid_t child = fork();
    if (child == 0) {
        CHECK_INT(peermap_attach(seg(), &options, &reader), 0);
        CHECK(peermap_base(reader) != NULL);
        only_words_of_everybody_are_writable(reader, reserved);
        if (creation & PEERMAP_HEAP)
            changes_are_refused(reader, object);
        CHECK(peermap_write(reader, 0, "x", 1) == PEERMAP_EREADONLY);
        peermap_detach(reader);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
#else
    (void)creation, (void)object, (void)reserved;
#endif
}

/* In one process, at two places. */
static void both(uint32_t creation)
{
    const uint64_t reserved = 256 * MIB;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "writer", .initial_size = MIB, .reserve_size = reserved, .ahead = 2 * MIB, .deadline_ms = 5000 };
    peermap_segment *writer, *reader;
    options.flags = creation;
    CHECK_INT(peermap_create(seg(), &options, &writer), 0);
    char *object = creation & PEERMAP_HEAP ? peermap_alloc(writer, 100) : peermap_base(writer);
    CHECK(object != NULL);
    memcpy(object, "12345678", 8);
    CHECK_INT(peermap_set_root(writer, "numbers", object, 100, "bytes"), 0);
    options = (peermap_options){ .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_READ_ONLY | PEERMAP_RELOCATABLE, .deadline_ms = 5000 };
    CHECK_INT(peermap_open(seg(), &options, &reader), 0);
    const ptrdiff_t moved = (char *)peermap_base(reader) - (char *)peermap_base(writer);
    CHECK(moved != 0);
    peermap_peer self;
    CHECK_INT(peermap_self(reader, &self), 0);
    CHECK_INT(self.flags, PEERMAP_READ_ONLY | PEERMAP_RELOCATABLE);
    CHECK_INT(peermap_flags(reader), self.flags);
    only_words_of_everybody_are_writable(reader, reserved);
    CHECK_INT(store(object + 8), 0);
    CHECK(object[8 + moved] == 1);
    peermap_detach(reader);

    alone(creation, object, reserved);

    options.flags = PEERMAP_READ_ONLY | PEERMAP_RELOCATABLE;
    CHECK_INT(peermap_attach(seg(), &options, &reader), 0);
    if (creation & PEERMAP_HEAP) {
        changes_are_refused(reader, object + ((char *)peermap_base(reader) - (char *)peermap_base(writer)));
        what_reads_works(writer, reader, object);
    }
    CHECK_INT(peermap_grow(writer, 8 * MIB, NULL), 0);
    CHECK_INT(peermap_size(reader), peermap_size(writer));
    only_words_of_everybody_are_writable(reader, reserved);
    CHECK_INT(peermap_shrink(writer, 4 * MIB, NULL), 0);
    const volatile char *past = (char *)peermap_base(reader) + peermap_size(reader);
    CHECK_INT(sigsetjmp(back, 1) == 0 ? (int)*past + 1000 : which, SIGBUS);
    CHECK_INT(peermap_remap(writer, 0, NULL), 0);
    only_words_of_everybody_are_writable(reader, reserved);
    if (!(creation & PEERMAP_HEAP)) {
        /* Where it was cut short, and the library has lent a page meanwhile. */
        char path[128], byte;
        snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
        CHECK(truncate(path, (off_t)(header_length() + MIB)) == 0);
        CHECK_INT(peermap_read(reader, 2 * MIB, &byte, 1), PEERMAP_ELOST);
        only_words_of_everybody_are_writable(reader, reserved);
    } else {
        the_registry_says_who_reads(writer, reserved);
    }
    peermap_detach(reader);
    peermap_detach(writer);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct sigaction action = { .sa_flags = SA_SIGINFO };
    action.sa_sigaction = on_fault;
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    creates_nothing();
    both(0);
    both(PEERMAP_STRICT);
    both(PEERMAP_HEAP);
    both(PEERMAP_HEAP | PEERMAP_STRICT);
    return 0;
}
