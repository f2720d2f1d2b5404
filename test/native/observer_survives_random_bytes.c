/* SPDX-License-Identifier: MIT */
/*
 * Whatever the bytes are, an observer ends with an answer: some thousand mutations of a real segment, and objects of noise, cut to any
 * length, are looked at in full.  The mutations are the same in every run.
 */
#include "budget.h"
#include "image.h"

#define MUTATIONS 4000

static uint64_t state = UINT64_C(0x9e3779b97f4a7c15);
static size_t seen_readable, seen_unreadable;

static uint64_t strange_number(void)
{
    static const uint64_t favourites[] = {
        0, 1, 0xff, 4095, 4096, UINT32_MAX, UINT64_C(1) << 46, UINT64_C(1) << 53, INT64_MAX, UINT64_MAX
    };
    return chance(&state) % 2 ? favourites[chance(&state) % 10] : chance(&state);
}

static void mutate(char *bytes, size_t length, size_t header_len)
{
    const size_t times = 1 + chance(&state) % 8;
    for (size_t i = 0; i < times; i++) {
        /* Mostly where it hurts: the header's fields and the first records. */
        const size_t area = chance(&state) % 4 == 0 ? header_len : chance(&state) % 2 ? 640 : 4096;
        const size_t at = chance(&state) % (area < length ? area : length);
        const uint64_t value = strange_number();
        const size_t size = chance(&state) % 3 == 0 ? 1 : 8;
        const size_t aligned = size == 8 ? at / 8 * 8 : at;
        if (aligned + size <= length)
            memcpy(bytes + aligned, &value, size);
    }
}

static void look_at_everything(size_t round)
{
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, round % 64 == 0 ? PMO_STRANGERS : PMO_PROCESSES);
    *(s.readable ? &seen_readable : &seen_unreadable) += 1;
    CHECK(s.readable || s.problems.count > 0);
    CHECK(s.peer_count <= PM_SLOTS_MAX && s.root_count <= PMO_ROOTS_MAX);
    for (size_t i = 0; i < s.peer_count; i++)
        CHECK(memchr(s.peers[i].slot.name, 0, PM_NAME_MAX) != NULL);
    pmo_snapshot_free(&s);
    struct pmo_events events;
    CHECK_INT(pmo_events_read(&observer, chance(&state) % 8 == 0 ? strange_number() : 0, 1 + chance(&state) % 8192, &events), 0);
    pmo_events_free(&events);
    char bytes[64];
    (void)pmo_data_read(&observer, strange_number(), bytes, sizeof bytes);
    if (round % 16 == 0) {
        uint32_t calls = 0;
        struct pmo_watch *watch;
        CHECK_INT(pmo_watch_start(&observer, 0, count_call, &calls, &watch), 0);
        pmo_watch_stop(watch);
    }
    pmo_observer_close(&observer);
}

static void write_object(const char *path, const char *bytes, size_t length)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK_INT(write(fd, bytes, length), length);
    close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char path[128];
    object_path(seg(), path);
    struct peer *a = ready_peer("a", "create 65536 slots 16");
    struct peer *b = ready_peer("b", NULL);
    ok(a, "root index 0 64 t");
    ok(b, "grow 65536");
    const size_t length = object_length(), header_len = header_length();
    char *image = malloc(length), *mutant = malloc(length);
    CHECK(image && mutant);
    int fd = open(path, O_RDONLY);
    CHECK_INT(read(fd, image, length), length);
    close(fd);
    CHECK(unlink(path) == 0); /* the peers live on, so that their slots name processes that can be read */

    for (size_t round = 0; round < MUTATIONS; round++) {
        memcpy(mutant, image, length);
        mutate(mutant, length, header_len);
        write_object(path, mutant, chance(&state) % 8 == 0 ? chance(&state) % length : length);
        look_at_everything(round);
    }
    CHECK(seen_readable > MUTATIONS / 10 && seen_unreadable > MUTATIONS / 10);
    for (size_t round = 0; round < 200; round++) {
        for (size_t at = 0; at + 8 <= length; at += 8)
            memcpy(mutant + at, &(uint64_t){ chance(&state) }, 8);
        if (round % 2)
            memcpy(mutant, image, 192); /* the constant part right, noise behind it */
        write_object(path, mutant, length);
        look_at_everything(round);
    }
    printf("%zu readable, %zu not\n", seen_readable, seen_unreadable);
    free(image);
    free(mutant);
    return 0;
}
