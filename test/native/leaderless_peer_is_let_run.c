/* SPDX-License-Identifier: MIT */
/* A process whose main thread has ended while others go on is alive: growths reach it, also when it is stopped. */
#include "freezer.h"

#include <pthread.h>
#include <sys/mman.h>

static void *rest(void *argument)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    __atomic_store_n((int *)argument, 1, __ATOMIC_RELEASE);
    for (;;)
        pause();
    return NULL;
}

static pid_t leaderless(const char *name)
{
    int *there = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap_options options = { .struct_size = sizeof options, .peer_name = name };
        peermap_segment *segment;
        pthread_t thread;
        if (peermap_attach(seg(), &options, &segment) != 0)
            _exit(1);
        pthread_create(&thread, NULL, rest, there);
        pthread_exit(NULL);
    }
    while (__atomic_load_n(there, __ATOMIC_ACQUIRE) == 0 || process_state(pid) != 'Z')
        CHECK(waitpid(pid, NULL, WNOHANG) == 0);
    munmap(there, 4096);
    return pid;
}

static char state_of(pid_t pid, pid_t thread)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)thread);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fgets(line, sizeof line, file) && strrchr(line, ')'));
    fclose(file);
    return strrchr(line, ')')[2];
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    NOT_WITH_THREAD_SANITIZER("it does not like a main thread that ends");
    struct peer *a = ready_peer("a", "create 65536 deadline 60000");
    uint64_t header = header_length();
    pid_t pid = leaderless("leaderless"), agent = agent_of(pid);
    ok(a, "grow 65536");
    CHECK(strstr(ok(a, "answers"), " leaderless:agent:0") != NULL);
    CHECK_INT(mapped_bytes(agent, a->base, a->base + 131072, header), 131072);
    kill(pid, SIGSTOP);
    while (state_of(pid, agent) != 'T')
        usleep(200);
    ok(a, "grow 65536");
    CHECK(strstr(ok(a, "answers"), " leaderless:unstop:0") != NULL);
    CHECK_INT(mapped_bytes(agent, a->base, a->base + 196608, header), 196608);
    CHECK_INT(state_of(pid, agent), 'T');
    kill(pid, SIGCONT);
    ok(a, "grow 65536");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return 0;
}
