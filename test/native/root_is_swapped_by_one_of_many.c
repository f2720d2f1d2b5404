/* SPDX-License-Identifier: MIT */
/* Of many peers that swap one version of a root, one succeeds; and whoever reads meanwhile finds a root, at every moment. */
#include "drive.h"

#include <sys/mman.h>

#define CROWD 4
#define TURNS 300

struct board {
    uint32_t wins[TURNS + 2]; /* of the swap that made version number i of this test */
};

static peermap_segment *attach(const char *peer)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = peer };
    int rc = peermap_attach(seg(), &options, &segment);
    if (rc != 0)
        FAIL("%s: %s", peer, peermap_last_error());
    return segment;
}

/* The size of the root counts the swaps. */
static void swap_again_and_again(struct board *board, int me)
{
    char name[32];
    snprintf(name, sizeof name, "swapper-%d", me);
    peermap_segment *segment = attach(name);
    for (;;) {
        peermap_root_copy root;
        CHECK_INT(peermap_read_root(segment, "counter", &root), 0);
        CHECK(root.version != 0);
        if (root.size == TURNS)
            break;
        int rc = peermap_compare_exchange_root(segment, "counter", &root.version, peermap_base(segment), root.size + 1, "uint8_t");
        CHECK(rc == 0 || rc == 1);
        if (rc == 0)
            __atomic_fetch_add(&board->wins[root.size + 1], 1, __ATOMIC_SEQ_CST);
    }
    peermap_detach(segment);
}

static void in_child(struct board *board, int me)
{
    if (fork() != 0)
        return;
    swap_again_and_again(board, me);
    _exit(0);
}

static void absent_ones_are_added_once(peermap_segment *segment)
{
    peermap_root_copy root;
    void *base = peermap_base(segment);
    uint64_t none = 0;
    CHECK_INT(peermap_read_root(segment, "other", &root), 0);
    CHECK(root.pointer == NULL && root.version == 0);
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &root.version, base, 8, "a"), 0);
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &none, base, 8, "b"), 1);
    CHECK(none == root.version && none != 0);
    CHECK_INT(peermap_read_root(segment, "other", &root), 0);
    CHECK(root.pointer == base && root.size == 8 && strcmp(root.type, "a") == 0);
    CHECK(root.version == none);
    uint64_t first = root.version, stale = first;
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &root.version, NULL, 0, NULL), 0);
    CHECK(root.version == 0);
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &stale, NULL, 0, NULL), 1);
    CHECK(stale == 0);
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &root.version, base, 8, "c"), 0);
    CHECK(root.version > first);
    CHECK_INT(peermap_compare_exchange_root(segment, "other", &first, base, 8, "stale"), 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    NOT_WITH_THREAD_SANITIZER("children go on after fork() without exec");
    struct board *board = mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "first" };
    CHECK(board != MAP_FAILED);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    absent_ones_are_added_once(segment);
    CHECK_INT(peermap_set_root(segment, "counter", peermap_base(segment), 1, "uint8_t"), 0);
    for (int i = 0; i < CROWD; i++)
        in_child(board, i);
    for (size_t size = 0; size < TURNS;)
        CHECK(peermap_root(segment, "counter", &size) != NULL);
    for (int status, i = 0; i < CROWD; i++)
        CHECK(wait(&status) > 0 && status == 0);
    for (int i = 2; i <= TURNS; i++)
        CHECK_INT(board->wins[i], 1);
    peermap_detach(segment);
    return 0;
}
