/* SPDX-License-Identifier: MIT */
/*
 * A process that dumps its core runs no more of its own code: while that goes on it is dead, the lock that it held is taken over, its name is free
 * and it holds up nobody.
 */
#include "drive.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define MIB ((size_t)1 << 20)

static char folder[64];

static void *grow(void *segment)
{
    peermap_grow(segment, 4096, NULL);
    return NULL;
}

/* Attaches, with so much memory to dump; grows, if it is to have the lock, and aborts when it is told to. */
static void crasher(int told, size_t bytes, bool holds)
{
    struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    peermap_options options = { .struct_size = sizeof options, .peer_name = "crasher", .deadline_ms = 100000 };
    peermap_segment *segment;
    pthread_t thread;
    char byte;
    if (setrlimit(RLIMIT_CORE, &all) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(3);
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < bytes; i += 4096)
        memory[i] = (char)(i >> 12 | 1);
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(4);
    if (holds)
        pthread_create(&thread, NULL, grow, segment);
    if (read(told, &byte, 1) == 1)
        abort();
    _exit(0);
}

static bool is_dumping(pid_t pid)
{
    char path[64], line[256];
    int dumping = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "CoreDumping: %d", &dumping) == 1)
            break;
    if (file)
        fclose(file);
    return dumping != 0;
}

/* Until it dumps, or has ended.  False if it writes no core. */
static bool see_dump(pid_t pid)
{
    for (;;) {
        siginfo_t how = { 0 };
        if (is_dumping(pid))
            return true;
        if (waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 && how.si_pid == pid)
            return how.si_code == CLD_DUMPED;
    }
}

static void forget_folder(void)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(folder);
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
    snprintf(folder, sizeof folder, "/tmp/peermap-test-%d", (int)getpid());
    CHECK(mkdir(folder, 0700) == 0 && chdir(folder) == 0);
    atexit(forget_folder);
    struct peer *watcher = ready_peer("watcher", "create 65536 deadline 2000");
    struct peer *sleeper = ready_peer("sleeper", "no-inject");
    for (int holds = 0; holds < 2; holds++) {
        bool whole = false;
        for (size_t bytes = 256 * MIB; !whole && bytes <= 2048 * MIB; bytes *= 2)
            whole = goes_on(watcher, sleeper, bytes, holds);
        if (!whole)
            SKIP("a core of two gigabytes is written before anybody can look");
    }
    return 0;
}
