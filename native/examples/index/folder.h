/* SPDX-License-Identifier: MIT */
/*
 * folder.h - the regular files below a folder, and the text of one of them.  For the indexer; all of it is process-local.
 *
 * A text file is a regular file of at most FOLDER_FILE_MAX bytes without a NUL among its first 8 KiB.  Symbolic links are not
 * followed, neither to files nor to folders.
 */
#ifndef FOLDER_H
#define FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FOLDER_FILE_MAX ((size_t)16 << 20)

struct folder_file {
    char *path; /* absolute */
    uint64_t bytes;
    int64_t mtime_ns;
};

struct folder {
    char *path; /* absolute, without links */
    struct folder_file *files; /* by path */
    size_t length;
    size_t capacity;
    size_t links;
    size_t unreadable; /* folders; the first one's name and errno follow */
    char *unreadable_path;
    int unreadable_errno;
};

/* Lists the folder.  False with errno: there is no such folder, it cannot be read, or out of memory. */
bool folder_list(struct folder *folder, const char *path);
void folder_free(struct folder *folder);
/* The file of this path, NULL if there is none. */
const struct folder_file *folder_find(const struct folder *folder, const char *path);

enum folder_kind { FOLDER_TEXT, FOLDER_BINARY, FOLDER_LARGE, FOLDER_UNREADABLE };

/* Reads a file into *text, a buffer of *capacity bytes that grows by need, and mends its size and time in `file` to those of what
 * was read. */
enum folder_kind folder_read(struct folder_file *file, char **text, size_t *capacity, size_t *length);

#endif
