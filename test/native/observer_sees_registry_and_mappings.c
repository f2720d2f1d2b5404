/* SPDX-License-Identifier: MIT */
/* A snapshot shows header, peers, roots, and that the kernel maps in each peer what the registry claims. */
#include "image.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 no-ptrace deadline 200 late");
    struct peer *b = ready_peer("b", NULL);
    ok(a, "grow 131072");
    ok(b, "root index 4096 512 struct-index");
    ok(b, "pin");

    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_STRANGERS);
    CHECK_NO_PROBLEMS(&s);
    CHECK(s.readable);
    CHECK_INT(pmo_active(&s.header), 65536 + 131072);
    CHECK_INT(s.header.base, a->base);
    CHECK_INT(s.header.header_len, header_length());
    CHECK_INT(s.header.creator_pid, a->pid);
    CHECK_INT(s.object.st_size, object_length());
    CHECK_INT(s.peer_count, 2);
    CHECK_INT(s.stranger_count, 0);
    const struct peer *started[] = { a, b };
    for (int i = 0; i < 2; i++) {
        const struct pmo_peer *peer = find_peer(&s, started[i]->name);
        CHECK(peer != NULL);
        CHECK_INT(peer->slot.pid, started[i]->pid);
        CHECK_INT(peer->slot.base, started[i]->base);
        CHECK_INT(peer->slot.mapped, pmo_active(&s.header));
        CHECK_INT(peer->state, PMO_ALIVE);
        CHECK(peer->same_pid && peer->mappings_known);
        CHECK(peer->process_state != 0);
        CHECK_INT(peer->missing.count, 0);
        uint64_t length = 0;
        for (size_t m = 0; m < peer->mappings.count; m++)
            length += peer->mappings.list[m].length;
        CHECK_INT(length, s.header.header_len + pmo_active(&s.header));
        CHECK_INT(mapped_bytes(started[i]->pid, peer->slot.base, peer->slot.base + pmo_active(&s.header), s.header.header_len), pmo_active(&s.header));
    }
    CHECK_INT(pm_pin_count(find_peer(&s, "b")->slot.pin), 1);
    CHECK_INT(pm_pin_bytes(find_peer(&s, "b")->slot.pin), pmo_active(&s.header));
    CHECK_INT(s.root_count, 1);
    CHECK(strcmp(s.roots[0].name, "index") == 0 && strcmp(s.roots[0].type, "struct-index") == 0);
    CHECK_INT(s.roots[0].off, 4096);
    CHECK_INT(s.roots[0].size, 512);
    pmo_snapshot_free(&s);

    /* One that is stopped is late, and lacks what it was asked to map. */
    stop_peer(b);
    ok(a, "grow 8192");
    s = look_at(&observer, PMO_PROCESSES);
    const struct pmo_peer *late = find_peer(&s, "b");
    CHECK(late != NULL);
    CHECK_INT(late->state, PMO_LATE);
    CHECK_INT(late->process_state, 'T');
    CHECK_INT(late->missing.count, 1);
    CHECK_INT(late->missing.list[0].address, b->base + 65536 + 131072);
    CHECK_INT(late->missing.list[0].length, 8192);
    pmo_snapshot_free(&s);
    continue_peer(b);
    /* The registry is copied before the maps are read, so one that was late may be seen with everything mapped, but not the reverse. */
    for (bool waits = true; waits; pmo_snapshot_free(&s)) {
        s = look_at(&observer, PMO_PROCESSES);
        waits = find_peer(&s, "b")->state == PMO_LATE;
        CHECK(waits || find_peer(&s, "b")->missing.count == 0);
    }

    char bytes[5] = { 0 };
    ok(b, "fill 5000 5 120");
    CHECK_INT(pmo_data_read(&observer, 5000, bytes, 5), 5);
    CHECK(memcmp(bytes, "xxxxx", 5) == 0);
    CHECK_INT(pmo_data_at(&observer, size_of(a) - 3), 3);
    CHECK_INT(pmo_data_at(&observer, UINT64_MAX), 0);
    CHECK_INT(pmo_data_read(&observer, size_of(a), bytes, 5), 0);
    pmo_observer_close(&observer);
    return 0;
}
