/* SPDX-License-Identifier: MIT */
/*
 * A process in one pid namespace dumps its core, and is reaped; one in another, whose agent would get the same thread id and its slot, attaches.  When the
 * kernel, at the end of the dump, goes through what the first one had, the second one loses nothing.
 */
#include "dumps.h"
#include "elsewhere.h"

static struct {
    uint32_t attached, crasher;
} *told;

static size_t bytes_to_dump;

static void attach(const char *name)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .deadline_ms = 60000 };
    peermap_segment *segment;
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(4);
    __atomic_fetch_add(&told->attached, 1, __ATOMIC_SEQ_CST);
}

static void crash(void)
{
    fill_memory(bytes_to_dump);
    attach("crasher");
    __builtin_trap(); /* the first process of a namespace does not die of a signal that is sent to it */
}

static void stay(void)
{
    attach("namesake");
    for (;;)
        pause();
}

static void wait_attached(uint32_t count, pid_t outer)
{
    int status;
    while (__atomic_load_n(&told->attached, __ATOMIC_ACQUIRE) < count) {
        if (waitpid(outer, &status, WNOHANG) == outer)
            SKIP("no pid namespace can be made here");
        usleep(500);
    }
}

/* False if the dump was over too early. */
static bool holds(struct peer *watcher)
{
    int status;
    *told = (__typeof__(*told)){ 0 };
    pid_t first = in_namespace(crash, &told->crasher);
    wait_attached(1, first);
    pid_t crasher;
    while ((crasher = (pid_t)__atomic_load_n(&told->crasher, __ATOMIC_ACQUIRE)) == 0) {}
    while (!is_dumping(crasher) && process_state(crasher) != '?' && process_state(crasher) != 'Z') {}
    CHECK_INT(atoi(ok(watcher, "reap")), 1);
    pid_t second = in_namespace(stay, NULL);
    wait_attached(2, second);
    bool whole = is_dumping(crasher);
    CHECK(waitpid(first, &status, 0) == first);
    for (int i = 0; i < 20; i++) {
        unsigned acked, late;
        CHECK(sscanf(ok(watcher, "grow 4096"), "%*u %*u %*u %u %u", &acked, &late) == 2);
        CHECK_INT(acked, 2);
        CHECK_INT(late, 0);
        CHECK(strstr(ok(watcher, "peers"), ":dead:") == NULL);
    }
    kill(second, SIGKILL);
    CHECK(waitpid(second, &status, 0) == second);
    while (atoi(ok(watcher, "reap")) == 0)
        usleep(1000);
    return whole;
}

int main(int argc, char **argv)
{
    (void)argc;
#ifdef __SANITIZE_ADDRESS__
    SKIP("not under the sanitizers: what they reserve would be dumped, too");
#endif
    NOT_WITH_THREAD_SANITIZER("what it reserves would be dumped, too");
    argv[0] = realpath(argv[0], NULL);
    CHECK(argv[0] != NULL);
    setup(argv);
    dump_here();
    told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(told != MAP_FAILED);
    struct peer *watcher = ready_peer("watcher", "create 65536 deadline 20000");
    bool whole = false;
    for (bytes_to_dump = 256 * MIB; !whole && bytes_to_dump <= 2048 * MIB; bytes_to_dump *= 2)
        whole = holds(watcher);
    if (!whole)
        SKIP("a core of two gigabytes is written before anybody can attach");
    return 0;
}
