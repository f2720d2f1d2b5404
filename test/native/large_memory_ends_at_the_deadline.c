/* SPDX-License-Identifier: MIT */
/*
 * The system takes its time over very large memory: over holes, over what is allocated, mapped and unmapped.  Each call ends at its deadline all the same, however
 * many steps it consists of; what is left of it is undone, or is done in the background, or by the next call.
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#define GIB (UINT64_C(1) << 30)
#define PIECE (UINT64_C(16) << 20)
#define PIECES 1024u /* of the object that are told apart */
#define DEADLINE_MS 500u
#define ALLOWED_MS 900u /* 10 % and 50 ms, and what a busy machine takes */

static uint32_t slow_punches, slow_unmaps, slow_growths, slow_maps; /* ms for each 16 MiB, GiB, 16 MiB, 16 MiB */
static uint32_t growths_left = UINT32_MAX;               /* then there is no memory */
static char punched[PIECES];

static void rest(uint64_t ms) { usleep((useconds_t)ms * 1000); }

/* As the kernel does, over page tables. */
static void work(uint64_t ms)
{
    for (const uint64_t until = now_ns() + ms * 1000000; now_ns() < until;) {}
}

/* Where nothing is left to be given back, it takes no time. */
static void punch_slowly(uint64_t from, uint64_t length)
{
    for (uint64_t piece = from / PIECE; piece <= (from + length - 1) / PIECE && piece < PIECES; piece++) {
        if (!__atomic_exchange_n(&punched[piece], 1, __ATOMIC_SEQ_CST))
            work(slow_punches);
    }
}

/* Memory without memory: it is not touched here. */
int fallocate(int fd, int mode, off_t from, off_t length)
{
    struct stat facts;
    if (mode & FALLOC_FL_PUNCH_HOLE) {
        if (slow_punches)
            punch_slowly((uint64_t)from, (uint64_t)length);
        return (int)syscall(SYS_fallocate, fd, mode, from, length);
    }
    if (length < (off_t)PIECE)
        return (int)syscall(SYS_fallocate, fd, mode, from, length);
    rest(slow_growths);
    if (growths_left-- == 0) {
        errno = ENOSPC;
        return -1;
    }
    if (mode == 0 && (fstat(fd, &facts) != 0 || (facts.st_size < from + length && ftruncate(fd, from + length) != 0)))
        return -1;
    return 0;
}

void *mmap(void *at, size_t length, int protection, int flags, int fd, off_t from)
{
    if (slow_unmaps && flags & MAP_FIXED && protection == PROT_NONE && length >= GIB / 2)
        work(slow_unmaps * (length / (GIB / 2)) / 2);
    if (slow_maps && flags & MAP_FIXED && flags & MAP_SHARED && protection & PROT_WRITE) /* of a process that locks its future memory */
        work(slow_maps * (length >> 10) / (PIECE >> 10));
    return (void *)syscall(SYS_mmap, at, length, protection, flags, fd, from);
}

static struct stopwatch watch;
static void begin(void) { watch = stopwatch_of(getpid()); }
static void ends_in_time(const char *what)
{
    const uint64_t took = elapsed_ms(&watch), lacked = lacked_ms(&watch);
    if (took > ALLOWED_MS + lacked)
        FAIL("%s took %" PRIu64 " ms, %" PRIu64 " of them without a core", what, took, lacked);
}

static peermap_segment *create(uint64_t size, uint32_t flags)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = size, .deadline_ms = DEADLINE_MS, .flags = flags, .heap_step = GIB };
    if (peermap_create(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    memset(punched, 0, sizeof punched);
    return segment;
}

static void destroy(peermap_segment *segment)
{
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* Freed memory goes back as far as there is time; the rest with the next call. */
static void purges(void)
{
    peermap_heap heap;
    peermap_segment *segment = create(GIB, PEERMAP_HEAP);
    void *large = peermap_alloc(segment, GIB * 3 / 4), *behind = peermap_alloc(segment, 1 << 20);
    CHECK(large && behind);
    slow_punches = 40; /* 2 s in all */
    begin();
    peermap_free(segment, large);
    ends_in_time("freeing");
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    CHECK(heap.hole_bytes > 0 && heap.hole_bytes < GIB / 2);
    for (int i = 0; heap.hole_bytes < GIB * 3 / 4 - PIECE; i++) {
        CHECK(i < 10);
        begin();
        CHECK_INT(peermap_trim(segment, NULL), 0);
        ends_in_time("trimming");
        CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    }
    slow_punches = 0;
    CHECK(peermap_alloc(segment, GIB / 2) != NULL);
    destroy(segment);
}

static uint64_t punched_pieces(void)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < PIECES; i++)
        count += __atomic_load_n(&punched[i], __ATOMIC_SEQ_CST) != 0;
    return count;
}

/* What a late peer keeps from being cut is zeroed, before it can be had again. */
static void zeroes(void)
{
    peermap_segment *segment = create(GIB, PEERMAP_STRICT | PEERMAP_ALLOW_LATE);
    struct peer *sleeper = ready_peer("sleeper", "no-ptrace");
    stop_peer(sleeper);
    CHECK_INT(peermap_shrink(segment, GIB - 65536, NULL), 0);
    slow_punches = 40; /* 2.5 s in all */
    begin();
    CHECK_INT(peermap_grow(segment, 65536, NULL), PEERMAP_EBUSY);
    ends_in_time("a growth");
    UNTIL(punched_pieces() > GIB / PIECE - 2); /* in the background */
    slow_punches = 0;
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    CHECK_INT(peermap_size(segment), 131072);
    continue_peer(sleeper);
    destroy(segment);
    forget(sleeper);
}

/* All the growths that one allocation tries have one deadline. */
static void allocates(void)
{
    peermap_segment *segment = create(GIB / 2, PEERMAP_HEAP | PEERMAP_STRICT);
    CHECK(peermap_alloc(segment, GIB / 2 - 2 * PIECE) != NULL);
    slow_growths = 20;
    growths_left = 20; /* it wants twice as much first: after 400 ms there is no memory for that, */
    begin();
    void *object = peermap_alloc(segment, GIB / 4); /* and as much as is needed would take 320 more */
    ends_in_time("an allocation");
    CHECK(object == NULL);
    growths_left = UINT32_MAX;
    slow_growths = 0;
    CHECK(peermap_alloc(segment, GIB / 4) != NULL);
    destroy(segment);
}

/* A shrink that cannot unmap in time is undone: what was unmapped is mapped again. */
static void unmaps(void)
{
    peermap_segment *segment = create(9 * GIB, PEERMAP_STRICT);
    slow_unmaps = 120; /* 960 ms in all */
    begin();
    CHECK_INT(peermap_shrink(segment, 8 * GIB, NULL), PEERMAP_ETIMEDOUT);
    ends_in_time("a shrink");
    slow_unmaps = 0;
    CHECK_INT(peermap_size(segment), 9 * GIB);
    const uint64_t base = (uintptr_t)peermap_base(segment);
    CHECK_INT(mapped_bytes(getpid(), base, base + 9 * GIB, header_length()), 9 * GIB);
    CHECK_INT(peermap_shrink(segment, 8 * GIB, NULL), 0);
    CHECK_INT(mapped_bytes(getpid(), base, base + 9 * GIB, header_length()), GIB);
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    destroy(segment);
}

static uint64_t mapped_of(const peermap_segment *segment)
{
    const uint64_t base = (uintptr_t)peermap_base(segment);
    return mapped_bytes(getpid(), base, base + 2 * GIB, header_length());
}

/* With what it says, and nothing is left of it. */
static void gives_up(peermap_segment *segment, const char *what, int rc, uint64_t mapped)
{
    ends_in_time(what);
    CHECK_INT(rc, PEERMAP_ETIMEDOUT);
    if (!strstr(peermap_last_error(), "mlockall") || strstr(peermap_last_error(), "runs again"))
        FAIL("%s: %s", what, peermap_last_error());
    CHECK_INT(mapped_of(segment), mapped);
}

static int attaches_in_time(void)
{
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "late", .deadline_ms = DEADLINE_MS };
    slow_maps = 20;
    begin();
    int rc = peermap_attach(seg(), &options, &segment);
    ends_in_time("an attach");
    if (rc != PEERMAP_EOS || errno != ETIMEDOUT || !strstr(peermap_last_error(), "mlockall"))
        FAIL("%s", peermap_last_error());
    slow_maps = 0;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    peermap_detach(segment);
    return 0;
}

/* Where the process locks its memory, mapping is what takes long: a growth and a remap are undone, an attach leaves nothing. */
static void maps(void)
{
    int status;
    peermap_segment *segment = create(65536, PEERMAP_STRICT);
    slow_maps = 20; /* 1,280 ms for each GiB */
    begin();
    gives_up(segment, "a growth", peermap_grow(segment, GIB, NULL), 65536);
    CHECK_INT(peermap_size(segment), 65536);
    slow_maps = 0;
    CHECK_INT(peermap_grow(segment, GIB, NULL), 0);
    slow_maps = 20;
    begin();
    gives_up(segment, "a remap", peermap_remap(segment, 0, NULL), GIB + 65536);
    begin();
    gives_up(segment, "a remap of itself", peermap_remap(segment, getpid(), NULL), GIB + 65536);
    slow_maps = 0;
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    fflush(NULL);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(attaches_in_time());
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
    CHECK_INT(peermap_peers(segment, NULL, 0), 1);
    destroy(segment);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("the library's calls pass by the mmap() and fallocate() of this test");
    setup(argv);
    purges();
    zeroes();
    allocates();
    unmaps();
    maps();
    return 0;
}
