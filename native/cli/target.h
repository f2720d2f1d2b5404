/* SPDX-License-Identifier: MIT */
/* target.h - a segment or a file in the making: without a name until it is complete. */
#ifndef CLI_TARGET_H
#define CLI_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Process-local. */
struct target {
    const char *name; /* of the segment, or the file's path */
    bool is_segment;
    bool replaces;    /* a file that is there */
    int fd;           /* to read and write; -1: not made */
    char *temporary;  /* its name meanwhile, where the file system has no files without; else NULL */
};

/* Each: 0, or an exit code, and it was said why. */

/* Before any work: whether there can be such a target.  A file that is there is replaced if that is `forced`, or somebody says so. */
int target_check(struct target *target, bool forced);
int target_make(struct target *target);
/* Of a segment: whether there is memory for so many bytes. */
int target_room(const struct target *target, uint64_t bytes);
/* Gives it its mode and its name. */
int target_publish(struct target *target, mode_t mode);
/* A call of the system about it failed. */
int target_error(const struct target *target, int error);
/* What has no name by now is gone. */
void target_end(struct target *target);

#endif
