/* SPDX-License-Identifier: MIT */
/*
 * A header whose base lies where a process needs room to grow, right under its stack, or where nobody may have anything, is refused:
 * the addresses would be free, and the process would end at its next deep call.
 */
#include "drive.h"

#include <fcntl.h>

static uint64_t stack_begin(void)
{
    char line[4096];
    uint64_t from = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps))
        if (strstr(line, "[stack]"))
            CHECK(sscanf(line, "%" SCNx64, &from) == 1);
    fclose(maps);
    return from;
}

static void refused(int fd, uint64_t base)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "b" };
    peermap_segment *segment;
    CHECK(pwrite(fd, &base, sizeof base, 32) == sizeof base);
    CHECK_INT(peermap_attach(seg(), &options, &segment), PEERMAP_EFORMAT);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 reserve 1048576");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0);
    const uint64_t stack = stack_begin();
    CHECK(stack != 0);
    refused(fd, stack - 1048576);
    refused(fd, header_length() + 65536);
    refused(fd, (header_length() + 65536 + 4095) / 4096 * 4096 + (UINT64_C(1) << 31));
    const uint64_t right = a->base;
    CHECK(pwrite(fd, &right, sizeof right, 32) == sizeof right);
    struct peer *b = ready_peer("b", NULL);
    maps_exactly(b, 65536);
    close(fd);
    return 0;
}
