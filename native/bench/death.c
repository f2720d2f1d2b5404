/* SPDX-License-Identifier: MIT */
/*
 * death - how long after kill -9 a peer is known dead: by the registry, and by a growth that waits for it; against the kernel's own word by
 * a pidfd.  Taking turns.
 *
 *     registry  peermap_peers() says so, looked for in a loop that yields, as the killed process may need this very core to die
 *     pidfd     poll() in such a loop says so
 *     grower    peermap_grow(), which waits for a stopped peer, returns
 *     sleeper   poll() without a timeout returns
 *
 * The segment is STRICT and its peers may not be traced, so that a growth has to wait for one that is stopped.
 *
 * death TURNS
 */
#include "common/bench.h"

#include <poll.h>
#include <pthread.h>
#include <sys/syscall.h>

#define OTHERS 7          /* peers that live on */
#define WAITING_US 5000u  /* how long the grower has waited when the peer is killed */

enum how { REGISTRY, PIDFD, GROWER, SLEEPER, HOWS };
static const char *const names[HOWS] = { "registry", "pidfd", "grower", "sleeper" };

static bool registered_dead(peermap_segment *segment, pid_t pid)
{
    static peermap_peer peers[BENCH_SLOTS];
    int count = peermap_peers(segment, peers, BENCH_SLOTS);
    bench_check(count, "peers");
    for (int i = 0; i < count; i++)
        if (peers[i].pid == pid)
            return peers[i].state == PEERMAP_DEAD;
    return false;
}

/* Kills it while the caller waits.  Process-local. */
struct killer {
    pid_t pid;
    double at; /* bench_us() */
};

static void *kill_soon(void *context)
{
    struct killer *killer = context;
    usleep(WAITING_US);
    killer->at = bench_us();
    kill(killer->pid, SIGKILL);
    return NULL;
}

/* -1 if nobody waited. */
static double kill_awaited(peermap_segment *segment, pid_t pid, int pidfd, enum how how)
{
    struct killer killer = { .pid = pid };
    pthread_t thread;
    bool waited = true;
    int status;
    if (how == GROWER) {
        kill(pid, SIGSTOP);
        if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
            bench_die("SIGSTOP");
    }
    if (pthread_create(&thread, NULL, kill_soon, &killer) != 0)
        bench_die("pthread_create");
    if (how == GROWER) {
        peermap_round round = { 0 };
        bench_check(peermap_grow(segment, 4096, &round), "grow");
        waited = round.died == 1; /* not if a busy machine held this thread up until the peer was gone */
    } else {
        struct pollfd look = { .fd = pidfd, .events = POLLIN };
        if (poll(&look, 1, -1) != 1)
            bench_die("poll");
    }
    double now = bench_us();
    pthread_join(thread, NULL);
    return waited ? now - killer.at : -1;
}

static double kill_watched(peermap_segment *segment, pid_t pid, int pidfd, enum how how)
{
    double started = bench_us();
    kill(pid, SIGKILL);
    if (how == PIDFD)
        for (struct pollfd look = { .fd = pidfd, .events = POLLIN }; poll(&look, 1, 0) == 0;)
            sched_yield();
    else
        while (!registered_dead(segment, pid))
            sched_yield();
    return bench_us() - started;
}

static double kill_one(peermap_segment *segment, struct bench_process *peer, enum how how)
{
    int pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
    if (pidfd < 0)
        bench_die("pidfd_open");
    double took = (how == GROWER || how == SLEEPER ? kill_awaited : kill_watched)(segment, peer->pid, pidfd, how);
    close(pidfd);
    bench_end(peer);
    bench_check(peermap_reap(segment), "reap");
    return took;
}

int main(int argc, char **argv)
{
    size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    struct bench_segment named = { .flags = PEERMAP_STRICT, .peer_flags = PEERMAP_NO_PTRACE };
    struct bench_process others[OTHERS];
    bench_name_segment(&named, "death");
    for (size_t i = 0; i < OTHERS; i++)
        others[i] = bench_fork(bench_peer, &named);
    peermap_segment *segment = bench_create(&named);
    for (size_t i = 0; i < OTHERS; i++)
        bench_start_peer(&others[i]);
    struct bench_samples by[HOWS] = { { 0 }, { 0 }, { 0 }, { 0 } };
    for (size_t turn = 0; turn < turns + 2; turn++) { /* two to warm up */
        for (size_t i = 0; i < HOWS; i++) {
            enum how how = (enum how)((i + turn) % HOWS);
            struct bench_process peer = bench_fork(bench_peer, &named);
            bench_start_peer(&peer);
            double took = kill_one(segment, &peer, how);
            if (turn >= 2 && took >= 0)
                bench_add(&by[how], took);
        }
    }
    printf("{\"bench\":\"death\",\"peers\":%d", OTHERS + 1);
    for (int how = 0; how < HOWS; how++)
        bench_print(names[how], &by[how]);
    puts("}");
    for (size_t i = 0; i < OTHERS; i++)
        bench_end(&others[i]);
    peermap_detach(segment);
    return 0;
}
