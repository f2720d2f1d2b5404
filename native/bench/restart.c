/* SPDX-License-Identifier: MIT */
/*
 * restart - how long until a process that was killed has a successor with its root pointer.
 *
 * The successor waits, as a supervisor's spare would; what an exec costs is not ours.
 *     restart  from kill -9 until the successor, told by the driver once the killed one is gone, has the pointer
 *     attach   of that, from its call of peermap_attach() on
 *
 * restart TURNS BYTES [one-core]
 */
#include "common/bench.h"

#define ROOT "quotes"

static struct bench_segment named;

struct times {
    double called, done; /* bench_us() */
};

/* The same program for the first and for those who follow: it attaches under one name, looks for the root, and makes it if there is none. */
static void work(int channel, void *context)
{
    (void)context;
    char go;
    if (!bench_receive(channel, &go, 1))
        return;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "worker" };
    peermap_segment *segment;
    struct times times = { .called = bench_us() };
    bench_check(peermap_attach(named.name, &options, &segment), "attach");
    void *root = peermap_root(segment, ROOT, NULL);
    times.done = bench_us();
    if (root == NULL)
        bench_check(peermap_set_root(segment, ROOT, peermap_base(segment), 64, NULL), "set_root");
    else if (root != peermap_base(segment))
        bench_die("another root");
    bench_send(channel, &times, sizeof times);
    for (;;)
        pause();
}

static struct times start(const struct bench_process *process)
{
    struct times times;
    char go = 1;
    bench_send(process->channel, &go, 1);
    if (!bench_receive(process->channel, &times, sizeof times))
        bench_die("a process ended");
    return times;
}

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
    bench_name_segment(&named, "restart");
    char path[128], ready;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", named.name);
    bench_remove_at_end(path);
    struct bench_process keeper = bench_fork(keep, NULL), worker = bench_fork(work, NULL);
    if (!bench_receive(keeper.channel, &ready, 1))
        bench_die("the creator ended");
    start(&worker);
    struct bench_samples restarts = { 0 }, attaches = { 0 };
    for (size_t turn = 0; turn < turns + 2; turn++) { /* two to warm up */
        struct bench_process successor = bench_fork(work, NULL);
        usleep(1000); /* until it waits */
        double killed = bench_us();
        bench_end(&worker);
        struct times times = start(&successor);
        if (turn >= 2) {
            bench_add(&restarts, times.done - killed);
            bench_add(&attaches, times.done - times.called);
        }
        worker = successor;
    }
    bench_end(&worker);
    bench_end(&keeper);
    printf("{\"bench\":\"restart\",\"bytes\":%zu,\"pinned\":%s", named.initial_size, pinned ? "true" : "false");
    bench_print("restart", &restarts);
    bench_print("attach", &attaches);
    puts("}");
    return 0;
}
