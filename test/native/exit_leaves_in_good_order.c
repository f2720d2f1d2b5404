/* SPDX-License-Identifier: MIT */
/* Whoever exits without having detached leaves the registry all the same, with nothing of a heap held; also while other threads are at work. */
#include "drive.h"

#include <pthread.h>

static peermap_segment *heap;

static peermap_segment *attach(void)
{
    peermap_segment *own;
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "child", .deadline_ms = 10000 };
    if (peermap_attach(seg(), &options, &own) != 0)
        _exit(2);
    return own;
}

static void *keep_allocating(void *own)
{
    for (;;)
        peermap_free(own, peermap_alloc(own, 100));
    return NULL;
}

static void *keep_growing(void *own)
{
    for (;;)
        if (peermap_grow(own, 4096, NULL) == 0)
            (void)!peermap_shrink(own, 4096, NULL);
    return NULL;
}

static void only_exit(void) { (void)!attach(); }

static void use_and_exit(void)
{
    peermap_segment *own = attach();
    peermap_free(own, peermap_alloc(own, 100));
    if (peermap_set_root(own, "r", peermap_alloc(own, 8), 8, NULL) != 0)
        _exit(3);
}

static void exit_beside_threads(void)
{
    static void *(*const work[])(void *) = { keep_allocating, keep_growing, keep_allocating };
    peermap_segment *own = attach();
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        if (pthread_create(&thread, NULL, work[i], own) != 0)
            _exit(4);
    usleep(20000);
}

static peermap_segment *forgotten;
static void detach_late(void) { peermap_detach(forgotten); }

static void detach_in_a_handler(void)
{
    forgotten = attach();
    atexit(detach_late);
}

static void exit_after_a_fork(void)
{
    (void)!attach();
    segment_name[0] = '\0';
    pid_t child = fork();
    if (child == 0)
        exit(0);
    int status;
    if (waitpid(child, &status, 0) != child || status != 0)
        _exit(5);
}

static void after(const char *what, void (*act)(void), int times)
{
    for (int i = 0; i < times; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            act();
            segment_name[0] = '\0'; /* it is the parent's to remove */
            exit(0);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        if (peermap_peers(heap, NULL, 0) != 1)
            FAIL("after %s, time %d, it is still in the registry", what, i);
    }
    peermap_heap stats;
    CHECK_INT(peermap_reap(heap), 0);
    CHECK_INT(peermap_heap_stats(heap, &stats), 0);
    CHECK_INT(stats.lost_threads, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it starts threads in a child of fork()");
    setup(argv);
    CHECK_INT(peermap_create(seg(), &(peermap_options){ .struct_size = sizeof(peermap_options), .flags = PEERMAP_HEAP, .deadline_ms = 10000 }, &heap), 0);
    after("only_exit", only_exit, 3);
    after("use_and_exit", use_and_exit, 3);
    peermap_heap stats;
    CHECK_INT(peermap_heap_stats(heap, &stats), 0);
    CHECK_INT(stats.lost_threads, 0);
    after("exit_beside_threads", exit_beside_threads, 20);
    after("detach_in_a_handler", detach_in_a_handler, 3);
    after("exit_after_a_fork", exit_after_a_fork, 3);
    return 0;
}
