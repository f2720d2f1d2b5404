/* SPDX-License-Identifier: MIT */
/*
 * hand.c - growing by hand, with bare processes that do nothing else.
 *
 *     fallocate  the memory alone: the floor where everybody has it mapped already
 *     nobody     that, and the driver maps it: what everything below contains
 *     mmap       a message to each process, which maps the new part and answers: the floor of asking everybody
 *     mremap     the same with mremap() of the whole
 *     futex      one futex broadcast, each maps, the last one to do so wakes the driver: the thinnest possible
 */
#include "ways.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define RESERVE ((size_t)16 << 30)

/* Shared between the driver and the bare processes of `futex`. */
struct board {
    _Alignas(64) _Atomic uint32_t round;
    _Alignas(64) _Atomic uint32_t outstanding;
    size_t to;
};

/* What a bare process, or the driver, has mapped. */
struct view {
    int fd;
    struct board *board;
    char *base;
    size_t size;
};

static long futex(_Atomic uint32_t *word, int operation, uint32_t value)
{
    return syscall(SYS_futex, word, operation, value, NULL, NULL, 0);
}

/* Of the same kind as a segment's object. */
static void make_object(struct way *way)
{
    struct view *view = calloc(1, sizeof *view);
    if (view == NULL)
        way_die("memory");
    way->own = view;
    view->fd = open("/dev/shm", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (view->fd < 0 || fallocate(view->fd, 0, 0, (off_t)WAY_INITIAL) != 0)
        way_die("/dev/shm");
    view->size = WAY_INITIAL;
    view->board = mmap(NULL, sizeof(struct board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (view->board == MAP_FAILED)
        way_die("mmap");
}

static void view_map(struct view *view)
{
    view->base = mmap(NULL, RESERVE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (view->base == MAP_FAILED)
        way_die("reserve");
    if (mmap(view->base, WAY_INITIAL, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, view->fd, 0) == MAP_FAILED)
        way_die("mmap");
}

static void view_resize(struct view *view, size_t to)
{
    size_t from = view->size;
    void *at;
    if (to > from)
        at = mmap(view->base + from, to - from, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, view->fd, (off_t)from);
    else
        at = mmap(view->base + to, from - to, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
    if (at == MAP_FAILED)
        way_die("mmap");
    view->size = to;
}

/* mremap() wants nothing behind the mapping: room is found, and left. */
static void view_map_alone(struct view *view)
{
    view_map(view);
    munmap(view->base + WAY_INITIAL, RESERVE - WAY_INITIAL);
}

static void view_remap(struct view *view, size_t to)
{
    if (mremap(view->base, view->size, to, 0) == MAP_FAILED)
        way_die("mremap");
    view->size = to;
}

/* ---- the processes ---- */

static void serve_mmap(int channel, void *context)
{
    struct view *view = ((struct way *)context)->own;
    view_map(view);
    for (size_t to; way_listen(channel, &to); way_answer(channel))
        view_resize(view, to);
}

static void serve_mremap(int channel, void *context)
{
    struct view *view = ((struct way *)context)->own;
    view_map_alone(view);
    for (size_t to; way_listen(channel, &to); way_answer(channel))
        view_remap(view, to);
}

static void serve_futex(int channel, void *context)
{
    (void)channel;
    struct view *view = ((struct way *)context)->own;
    struct board *board = view->board;
    view_map(view);
    for (uint32_t round = 0;; round++) {
        while (atomic_load(&board->round) == round)
            futex(&board->round, FUTEX_WAIT, round);
        view_resize(view, board->to);
        if (atomic_fetch_sub(&board->outstanding, 1) == 1)
            futex(&board->outstanding, FUTEX_WAKE, 1);
    }
}

/* ---- the driver ---- */

static void map_own(struct way *way) { view_map(way->own); }
static void map_own_alone(struct way *way) { view_map_alone(way->own); }

static void allocate(const struct view *view, size_t bytes)
{
    if (fallocate(view->fd, 0, (off_t)view->size, (off_t)bytes) != 0)
        way_die("fallocate");
}

static void cut(struct view *view, size_t to)
{
    if (ftruncate(view->fd, (off_t)to) != 0)
        way_die("ftruncate");
}

static void fallocate_grow(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    allocate(view, bytes);
    view->size += bytes;
}

static void fallocate_shrink(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    view->size -= bytes;
    cut(view, view->size);
}

static void mmap_resize(struct way *way, size_t to)
{
    way_tell(way, to);
    view_resize(way->own, to);
    way_hear(way);
}

static void mmap_grow(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    allocate(view, bytes);
    mmap_resize(way, view->size + bytes);
}

static void mmap_shrink(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    mmap_resize(way, view->size - bytes);
    cut(view, view->size);
}

static void mremap_resize(struct way *way, size_t to)
{
    way_tell(way, to);
    view_remap(way->own, to);
    way_hear(way);
}

static void mremap_grow(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    allocate(view, bytes);
    mremap_resize(way, view->size + bytes);
}

static void mremap_shrink(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    mremap_resize(way, view->size - bytes);
    cut(view, view->size);
}

static void futex_resize(struct way *way, size_t to)
{
    struct view *view = way->own;
    struct board *board = view->board;
    board->to = to;
    atomic_store(&board->outstanding, (uint32_t)way->count);
    atomic_fetch_add(&board->round, 1);
    futex(&board->round, FUTEX_WAKE, INT_MAX);
    view_resize(view, to);
    for (uint32_t left; (left = atomic_load(&board->outstanding)) != 0;)
        futex(&board->outstanding, FUTEX_WAIT, left);
}

static void futex_grow(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    allocate(view, bytes);
    futex_resize(way, view->size + bytes);
}

static void futex_shrink(struct way *way, size_t bytes)
{
    struct view *view = way->own;
    futex_resize(way, view->size - bytes);
    cut(view, view->size);
}

static void close_object(struct way *way)
{
    struct view *view = way->own;
    close(view->fd);
    munmap(view->board, sizeof(struct board));
    free(view);
}

struct way way_fallocate = {
    .name = "fallocate", .open = make_object, .grow = fallocate_grow, .shrink = fallocate_shrink, .end = close_object
};
struct way way_nobody = {
    .name = "nobody", .open = make_object, .begin = map_own, .grow = mmap_grow, .shrink = mmap_shrink, .end = close_object
};
struct way way_mmap = { .name = "mmap",
                        .open = make_object,
                        .serve = serve_mmap,
                        .begin = map_own,
                        .grow = mmap_grow,
                        .shrink = mmap_shrink,
                        .end = close_object };
struct way way_mremap = { .name = "mremap",
                          .open = make_object,
                          .serve = serve_mremap,
                          .begin = map_own_alone,
                          .grow = mremap_grow,
                          .shrink = mremap_shrink,
                          .end = close_object };
struct way way_futex = { .name = "futex",
                         .open = make_object,
                         .serve = serve_futex,
                         .begin = map_own,
                         .grow = futex_grow,
                         .shrink = futex_shrink,
                         .end = close_object };
