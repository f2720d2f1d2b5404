/* SPDX-License-Identifier: MIT */
/*
 * An object that was copied, restored, or found on a disk after a reboot: what its header says of processes is true of another object.  None of the
 * peers, locks and intents in it counts, nobody is said to have mapped anything, and the roots, the data and the heap go on.
 */
#include "drive.h"

#include "snapshot.h"

#define LENGTH (1u << 20)

static char copy_name[64];

static void path_of(const char *name, char path[128]) { snprintf(path, 128, "/dev/shm/peermap.%s", name); }

static void forget_copy(void)
{
    char path[128];
    path_of(copy_name, path);
    unlink(path);
}

static void copy(const char *from, const char *to)
{
    char source[128], target[128], bytes[65536];
    path_of(from, source);
    path_of(to, target);
    FILE *in = fopen(source, "r"), *out = fopen(target, "wx");
    CHECK(in != NULL && out != NULL);
    for (size_t got; (got = fread(bytes, 1, sizeof bytes, in)) > 0;)
        CHECK(fwrite(bytes, 1, got, out) == got);
    CHECK(fclose(in) == 0 && fclose(out) == 0);
}

static peermap_segment *attach(const char *name, uint32_t deadline_ms)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .deadline_ms = deadline_ms, .flags = PEERMAP_RELOCATABLE };
    peermap_segment *segment;
    int rc = peermap_attach(name, &options, &segment);
    if (rc != 0)
        FAIL("attaching to %s: %s", name, peermap_last_error());
    return segment;
}

/* What an observer says of it, before anybody attaches. */
static void is_seen_as_copy(const char *name, bool expected)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    const struct pmo_peer *holder;
    bool died, told = false, alive = false;
    CHECK_INT(pmo_observer_open(name, &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_PROCESSES, &snapshot), 0);
    for (uint32_t i = 0; i < snapshot.problems.count; i++)
        told = told || snapshot.problems.list[i].code == PMO_COPY;
    for (size_t i = 0; i < snapshot.peer_count; i++)
        alive = alive || snapshot.peers[i].state != PMO_DEAD;
    CHECK_INT(told, expected);
    CHECK_INT(alive, !expected);
    CHECK(!expected || !pmo_lock_held(&snapshot, &holder, &died));
    pmo_snapshot_free(&snapshot);
    pmo_observer_close(&observer);
}

static void nobody_else_is_there(peermap_segment *segment)
{
    peermap_round round;
    peermap_peer rows[8];
    CHECK_INT(peermap_peers(segment, rows, 8), 1);
    CHECK(strcmp(rows[0].name, "reader") == 0 && rows[0].state == PEERMAP_ALIVE);
    CHECK_INT(peermap_grow(segment, 4096, &round), 0);
    CHECK_INT(round.peers, 1);
    CHECK_INT(peermap_grow(segment, 256 << 20, &round), 0);
    CHECK_INT(round.peers, 1);
    CHECK_INT(round.late, 0);
    CHECK_INT(peermap_shrink(segment, 256 << 20, &round), 0);
}

static void data_go_on(peermap_segment *segment)
{
    size_t size;
    const char *bytes = peermap_root(segment, "kept", &size);
    CHECK(bytes != NULL);
    CHECK_INT(size, 100);
    for (size_t i = 0; i < size; i++)
        CHECK_INT(bytes[i], 9);
}

/* While a peer lives and has the original. */
static void copied_beside_its_peers(struct peer *peer)
{
    copy(seg(), copy_name);
    is_seen_as_copy(seg(), false);
    is_seen_as_copy(copy_name, true);
    peermap_segment *segment = attach(copy_name, 2000);
    is_seen_as_copy(copy_name, false);
    nobody_else_is_there(segment);
    data_go_on(segment);
    peermap_detach(segment);
    ok(peer, "grow 4096");
    ok(peer, "shrink 4096");
    forget_copy();
}

/* In the middle of a growth that waits: the lock is held, the size is closed, the intent is there. */
static void copied_in_a_round(struct peer *peer)
{
    struct peer *sleeper = ready_peer("sleeper", "no-ptrace");
    stop_peer(sleeper);
    say(peer, "grow 268435456");
    while ((header_word(offsetof(struct pm_header, active)) & PM_ACTIVE_CLOSED) == 0 ||
           (uint32_t)header_word(offsetof(struct pm_header, intent.op)) != PM_OP_GROW ||
           header_word(offsetof(struct pm_header, target)) < (UINT64_C(256) << 20))
        usleep(200);
    copy(seg(), copy_name);
    continue_peer(sleeper);
    expect_ok(__FILE__, __LINE__, peer);
    ok(peer, "shrink 268435456");
    kill_peer(sleeper);
    ok(peer, "reap");
    is_seen_as_copy(copy_name, true);
    peermap_segment *segment = attach(copy_name, 2000);
    CHECK_INT(peermap_size(segment), LENGTH); /* the growth was undone */
    nobody_else_is_there(segment);
    data_go_on(segment);
    peermap_detach(segment);
    forget_copy();
}

static void set_boot(const char *name, uint64_t boot)
{
    char path[128];
    path_of(name, path);
    FILE *file = fopen(path, "r+");
    CHECK(file && fseek(file, offsetof(struct pm_header, identity.boot), SEEK_SET) == 0 && fwrite(&boot, sizeof boot, 1, file) == 1 && fclose(file) == 0);
}

/* The same object, as after a reboot; but where somebody has it, it is that boot's, whatever the header says. */
static void after_a_reboot(struct peer *peer)
{
    uint64_t boot = header_word(offsetof(struct pm_header, identity.boot));
    set_boot(seg(), boot ^ 1);
    is_seen_as_copy(seg(), false);
    peermap_segment *segment = attach(seg(), 2000);
    peermap_peer rows[8];
    CHECK_INT(peermap_peers(segment, rows, 8), 2);
    peermap_detach(segment);
    kill_peer(peer);
    is_seen_as_copy(seg(), true);
    segment = attach(seg(), 2000);
    CHECK_INT(header_word(offsetof(struct pm_header, identity.boot)), boot);
    nobody_else_is_there(segment);
    data_go_on(segment);
    peermap_detach(segment);
}

static void heaps_go_on(void)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_HEAP, .initial_size = 4 << 20 };
    peermap_segment *segment;
    char *objects[100], name[80];
    CHECK_INT(peermap_unlink(seg()), 0);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    for (int i = 0; i < 100; i++) {
        CHECK((objects[i] = peermap_alloc(segment, 500)) != NULL);
        memset(objects[i], i, 500);
    }
    ptrdiff_t first = objects[0] - (char *)peermap_base(segment);
    snprintf(name, sizeof name, "%s", copy_name);
    copy(seg(), name);
    peermap_detach(segment);
    segment = attach(name, 2000);
    nobody_else_is_there(segment);
    peermap_heap heap;
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    CHECK_INT(heap.small_objects, 100);
    char *there = (char *)peermap_base(segment) + first;
    for (int i = 0; i < 500; i++)
        CHECK_INT(there[i], 0);
    peermap_free(segment, there);
    for (int i = 0; i < 1000; i++)
        CHECK(peermap_alloc(segment, 500) != NULL);
    CHECK_INT(peermap_heap_stats(segment, &heap), 0);
    CHECK_INT(heap.small_objects, 1099);
    CHECK_INT(heap.faults, 0);
    peermap_detach(segment);
    forget_copy();
}

/* Of many who come to a copy at once, all get in. */
static void all_come_at_once(void)
{
    struct peer *peers[8];
    copy(seg(), copy_name);
    char saved[64];
    snprintf(saved, sizeof saved, "%s", segment_name);
    snprintf(segment_name, sizeof segment_name, "%s", copy_name);
    for (int i = 0; i < 8; i++) {
        char name[32];
        snprintf(name, sizeof name, "p%d", i);
        peers[i] = ready_peer(name, NULL);
    }
    CHECK(strstr(ok(peers[0], "grow 4096"), " 8 8 0 0") != NULL);
    for (int i = 0; i < 8; i++)
        CHECK_INT(end_peer(peers[i]), 0);
    snprintf(segment_name, sizeof segment_name, "%s", saved);
    forget_copy();
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    snprintf(copy_name, sizeof copy_name, "test-%d-copy", (int)getpid());
    atexit(forget_copy);
    struct peer *peer = ready_peer("a", "create 1048576 deadline 20000");
    ok(peer, "fill 5000 100 9");
    ok(peer, "root kept 5000 100 bytes");
    copied_beside_its_peers(peer);
    copied_in_a_round(peer);
    all_come_at_once();
    after_a_reboot(peer);
    heaps_go_on();
    return 0;
}
