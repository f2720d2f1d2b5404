/* SPDX-License-Identifier: MIT */
/* Absurd sizes and epochs in the shared header make no peer map or unmap anything outside its own reservation. */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>

static void lie(int fd, long offset, uint64_t value) { CHECK(pwrite(fd, &value, sizeof value, offset) == sizeof value); }

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 reserve 1048576 deadline 300");
    struct peer *b = ready_peer("b", "deadline 300");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0);
    static const uint64_t lies[] = { UINT64_MAX, UINT64_C(1) << 47, 1, 4097, 1048577, 0 };
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        for (long offset = 192; offset <= 208; offset += 8)
            lie(fd, offset, lies[i]);
        ask(a, "grow 4096");
        ask(a, "shrink 4096");
        ask(b, "map");
        ask(b, "remap");
        CHECK(strcmp(a->line, "died") != 0 && strcmp(b->line, "died") != 0);
        CHECK(mapped_bytes(b->pid, b->base, b->base + (UINT64_C(1) << 34), header_length()) <= 1048576);
        ok(a, "peers");
    }
    /* Put right again, everything goes on. */
    for (long offset = 192; offset <= 208; offset += 8)
        lie(fd, offset, 65536);
    lie(fd, 256, 0);
    CHECK(ftruncate(fd, (off_t)(header_length() + 65536)) == 0);
    ok(a, "remap");
    ok(b, "grow 4096");
    maps_exactly(a, 69632);
    maps_exactly(b, 69632);
    /* A request for an epoch that has not come keeps nobody from hearing the next true one. */
    for (int i = 0; i < 2; i++)
        lie(fd, (long)(header_word(offsetof(struct pm_header, slots_off)) + (uint64_t)i * sizeof(struct pm_slot) + offsetof(struct pm_slot, requested)),
            UINT64_MAX);
    ok(b, "grow 4096");
    ok(a, "grow 4096");
    maps_exactly(a, 77824);
    maps_exactly(b, 77824);
    close(fd);
    return 0;
}
