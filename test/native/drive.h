/* SPDX-License-Identifier: MIT */
/*
 * drive.h - starting and driving peers (test/peers/peer.c) from a test, and looking at them from outside.
 *
 * Every test has one segment of its own, seg(), destroyed at exit; peers end with the test, also when it fails.  A watchdog of two
 * minutes ends a test that hangs.
 */
#ifndef DRIVE_H
#define DRIVE_H

#include "check.h"
#include "layout.h"
#include "os_linux.h"
#include "peermap.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static inline uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Process-local. */
struct lacked {
    pid_t pid;
    uint64_t sum;
};

static inline bool add_lacked(uint32_t thread, void *context)
{
    struct lacked *lacked = context;
    char path[64], line[128];
    unsigned long long waited = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%" PRIu32 "/schedstat", (int)lacked->pid, thread);
    if (pm_text_read(path, line, sizeof line) > 0 && sscanf(line, "%*u %llu", &waited) == 1)
        lacked->sum += waited;
    return false;
}

/* How long the threads that a process has now could have run and had no core, in ns; of a kernel that does not count it, 0.  It takes no memory. */
static inline uint64_t lacked_a_core_ns(pid_t pid)
{
    struct lacked lacked = { .pid = pid };
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    (void)pm_proc_any_number(path, add_lacked, &lacked, NULL);
    return lacked.sum;
}

/* How long something takes a process, and how much of that it lacked a core: what it takes where all cores are busy is not its doing. */
struct stopwatch {
    pid_t pid;
    uint64_t since, lacked;
};

static inline struct stopwatch stopwatch_of(pid_t pid) { return (struct stopwatch){ pid, now_ns(), lacked_a_core_ns(pid) }; }

static inline uint64_t lacked_ms(const struct stopwatch *watch)
{
    const uint64_t now = lacked_a_core_ns(watch->pid);
    return now > watch->lacked ? (now - watch->lacked) / 1000000 : 0; /* less, where a thread has ended */
}

static inline uint64_t elapsed_ms(const struct stopwatch *watch) { return (now_ns() - watch->since) / 1000000; }

/* What it took, but for what it lacked a core. */
static inline uint64_t fair_ms(const struct stopwatch *watch)
{
    const uint64_t all = elapsed_ms(watch), lacked = lacked_ms(watch);
    return all > lacked ? all - lacked : 0;
}

#define MOST_PEERS 64
#define LACKED_MS 30u /* of the 50 that a call has past its deadline */

struct peer {
    pid_t pid;
    FILE *in, *out;
    char name[64];
    uintptr_t base;
    char command[256], line[4096]; /* the last one, and its answer */
    struct stopwatch told;
};

static struct peer all_peers[MOST_PEERS];
static char peer_program[4096];
static char segment_name[64];

static inline const char *seg(void) { return segment_name; }

static inline void forget_everything(void)
{
    for (int i = 0; i < MOST_PEERS; i++) {
        if (all_peers[i].pid > 0) {
            kill(all_peers[i].pid, SIGKILL);
            waitpid(all_peers[i].pid, NULL, 0);
        }
    }
    if (segment_name[0])
        peermap_unlink(segment_name);
}

static inline void hung(int signal_number)
{
    (void)signal_number;
    static const char text[] = "the test was interrupted, by its watchdog or by a person\n";
    if (write(2, text, sizeof text - 1) < 0) {}
    for (int i = 0; i < MOST_PEERS; i++)
        if (all_peers[i].pid > 0)
            kill(all_peers[i].pid, SIGKILL);
    char path[128] = "/dev/shm/peermap.";
    strcat(path, segment_name);
    unlink(path);
    _exit(1);
}

static inline void setup(char **argv)
{
    /* .../tests/NAME -> .../peers/peer */
    snprintf(peer_program, sizeof peer_program, "%s", argv[0]);
    char *slash = strrchr(peer_program, '/');
    CHECK(slash != NULL);
    snprintf(slash, sizeof peer_program - (size_t)(slash - peer_program), "/../peers/peer");
    snprintf(segment_name, sizeof segment_name, "test-%d", (int)getpid());
    signal(SIGPIPE, SIG_IGN);
    signal(SIGALRM, hung);
    signal(SIGTERM, hung);
    signal(SIGINT, hung);
    alarm(120);
    atexit(forget_everything);
}

/* The answer to the last command, without its newline.  A peer that died answers "died". */
static inline const char *answer(struct peer *peer)
{
    if (!fgets(peer->line, sizeof peer->line, peer->out))
        snprintf(peer->line, sizeof peer->line, "died");
    peer->line[strcspn(peer->line, "\n")] = '\0';
    return peer->line;
}

/* Starts a peer; its first line is in ->line.  The words are those of its command line after the name. */
static inline struct peer *start_peer(const char *name, const char *words)
{
    struct peer *peer = all_peers;
    while (peer < all_peers + MOST_PEERS && peer->pid != 0)
        peer++;
    CHECK(peer < all_peers + MOST_PEERS);
    int in[2], out[2];
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    pid_t parent = getpid();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        dup2(in[0], 0);
        dup2(out[1], 1);
        for (int fd = 3; fd < 256; fd++)
            close(fd);
        char copy[256], *arguments[32] = { peer_program, segment_name, (char *)(uintptr_t)name };
        int count = 3;
        snprintf(copy, sizeof copy, "%s", words ? words : "");
        for (char *word = strtok(copy, " "); word && count < 31; word = strtok(NULL, " "))
            arguments[count++] = word;
        execv(peer_program, arguments);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    *peer = (struct peer){ .pid = pid, .in = fdopen(in[1], "w"), .out = fdopen(out[0], "r") };
    snprintf(peer->name, sizeof peer->name, "%s", name);
    setvbuf(peer->in, NULL, _IOLBF, 0);
    answer(peer);
    if (sscanf(peer->line, "ready %*d %" SCNxPTR, &peer->base) != 1)
        peer->base = 0;
    return peer;
}

static inline struct peer *ready_peer(const char *name, const char *words)
{
    struct peer *peer = start_peer(name, words);
    if (strncmp(peer->line, "ready ", 6) != 0)
        FAIL("peer %s did not attach: %s", name, peer->line);
    return peer;
}

__attribute__((format(printf, 2, 3))) static inline struct peer *say(struct peer *peer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(peer->command, sizeof peer->command, format, arguments);
    va_end(arguments);
    peer->told = stopwatch_of(peer->pid);
    fprintf(peer->in, "%s\n", peer->command);
    fflush(peer->in);
    return peer;
}

#define ask(peer, ...) answer(say((peer), __VA_ARGS__))

/* Nothing was changed, because the agent got no core by the deadline: which is not its doing, if the kernel says the same. */
static inline bool lacked_a_core_for(const struct peer *peer, const char *answered)
{
    return strstr(answered, "is held up, so nothing was changed") && lacked_ms(&peer->told) >= LACKED_MS;
}

/* The command succeeds; what follows "ok" is returned. */
#define ok(peer, ...) expect_ok(__FILE__, __LINE__, say((peer), __VA_ARGS__))
static inline const char *expect_ok(const char *file, int line, struct peer *peer)
{
    const char *got = answer(peer);
    while (lacked_a_core_for(peer, got))
        got = answer(say(peer, "%s", peer->command));
    if (strncmp(got, "ok", 2) != 0) {
        fprintf(stderr, "%s:%d: peer %s (pid %d) answered: %s\n", file, line, peer->name, (int)peer->pid, got);
        exit(1);
    }
    return got + 2;
}

#define fails(peer, code, ...) expect_error(__FILE__, __LINE__, code, say((peer), __VA_ARGS__))
static inline const char *expect_error(const char *file, int line, const char *code, struct peer *peer)
{
    char wanted[64];
    const char *got = answer(peer);
    snprintf(wanted, sizeof wanted, "error %s ", code);
    if (strncmp(got, wanted, strlen(wanted)) != 0) {
        fprintf(stderr, "%s:%d: peer %s answered \"%s\", not %s\n", file, line, peer->name, got, code);
        exit(1);
    }
    return got;
}

static inline size_t size_of(struct peer *peer) { return strtoull(ok(peer, "size"), NULL, 10); }

static inline void forget(struct peer *peer)
{
    fclose(peer->in);
    fclose(peer->out);
    *peer = (struct peer){ 0 };
}

static inline void kill_peer(struct peer *peer)
{
    kill(peer->pid, SIGKILL);
    waitpid(peer->pid, NULL, 0);
    forget(peer);
}

static inline int end_peer(struct peer *peer) /* its wait status */
{
    int status;
    fclose(peer->in);
    peer->in = fopen("/dev/null", "w");
    waitpid(peer->pid, &status, 0);
    forget(peer);
    return status;
}

static inline char process_state(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    if (!file)
        return '?';
    char *got = fgets(line, sizeof line, file);
    fclose(file);
    char *at = got ? strrchr(line, ')') : NULL;
    return at && at[1] ? at[2] : '?';
}

/* The main thread may have stopped, and another not yet. */
static inline bool all_stopped(pid_t pid)
{
    char path[300], state;
    bool all = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "/proc/%d/task/%s/stat", (int)pid, entry->d_name);
        FILE *file = fopen(path, "r");
        all = all && file && fscanf(file, "%*d (%*[^)]) %c", &state) == 1 && (state == 'T' || state == 'Z');
        if (file)
            fclose(file);
    }
    closedir(tasks);
    return all;
}

/* How often a thread has given its processor away, or had it taken: it ran in between. */
static inline uint64_t switches(pid_t pid, pid_t thread)
{
    char path[64], line[256];
    uint64_t sum = 0, some;
    snprintf(path, sizeof path, "/proc/%d/task/%d/status", (int)pid, (int)thread);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    while (fgets(line, sizeof line, file))
        if (sscanf(line, "voluntary_ctxt_switches: %" SCNu64, &some) == 1 || sscanf(line, "nonvoluntary_ctxt_switches: %" SCNu64, &some) == 1)
            sum += some;
    fclose(file);
    return sum;
}

static inline void stop_process(pid_t pid)
{
    kill(pid, SIGSTOP);
    while (!all_stopped(pid))
        usleep(200);
}

static inline void stop_peer(struct peer *peer) { stop_process(peer->pid); }

/* Stops all threads of the peer as a debugger does, until let_peer_go(). */
static inline void hold_peer(struct peer *peer)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)peer->pid);
    DIR *tasks = opendir(path);
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        pid_t thread = (pid_t)atoi(entry->d_name);
        int status;
        if (thread == 0)
            continue;
        if (ptrace(PTRACE_SEIZE, thread, 0, 0) != 0)
            SKIP("cannot trace: %s", strerror(errno));
        CHECK(ptrace(PTRACE_INTERRUPT, thread, 0, 0) == 0 && waitpid(thread, &status, __WALL) == thread);
    }
    closedir(tasks);
}

static inline void let_peer_go(struct peer *peer)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)peer->pid);
    DIR *tasks = opendir(path);
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;)
        if (atoi(entry->d_name) > 0)
            ptrace(PTRACE_DETACH, (pid_t)atoi(entry->d_name), 0, 0);
    closedir(tasks);
}

static inline void continue_peer(struct peer *peer) { kill(peer->pid, SIGCONT); }

/* Bytes of [from, to) that the process maps with these rights, as /proc/PID/maps has them, from the segment's object at the right place. */
static inline uint64_t bytes_mapped_as(const char *wanted, pid_t pid, uint64_t from, uint64_t to, uint64_t header_len)
{
    char path[64], line[4096], object[128];
    uint64_t total = 0;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    snprintf(object, sizeof object, "/dev/shm/peermap.%s", segment_name);
    FILE *maps = fopen(path, "r");
    if (!maps)
        return 0;
    while (fgets(line, sizeof line, maps)) {
        uint64_t begin, end, offset;
        char rights[8];
        int name = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &begin, &end, rights, &offset, &name) < 4)
            continue;
        if (end <= from || begin >= to || strcmp(rights, wanted) != 0)
            continue;
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line + name, object, strlen(object)) != 0)
            continue;
        uint64_t low = begin > from ? begin : from, high = end < to ? end : to;
        if (offset + (low - begin) == header_len + (low - from))
            total += high - low;
    }
    fclose(maps);
    return total;
}

static inline uint64_t mapped_bytes(pid_t pid, uint64_t from, uint64_t to, uint64_t header_len) { return bytes_mapped_as("rw-s", pid, from, to, header_len); }

/* A word of the header, by its offset in layout.h. */
static inline uint64_t header_word(long offset)
{
    char path[128];
    uint64_t word = 0;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", segment_name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    CHECK(fseek(file, offset, SEEK_SET) == 0 && fread(&word, sizeof word, 1, file) == 1);
    fclose(file);
    return word;
}

static inline uint64_t header_length(void) { return header_word(offsetof(struct pm_header, header_len)); }

/* The kernel maps all of [base, base + size) in this peer. */
static inline void maps_all(struct peer *peer, uint64_t size)
{
    CHECK_INT(mapped_bytes(peer->pid, peer->base, peer->base + size, header_length()), size);
}

/* The kernel maps exactly [base, base + size) in this peer, and nothing of the object after it. */
static inline void maps_exactly(struct peer *peer, uint64_t size)
{
    uint64_t header = header_length();
    CHECK_INT(mapped_bytes(peer->pid, peer->base, peer->base + size, header), size);
    CHECK_INT(mapped_bytes(peer->pid, peer->base, peer->base + (UINT64_C(1) << 34), header), size);
}

/* The same, before long: who answered a growth that was undone is waited for only a moment, and where all cores are busy it goes back a little later. */
static inline void comes_to_map_exactly(struct peer *peer, uint64_t size)
{
    while (mapped_bytes(peer->pid, peer->base, peer->base + (UINT64_C(1) << 34), header_length()) != size)
        usleep(500);
    maps_exactly(peer, size);
}

static inline uint64_t object_length(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", segment_name);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL);
    fseek(file, 0, SEEK_END);
    long length = ftell(file);
    fclose(file);
    return (uint64_t)length;
}

/* Repeatable: a test that fails does so again. */
static inline uint64_t chance(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

/* Into a file that is there, of /proc or a cgroup, in one piece.  False and errno if it does not take that. */
static inline bool write_text(const char *path, const char *text)
{
    const int fd = open(path, O_WRONLY | O_CLOEXEC);
    const bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    if (fd >= 0)
        close(fd);
    return written;
}

/* How many there are in a folder: descriptors, threads. */
static inline int entries_of(const char *path)
{
    int count = 0;
    DIR *folder = opendir(path);
    CHECK(folder != NULL);
    for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}

/* Waits for a fact; the watchdog ends the wait for one that never comes. */
#define UNTIL(fact)                                                                                                    \
    do {                                                                                                               \
        while (!(fact))                                                                                                \
            usleep(500);                                                                                               \
    } while (0)

#endif
