/* SPDX-License-Identifier: MIT */
/*
 * A program's own fork handlers (pthread_atfork) allocate, attach, detach and take a lock under which other threads do the same: with a library that was there
 * before they were, and with one that came later, in a plugin.
 */
#include "drive.h"
#include "plugins/load.h"

#include <pthread.h>

#define TIMES 40

static const struct copy own = THIS_COPY;

/* Process-local.  A library, and what the handlers have of it. */
struct side {
    const struct copy *copy;
    char name[80];
    peermap_segment *segment, *in_child;
};
static struct side sides[2];

static pthread_mutex_t programs = PTHREAD_MUTEX_INITIALIZER;
static int done[3];

static peermap_segment *have(const struct side *side, const char *peer)
{
    peermap_segment *segment = NULL;
    peermap_options options = { .struct_size = sizeof options, .peer_name = peer, .flags = PEERMAP_RELOCATABLE, .deadline_ms = 20000 };
    if (side->copy->attach(side->name, &options, &segment) != 0)
        FAIL("%s: %s", peer, side->copy->last_error());
    return segment;
}

static void use(const char *peer, int handler)
{
    for (struct side *side = sides; side < sides + 2; side++) {
        void *object = side->copy->alloc(side->segment, 100);
        CHECK(object != NULL);
        side->copy->free(side->segment, object);
        side->copy->detach(have(side, peer));
    }
    done[handler]++;
}

static void prepare(void)
{
    use("prepare", 0);
    pthread_mutex_lock(&programs);
}

static void in_parent(void)
{
    pthread_mutex_unlock(&programs);
    use("parent", 1);
}

static void in_child(void)
{
    pthread_mutex_unlock(&programs);
    for (struct side *side = sides; side < sides + 2; side++) {
        CHECK(side->copy->alloc(side->segment, 100) == NULL && errno == EBADF);
        side->in_child = have(side, "child");
    }
    done[2]++;
}

static void fork_once(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        CHECK_INT(done[2], 1);
        for (struct side *side = sides; side < sides + 2; side++) {
            void *object = side->copy->alloc(side->in_child, 100);
            CHECK(object != NULL);
            side->copy->free(side->in_child, object);
            CHECK_INT(side->copy->grow(side->in_child, 4096, NULL), 0);
            side->copy->detach(side->in_child);
            CHECK(side->copy->base(side->segment) == NULL);
        }
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

static void *fork_in_thread(void *nothing)
{
    fork_once();
    return nothing;
}

/* Each time a thread that has nothing of the heap yet.  Of the library that came later no thread may, whose handlers come first. */
static void *use_under_lock(void *nothing)
{
    pthread_mutex_lock(&programs);
    own.free(sides[0].segment, own.alloc(sides[0].segment, 100));
    own.detach(have(&sides[0], "under-lock"));
    pthread_mutex_unlock(&programs);
    return nothing;
}

static void in_thread(void *(*what)(void *))
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, what, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void *use_again_and_again(void *until)
{
    while (!__atomic_load_n((bool *)until, __ATOMIC_ACQUIRE))
        in_thread(use_under_lock);
    return NULL;
}

static void forget_segments(void)
{
    for (struct side *side = sides; side < sides + 2; side++)
        if (side->name[0])
            peermap_unlink(side->name);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("which lets no forked child have threads");
    setup(argv);
    CHECK(pthread_atfork(prepare, in_parent, in_child) == 0);
    sides[0].copy = &own;
    void *plugin = load_plugin(plugin_path(), &sides[1].copy);
    for (int i = 0; i < 2; i++)
        snprintf(sides[i].name, sizeof sides[i].name, "%s-%d", seg(), i);
    atexit(forget_segments);
    for (struct side *side = sides; side < sides + 2; side++) {
        const peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP, .deadline_ms = 20000 };
        CHECK_INT(side->copy->create(side->name, &options, &side->segment), 0);
    }
    fork_once();
    in_thread(fork_in_thread);

    pthread_t other;
    bool enough = false;
    CHECK(pthread_create(&other, NULL, use_again_and_again, &enough) == 0);
    for (int i = 0; i < TIMES; i++)
        fork_once();
    __atomic_store_n(&enough, true, __ATOMIC_RELEASE);
    CHECK(pthread_join(other, NULL) == 0);
    CHECK_INT(done[0], TIMES + 2);
    CHECK_INT(done[1], TIMES + 2);
    for (struct side *side = sides; side < sides + 2; side++)
        side->copy->detach(side->segment);
    CHECK(dlclose(plugin) == 0);
    return 0;
}
