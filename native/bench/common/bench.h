/* SPDX-License-Identifier: MIT */
/*
 * bench.h - what the benchmarks have in common: a clock, samples, idle processes, one core or all, idle or busy.  Process-local.
 *
 * Every process that is measured against is forked from the driver before the driver maps anything, so all have the same small
 * address space, and dies with the driver.  What the driver puts into /dev/shm goes when it ends, or is interrupted.
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

#define BENCH_PEERS_MAX 128
#define BENCH_SLOTS 256 /* of a segment's registry: the driver has one too */

_Noreturn void bench_die(const char *what);
void bench_check(int rc, const char *what);
double bench_us(void);

/* ---- samples ---- */

struct bench_samples {
    double *values;
    size_t length;
    size_t capacity;
};

void bench_add(struct bench_samples *samples, double value);

/* Sorts the samples.  `part` of them lie below the result. */
double bench_quantile(struct bench_samples *samples, double part);

/* ,"NAME":{"median":..,"p10":..,"p90":..,"p99":..,"samples":..} */
void bench_print(const char *name, struct bench_samples *samples);

/* ---- processes ---- */

/* Pins this process and its children to one core. */
void bench_pin(void);

struct bench_process {
    pid_t pid;
    int channel; /* datagrams to and from it */
};

/* Forks a process that runs `body` with its end of a channel.  It ends when body returns, or with the driver. */
struct bench_process bench_fork(void (*body)(int channel, void *context), void *context);
void bench_send(int channel, const void *message, size_t size);
bool bench_receive(int channel, void *message, size_t size); /* false at the end of the channel */
void bench_end(struct bench_process *process);

/* ---- one spinning process on each core ---- */

void bench_make_busy(void);
void bench_make_idle(void);

/* ---- what has a name in /dev/shm, for as long as the driver runs ---- */

void bench_remove_at_end(const char *path);

/* ---- peers: attach when told to, then idle ---- */

/* A segment of the driver's, and how it is made.  Zeros are defaults. */
struct bench_segment {
    char name[PEERMAP_NAME_MAX];
    uint32_t flags;      /* of its creation */
    uint32_t peer_flags; /* of its peers' attaching */
    size_t initial_size;
};

/* Before anything is forked that shall know the name. */
void bench_name_segment(struct bench_segment *segment, const char *purpose);
/* What a peer does; its context is the struct bench_segment.  It attaches when bench_start_peer() tells it to, which waits for that. */
void bench_peer(int channel, void *context);
void bench_start_peer(const struct bench_process *peer);
peermap_segment *bench_create(const struct bench_segment *of);

#endif
