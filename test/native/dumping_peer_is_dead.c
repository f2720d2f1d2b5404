/* SPDX-License-Identifier: MIT */
/*
 * A process that dumps its core runs no more of its own code: while that goes on it is dead, the lock that it held is taken over, its name is free
 * and it holds up nobody.
 */
#include "dumps.h"

#include <pthread.h>
static void *grow(void *segment)
{
    either_way(peermap_grow(segment, 4096, NULL));
    return NULL;
}

/* Attaches, with so much memory to dump; grows, if it is to have the lock, and aborts when it is told to. */
static void crasher(int told, size_t bytes, bool holds)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "crasher", .deadline_ms = 100000 };
    peermap_segment *segment;
    pthread_t thread;
    char byte;
    fill_memory(bytes);
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(4);
    if (holds)
        pthread_create(&thread, NULL, grow, segment);
    if (read(told, &byte, 1) == 1)
        abort();
    _exit(0);
}

static bool has_lock(pid_t pid)
{
    char path[64];
    uint32_t thread = (uint32_t)header_word(offsetof(struct pm_header, lock)) & PM_FUTEX_TID;
    snprintf(path, sizeof path, "/proc/%d/task/%u", (int)pid, thread);
    return thread != 0 && access(path, F_OK) == 0;
}

/* False if the dump was over before all had been seen. */
static bool goes_on(struct peer *watcher, struct peer *sleeper, size_t bytes, bool holds)
{
    int told[2], status;
    CHECK(pipe(told) == 0);
    if (holds)
        stop_peer(sleeper);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        crasher(told[0], bytes, holds);
    }
    while (!strstr(ok(watcher, "peers"), "crasher:"))
        CHECK(waitpid(pid, &status, WNOHANG) == 0);
    while (holds && !has_lock(pid)) {}
    CHECK(write(told[1], "", 1) == 1);
    if (!see_dump(pid))
        SKIP("no core is written here, see ulimit -c and kernel.core_pattern");
    if (holds)
        continue_peer(sleeper);
    unsigned acked, late;
    CHECK(sscanf(ok(watcher, "grow 4096"), "%*u %*u %*u %u %u", &acked, &late) == 2);
    CHECK_INT(acked, 2); /* watcher and sleeper */
    CHECK_INT(late, 0);
    CHECK(strstr(ok(watcher, "peers"), "crasher:") == NULL || strstr(watcher->line, ":dead:") != NULL);
    kill_peer(ready_peer("crasher", NULL));
    CHECK_INT(atoi(ok(watcher, "reap")), 1);
    bool whole = is_dumping(pid);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    close(told[0]);
    close(told[1]);
    ok(watcher, "grow 4096"); /* and nothing is taken from anybody when the kernel at last says that it ended */
    return whole;
}

int main(int argc, char **argv)
{
    (void)argc;
#ifdef __SANITIZE_ADDRESS__
    SKIP("not under the sanitizers: what they reserve would be dumped, too");
#endif
    NOT_WITH_THREAD_SANITIZER("what it reserves would be dumped, too");
    char *program = realpath(argv[0], NULL);
    CHECK(program != NULL);
    argv[0] = program;
    setup(argv);
    dump_here();
    struct peer *watcher = ready_peer("watcher", "create 65536 deadline 2000");
    struct peer *sleeper = ready_peer("sleeper", "no-ptrace");
    for (int holds = 0; holds < 2; holds++) {
        bool whole = false;
        for (size_t bytes = 256 * MIB; !whole && bytes <= 2048 * MIB; bytes *= 2)
            whole = goes_on(watcher, sleeper, bytes, holds);
        if (!whole)
            SKIP("a core of two gigabytes is written before anybody can look");
    }
    return 0;
}
