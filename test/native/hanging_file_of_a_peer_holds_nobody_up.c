/* SPDX-License-Identifier: MIT */
/*
 * A stopped peer has a file open on a file system that hangs: it maps the memory all the same, since nobody asks that file anything.  One that is stopped in
 * the middle of an exec from there cannot be reached, which a caller is told in time.
 */
#include "hanging.h"

#include <pthread.h>

static char path[128];

static void *execute(void *unused)
{
    char *arguments[] = { path, NULL };
    execv(path, arguments);
    for (;;)
        pause();
    return unused;
}

/* With the file open before the segment is, and after: whoever looks for the segment's descriptor comes past it. */
static pid_t start(const char *name, bool executes)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap_options options = { .struct_size = sizeof options, .peer_name = name };
        peermap_segment *segment;
        pthread_t thread;
        snprintf(path, sizeof path, "%s/file", hanging);
        if (open(path, O_RDWR) < 0 || peermap_attach(seg(), &options, &segment) != 0 || open(path, O_RDWR) < 0)
            _exit(1);
        snprintf(path, sizeof path, "%s/program", hanging);
        if (executes)
            pthread_create(&thread, NULL, execute, NULL);
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    hanging_make();
    struct peer *a = ready_peer("a", "create 65536 deadline 2000");
    pid_t stopped = start("stopped", false);
    stop_process(stopped);
    ok(a, "grow 65536");
    CHECK(strstr(ok(a, "answers"), " stopped:unstop:0") != NULL);
    CHECK_INT(mapped_bytes(stopped, a->base, a->base + 131072, header_length()), 131072);
    kill(stopped, SIGKILL);
    waitpid(stopped, NULL, 0);
    pid_t busy = start("busy", true);
    while (*hanging_reads == 0)
        usleep(200);
    kill(busy, SIGSTOP); /* the main thread stops: the other is in the middle of its exec */
    while (process_state(busy) != 'T')
        usleep(200);
    struct peer *b = ready_peer("b", "deadline 300");
    uint64_t since = now_ns();
    fails(b, "PEERMAP_ETIMEDOUT", "grow 65536");
    uint64_t took = (now_ns() - since) / 1000000;
    printf("%" PRIu64 " ms: %s\n", took, b->line);
    CHECK(took < 3 * 380);
    CHECK(strstr(b->line, "busy") != NULL && strstr(b->line, "in the middle of something") != NULL);
    kill(hanging_server, SIGKILL); /* the exec fails */
    kill(busy, SIGCONT);
    while (strncmp(ask(a, "grow 65536"), "ok", 2) != 0)
        CHECK(strstr(a->line, "PEERMAP_ETIMEDOUT") != NULL);
    kill(busy, SIGKILL);
    waitpid(busy, NULL, 0);
    return 0;
}
