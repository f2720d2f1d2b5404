/* SPDX-License-Identifier: MIT */
/* maps.h - what a process really maps of a segment, by the kernel's word. */
#ifndef MAPS_H
#define MAPS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

/* Of the data: from `base` on without a gap, and in all. */
struct view {
    uint64_t whole, total;
    uint64_t header; /* bytes of the object before the data */
    bool reads;      /* it is mapped without the right to write */
};

static inline struct view view_of(const char *segment, pid_t pid, uint64_t base)
{
    struct view view = { 0, 0, 0, false };
    char path[64], line[4096], object[128];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    snprintf(object, sizeof object, "/dev/shm/peermap.%s\n", segment);
    FILE *maps = fopen(path, "re");
    while (maps && fgets(line, sizeof line, maps)) {
        uint64_t begin, end, offset;
        char rights[8];
        int name = 0;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s %" SCNx64 " %*s %*s %n", &begin, &end, rights, &offset, &name) < 4 || end <= base ||
            (strcmp(rights, "rw-s") != 0 && strcmp(rights, "r--s") != 0) || strcmp(line + name, object) != 0)
            continue;
        if (begin <= base) { /* with the header, which is next to it in the file too */
            view.header = offset + (base - begin);
            view.reads = rights[1] != 'w';
            offset = view.header;
            begin = base;
        }
        if (begin == base + view.whole && offset == view.header + view.whole)
            view.whole += end - begin;
        view.total += end - begin;
    }
    if (maps)
        fclose(maps);
    return view;
}

#endif
