/* SPDX-License-Identifier: MIT */
/* bench.c - what bench.h says.  Linked into every benchmark. */
#include "bench.h"

_Noreturn void bench_die(const char *what)
{
    fprintf(stderr, "bench: %s: %s\n", what, strerror(errno));
    exit(1);
}

void bench_check(int rc, const char *what)
{
    if (rc < 0) {
        fprintf(stderr, "bench: %s: %s: %s\n", what, peermap_error_name(rc), peermap_last_error());
        exit(1);
    }
}

double bench_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* ---- samples ---- */

void bench_add(struct bench_samples *samples, double value)
{
    if (samples->length == samples->capacity) {
        samples->capacity = samples->capacity == 0 ? 1024 : samples->capacity * 2;
        samples->values = realloc(samples->values, samples->capacity * sizeof *samples->values);
        if (samples->values == NULL)
            bench_die("memory");
    }
    samples->values[samples->length++] = value;
}

static int by_value(const void *a, const void *b)
{
    double one = *(const double *)a, other = *(const double *)b;
    return (one > other) - (one < other);
}

double bench_quantile(struct bench_samples *samples, double part)
{
    if (samples->length == 0)
        return 0;
    qsort(samples->values, samples->length, sizeof *samples->values, by_value);
    return samples->values[(size_t)(part * (double)(samples->length - 1) + 0.5)];
}

void bench_print(const char *name, struct bench_samples *samples)
{
    printf(",\"%s\":{\"median\":%.2f,\"p10\":%.2f,\"p90\":%.2f,\"p99\":%.2f,\"samples\":%zu}", name,
           bench_quantile(samples, 0.5), bench_quantile(samples, 0.1), bench_quantile(samples, 0.9),
           bench_quantile(samples, 0.99), samples->length);
}

/* ---- processes ---- */

void bench_pin(void)
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

struct bench_process bench_fork(void (*body)(int channel, void *context), void *context)
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

void bench_send(int channel, const void *message, size_t size)
{
    if (send(channel, message, size, MSG_NOSIGNAL) != (ssize_t)size)
        bench_die("send");
}

bool bench_receive(int channel, void *message, size_t size)
{
    ssize_t n = recv(channel, message, size, 0);
    if (n == 0 || (n < 0 && errno == ECONNRESET))
        return false;
    if (n != (ssize_t)size)
        bench_die("recv");
    return true;
}

void bench_end(struct bench_process *process)
{
    kill(process->pid, SIGKILL);
    waitpid(process->pid, NULL, 0);
    close(process->channel);
}

/* ---- one spinning process on each core ---- */

static struct bench_process spinners[CPU_SETSIZE];
static size_t spinner_count;

_Noreturn static void spin(int channel, void *context)
{
    (void)channel;
    if (sched_setaffinity(0, sizeof(cpu_set_t), context) != 0)
        bench_die("sched_setaffinity");
    for (volatile unsigned work = 0;;)
        work = work + 1;
}

void bench_make_busy(void)
{
    cpu_set_t allowed, one;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0)
        bench_die("sched_getaffinity");
    for (size_t core = 0; core < CPU_SETSIZE; core++) {
        if (!CPU_ISSET(core, &allowed))
            continue;
        CPU_ZERO(&one);
        CPU_SET(core, &one);
        spinners[spinner_count++] = bench_fork(spin, &one);
    }
}

void bench_make_idle(void)
{
    while (spinner_count > 0)
        bench_end(&spinners[--spinner_count]);
}

/* ---- what has a name in /dev/shm, for as long as the driver runs ---- */

static char paths[8][128];
static volatile sig_atomic_t path_count;
static pid_t owner;

static void remove_paths(void)
{
    for (int i = 0; getpid() == owner && i < path_count; i++)
        unlink(paths[i]);
}

static void interrupted(int signal)
{
    remove_paths();
    _exit(128 + signal);
}

void bench_remove_at_end(const char *path)
{
    if (owner == 0) {
        owner = getpid();
        atexit(remove_paths);
        static const int signals[] = { SIGINT, SIGTERM, SIGHUP, SIGPIPE };
        for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
            signal(signals[i], interrupted);
    }
    snprintf(paths[path_count], sizeof paths[0], "%s", path);
    path_count++;
}

/* ---- peers: attach when told to, then idle ---- */

void bench_name_segment(struct bench_segment *segment, const char *purpose)
{
    snprintf(segment->name, sizeof segment->name, "bench-%s-%ld", purpose, (long)getpid());
}

void bench_peer(int channel, void *context)
{
    const struct bench_segment *of = context;
    char go, name[PEERMAP_NAME_MAX];
    if (!bench_receive(channel, &go, 1))
        return;
    snprintf(name, sizeof name, "peer-%ld", (long)getpid());
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .flags = of->peer_flags };
    peermap_segment *segment;
    bench_check(peermap_attach(of->name, &options, &segment), "attach");
    bench_send(channel, &go, 1);
    for (;;)
        pause();
}

void bench_start_peer(const struct bench_process *peer)
{
    char go = 1;
    bench_send(peer->channel, &go, 1);
    if (!bench_receive(peer->channel, &go, 1))
        bench_die("a peer ended");
}

peermap_segment *bench_create(const struct bench_segment *of)
{
    peermap_options options = { .struct_size = sizeof options,
                                .peer_name = "driver",
                                .initial_size = of->initial_size,
                                .deadline_ms = 10000,
                                .max_peers = BENCH_SLOTS,
                                .flags = of->flags };
    peermap_segment *segment;
    bench_check(peermap_create(of->name, &options, &segment), "create");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", of->name);
    bench_remove_at_end(path);
    return segment;
}
