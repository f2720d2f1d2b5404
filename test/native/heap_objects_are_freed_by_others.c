/* SPDX-License-Identifier: MIT */
/* Some processes only allocate, others only free what those made, all at once: every byte arrives, memory is used again, and nothing is left. */
#include "heap.h"
#include "order.h"

#define MAKERS 3
#define TAKERS 3
#define EACH 4000
#define PLACES 256

struct message {
    uint32_t seed, size;
    unsigned char bytes[];
};

/* In the heap itself. */
struct board {
    uint64_t place[PLACES]; /* offset of a message, or 0 */
    uint32_t made, taken;
};

static struct board *board;
static char *base;

static void find_board(const char *role, int number)
{
    char name[32];
    snprintf(name, sizeof name, "%s%d", role, number);
    open_heap(name, 0, 0, 0);
    board = peermap_root(heap, "board", NULL);
    base = peermap_base(heap);
    CHECK(board != NULL);
}

static void make(int number)
{
    find_board("maker", number);
    uint64_t state = 7 + (uint64_t)number;
    for (int i = 0; i < EACH; i++) {
        uint32_t size = (uint32_t)some_size(&state) % 20000;
        struct message *message = peermap_alloc(heap, sizeof *message + size);
        CHECK(message != NULL);
        message->seed = (uint32_t)chance_of(&state);
        message->size = size;
        write_pattern(message->bytes, size, message->seed);
        for (uint32_t at = (uint32_t)chance_of(&state);; at++) {
            uint64_t none = 0;
            if (cas64(&board->place[at % PLACES], &none, (uint64_t)((char *)message - base)))
                break;
            if (at % PLACES == 0)
                usleep(100);
        }
        add32(&board->made, 1);
    }
    close_heap();
}

static void take(int number)
{
    find_board("taker", number);
    uint64_t state = 99 + (uint64_t)number;
    while (load32(&board->taken) < MAKERS * EACH) {
        uint64_t *place = &board->place[chance_of(&state) % PLACES], off = peek64(place);
        if (off == 0 || !cas64(place, &off, 0)) {
            if (load32(&board->taken) == load32(&board->made))
                usleep(100);
            continue;
        }
        struct message *message = (struct message *)(void *)(base + off);
        CHECK(has_pattern(message->bytes, message->size, message->seed));
        CHECK_INT(peermap_object_size(heap, message), sizeof *message + message->size);
        peermap_free(heap, message);
        add32(&board->taken, 1);
    }
    close_heap();
}

int main(int argc, char **argv)
{
    if (argc == 4) {
        int number = be_started(argv);
        alarm(120);
        strcmp(argv[1], "maker") == 0 ? make(number) : take(number);
        return 0;
    }
    setup(argv);
    open_heap("test", 0, 0, 0);
    board = peermap_calloc(heap, 1, sizeof *board);
    CHECK(board && (char *)board != peermap_base(heap));
    CHECK_INT(peermap_set_root(heap, "board", board, sizeof *board, "board"), 0);
    for (int i = 0; i < MAKERS; i++)
        start_self("maker", i);
    for (int i = 0; i < TAKERS; i++)
        start_self("taker", i);
    for (int i = 0, status; i < MAKERS + TAKERS; i++) {
        CHECK(wait(&status) > 0);
        CHECK_INT(status, 0);
    }
    CHECK_INT(objects(), 1);
    peermap_heap_peer rows[2];
    CHECK_INT(peermap_heap_peers(heap, rows, 2), 2);
    CHECK_INT(rows[1].pid, 0);
    CHECK_INT(rows[1].allocations, MAKERS * EACH);
    CHECK_INT(rows[1].frees, MAKERS * EACH);
    CHECK_INT(rows[1].allocated_bytes, rows[1].freed_bytes);
    CHECK(stats().size < 256 << 20);
    CHECK_INT(stats().faults, 0);
    either_way(peermap_set_root(heap, "board", NULL, 0, NULL));
    peermap_free(heap, board);
    is_empty();
    close_heap();
    return 0;
}
