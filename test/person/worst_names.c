/* SPDX-License-Identifier: MIT */
/*
 * worst_names.c - a peer that calls itself, its roots and its types whatever a text can hold, and answers nobody.
 *
 *     worst_names SEGMENT NAME...
 *
 * Makes a strict segment, writes the first name into its slot and the others into roots, as name and type by turns; says "ready PID" and stops.
 */
#include <peermap.h>

#include "../../native/base/places.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static struct pm_header *header_of(const char *segment)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", segment);
    int fd = open(path, O_RDWR);
    if (fd < 0 || fstat(fd, &facts) != 0)
        return NULL;
    void *got = mmap(NULL, (size_t)facts.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    return got == MAP_FAILED ? NULL : got;
}

int main(int argc, char **argv)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "x", .flags = PEERMAP_STRICT | PEERMAP_NO_PTRACE };
    peermap_segment *segment;
    char plain[16];
    if (argc < 3)
        return 2;
    if (peermap_create(argv[1], &options, &segment) != 0 || peermap_grow(segment, 1 << 20, NULL) != 0)
        return fprintf(stderr, "%s\n", peermap_last_error()), 1;
    for (int i = 3; i < argc; i++) {
        snprintf(plain, sizeof plain, "root%d", i);
        if (peermap_set_root(segment, plain, peermap_base(segment), 64, "type") != 0)
            return fprintf(stderr, "%s\n", peermap_last_error()), 1;
    }
    struct pm_header *header = header_of(argv[1]);
    if (!header)
        return perror(argv[1]), 1;
    struct pm_slot *slot = (void *)((char *)header + header->slots_off);
    struct pm_root *roots = (void *)((char *)header + header->roots_off);
    strncpy(slot->name, argv[2], sizeof slot->name - 1);
    for (int i = 3, at = 0; i < argc; at++) {
        if ((roots[at].tag & PM_TAG_STATE) != PM_LIVE)
            continue;
        strncpy(roots[at].name, argv[i], sizeof roots[at].name - 1);
        strncpy(roots[at].type, argv[i++], sizeof roots[at].type - 1);
        roots[at].hash = pm_root_hash(roots[at].name);
    }
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    raise(SIGSTOP);
    for (;;)
        pause();
}
