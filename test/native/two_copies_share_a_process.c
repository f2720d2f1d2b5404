/* SPDX-License-Identifier: MIT */
/*
 * A program with the library inside loads a plugin that has another copy of it: they are two peers, of the same segments and of others, in the same
 * threads; each hears of what is its own, and what one does the other sees.  When the plugin is gone the program goes on.
 */
#include "heap.h"
#include "plugins/load.h"

#include <pthread.h>

#define THREADS 3
#define TIMES 1500
#define RING 64
#define PAGE 4096u

static const struct copy own = THIS_COPY;
static const struct copy *other;

/* Process-local.  One segment, attached to by both. */
struct both {
    char name[80];
    peermap_segment *own, *other;
};

static struct both shared_heap, plain;
static peermap_segment *own_heap, *other_heap; /* one each */

static const char *name_of(const char *what)
{
    static char name[80];
    snprintf(name, sizeof name, "%s-%s", seg(), what);
    return name;
}

static void forget_segments(void)
{
    static const char *const all[] = { "heap", "plain", "own", "other", "mine", "theirs" };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        peermap_unlink(name_of(all[i]));
}

static peermap_segment *have(const struct copy *copy, bool creates, const char *name, const char *peer, uint32_t flags)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = peer, .flags = flags, .reserve_size = 256 << 20, .deadline_ms = 20000 };
    if ((creates ? copy->create : copy->attach)(name, &options, &segment) != 0)
        FAIL("%s cannot have %s: %s", peer, name, copy->last_error());
    return segment;
}

static void have_both(struct both *both, const char *what, uint32_t flags)
{
    peermap_segment *none = NULL;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "refused" };
    snprintf(both->name, sizeof both->name, "%s", name_of(what));
    both->own = have(&own, true, both->name, "program", flags);
    CHECK_INT(other->attach(both->name, &options, &none), PEERMAP_EADDR); /* the addresses are taken, by this process */
    CHECK(none == NULL);
    both->other = have(other, false, both->name, "plugin", PEERMAP_RELOCATABLE);
    CHECK_INT(own.peers(both->own, NULL, 0), 2);
    CHECK_INT(other->peers(both->other, NULL, 0), 2);
}

static void leave_both(struct both *both)
{
    other->detach(both->other);
    CHECK_INT(own.peers(both->own, NULL, 0), 1);
    own.detach(both->own);
    CHECK_INT(peermap_unlink(both->name), 0);
}

/* ---- what threads do with both ---- */

static uint64_t offset_of(const struct copy *copy, const peermap_segment *segment, const void *object)
{
    CHECK(copy->of(object) == segment);
    return (uint64_t)((const char *)object - (const char *)copy->base(segment));
}

static uint64_t ring[RING]; /* offsets in the shared heap: allocated by either, freed by either */

static uint64_t allocate_shared(bool by_own, uint64_t size)
{
    unsigned char *object = by_own ? own.alloc(shared_heap.own, size) : other->alloc(shared_heap.other, size);
    CHECK(object != NULL);
    memcpy(object, &size, sizeof size);
    memset(object + sizeof size, (int)(size & 255), size - sizeof size);
    return by_own ? offset_of(&own, shared_heap.own, object) : offset_of(other, shared_heap.other, object);
}

static void free_shared(bool by_own, uint64_t off)
{
    unsigned char *object = (unsigned char *)(by_own ? own.base(shared_heap.own) : other->base(shared_heap.other)) + off;
    uint64_t size;
    memcpy(&size, object, sizeof size);
    CHECK(object[sizeof size] == (size & 255) && object[size - 1] == (size & 255));
    if (by_own)
        own.free(shared_heap.own, object);
    else
        other->free(shared_heap.other, object);
}

static void grow_and_see(bool by_own)
{
    size_t least = own.size(plain.own);
    CHECK_INT(by_own ? own.grow(plain.own, PAGE, NULL) : other->grow(plain.other, PAGE, NULL), 0);
    CHECK(own.size(plain.own) > least && other->size(plain.other) > least);
    volatile char *mine = own.base(plain.own), *theirs = other->base(plain.other);
    __atomic_fetch_add(&mine[least], 1, __ATOMIC_RELAXED);
    CHECK(__atomic_load_n(&theirs[least], __ATOMIC_RELAXED) != 0);
}

static void *work(void *number)
{
    uint64_t state = (uint64_t)(uintptr_t)number + 3;
    for (int i = 0; i < TIMES; i++) {
        uint64_t random = chance_of(&state), size = 16 + random % (random % 50 == 0 ? 200000 : 2000);
        uint64_t off = allocate_shared(random >> 32 & 1, size);
        uint64_t old = __atomic_exchange_n(&ring[(random >> 33) % RING], off, __ATOMIC_ACQ_REL);
        if (old != 0)
            free_shared(random >> 40 & 1, old);
        own.free(own_heap, own.alloc(own_heap, size));
        other->free(other_heap, other->alloc(other_heap, size));
        if (i % 100 == 0)
            grow_and_see(i % 200 == 0);
    }
    return NULL;
}

static void work_in_threads(void)
{
    in_threads(THREADS, work);
    for (int i = 0; i < RING; i++) {
        if (ring[i] != 0)
            free_shared(i % 2, ring[i]);
        ring[i] = 0;
    }
}

/* ---- children ---- */

static void fork_once(bool with_plugin)
{
    int status;
#ifdef __SANITIZE_THREAD__ /* which lets no forked child have threads */
    return;
#endif
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        peermap_segment *one = have(&own, false, name_of("own"), "child", 0);
        own.free(one, own.alloc(one, 100));
        own.detach(one);
        if (with_plugin) {
            CHECK(other->base(other_heap) == NULL);
            one = have(other, false, name_of("other"), "child", 0);
            other->free(one, other->alloc(one, 100));
            other->detach(one);
        }
        CHECK(own.base(own_heap) == NULL);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* ---- each hears of what is its own ---- */

static void cut(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    CHECK(truncate(path, 0) == 0);
}

static void lose_one_each(void)
{
    peermap_segment *mine = have(&own, true, name_of("mine"), "program", PEERMAP_HEAP), *theirs = have(other, true, name_of("theirs"), "plugin", PEERMAP_HEAP);
    cut(name_of("mine"));
    cut(name_of("theirs"));
    CHECK_INT(own.peers(mine, NULL, 0), PEERMAP_ELOST);
    CHECK_INT(other->peers(theirs, NULL, 0), PEERMAP_ELOST);
    CHECK(own.alloc(mine, 100) == NULL && other->alloc(theirs, 100) == NULL);
    own.detach(mine);
    other->detach(theirs);
    CHECK_INT(peermap_unlink(name_of("mine")), 0);
    CHECK_INT(peermap_unlink(name_of("theirs")), 0);
}

/* In a thread, which ends before the plugin does: what it has of the plugin's heaps is told of its end. */
static void *leave_the_plugins(void *nothing)
{
    CHECK(other->reap(shared_heap.other) >= 0);
    CHECK_INT(other->trim(shared_heap.other, NULL), 0);
    CHECK_INT(own.trim(shared_heap.own, NULL), 0);
    heap = shared_heap.own;
    CHECK_INT(objects(), 0);
    CHECK_INT(stats().faults, 0);
    leave_both(&plain);
    leave_both(&shared_heap);
    other->detach(other_heap);
    CHECK_INT(peermap_unlink(name_of("other")), 0);
    return nothing;
}

static void *use_both_once(void *nothing)
{
    work(nothing);
    lose_one_each();
    return nothing;
}

static void in_thread(void *(*what)(void *))
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, what, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void *use_own(void *nothing)
{
    for (int i = 0; i < 1000; i++)
        own.free(own_heap, own.alloc(own_heap, (size_t)i * 10));
    return nothing;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    atexit(forget_segments);
    void *plugin = load_plugin(plugin_path(), &other);
    have_both(&shared_heap, "heap", PEERMAP_HEAP);
    have_both(&plain, "plain", 0);
    own_heap = have(&own, true, name_of("own"), "program", PEERMAP_HEAP);
    other_heap = have(other, true, name_of("other"), "plugin", PEERMAP_HEAP);

    work_in_threads();
    fork_once(true);
    in_thread(use_both_once);
    work_in_threads();
    in_thread(leave_the_plugins);

    CHECK(dlclose(plugin) == 0);
    fork_once(false);
    in_thread(use_own);
    heap = own_heap;
    is_empty();
    own.detach(own_heap);
    CHECK_INT(peermap_unlink(name_of("own")), 0);
    return 0;
}
