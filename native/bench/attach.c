/* SPDX-License-Identifier: MIT */
/*
 * attach - how long a process takes to become a peer, against opening and mapping an object of that size by hand; taking turns.
 *
 *     bare    shm_open, fstat, mmap
 *     thread  the same, and a thread that says it is there: what any library with an agent pays
 *
 * attach TURNS BYTES [one-core]
 */
#include "common/bench.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum how { PEERMAP, BARE, THREAD, HOWS };
static const char *const names[HOWS] = { "peermap", "bare", "thread" };

static struct bench_segment named;
static enum how how;

static void map_bare(void)
{
    char path[128];
    snprintf(path, sizeof path, "/peermap.%s", named.name);
    int fd = shm_open(path, O_RDWR, 0);
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        bench_die("shm_open");
    if (mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED)
        bench_die("mmap");
}

static _Atomic uint32_t there;

static void *be_there(void *nothing)
{
    atomic_store(&there, 1);
    syscall(SYS_futex, &there, FUTEX_WAKE, 1, NULL, NULL, 0);
    pause();
    return nothing;
}

static void start_thread(void)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, be_there, NULL) != 0)
        bench_die("pthread_create");
    while (atomic_load(&there) == 0)
        syscall(SYS_futex, &there, FUTEX_WAIT, 0, NULL, NULL, 0);
}

/* In a new process each time: attaching is done once, by one that has mapped nothing yet. */
static void attach_once(int channel, void *context)
{
    (void)context;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "attaching" };
    peermap_segment *segment = NULL;
    double started = bench_us();
    if (how == PEERMAP)
        bench_check(peermap_attach(named.name, &options, &segment), "attach");
    else
        map_bare();
    if (how == THREAD)
        start_thread();
    double took = bench_us() - started;
    peermap_detach(segment);
    bench_send(channel, &took, sizeof took);
}

/* Keeps the segment, so that the driver can fork without being a peer. */
static void keep(int channel, void *context)
{
    (void)context;
    bench_create(&named);
    char word = 1;
    bench_send(channel, &word, 1);
    while (bench_receive(channel, &word, 1))
        ;
}

int main(int argc, char **argv)
{
    size_t turns = argc > 1 ? strtoul(argv[1], NULL, 10) : 200;
    named.initial_size = argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 20;
    bool pinned = argc > 3 && strcmp(argv[3], "one-core") == 0;
    if (pinned)
        bench_pin();
    bench_name_segment(&named, "attach");
    char path[128], ready;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", named.name);
    bench_remove_at_end(path);
    struct bench_process keeper = bench_fork(keep, NULL);
    if (!bench_receive(keeper.channel, &ready, 1))
        bench_die("the creator ended");
    struct bench_samples by[HOWS] = { { 0 }, { 0 }, { 0 } }, ratios = { 0 };
    for (size_t turn = 0; turn < turns + 2; turn++) { /* two to warm up */
        double took[HOWS];
        for (size_t i = 0; i < HOWS; i++) {
            how = (enum how)((i + turn) % HOWS);
            struct bench_process process = bench_fork(attach_once, NULL);
            if (!bench_receive(process.channel, &took[how], sizeof *took))
                bench_die("a process ended");
            waitpid(process.pid, NULL, 0);
            close(process.channel);
        }
        for (int i = 0; turn >= 2 && i < HOWS; i++)
            bench_add(&by[i], took[i]);
        if (turn >= 2)
            bench_add(&ratios, took[PEERMAP] / took[BARE]);
    }
    bench_end(&keeper);
    printf("{\"bench\":\"attach\",\"bytes\":%zu,\"pinned\":%s", named.initial_size, pinned ? "true" : "false");
    for (int i = 0; i < HOWS; i++)
        bench_print(names[i], &by[i]);
    bench_print("ratio", &ratios);
    puts("}");
    return 0;
}
