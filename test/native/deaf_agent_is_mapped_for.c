/* SPDX-License-Identifier: MIT */
/*
 * A peer whose agent sleeps and does not hear gets the memory through its agent's thread, running or stopped; not where that is forbidden.  Its
 * own threads find the memory, and the process lives on unharmed.
 */
#include "drive.h"

#include "../../native/runtime/segment.h"

#include <sys/mman.h>

/* The agent sleeps by then; but how should the thread sanitizer know. */
__attribute__((no_sanitize("thread"))) static peermap_segment *attach_deaf(const char *name, uint32_t flags)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .flags = flags };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    segment->tried = UINT64_MAX; /* it takes every request for one that it has seen */
    return segment;
}

static pid_t deaf(const char *name, uint32_t flags, volatile uint32_t *look)
{
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    peermap_segment *segment = attach_deaf(name, flags);
    volatile char *base = peermap_base(segment);
    for (uint32_t turn = 1;; turn++) {
        look[0] = turn;
        while (look[1] < turn)
            usleep(500);
        if (base[look[2]] != 8)
            _exit(3);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
#ifndef __x86_64__
    SKIP("only on x86-64");
#endif
    volatile uint32_t *look = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    struct peer *a = ready_peer("a", "create 65536 deadline 1000");
    pid_t pid = deaf("deaf", 0, look);
    while (look[0] < 1)
        usleep(500);
    uint64_t size = 65536;
    for (uint32_t turn = 1; turn <= 6; turn++) {
        bool stopped = turn % 2 == 0;
        if (stopped)
            kill(pid, SIGSTOP);
        ok(a, "grow 65536");
        CHECK(strcmp(ok(a, "report"), " 0 1 0 0") == 0);
        CHECK(strstr(ok(a, "answers"), " deaf:inject:0") != NULL);
        CHECK_INT(mapped_bytes(pid, a->base, a->base + size + 65536, header_length()), size + 65536);
        ok(a, "fill %" PRIu64 " 65536 8", size);
        if (stopped)
            kill(pid, SIGCONT);
        look[2] = (uint32_t)size + 100;
        look[1] = turn;
        while (look[0] < turn + 1)
            CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
        size += 65536;
    }
    /* Giving memory up is for its own code alone. */
    fails(a, "PEERMAP_ELATE", "shrink 65536");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    look[0] = look[1] = 0;
    pid = deaf("deaf-too", PEERMAP_NO_INJECT, look);
    while (look[0] < 1)
        usleep(500);
    fails(a, "PEERMAP_ELATE", "grow 65536");
    CHECK(strstr(a->line, "deaf-too") != NULL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ok(a, "grow 65536");
    return 0;
}
