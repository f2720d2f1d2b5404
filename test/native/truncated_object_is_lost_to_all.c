/* SPDX-License-Identifier: MIT */
/*
 * `truncate` under running peers.  To nothing, or into the header: every call of every peer answers PEERMAP_ELOST, nobody dies or hangs,
 * all can detach, and the name can be used again.  The signal is nobody else's business: a fault of the application's own goes to its
 * own handler.
 */
#include "drive.h"

#include <setjmp.h>
#include <sys/mman.h>

static sigjmp_buf back;
static volatile sig_atomic_t faults;

static void own_handler(int number)
{
    (void)number;
    faults++;
    siglongjmp(back, 1);
}

static void cut_to(uint64_t length)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, (off_t)length) == 0);
}

static void answers_lost(peermap_segment *segment, bool half)
{
    peermap_peer peer;
    if (half) /* what is left of the header is nobody's reason to say anything */
        CHECK_INT(peermap_map_peer(segment, 0, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_size(segment), 0);
    CHECK_INT(peermap_pin(segment), 0);
    peermap_unpin(segment);
    CHECK(peermap_root(segment, "root", NULL) == NULL);
    CHECK_INT(peermap_pid_of(segment, "a"), 0);
    CHECK_INT(peermap_peers(segment, &peer, 1), PEERMAP_ELOST);
    CHECK_INT(peermap_set_root(segment, "root", peermap_base(segment), 1, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ELOST);
    CHECK(strstr(peermap_last_error(), "cut short") != NULL);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_ELOST);
    CHECK_INT(peermap_reap(segment), PEERMAP_ELOST);
}

/* The first call of each peer after the cut is another one: each must notice by itself. */
static void lost_to_all(peermap_segment *segment, uint64_t length)
{
    struct peer *growing = ready_peer("growing", NULL), *sizing = ready_peer("sizing", NULL), *listing = ready_peer("listing", NULL);
    struct peer *leaving = ready_peer("leaving", NULL), *stopped = ready_peer("stopped", NULL);
    stop_peer(stopped);
    cut_to(length);
    fails(growing, "PEERMAP_ELOST", "grow 4096");
    ok(listing, "peers");
    fails(listing, "PEERMAP_ELOST", "remap");
    ok(leaving, "detach");
    CHECK_INT(end_peer(leaving), 0);
    if (length == 0)
        CHECK_INT(size_of(sizing), 0);
    fails(sizing, "PEERMAP_ELOST", "shrink 4096");
    fails(sizing, "PEERMAP_ELOST", "grow 4096");
    CHECK_INT(size_of(sizing), 0);
    continue_peer(stopped);
    fails(stopped, "PEERMAP_ELOST", "map");
    answers_lost(segment, length != 0);
    peermap_segment *late;
    CHECK_INT(peermap_attach(seg(), NULL, &late), PEERMAP_EFORMAT);
    CHECK_INT(end_peer(growing) | end_peer(sizing) | end_peer(listing) | end_peer(stopped), 0);
}

static void fault_of_its_own(void)
{
    char path[] = "/dev/shm/test-truncated-XXXXXX";
    int fd = mkstemp(path);
    CHECK(fd >= 0 && unlink(path) == 0 && ftruncate(fd, 4096) == 0);
    volatile char *own = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(own != MAP_FAILED && ftruncate(fd, 0) == 0);
    faults = 0;
    if (sigsetjmp(back, 1) == 0)
        CHECK(own[0] == 1);
    CHECK_INT(faults, 1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    signal(SIGBUS, own_handler);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "test" };
    for (int half = 0; half < 2; half++) {
        peermap_segment *segment, *again;
        CHECK_INT(peermap_create(seg(), &options, &segment), 0);
        CHECK_INT(peermap_set_root(segment, "root", peermap_base(segment), 1, NULL), 0);
        fault_of_its_own();
        lost_to_all(segment, half ? header_length() / 2 / 4096 * 4096 : 0);

        /* The name is free after a destroy, and the lost handle is in nobody's way. */
        CHECK_INT(peermap_unlink(seg()), 0);
        CHECK_INT(peermap_create(seg(), &options, &again), 0);
        struct peer *other = ready_peer("other", NULL);
        ok(other, "grow 65536");
        CHECK_INT(peermap_size(again), 131072);
        CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ELOST);
        peermap_detach(segment);
        CHECK_INT(peermap_size(again), 131072);
        peermap_detach(again);
        CHECK_INT(end_peer(other), 0);
        CHECK_INT(peermap_unlink(seg()), 0);
        fault_of_its_own();
    }
    CHECK_INT(faults, 1);
    return 0;
}
