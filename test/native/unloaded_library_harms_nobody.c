/* SPDX-License-Identifier: MIT */
/*
 * A host unloads a plugin that has the library inside, after it has detached or without: threads that used it end, children are forked, signals come, others
 * grow what it is attached to, and the host exits.  Loaded and unloaded by the thousand it takes no more memory.
 */
#include "drive.h"
#include "plugins/load.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define TIMES 3000

static const struct copy *library; /* the plugin's */
static pthread_barrier_t used, unloaded;

static peermap_segment *have(const char *peer)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = peer, .flags = PEERMAP_RELOCATABLE, .deadline_ms = 20000 };
    if (library->attach(seg(), &options, &segment) != 0)
        FAIL("%s", library->last_error());
    return segment;
}

/* ---- a thread that once used it ---- */

static void *use(void *heap_name)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "plugin", .flags = PEERMAP_HEAP };
    CHECK_INT(library->create(heap_name, &options, &segment), 0);
    CHECK_INT(peermap_unlink(heap_name), 0);
    library->free(segment, library->alloc(segment, 100));
    library->detach(segment);
    pthread_barrier_wait(&used);
    pthread_barrier_wait(&unloaded);
    return NULL;
}

static void thread_ends_afterwards(void)
{
    char name[80];
    pthread_t thread;
    void *plugin = load_plugin(plugin_path(), &library);
    snprintf(name, sizeof name, "%s-heap", seg());
    CHECK(pthread_barrier_init(&used, NULL, 2) == 0 && pthread_barrier_init(&unloaded, NULL, 2) == 0);
    CHECK(pthread_create(&thread, NULL, use, name) == 0);
    pthread_barrier_wait(&used);
    CHECK(dlclose(plugin) == 0);
    pthread_barrier_wait(&unloaded);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* ---- an attachment that nobody took back ---- */

static void fork_once(void)
{
    int status;
#ifdef __SANITIZE_THREAD__ /* which lets no forked child go on */
    return;
#endif
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(0);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* The file that it was loaded from is not there any more either. */
static void *load_and_remove(void)
{
    char path[80];
    snprintf(path, sizeof path, "/tmp/peermap-test-%d.so", (int)getpid());
    int from = open(plugin_path(), O_RDONLY | O_CLOEXEC), to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
    struct stat facts;
    CHECK(from >= 0 && to >= 0 && fstat(from, &facts) == 0);
    for (off_t left = facts.st_size; left > 0;) {
        ssize_t copied = copy_file_range(from, NULL, to, NULL, (size_t)left, 0);
        CHECK(copied > 0);
        left -= copied;
    }
    close(from);
    close(to);
    void *plugin = load_plugin(path, &library);
    CHECK(unlink(path) == 0);
    return plugin;
}

static void stays_a_peer(struct peer *other)
{
    void *plugin = load_and_remove();
    const peermap_segment *segment = have("unloaded");
    size_t (*size)(const peermap_segment *) = library->size;
    CHECK(dlclose(plugin) == 0);
    ok(other, "grow 4096");
    fork_once();
    ok(other, "grow %d", 256 << 20); /* past what was mapped ahead: its agent has to */
    CHECK(size(segment) > 256 << 20);
}

/* ---- a handler of signals ---- */

static volatile sig_atomic_t heard;

static void hear(int number, siginfo_t *info, void *context)
{
    (void)context;
    CHECK(number == SIGBUS && info->si_addr != NULL);
    heard = 1;
    mmap((void *)((uintptr_t)info->si_addr & ~(uintptr_t)4095), 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

static void signals_go_where_they_went(void)
{
    int fd = memfd_create("the host's own", MFD_CLOEXEC);
    volatile char *past_its_end = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(fd >= 0 && past_its_end != MAP_FAILED);
    CHECK_INT(*past_its_end, 0);
    CHECK(heard);
    close(fd);
}

/* ---- again and again ---- */

static int mappings(void)
{
    int lines = 0, c;
    FILE *file = fopen("/proc/self/maps", "re");
    CHECK(file != NULL);
    while ((c = fgetc(file)) != EOF)
        lines += c == '\n';
    fclose(file);
    return lines;
}

static void costs_no_more_each_time(void)
{
    const int once = mappings();
    CHECK(once > 0);
    for (int i = 0; i < TIMES; i++) {
        void *plugin = load_plugin(plugin_path(), &library);
        if (i % 100 == 0)
            library->detach(have("again"));
        CHECK(dlclose(plugin) == 0);
    }
#ifndef __SANITIZE_THREAD__ /* which maps memory of its own for each thread */
    CHECK(mappings() <= once + 8); /* what the allocator took meanwhile */
#endif
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    const struct sigaction action = { .sa_sigaction = hear, .sa_flags = SA_SIGINFO };
    CHECK(sigaction(SIGBUS, &action, NULL) == 0);
    struct peer *other = ready_peer("other", "create 65536");
    thread_ends_afterwards();
    stays_a_peer(other);
    signals_go_where_they_went();
    costs_no_more_each_time();
    return 0;
}
