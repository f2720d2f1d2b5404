/* SPDX-License-Identifier: MIT */
/*
 * The data, or what describes the heap, is cut short from outside while a program uses the heap.  Each call that meets what is gone ends with an error that says
 * so, and has changed nothing; the object is not made long again by it; the program's own touch of the same bytes is its own SIGBUS, before and after;
 * another segment goes on.  Where somebody makes it long again, so do the calls.  A hole is no loss.
 */
#include "heap.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define INITIAL (UINT64_C(1) << 20)
#define RESERVE (UINT64_C(64) << 20)
#define SMALL 30000 /* one to two of a unit */
#define LARGE 200000

static peermap_segment *other;
static sigjmp_buf back;
static volatile sig_atomic_t faults;
static int reports;

static volatile sig_atomic_t touching; /* the program, itself */

static void own_handler(int number)
{
    static const char said[] = "SIGBUS in a call of the library\n";
    if (!touching)
        _exit(write(STDERR_FILENO, said, sizeof said - 1) > 0 ? 1 : 2);
    (void)number;
    faults++;
    siglongjmp(back, 1);
}

static void note(const peermap_heap_fault *fault, void *context)
{
    (void)fault;
    (void)context;
    __atomic_add_fetch(&reports, 1, __ATOMIC_RELAXED);
}

static void cut_to(uint64_t length)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, (off_t)length) == 0);
}

/* ---- one call after the other ---- */

struct objects {
    char *small, *large; /* of which nothing is left */
    uint64_t left, whole; /* lengths of the file */
};

/* Small ones until the end of the heap, so that also the next one to be had lies behind the cut. */
static struct objects lay_out(void)
{
    struct objects some = { .whole = object_length() };
    char *base = peermap_base(heap);
    uint64_t half = peermap_size(heap) / 2 / 4096 * 4096;
    some.large = peermap_alloc(heap, LARGE);
    do {
        some.small = peermap_alloc(heap, SMALL);
        CHECK(some.small != NULL);
    } while (some.small < base + half);
    peermap_free(heap, some.large);
    some.large = peermap_alloc(heap, LARGE);
    while (some.large && some.large < base + half)
        some.large = peermap_alloc(heap, LARGE);
    CHECK(some.large != NULL);
    some.whole = object_length();
    some.left = header_length() + half;
    return some;
}

/* The program's own touch, wherever the library has just been. */
static void is_the_programs_own(volatile char *at)
{
    int before = faults;
    touching = 1;
    if (sigsetjmp(back, 1) == 0)
        CHECK(at[0] == 1);
    CHECK_INT(faults, before + 1);
    if (sigsetjmp(back, 1) == 0)
        at[0] = 1;
    CHECK_INT(faults, before + 2);
    touching = 0;
}

static void said(const struct objects *some, char *at, size_t length)
{
    CHECK_INT(errno, ENODATA);
    if (strstr(peermap_last_error(), "cut short from outside") == NULL)
        FAIL("said: %s", peermap_last_error());
    errno = 0;
    CHECK_INT(object_length(), some->left);
    is_the_programs_own(at);
    is_the_programs_own(at + length - 1);
}

/* Of a class of which the next one is behind the cut. */
static void nothing_is_to_be_had(const struct objects *some)
{
    const peermap_heap before = stats();
    CHECK(peermap_alloc(heap, SMALL) == NULL);
    said(some, some->small, SMALL);
    CHECK(peermap_alloc(heap, INITIAL / 4) == NULL);
    said(some, some->small, SMALL);
    CHECK(peermap_calloc(heap, 3, SMALL / 3) == NULL);
    said(some, some->small, SMALL);
    CHECK(peermap_aligned_alloc(heap, 16384, INITIAL / 4) == NULL);
    said(some, some->small, SMALL);
    CHECK(peermap_realloc(heap, NULL, SMALL) == NULL);
    said(some, some->small, SMALL);
    const peermap_heap after = stats();
    CHECK_INT(after.used, before.used);
    CHECK_INT(after.small_objects + after.large_objects, before.small_objects + before.large_objects);
}

static void object_stays(const struct objects *some, char *object, size_t size)
{
    char bytes[64];
    const uint64_t off = (uint64_t)(object - (char *)peermap_base(heap)), before = objects();
    peermap_free(heap, object);
    said(some, object, size);
    CHECK_INT(peermap_object_size(heap, object), 0);
    said(some, object, size);
    CHECK(peermap_realloc(heap, object, size - 8) == NULL);
    said(some, object, size);
    CHECK(peermap_realloc(heap, object, size * 3) == NULL);
    said(some, object, size);
    CHECK_INT(peermap_read(heap, off, bytes, sizeof bytes), PEERMAP_ELOST);
    errno = ENODATA;
    said(some, object, size);
    CHECK_INT(peermap_write(heap, off + size / 2, bytes, sizeof bytes), PEERMAP_ELOST);
    errno = ENODATA;
    said(some, object, size);
    CHECK_INT(objects(), before);
}

static void others_go_on(void)
{
    char *object = peermap_alloc(other, SMALL);
    CHECK(object != NULL);
    memset(object, 7, SMALL);
    CHECK_INT(peermap_object_size(other, object), SMALL);
    peermap_free(other, object);
    CHECK_INT(peermap_root(heap, "first", NULL) == peermap_base(heap), 1);
    CHECK_INT(peermap_set_root(heap, "second", peermap_base(heap), 8, NULL), 0);
}

/* What needs no data answers; what changes the size or the memory of the segment does not. */
static void the_rest(void)
{
    peermap_heap_peer rows[8];
    CHECK(peermap_heap_peers(heap, rows, 8) > 0);
    CHECK(peermap_pin(heap) > 0);
    peermap_unpin(heap);
    CHECK(peermap_reap(heap) >= 0);
    CHECK_INT(peermap_grow(heap, 4096, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_shrink(heap, 4096, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_map_peer(heap, 0, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_remap(heap, 0, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_trim(heap, NULL), PEERMAP_ELOST);
}

static void each_call(uint32_t flags)
{
    open_heap("test", flags, INITIAL, RESERVE);
    CHECK_INT(peermap_set_root(heap, "first", peermap_base(heap), 8, NULL), 0);
    char *kept = peermap_alloc(heap, 100), bytes[4096];
    const struct objects some = lay_out();
    CHECK(kept != NULL && kept < some.small);
    cut_to(some.left);
    is_the_programs_own(some.small);
    nothing_is_to_be_had(&some);
    object_stays(&some, some.small, SMALL);
    object_stays(&some, some.large, LARGE);
    others_go_on();
    the_rest();
    CHECK_INT(object_length(), some.left);

    /* What is left is as good as before. */
    CHECK_INT(peermap_object_size(heap, kept), 100);
    peermap_free(heap, kept);
    CHECK_INT(peermap_read(heap, 0, bytes, sizeof bytes), 0);
    CHECK_INT(peermap_read(heap, peermap_size(heap) - 8, bytes, 9), PEERMAP_EINVAL);

    cut_to(some.whole);
    memset(some.small, 1, SMALL);
    char *again = peermap_calloc(heap, 1, LARGE);
    CHECK(again != NULL);
    peermap_free(heap, again);
    CHECK_INT(peermap_grow(heap, 4096, NULL), 0);
    reports = 0;
    peermap_free(heap, some.small); /* its guard went with its bytes */
    CHECK_INT(reports, 1);
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* ---- the header of a heap ---- */

/* Each in a segment of its own: the first call that meets it. */
static void header_is_cut(int call)
{
    peermap_heap found;
    open_heap("test", 0, INITIAL, RESERVE);
    char *object = peermap_alloc(heap, SMALL), byte;
    CHECK(object != NULL);
    cut_to(call % 2 == 0 ? 0 : header_length() / 2 / 4096 * 4096);
    int rc = PEERMAP_ELOST;
    errno = reports = 0;
    switch (call / 2) {
    case 0: CHECK(peermap_alloc(heap, SMALL) == NULL && errno == ENODATA); break;
    case 1: CHECK(peermap_calloc(heap, 1, LARGE) == NULL && errno == ENODATA); break;
    case 2: CHECK(peermap_realloc(heap, object, LARGE) == NULL && errno == ENODATA); break;
    case 3: peermap_free(heap, object); break;
    case 4: CHECK_INT(peermap_object_size(heap, object), 0); break;
    case 5: rc = peermap_heap_stats(heap, &found); break;
    case 6: rc = peermap_trim(heap, NULL); break;
    case 7: rc = peermap_read(heap, 0, &byte, 1); break;
    default: rc = peermap_reap(heap); break;
    }
    if (call % 2 == 0 && rc != PEERMAP_ELOST)
        FAIL("call %d answered %d", call, rc);
    CHECK(call / 2 > 4 || errno == ENODATA);
    CHECK_INT(reports, 0); /* nobody is accused */
    CHECK_INT(peermap_grow(heap, 4096, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_heap_stats(heap, &found), PEERMAP_ELOST);
    CHECK(peermap_alloc(heap, SMALL) == NULL && errno == ENODATA);
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
}

#ifndef __SANITIZE_THREAD__ /* which has no such room for addresses */
static uint64_t kilobytes(const char *field)
{
    char line[256];
    uint64_t kib = 0;
    FILE *status = fopen("/proc/self/status", "re");
    CHECK(status != NULL);
    while (kib == 0 && fgets(line, sizeof line, status))
        if (strncmp(line, field, strlen(field)) == 0)
            kib = strtoull(line + strlen(field) + 1, NULL, 10);
    fclose(status);
    return kib;
}

#define LITTLE (UINT64_C(32) << 20)

/* By all calls that go far in what describes a heap. */
static void lose_and_use(uint64_t reserve, uint64_t length)
{
    peermap_heap found;
    open_heap("test", 0, INITIAL, reserve);
    char *object = peermap_alloc(heap, SMALL);
    CHECK(object != NULL);
    const struct rlimit most = { (kilobytes("VmData") << 10) + LITTLE, RLIM_INFINITY }, any = { RLIM_INFINITY, RLIM_INFINITY };
    CHECK(setrlimit(RLIMIT_DATA, &most) == 0);
    cut_to(length);
    CHECK(peermap_alloc(heap, SMALL) == NULL && errno == ENODATA);
    peermap_free(heap, object);
    CHECK(peermap_realloc(heap, object, LARGE) == NULL && errno == ENODATA);
    CHECK_INT(peermap_heap_stats(heap, &found), PEERMAP_ELOST);
    CHECK_INT(peermap_trim(heap, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_reap(heap), PEERMAP_ELOST);
    CHECK(setrlimit(RLIMIT_DATA, &any) == 0);
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
}
#endif

/* What describes it is more than many a machine has memory for, and more than the process may have of its own. */
static void great_header_is_cut(void)
{
#ifndef __SANITIZE_THREAD__
    for (uint64_t length = 0; length <= UINT64_C(1) << 30; length += UINT64_C(1) << 28)
        lose_and_use(UINT64_C(1) << 40, length);
#endif
}

/* All that is mapped then is filled. */
static void header_is_cut_of_who_locks(void)
{
#if !defined __SANITIZE_THREAD__ && !defined __SANITIZE_ADDRESS__ /* which make mlockall() do nothing */
    struct rlimit most;
    if (getrlimit(RLIMIT_MEMLOCK, &most) != 0 || (most.rlim_cur != RLIM_INFINITY && geteuid() != 0))
        return;
    open_heap("test", 0, INITIAL, UINT64_C(16) << 30);
    CHECK(header_length() > 4 * LITTLE);
    CHECK(peermap_alloc(heap, SMALL) != NULL);
    CHECK(mlockall(MCL_FUTURE) == 0);
    const uint64_t before = kilobytes("VmRSS");
    cut_to(0);
    CHECK(peermap_alloc(heap, SMALL) == NULL && errno == ENODATA);
    CHECK(kilobytes("VmRSS") < before + (LITTLE >> 10));
    CHECK(munlockall() == 0);
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
#endif
}

/* ---- in the middle of calls ---- */

static uint64_t data_begins;

/* Each has one object that it never gives, which is gone whenever anything is that lies before it. */
static void *use(void *context)
{
    char *object[40] = { NULL }, bytes[512];
    char *own = peermap_calloc(heap, 1, sizeof bytes);
    uint64_t dice = 88172645463325252u + (uint64_t)(uintptr_t)context, lost = 0;
    for (int i = 0; i < 2000 || lost == 0; i++) {
        char **at = &object[chance_of(&dice) % 40];
        const uint64_t size = some_size(&dice) % 100000 + 1;
        errno = 0;
        switch (chance_of(&dice) % 6) {
        case 0: peermap_free(heap, *at), *at = peermap_alloc(heap, size); break;
        case 1: peermap_free(heap, *at), *at = peermap_calloc(heap, 1, size); break;
        case 2: *at = peermap_realloc(heap, *at, size); break;
        case 3: peermap_free(heap, *at), *at = NULL; break;
        case 4: (void)peermap_object_size(heap, *at); break;
        default: lost += !own || peermap_read(heap, (size_t)(own - (char *)peermap_base(heap)), bytes, sizeof bytes) == PEERMAP_ELOST; break;
        }
        lost += errno == ENODATA;
        if (i % 64 == 0 && peermap_heap_stats(heap, &(peermap_heap){ 0 }) != 0)
            break; /* the header is gone */
    }
    return NULL;
}

static void work(void)
{
    pthread_t threads[2];
    peermap_on_heap_fault(note, NULL);
    open_heap("worker", 0, 0, RESERVE);
    for (uintptr_t i = 0; i < 2; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, use, (void *)i), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    close_heap();
}

/* That is at work. */
static pid_t start_worker(void)
{
    pid_t worker = start_self("worker", 0);
    while (peermap_peers(heap, NULL, 0) < 2 || objects() == 0)
        usleep(500);
    return worker;
}

static void cut_at_any_moment(void)
{
    uint64_t dice = 362436069u;
    open_heap("test", 0, INITIAL, RESERVE);
    data_begins = header_length();
    pid_t worker = start_worker();
    int status;
    while (waitpid(worker, &status, WNOHANG) == 0) {
        const uint64_t whole = data_begins + peermap_size(heap);
        cut_to(data_begins + chance_of(&dice) % (whole - data_begins));
        usleep((useconds_t)(chance_of(&dice) % 2000));
        if (chance_of(&dice) % 4 != 0)
            cut_to(whole);
        usleep((useconds_t)(chance_of(&dice) % 2000));
    }
    if (status != 0)
        FAIL("the worker ended with status 0x%x", (unsigned)status);
    cut_to(data_begins + peermap_size(heap));
    stats();
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void header_is_cut_at_any_moment(void)
{
    uint64_t dice = 521288629u;
    for (int i = 0; i < 8; i++) {
        int status;
        open_heap("test", 0, INITIAL, RESERVE);
        const uint64_t header = header_length();
        pid_t worker = start_worker();
        usleep((useconds_t)(chance_of(&dice) % 3000));
        const uint64_t left = chance_of(&dice) % header;
        do {
            cut_to(left); /* again, because a growth of the same moment makes it long again */
            usleep(1000);
        } while (waitpid(worker, &status, WNOHANG) == 0);
        if (status != 0)
            FAIL("the worker ended with status 0x%x", (unsigned)status);
        close_heap();
        CHECK_INT(peermap_unlink(seg()), 0);
    }
}

/* ---- a hole ---- */

static void hole_is_no_loss(void)
{
    char path[128];
    open_heap("test", 0, INITIAL, RESERVE);
    char *object = peermap_alloc(heap, LARGE);
    CHECK(object != NULL);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)header_length(), (off_t)INITIAL) == 0);
    close(fd);
    CHECK(peermap_alloc(heap, LARGE) != NULL);
    reports = 0;
    peermap_free(heap, object);
    CHECK_INT(reports, 1);
    CHECK_INT(peermap_grow(heap, 4096, NULL), 0);
    close_heap();
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        be_started(argv);
        alarm(100);
        work();
        return 0;
    }
    setup(argv);
    signal(SIGBUS, own_handler);
    peermap_on_heap_fault(note, NULL);
    char name[80];
    snprintf(name, sizeof name, "%s-other", seg());
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .reserve_size = RESERVE };
    CHECK_INT(peermap_create(name, &options, &other), 0);
    CHECK_INT(peermap_unlink(name), 0);
    each_call(0);
    each_call(PEERMAP_STRICT);
    each_call(PEERMAP_PREFAULT);
    for (int call = 0; call < 18; call++)
        header_is_cut(call);
    great_header_is_cut();
    header_is_cut_of_who_locks();
    hole_is_no_loss();
    cut_at_any_moment();
    header_is_cut_at_any_moment();
    peermap_detach(other);
    return 0;
}
