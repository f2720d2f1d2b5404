/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmarks have in common: a clock, samples, idle processes, one core or all.  Process-local.
 *
 * Every process that is measured against is forked from the driver before the driver maps anything, so all have the same small
 * address space, and dies with the driver.
 */
#ifndef BENCH_H
#define BENCH_H

#include <errno.h>
#include <peermap.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BENCH_PEERS_MAX 64

_Noreturn static inline void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

static inline void bench_check(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "bench: %s: %s: %s\n", what, peermap_error_name(rc), peermap_last_error());
        exit(1);
    }
}

static inline double bench_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- samples ---- */

struct bench_samples {
    double *values;
    size_t length;
    size_t capacity;
};

static inline void bench_add(struct bench_samples *samples, double value)
{
    if (samples->length == samples->capacity) {
        samples->capacity = samples->capacity == 0 ? 1024 : samples->capacity * 2;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (samples->values == NULL)
            bench_die("memory");
    }
    samples->values[samples->length++] = value;
}

static inline int bench_by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

/* Sorts the samples.  `part` of them lie below the result. */
static inline double bench_quantile(struct bench_samples *samples, double part)
{
    if (samples->length == 0)
        return 0;
    qsort(samples->values, samples->length, sizeof *samples->values, bench_by_value);
    return samples->values[(size_t)(part * (double)(samples->length - 1) + 0.5)];
}

/* ,"NAME":{"median":..,"p10":..,"p90":..,"p99":..,"samples":..} */
static inline void bench_print(const char *name, struct bench_samples *samples)
{
    printf(",\"%s\":{\"median\":%.2f,\"p10\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"samples\":%zu}", name,
           bench_quantile(samples, 0.5), bench_quantile(samples, 0.1), bench_quantile(samples, 0.9),
           bench_quantile(samples, 0.99), samples->length);
}

/* ---- processes ---- */

/* Pins this process and its children to one core. */
static inline void bench_pin(void)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        bench_die("sched_getaffinity");
    size_t core = CPU_SETSIZE - 1;
    while (!CPU_ISSET(core, &allowed))
        core--;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        bench_die("sched_setaffinity");
}

struct bench_process {
    pid_t pid;
    int channel; /* datagrams to and from it */
};

/* Forks a process that runs `body` with its end of a channel.  It ends when body returns, or with the driver. */
static inline struct bench_process bench_fork(void (*body)(int channel, void *context), void *context)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
        bench_die("socketpair");
    pid_t driver = getpid();
    struct bench_process process = { .pid = fork(), .channel = ends[0] };
    if (process.pid < 0)
        bench_die("fork");
    if (process.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != driver)
            _exit(1);
        close(ends[0]);
        body(ends[1], context);
        _exit(0);
    }
    close(ends[1]);
    return process;
}

static inline void bench_send(int channel, const void *message, size_t size)
{
    if (send(channel, message, size, MSG_NOSIGNAL) != (ssize_t)size)
        bench_die("send");
}

/* False at the end of the channel. */
static inline bool bench_receive(int channel, void *message, size_t size)
{
    ssize_t n = recv(channel, message, size, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return false;
    if (n != (ssize_t)size)
        bench_die("recv");
    return true;
}

static inline void bench_end(struct bench_process *process)
{
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
    close(process->channel);
}

/* ---- peers: attach when told to, then idle ---- */

static char bench_segment[PEERMAP_NAME_MAX];

static inline void bench_name_segment(const char *program)
{
    snprintf(bench_segment, sizeof bench_segment, "bench-%s-%ld", program, (long)getpid());
}

static inline void bench_remove_segment(void)
{
    (void)peermap_destroy(bench_segment);
}

static inline void bench_peer(int channel, void *context)
{
    (void)context;
    char go;
    if (!bench_receive(channel, &go, 1))
        return;
    char name[PEERMAP_NAME_MAX];
    snprintf(name, sizeof name, "peer-%ld", (long)getpid());
    peermap_options options = { .struct_size = sizeof options, .peer_name = name };
    peermap_segment *segment;
    bench_check(peermap_attach(bench_segment, &options, &segment), "attach");
    bench_send(channel, &go, 1);
    for (;;)
        pause();
}

static inline void bench_start_peer(const struct bench_process *peer)
{
    char go = 1;
    bench_send(peer->channel, &go, 1);
    if (!bench_receive(peer->channel, &go, 1))
        bench_die("a peer ended");
}

static inline peermap_segment *bench_create(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "driver", .deadline_ms = 10000 };
    peermap_segment *segment;
    bench_check(peermap_create(bench_segment, &options, &segment), "create");
    atexit(bench_remove_segment);
    return segment;
}

#endif
