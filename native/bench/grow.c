/* SPDX-License-Identifier: MIT */
/*
 * grow - how long until a growth is mapped in N idle processes: peermap_grow() against the least that could do it by hand.
 *
 *     mmap     a datagram to each bare process, which maps the new part and answers: the floor
 *     mremap   the same with mremap() of the whole
 *     futex    one futex broadcast, each maps, the last one to do so wakes the driver: the thinnest possible
 *     nobody   the driver alone: what all of them contain
 *
 * In each of them the driver first allocates the new part (fallocate), and maps it itself too, as peermap_grow() does.  The
 * methods take turns, some growths at a time and in rotating order, so that a noisy moment hits all of them; after its turn each
 * shrinks back, untimed.  The ratios are between medians of one turn.
 */
#include "bench.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#define INITIAL ((size_t)64 << 10)
#define RESERVE ((size_t)16 << 30)

enum { MMAP, MREMAP, FUTEX, NOBODY, PEERMAP, METHODS };
static const char *const names[METHODS] = { "mmap", "mremap", "futex", "nobody", "peermap" };

/* Shared between the driver and the bare processes of `futex`. */
struct board {
    _Atomic uint32_t round;
    _Atomic uint32_t outstanding;
    size_t to;
};

/* What a bare process, or the driver, has mapped. */
struct view {
    int method;
    int fd;
    struct board *board;
    char *base;
    size_t size;
};

struct message {
    size_t to;
};

static struct {
    size_t peers;
    size_t bytes;
    size_t turns;
    size_t samples; /* of a turn */
    unsigned pause_us; /* before each growth */
    bool pinned;
    bool observe;
} options = { .peers = 8, .bytes = INITIAL, .turns = 20, .samples = 25 };

static long futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

/* Room for the data: reserved, but for `mremap`, which wants nothing behind its mapping. */
static void view_open(struct view *view)
{
    view->base = mmap(NULL, RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (view->base == MAP_FAILED)
        bench_die("reserve");
    if (view->method == MREMAP)
        munmap(view->base, RESERVE);
    if (mmap(view->base, INITIAL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, view->fd, 0) == MAP_FAILED)
        bench_die("mmap");
    view->size = INITIAL;
}

static void view_resize(struct view *view, size_t to)
{
    size_t from = view->size;
    void *at = view->base;
    if (view->method == MREMAP)
        at = mremap(view->base, from, to, 0);
    else if (to > from)
        at = mmap(view->base + from, to - from, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, view->fd, (off_t)from);
    else
        at = mmap(view->base + to, from - to, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        bench_die("map");
    view->size = to;
}

static void messaged(int channel, void *context)
{
    struct view view = *(struct view *)context;
    view_open(&view);
    for (struct message message; bench_receive(channel, &message, sizeof message);) {
        view_resize(&view, message.to);
        char ack = 1;
        bench_send(channel, &ack, 1);
    }
}

static void broadcast(int channel, void *context)
{
    (void)channel;
    struct view view = *(struct view *)context;
    view_open(&view);
    for (uint32_t round = 0;; round++) {
        while (atomic_load(&view.board->round) == round)
            futex(&view.board->round, FUTEX_WAIT, round);
        view_resize(&view, view.board->to);
        if (atomic_fetch_sub(&view.board->outstanding, 1) == 1)
            futex(&view.board->outstanding, FUTEX_WAKE, 1);
    }
}

/* ---- the driver's side ---- */

struct method {
    int index;
    struct view view;
    struct bench_process peers[BENCH_PEERS_MAX];
    size_t peer_count;
    struct bench_samples samples;
    struct bench_samples ratios; /* peermap's turn to this one's */
    double median;               /* of the last turn */
};

static struct method methods[METHODS];
static peermap_segment *segment;

static void ask_all(struct method *method, size_t to)
{
    struct message message = { .to = to };
    for (size_t i = 0; i < method->peer_count; i++)
        bench_send(method->peers[i].channel, &message, sizeof message);
    view_resize(&method->view, to);
    char ack;
    for (size_t i = 0; i < method->peer_count; i++)
        if (!bench_receive(method->peers[i].channel, &ack, 1))
            bench_die("a process ended");
}

static void broadcast_all(struct method *method, size_t to)
{
    struct board *board = method->view.board;
    board->to = to;
    atomic_store(&board->outstanding, (uint32_t)method->peer_count);
    atomic_fetch_add(&board->round, 1);
    futex(&board->round, FUTEX_WAKE, INT32_MAX);
    view_resize(&method->view, to);
    for (uint32_t left; (left = atomic_load(&board->outstanding)) != 0;)
        futex(&board->outstanding, FUTEX_WAIT, left);
}

static void resize(struct method *method, size_t to)
{
    if (method->index == FUTEX)
        broadcast_all(method, to);
    else
        ask_all(method, to);
}

static void grow(struct method *method)
{
    if (method->index == PEERMAP) {
        bench_check(peermap_grow(segment, options.bytes, NULL), "grow");
        return;
    }
    size_t size = method->view.size;
    if (fallocate(method->view.fd, 0, (off_t)size, (off_t)options.bytes) != 0)
        bench_die("fallocate");
    resize(method, size + options.bytes);
}

static void shrink_back(struct method *method)
{
    if (method->index == PEERMAP) {
        bench_check(peermap_shrink(segment, options.samples * options.bytes, NULL), "shrink");
        return;
    }
    resize(method, INITIAL);
    if (ftruncate(method->view.fd, (off_t)INITIAL) != 0)
        bench_die("ftruncate");
}

static void take_turn(struct method *method, bool counts)
{
    struct bench_samples turn = { 0 };
    for (size_t i = 0; i < options.samples; i++) {
        if (options.pause_us != 0)
            usleep(options.pause_us);
        double started = bench_us();
        grow(method);
        bench_add(&turn, bench_us() - started);
    }
    shrink_back(method);
    method->median = bench_quantile(&turn, 0.5);
    for (size_t i = 0; counts && i < turn.length; i++)
        bench_add(&method->samples, turn.values[i]);
    free(turn.values);
}

static void start_processes(void)
{
    for (int index = 0; index < METHODS; index++) {
        struct method *method = &methods[index];
        method->index = index;
        method->peer_count = index == NOBODY ? 0 : options.peers;
        method->view.method = index;
        if (index != PEERMAP) {
            method->view.fd = memfd_create(names[index], MFD_CLOEXEC);
            if (method->view.fd < 0 || fallocate(method->view.fd, 0, 0, (off_t)INITIAL) != 0)
                bench_die("memfd");
        }
        if (index == FUTEX) {
            method->view.board = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
            if (method->view.board == MAP_FAILED)
                bench_die("mmap");
        }
        for (size_t i = 0; i < method->peer_count; i++)
            method->peers[i] = bench_fork(index == PEERMAP ? bench_peer : index == FUTEX ? broadcast : messaged, &method->view);
    }
    segment = bench_create();
    for (int index = 0; index < METHODS; index++)
        if (index != PEERMAP)
            view_open(&methods[index].view);
    for (size_t i = 0; i < options.peers; i++)
        bench_start_peer(&methods[PEERMAP].peers[i]);
}

static void compare(void)
{
    for (size_t turn = 0; turn <= options.turns; turn++) { /* the first is to warm up */
        for (size_t i = 0; i < METHODS; i++)
            take_turn(&methods[(i + turn) % METHODS], turn > 0);
        for (int index = 0; turn > 0 && index < METHODS; index++)
            bench_add(&methods[index].ratios, methods[PEERMAP].median / methods[index].median);
    }
    printf("{\"bench\":\"grow\",\"bytes\":%zu,\"peers\":%zu,\"pinned\":%s,\"pause\":%u", options.bytes, options.peers,
           options.pinned ? "true" : "false", options.pause_us);
    for (int index = 0; index < METHODS; index++)
        bench_print(names[index], &methods[index].samples);
    printf(",\"ratios\":{\"turns\":%zu", options.turns);
    for (int index = 0; index < PEERMAP; index++)
        bench_print(names[index], &methods[index].ratios);
    puts("}}");
}

/* Tells the script what the next turn wants, and waits until it is so. */
static void agree(const char *word)
{
    char line[16];
    printf("%s %s\n", word, bench_segment);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        bench_die("the script ended");
}

/* The same growth with and without an observer at the segment. */
static void compare_observed(void)
{
    struct bench_samples by[2] = { { 0 }, { 0 } }, ratios = { 0 };
    for (size_t turn = 0; turn <= options.turns; turn++) {
        double medians[2];
        for (size_t i = 0; i < 2; i++) {
            size_t observed = (i + turn) % 2;
            agree(observed ? "observe" : "leave");
            methods[PEERMAP].samples.length = 0;
            take_turn(&methods[PEERMAP], true);
            medians[observed] = methods[PEERMAP].median;
            for (size_t k = 0; turn > 0 && k < methods[PEERMAP].samples.length; k++)
                bench_add(&by[observed], methods[PEERMAP].samples.values[k]);
        }
        if (turn > 0)
            bench_add(&ratios, medians[1] / medians[0]);
    }
    agree("leave");
    printf("{\"bench\":\"observed\",\"bytes\":%zu,\"peers\":%zu,\"pinned\":%s,\"pause\":%u", options.bytes, options.peers,
           options.pinned ? "true" : "false", options.pause_us);
    bench_print("unobserved", &by[0]);
    bench_print("observed", &by[1]);
    bench_print("ratio", &ratios);
    puts("}");
}

/* grow PEERS BYTES TURNS SAMPLES [one-core] [observe] [pause=MICROSECONDS] */
int main(int argc, char **argv)
{
    size_t *const numbers[] = { &options.peers, &options.bytes, &options.turns, &options.samples };
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "one-core") == 0)
            options.pinned = true;
        else if (strcmp(argv[i], "observe") == 0)
            options.observe = true;
        else if (strncmp(argv[i], "pause=", 6) == 0)
            options.pause_us = (unsigned)strtoul(argv[i] + 6, NULL, 10);
        else if (i <= 4)
            *numbers[i - 1] = strtoul(argv[i], NULL, 10);
    }
    bool some = options.peers > 0 && options.bytes > 0 && options.turns > 0 && options.samples > 0;
    if (!some || options.peers > BENCH_PEERS_MAX) {
        fputs("usage: grow PEERS BYTES TURNS SAMPLES [one-core] [observe] [pause=MICROSECONDS]\n", stderr);
        return 2;
    }
    if (options.pinned)
        bench_pin();
    bench_name_segment("grow");
    start_processes();
    (options.observe ? compare_observed : compare)();
    for (int index = 0; index < METHODS; index++)
        for (size_t i = 0; i < methods[index].peer_count; i++)
            bench_end(&methods[index].peers[i]);
    peermap_detach(segment);
    return 0;
}
