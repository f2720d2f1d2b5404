/* SPDX-License-Identifier: MIT */
/*
 * maps_line.h - a line of /proc/PID/maps, read in one place.  Whoever maps a file chose its name, and where a line was cut is the reader's business: what is not
 * a whole line up to its inode is none.  No lock and no memory of the C library, for agents.
 */
#ifndef PM_MAPS_LINE_H
#define PM_MAPS_LINE_H

#include <stdbool.h>
#include <stdint.h>

/* As the kernel's VM_READ and so on. */
enum pm_maps_access { PM_MAPS_READ = 1, PM_MAPS_WRITE = 2, PM_MAPS_EXECUTE = 4, PM_MAPS_SHARED = 8 };

/* Process-local. */
struct pm_maps_line {
    uint64_t from, to, offset;
    uint64_t device, inode; /* both 0: of no file.  A System V segment may have the inode 0 */
    uint32_t access;
    const char *path; /* in the text, up to its end or the line's; "" if there is none */
    uint32_t path_length;
};

bool pm_maps_line_read(const char *text, struct pm_maps_line *line);

#endif
