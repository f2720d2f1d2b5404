/* SPDX-License-Identifier: MIT */
/*
 * What the library asks of the kernel stands in docs/system-calls.md, all of it and nothing else.  Under a filter that kills for whatever is not in the first
 * three tables there, it lives and does everything; without one, it makes the calls of the other tables as well.
 */
#include "drive.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define NUMBERS 512
#define MIB ((size_t)1 << 20)
#define SOON UINT64_C(300000000)

/* ---- the document ---- */

struct call {
    const char *name;
    int number;
};
#define CALL(name) { #name, SYS_##name }
#define FUTEX_WAITV 449
#define PIDFD_OPEN 434
#define CLONE3 435
#define RSEQ 334

static const struct call calls[] = {
#ifdef __x86_64__
    CALL(access),        CALL(brk),           CALL(clock_gettime), CALL(clock_nanosleep), CALL(clone),         CALL(close),           CALL(exit),
    CALL(exit_group),    CALL(fallocate),     CALL(fchmod),        CALL(fcntl),           CALL(fstat),         CALL(fstatfs),         CALL(ftruncate),
    CALL(futex),         CALL(getdents64),    CALL(geteuid),       CALL(getpid),          CALL(getppid),       CALL(getrandom), CALL(getuid),       CALL(gettid),
    CALL(ioctl),         CALL(kill),          CALL(linkat),        CALL(lseek),           CALL(madvise),       CALL(mmap),            CALL(mprotect),
    CALL(mremap),        CALL(munlock),       CALL(munmap),        CALL(nanosleep),       CALL(newfstatat),    CALL(openat),          CALL(waitid),
    CALL(prctl),         CALL(pread64),       CALL(prlimit64),     CALL(ptrace),          CALL(read),          CALL(readlink),        CALL(rt_sigaction),
    CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_tgsigqueueinfo), CALL(sched_getaffinity), CALL(sched_getattr), CALL(sched_setattr), CALL(sched_yield),
    CALL(set_robust_list), CALL(set_tid_address), CALL(statfs),    CALL(statx),           CALL(tgkill),        CALL(unlink),          
    CALL(wait4),         CALL(write),         { "futex_waitv", FUTEX_WAITV }, { "pidfd_open", PIDFD_OPEN }, { "clone3", CLONE3 }, { "rseq", RSEQ },
#endif
    { NULL, -1 },
};

static bool always[NUMBERS], seldom[NUMBERS], documented[NUMBERS];
#define ALWAYS 3 /* so many tables */
#define SELDOM 3 /* the one that this test need not see, nor what is made "only where" */
#define TABLES 5

static int number_of(const char *name)
{
    for (const struct call *call = calls; call->name; call++)
        if (strcmp(call->name, name) == 0)
            return call->number;
    FAIL("docs/system-calls.md: this test does not know the number of %s", name);
}

static const char *name_of(int number)
{
    static char unknown[32];
    for (const struct call *call = calls; call->name; call++)
        if (call->number == number)
            return call->name;
    snprintf(unknown, sizeof unknown, "system call %d", number);
    return unknown;
}

/* The first cell of a row: names in backquotes. */
static void read_row(char *row, int table)
{
    char *end = strchr(row + 1, '|');
    CHECK(end != NULL);
    const bool by_chance = table == SELDOM || strstr(end, "| only where ") == end;
    *end = '\0';
    for (char *name = strtok(row, "`|, "); name; name = strtok(NULL, "`|, ")) {
        const int number = number_of(name);
        documented[number] = true;
        always[number] = always[number] || table <= ALWAYS;
        seldom[number] = seldom[number] || by_chance;
    }
}

static void read_document(void)
{
    char path[4096], line[4096];
    int table = 0;
    snprintf(path, sizeof path, "%s", __FILE__);
    for (int up = 0; up < 3; up++)
        *strrchr(path, '/') = '\0';
    strcat(path, "/docs/system-calls.md");
    FILE *file = fopen(path, "re");
    if (!file)
        FAIL("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        table += strncmp(line, "## ", 3) == 0;
        if (strncmp(line, "| `", 3) == 0)
            read_row(line, table);
    }
    fclose(file);
    CHECK_INT(table, TABLES);
}

/* ---- everything that the library does ---- */

static int wishes; /* a socket to the test, which does to peers what is asked for */
static int ready[2];

static void wish(char what)
{
    char answer;
    CHECK(write(wishes, &what, 1) == 1);
    CHECK(read(wishes, &answer, 1) == 1);
}

static peermap_segment *enter(const char *name, uint32_t flags, int (*way)(const char *, const peermap_options *, peermap_segment **))
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "caller", .flags = flags, .deadline_ms = 20000 };
    if (way(name, &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    return segment;
}

static void in_order(peermap_segment *segment)
{
    peermap_peer peers[8];
    peermap_result answers[8];
    peermap_root_copy root;
    char byte = 1;
    uint64_t version = 0;
    CHECK_INT(peermap_grow(segment, 1, NULL), 0);
    CHECK_INT(peermap_grow(segment, 80 * MIB, NULL), 0); /* past what is mapped ahead */
    CHECK_INT(peermap_shrink(segment, 4096, NULL), 0);
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    CHECK_INT(peermap_map_peer(segment, 0, NULL), 0);
    CHECK_INT(peermap_set_root(segment, "root", peermap_base(segment), 8, "type"), 0);
    CHECK_INT(peermap_read_root(segment, "root", &root), 0);
    version = root.version;
    CHECK_INT(peermap_wait_root(segment, "root", version, 5, &root), 1);
    CHECK_INT(peermap_compare_exchange_root(segment, "root", &version, NULL, 0, NULL), 0);
    CHECK_INT(peermap_read(segment, 0, &byte, 1), 0);
    CHECK_INT(peermap_write(segment, 0, &byte, 1), 0);
    CHECK(peermap_peers(segment, peers, 8) >= 2);
    CHECK(peermap_results(segment, answers, 8) >= 0);
    CHECK(peermap_pid_of(segment, "caller") == getpid());
    CHECK(peermap_page_size(segment) >= 4096);
    CHECK(peermap_pin(segment) > 0);
    peermap_unpin(segment);
}

/* A peer that is stopped, which is reached from outside or late; one that is killed and waited for; one with a pin that a shrink waits for. */
static void with_trouble(peermap_segment *segment, bool filtered)
{
    peermap_peer peers[8];
    wish('s');
    if (filtered)
        peermap_set_thread_deadline(peermap_now() + SOON);
    CHECK_INT(peermap_remap(segment, 0, NULL), filtered ? PEERMAP_ETIMEDOUT : 0);
    wish('c');
    wish('p');
    peermap_set_thread_deadline(peermap_now() + SOON);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_EBUSY);
    peermap_set_thread_deadline(0);
    wish('u');
    int count = peermap_peers(segment, peers, 8);
    for (int i = 0; i < count; i++) {
        if (strcmp(peers[i].name, "other") != 0)
            continue;
        CHECK_INT(peermap_wait_ended(segment, &peers[i], 5), 0);
        wish('k');
        CHECK_INT(peermap_wait_ended(segment, &peers[i], 0), 1);
    }
    CHECK_INT(peermap_map_peer(segment, 0, NULL), 0);
    CHECK_INT(peermap_reap(segment), 1);
}

static void on_a_heap(const char *name)
{
    void *objects[400];
    peermap_heap heap;
    CHECK(peermap_unlink(name) == PEERMAP_ENOENT);
    peermap_segment *segment = enter(name, PEERMAP_HEAP | PEERMAP_PREFAULT, peermap_open);
    for (size_t i = 0; i < 400; i++)
        CHECK((objects[i] = peermap_alloc(segment, i * 1000)) != NULL);
    CHECK((objects[0] = peermap_realloc(segment, objects[0], 3 * MIB)) != NULL);
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    for (size_t i = 0; i < 400; i++)
        peermap_free(segment, objects[i]);
    peermap_free(segment, (char *)peermap_base(segment) + 8); /* a fault, which is told */
    CHECK_INT(peermap_trim(segment, NULL), 0);
    peermap_detach(segment);
    segment = enter(name, PEERMAP_READ_ONLY, peermap_attach);
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(name), 0);
}

static void lose(void)
{
    peermap_segment *segment = enter(seg(), 0, peermap_attach);
    wish('t');
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ELOST);
    peermap_detach(segment);
}

static void do_everything(bool filtered)
{
    char name[80];
    snprintf(name, sizeof name, "%s-heap", seg());
    peermap_segment *segment = enter(seg(), PEERMAP_HUGE, peermap_create);
    wish('a');
    in_order(segment);
    with_trouble(segment, filtered);
    peermap_detach(segment);
    on_a_heap(name);
    lose();
    CHECK_INT(peermap_unlink(seg()), 0);
    fprintf(stderr, "  (of a heap's fault, that is how it should be)\n");
}

/* ---- the filter ---- */

static void allow_only_always(void)
{
    struct sock_filter filter[NUMBERS * 2 + 2] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)) };
    unsigned short count = 1;
    for (unsigned number = 0; number < NUMBERS; number++) {
        if (!always[number])
            continue;
        filter[count++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1);
        filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    }
    filter[count++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
    struct sock_fprog program = { count, filter };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        SKIP("cannot set a filter: %s", strerror(errno));
}

/* ---- seeing the calls ---- */

static bool made[NUMBERS];

/* struct ptrace_syscall_info, which not every C library has. */
struct info {
    uint8_t kind; /* 1: a call begins */
    uint8_t pad[3];
    uint32_t architecture;
    uint64_t instruction, stack, number, arguments[6];
};
#ifndef PTRACE_GET_SYSCALL_INFO
#define PTRACE_GET_SYSCALL_INFO 0x420e
#endif

static void see_call(pid_t thread)
{
    struct info info = { 0 };
    if (ptrace((enum __ptrace_request)PTRACE_GET_SYSCALL_INFO, thread, (void *)sizeof info, &info) <= 0 || info.kind != 1)
        return;
    CHECK(info.number < NUMBERS);
    made[info.number] = true;
}

/* In a process of its own: the calls of the one that it traces, and of all that come from it.  Its exit status. */
static int watch(pid_t first)
{
    int status, result = -1;
    pid_t thread;
    const long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, first, NULL, (void *)options) != 0)
        SKIP("cannot trace: %s", strerror(errno));
    CHECK(ptrace(PTRACE_INTERRUPT, first, NULL, NULL) == 0);
    CHECK(write(ready[1], "", 1) == 1);
    while ((thread = waitpid(-1, &status, __WALL)) > 0) {
        if (thread == first && !WIFSTOPPED(status))
            result = status;
        if (!WIFSTOPPED(status))
            continue;
        int signal_number = WSTOPSIG(status), event = status >> 16;
        if (signal_number == (SIGTRAP | 0x80))
            see_call(thread);
        if (event != 0 || signal_number == (SIGTRAP | 0x80))
            signal_number = 0;
        ptrace(PTRACE_SYSCALL, thread, NULL, (void *)(intptr_t)signal_number);
    }
    return result;
}

static void check_calls(void)
{
    int wrong = 0;
    for (int number = 0; number < NUMBERS; number++) {
        if (made[number] && !documented[number])
            wrong += fprintf(stderr, "  %s is made, and not in docs/system-calls.md\n", name_of(number)) > 0;
        if (documented[number] && !made[number] && !seldom[number])
            wrong += fprintf(stderr, "  %s is in docs/system-calls.md, and not made\n", name_of(number)) > 0;
    }
    CHECK_INT(wrong, 0);
}

/* ---- who does what is wished for ---- */

static void serve(int socket)
{
    struct peer *other = NULL;
    char what, path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    while (read(socket, &what, 1) == 1) {
        switch (what) {
        case 'a': other = ready_peer("other", NULL); break;
        case 's': stop_peer(other); break;
        case 'c': continue_peer(other); break;
        case 'p': ok(other, "pin"); break;
        case 'u': ok(other, "unpin"); break;
        case 'k': kill_peer(other); break;
        case 't': CHECK(truncate(path, 0) == 0); break;
        default: FAIL("no such wish: %c", what);
        }
        CHECK(write(socket, "", 1) == 1);
    }
}

static void expect_end(pid_t pid, const char *what)
{
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        SKIP("%s cannot be tried here", what);
    if (status != 0)
        FAIL("%s: wait status 0x%x", what, status);
}

static void under_the_filter(void)
{
    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        close(sockets[0]);
        wishes = sockets[1];
        allow_only_always();
        do_everything(true);
        _exit(0);
    }
    close(sockets[1]);
    serve(sockets[0]);
    close(sockets[0]);
    expect_end(pid, "the library under a filter that kills");
}

static void traced(void)
{
    int sockets[2];
    CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0 && pipe(ready) == 0);
    pid_t watcher = fork();
    CHECK(watcher >= 0);
    if (watcher == 0) {
        close(sockets[0]);
        wishes = sockets[1];
        pid_t pid = fork();
        CHECK(pid >= 0);
        if (pid == 0) {
            char byte;
            CHECK(read(ready[0], &byte, 1) == 1);
            do_everything(false);
            _exit(0);
        }
        close(sockets[1]);
        CHECK_INT(watch(pid), 0);
        check_calls();
        _exit(0);
    }
    close(sockets[1]);
    serve(sockets[0]);
    close(sockets[0]);
    expect_end(watcher, "the library without a filter");
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_ADDRESS_SANITIZER("it makes calls of its own");
    NOT_WITH_THREAD_SANITIZER("it makes calls of its own");
#if !defined __x86_64__ || !defined __GLIBC__
    SKIP("the document is of x86-64 with glibc");
#endif
    setup(argv);
    read_document();
    under_the_filter();
    traced();
    return 0;
}
