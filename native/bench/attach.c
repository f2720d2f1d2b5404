/* SPDX-License-Identifier: MIT */
/*
 * attach - how long a process takes to become a peer, against opening and mapping an object of that size by hand, taking turns.
 *
 * attach TURNS BYTES [one-core]
 */
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

static double attach_bare(void)
{
    char path[128];
    snprintf(path, sizeof path, "/peermap.%s", bench_segment);
    double started = bench_us();
    int fd = shm_open(path, O_RDWR, 0);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        bench_die("shm_open");
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (at == MAP_FAILED)
        bench_die("mmap");
    double took = bench_us() - started;
    munmap(at, (size_t)st.st_size);
    close(fd);
    return took;
}

/* In a new process each time: attaching is done once, by one that has mapped nothing yet. */
static void attach_once(int channel, void *context)
{
    bool bare = *(bool *)context;
    double took;
    if (bare) {
        took = attach_bare();
    } else {
        peermap_options options = { .struct_size = sizeof options, .peer_name = "attaching" };
        peermap_segment *segment;
        double started = bench_us();
        bench_check(peermap_attach(bench_segment, &options, &segment), "attach");
        took = bench_us() - started;
        peermap_detach(segment);
    }
    bench_send(channel, &took, sizeof took);
}

/* Keeps the segment, so that the driver can fork without being a peer. */
static void keep(int channel, void *context)
{
    peermap_segment *segment = bench_create();
    bench_check(peermap_grow(segment, *(size_t *)context, NULL), "grow");
    char word = 1;
    bench_send(channel, &word, 1);
    while (bench_receive(channel, &word, 1))
        ;
}

int main(int argc, char **argv)
{
    size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    size_t bytes = argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 20;
    bool pinned = argc > 3 && strcmp(argv[3], "one-core") == 0;
    if (pinned)
        bench_pin();
    bench_name_segment("attach");
    struct bench_process keeper = bench_fork(keep, &bytes);
    char ready;
    if (!bench_receive(keeper.channel, &ready, 1))
        bench_die("the creator ended");
    struct bench_samples by[2] = { { 0 }, { 0 } };
    for (size_t turn = 0; turn < 2 * turns; turn++) {
        bool bare = turn % 2 == 1;
        struct bench_process process = bench_fork(attach_once, &bare);
        double took;
        if (!bench_receive(process.channel, &took, sizeof took))
            bench_die("a process ended");
        waitpid(process.pid, NULL, 0);
        close(process.channel);
        if (turn >= 4)
            bench_add(&by[bare], took);
    }
    bench_end(&keeper);
    bench_remove_segment();
    printf("{\"bench\":\"attach\",\"bytes\":%zu,\"pinned\":%s", bytes, pinned ? "true" : "false");
    bench_print("peermap", &by[0]);
    bench_print("bare", &by[1]);
    puts("}");
    return 0;
}
