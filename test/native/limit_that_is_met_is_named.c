/* SPDX-License-Identifier: MIT */
/* A limit that is lowered, or met, under an attached program is an error that names it, changes nothing, and is forgotten once it is raised again. */
#include "heap.h"

#include <pthread.h>
#include <sys/resource.h>

#define GROWTH (UINT64_C(80) << 20) /* past what is mapped ahead */

static struct rlimit lower(int resource, rlim_t most)
{
    struct rlimit before;
    CHECK(getrlimit(resource, &before) == 0);
    const struct rlimit lower = { most, before.rlim_max };
    CHECK(setrlimit(resource, &lower) == 0);
    return before;
}

static void raise_again(int resource, struct rlimit before) { CHECK(setrlimit(resource, &before) == 0); }

static void said(const char *limit)
{
    if (strstr(peermap_last_error(), limit) == NULL)
        FAIL("%s: %s", limit, peermap_last_error());
}

static void *allocate(void *nothing)
{
    (void)nothing;
    return peermap_alloc(heap, 100);
}

/* Whose first object it is. */
static void another_thread_allocates(void)
{
    pthread_t thread;
    void *object;
    CHECK(pthread_create(&thread, NULL, allocate, NULL) == 0 && pthread_join(thread, &object) == 0);
    CHECK(object != NULL);
}

static void is_as_before(uint64_t size)
{
    CHECK_INT(peermap_size(heap), size);
    CHECK_INT(peermap_grow(heap, GROWTH, NULL), 0);
    CHECK_INT(peermap_shrink(heap, GROWTH, NULL), 0);
    another_thread_allocates();
}

/* As a daemon does it, and then it may open nothing. */
static void no_descriptor_is_left(void)
{
    const uint64_t size = peermap_size(heap);
    int in = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    for (int fd = 3; fd < 64; fd++)
        if (fd != in)
            close(fd);
    const struct rlimit before = lower(RLIMIT_NOFILE, 0);
    CHECK_INT(peermap_grow(heap, GROWTH, NULL), PEERMAP_EOS);
    CHECK_INT(errno, EMFILE);
    said("ulimit -n");
    CHECK(peermap_alloc(heap, 32 * 1024 * 1024) == NULL);
    said("ulimit -n");
    raise_again(RLIMIT_NOFILE, before);
    close(in);
    is_as_before(size);
}

static void address_space_is_less_than_it_has(void)
{
    const uint64_t size = peermap_size(heap);
    const struct rlimit before = lower(RLIMIT_AS, 64 << 20);
    CHECK_INT(peermap_grow(heap, GROWTH, NULL), PEERMAP_ETIMEDOUT);
    said("ulimit -v");
    raise_again(RLIMIT_AS, before);
    is_as_before(size);
}

static struct rlimit data_limit;

static void *allocate_with_no_data(void *nothing)
{
    data_limit = lower(RLIMIT_DATA, 4096);
    void *object = allocate(nothing);
    said("ulimit -v and -d");
    raise_again(RLIMIT_DATA, data_limit);
    return object;
}

static void no_memory_of_its_own(void)
{
    pthread_t thread;
    void *object;
    CHECK(pthread_create(&thread, NULL, allocate_with_no_data, NULL) == 0 && pthread_join(thread, &object) == 0);
    CHECK(object == NULL);
    is_as_before(peermap_size(heap));
}

/* Of an ordinary user's, whom root's rights do not help. */
static void no_thread_is_left(void)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        peermap_segment *segment;
        char name[80];
        snprintf(name, sizeof name, "%s-user", seg());
        if (geteuid() == 0 && setuid(45681) != 0) /* nobody to try it as */
            _exit(0);
        const struct rlimit before = lower(RLIMIT_NPROC, 1);
        CHECK_INT(peermap_create(name, NULL, &segment), PEERMAP_EOS);
        said("ulimit -u");
        raise_again(RLIMIT_NPROC, before);
        CHECK_INT(peermap_create(name, NULL, &segment), 0);
        CHECK_INT(peermap_unlink(name), 0);
        peermap_detach(segment);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_ADDRESS_SANITIZER("which needs the memory itself");
    NOT_WITH_THREAD_SANITIZER("which needs the memory itself");
    setup(argv);
    open_heap("test", 0, UINT64_C(1) << 20, UINT64_C(1) << 30);
    CHECK(peermap_alloc(heap, 100) != NULL);
    no_thread_is_left();
    no_memory_of_its_own();
    address_space_is_less_than_it_has();
    no_descriptor_is_left();
    close_heap();
    return 0;
}
