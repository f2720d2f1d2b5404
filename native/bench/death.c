/* SPDX-License-Identifier: MIT */
/*
 * death - how long after kill -9 the registry tells that a peer is dead, against the kernel's own word by a pidfd, taking turns.
 *
 * Both are looked for without sleeping, in a loop that yields, as the killed process may need this very core to die.
 *
 * death TURNS
 */
#include "bench.h"

#include <poll.h>
#include <sys/syscall.h>

static bool registered_dead(peermap_segment *segment, pid_t pid)
{
    static peermap_peer peers[BENCH_PEERS_MAX];
    int count = peermap_peers(segment, peers, BENCH_PEERS_MAX);
    bench_check(count, "peers");
    for (int i = 0; i < count; i++)
        if (peers[i].pid == pid)
            return peers[i].state == PEERMAP_DEAD;
    return false;
}

static double kill_one(peermap_segment *segment, struct bench_process *peer, bool by_pidfd)
{
    int pidfd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
    if (pidfd < 0)
        bench_die("pidfd_open");
    double started = bench_us();
    kill(peer->pid, SIGKILL);
    if (by_pidfd)
        for (struct pollfd look = { .fd = pidfd, .events = POLLIN }; poll(&look, 1, 0) == 0;)
            sched_yield();
    else
        while (!registered_dead(segment, peer->pid))
            sched_yield();
    double took = bench_us() - started;
    close(pidfd);
    waitpid(peer->pid, NULL, 0);
    close(peer->channel);
    return took;
}

int main(int argc, char **argv)
{
    size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    bench_name_segment("death");
    peermap_segment *segment = bench_create();
    struct bench_samples by[2] = { { 0 }, { 0 } };
    for (size_t turn = 0; turn < 2 * turns; turn++) {
        struct bench_process peer = bench_fork(bench_peer, NULL);
        bench_start_peer(&peer);
        bool by_pidfd = turn % 2 == 1;
        double took = kill_one(segment, &peer, by_pidfd);
        if (turn >= 4)
            bench_add(&by[by_pidfd], took);
        bench_check(peermap_reap(segment), "reap");
    }
    printf("{\"bench\":\"death\"");
    bench_print("registry", &by[0]);
    bench_print("pidfd", &by[1]);
    puts("}");
    peermap_detach(segment);
    return 0;
}
