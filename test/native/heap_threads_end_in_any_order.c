/* SPDX-License-Identifier: MIT */
/*
 * Threads end while others allocate: destructors of the application free and allocate before the library's own and after it, again and again; other
 * threads detach meanwhile, or did before.  Nothing is left, and nothing is touched that is not there any more.
 */
#include "heap.h"

#include <limits.h>
#include <pthread.h>

#define KEYS 4      /* half of them made before the library has its own, half after it */
#define ENDINGS 150 /* threads, of each kind */
#define BYSTANDERS 2
#ifdef __SANITIZE_THREAD__ /* which ends its own part of a thread in the last round of destructors, and cannot be used from then on */
#define ROUNDS (PTHREAD_DESTRUCTOR_ITERATIONS - 1)
#else
#define ROUNDS PTHREAD_DESTRUCTOR_ITERATIONS
#endif

static pthread_key_t keys[KEYS];
static uint32_t working; /* bystanders go on as long as it is set */

/* ---- destructors ---- */

/* Process-local.  What a key holds: an object to free; and how often its destructor wants to be called again. */
struct thing {
    unsigned char *object;
    size_t size;
    int again;
    pthread_key_t key;
};

static void end_thing(void *argument)
{
    struct thing *thing = argument;
    CHECK(has_pattern(thing->object, thing->size, thing->size));
    unsigned char *other = peermap_alloc(heap, 3 * thing->size), *zeroes = peermap_calloc(heap, 10, 10), *large = peermap_alloc(heap, 100000);
    CHECK(other != NULL && zeroes != NULL && large != NULL);
    write_pattern(other, 3 * thing->size, 1);
    write_pattern(large, 100000, 2);
    thing->object = peermap_realloc(heap, thing->object, thing->size + 1000);
    CHECK(thing->object != NULL && has_pattern(other, 3 * thing->size, 1) && has_pattern(large, 100000, 2));
    peermap_free(heap, large);
    peermap_free(heap, other);
    peermap_free(heap, zeroes);
    if (thing->again-- > 0) {
        write_pattern(thing->object, thing->size, thing->size);
        CHECK(pthread_setspecific(thing->key, thing) == 0);
        return;
    }
    peermap_free(heap, thing->object);
    free(thing);
}

static void have_thing(pthread_key_t key, size_t size, int again)
{
    struct thing *thing = malloc(sizeof *thing);
    CHECK(thing != NULL);
    *thing = (struct thing){ peermap_alloc(heap, size), size, again, key };
    CHECK(thing->object != NULL);
    write_pattern(thing->object, size, size);
    CHECK(pthread_setspecific(key, thing) == 0);
}

static void *end_with_things(void *number)
{
    uint64_t state = (uint64_t)(uintptr_t)number * 77 + 1;
    for (int i = 0; i < KEYS; i++)
        if (chance_of(&state) % 4 != 0)
            have_thing(keys[i], 1 + chance_of(&state) % 2000, (int)(chance_of(&state) % ROUNDS));
    return NULL;
}

/* ---- who works on meanwhile ---- */

static void *work_on(void *number)
{
    uint64_t state = (uint64_t)(uintptr_t)number + 5;
    unsigned char *kept[16] = { NULL };
    size_t sizes[16] = { 0 };
    for (uint64_t i = 0; __atomic_load_n(&working, __ATOMIC_ACQUIRE); i++) {
        uint32_t at = (uint32_t)(chance_of(&state) % 16);
        CHECK(!kept[at] || has_pattern(kept[at], sizes[at], at));
        peermap_free(heap, kept[at]);
        sizes[at] = 1 + some_size(&state) % 20000;
        CHECK((kept[at] = peermap_alloc(heap, sizes[at])) != NULL);
        write_pattern(kept[at], sizes[at], at);
    }
    for (int i = 0; i < 16; i++)
        peermap_free(heap, kept[i]);
    return NULL;
}

static void start_bystanders(pthread_t *threads)
{
    __atomic_store_n(&working, 1, __ATOMIC_RELEASE);
    for (int i = 0; i < BYSTANDERS; i++)
        CHECK(pthread_create(&threads[i], NULL, work_on, (void *)(uintptr_t)i) == 0);
}

static void end_bystanders(const pthread_t *threads)
{
    __atomic_store_n(&working, 0, __ATOMIC_RELEASE);
    for (int i = 0; i < BYSTANDERS; i++)
        pthread_join(threads[i], NULL);
}

static void nothing_is_left(void)
{
    peermap_heap_peer rows[3];
    CHECK_INT(objects(), 0);
    is_empty();
    CHECK_INT(peermap_heap_peers(heap, rows, 3), 2);
    CHECK(rows[0].threads <= 1); /* this one */
    CHECK_INT(rows[0].allocations + rows[1].allocations, rows[0].frees + rows[1].frees);
    CHECK_INT(stats().faults, 0);
}

/* ---- another thread detaches, from a heap that the ending one has used ---- */

static peermap_segment *passing;
static pthread_barrier_t both;

static void *use_and_end(void *number)
{
    peermap_free(passing, peermap_alloc(passing, 100));
    have_thing(keys[(uintptr_t)number % KEYS], 200, 1);
    pthread_barrier_wait(&both);
    return NULL; /* while the other detaches */
}

static void end_beside_a_detach(uintptr_t number)
{
    char name[80];
    pthread_t thread;
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .deadline_ms = 20000, .reserve_size = 8 << 20 };
    snprintf(name, sizeof name, "%s-passing", seg());
    CHECK_INT(peermap_create(name, &options, &passing), 0);
    CHECK_INT(peermap_unlink(name), 0);
    CHECK(pthread_create(&thread, NULL, use_and_end, (void *)number) == 0);
    pthread_barrier_wait(&both);
    peermap_detach(passing);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- the last detach comes first ---- */

static void *outlive_the_heap(void *nothing)
{
    peermap_free(heap, peermap_alloc(heap, 100));
    CHECK(peermap_alloc(heap, 100000) != NULL);
    pthread_barrier_wait(&both);
    pthread_barrier_wait(&both); /* it is detached from */
    return nothing;
}

static void outlive(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, outlive_the_heap, NULL) == 0);
    pthread_barrier_wait(&both);
    close_heap();
    pthread_barrier_wait(&both);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- a program that has no key left ---- */

static void *use_without_a_key(void *nothing)
{
    unsigned char *many[200];
    for (int i = 0; i < 200; i++) {
        CHECK((many[i] = peermap_alloc(heap, 50 + (size_t)i)) != NULL);
        write_pattern(many[i], 50 + (size_t)i, (uint64_t)i);
    }
    for (int i = 0; i < 200; i++) {
        CHECK(has_pattern(many[i], 50 + (size_t)i, (uint64_t)i));
        peermap_free(heap, many[i]);
    }
    return nothing;
}

static int be_without_a_key(char **argv)
{
    pthread_key_t all[PTHREAD_KEYS_MAX];
    static char mark;
    int count = 0;
    be_started(argv);
    strcat(segment_name, "-keyless");
    while (count < PTHREAD_KEYS_MAX && pthread_key_create(&all[count], NULL) == 0)
        CHECK(pthread_setspecific(all[count++], &mark) == 0);
    open_heap("keyless", 0, 0, 0);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, use_without_a_key, NULL) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    use_without_a_key(NULL);
    for (int i = 0; i < count; i++)
        CHECK(pthread_getspecific(all[i]) == &mark);
    nothing_is_left();
    close_heap();
    return peermap_unlink(seg());
}

int main(int argc, char **argv)
{
    pthread_t bystanders[BYSTANDERS], thread;
    int status;
    if (argc > 1)
        return be_without_a_key(argv);
    setup(argv);
    alarm(165);
    CHECK(pthread_barrier_init(&both, NULL, 2) == 0);
    for (int i = 0; i < KEYS / 2; i++)
        CHECK(pthread_key_create(&keys[i], end_thing) == 0);
    open_heap("ends", 0, 0, 0);
    peermap_free(heap, peermap_alloc(heap, 1));
    for (int i = KEYS / 2; i < KEYS; i++)
        CHECK(pthread_key_create(&keys[i], end_thing) == 0);

    for (uintptr_t i = 0; i < ENDINGS; i++) { /* alone, so that what is left of one is seen */
        CHECK(pthread_create(&thread, NULL, end_with_things, (void *)i) == 0);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    nothing_is_left();

    start_bystanders(bystanders);
    for (uintptr_t i = 0; i < ENDINGS; i += 3) {
        pthread_t at_once[3];
        for (uintptr_t j = 0; j < 3; j++)
            CHECK(pthread_create(&at_once[j], NULL, end_with_things, (void *)(i + j)) == 0);
        for (int j = 0; j < 3; j++)
            CHECK(pthread_join(at_once[j], NULL) == 0);
    }
    for (uintptr_t i = 0; i < ENDINGS; i++)
        end_beside_a_detach(i);
    end_bystanders(bystanders);
    nothing_is_left();

    pid_t keyless = start_self("keyless", 0);
    CHECK(waitpid(keyless, &status, 0) == keyless);
    CHECK_INT(status, 0);

    outlive();
    return 0;
}
