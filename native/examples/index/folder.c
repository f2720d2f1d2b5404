/* SPDX-License-Identifier: MIT */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LOOK_FOR_NUL ((size_t)8 << 10)

static int64_t mtime_of(const struct stat *st)
{
    return (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
}

/* Folders still to be read.  A list and not recursion: no depth exhausts the stack or the descriptors. */
struct pending {
    char **paths;
    size_t length;
    size_t capacity;
};

static bool push(struct pending *pending, char *path)
{
    if (pending->length == pending->capacity) {
        size_t capacity = pending->capacity == 0 ? 64 : pending->capacity * 2;
        char **paths = realloc(pending->paths, capacity * sizeof *paths);
        if (paths == NULL)
            return false;
        pending->paths = paths;
        pending->capacity = capacity;
    }
    pending->paths[pending->length++] = path;
    return true;
}

static bool add_file(struct folder *folder, char *path, const struct stat *st)
{
    if (folder->length == folder->capacity) {
        size_t capacity = folder->capacity == 0 ? 1024 : folder->capacity * 2;
        struct folder_file *files = realloc(folder->files, capacity * sizeof *files);
        if (files == NULL)
            return false;
        folder->files = files;
        folder->capacity = capacity;
    }
    folder->files[folder->length++] = (struct folder_file){
        .path = path,
        .bytes = (uint64_t)st->st_size,
        .mtime_ns = mtime_of(st),
    };
    return true;
}

static bool add_entry(struct folder *folder, struct pending *pending, int dir, const char *parent, const char *name)
{
    struct stat st;
    if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true; /* gone since it was listed */
    if (S_ISLNK(st.st_mode))
        folder->links++;
    if (!S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
        return true;
    char *path;
    if (asprintf(&path, "%s/%s", strcmp(parent, "/") == 0 ? "" : parent, name) < 0)
        return false;
    bool kept = S_ISDIR(st.st_mode) ? push(pending, path) : add_file(folder, path, &st);
    if (!kept)
        free(path);
    return kept;
}

static void note_unreadable(struct folder *folder, const char *path)
{
    if (folder->unreadable++ == 0) {
        folder->unreadable_errno = errno;
        folder->unreadable_path = strdup(path);
    }
}

static bool list_one(struct folder *folder, struct pending *pending, const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL) {
        if (strcmp(path, folder->path) == 0)
            return false;
        note_unreadable(folder, path);
        return true;
    }
    bool ok = true;
    for (struct dirent *entry; ok && (entry = readdir(dir)) != NULL;)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok = add_entry(folder, pending, dirfd(dir), path, entry->d_name);
    closedir(dir);
    return ok;
}

static int by_path(const void *a, const void *b)
{
    const struct folder_file *one = a, *other = b;
    return strcmp(one->path, other->path);
}

bool folder_list(struct folder *folder, const char *path)
{
    *folder = (struct folder){ .path = realpath(path, NULL) };
    if (folder->path == NULL)
        return false;
    struct pending pending = { 0 };
    bool ok = list_one(folder, &pending, folder->path);
    while (ok && pending.length > 0) {
        char *next = pending.paths[--pending.length];
        ok = list_one(folder, &pending, next);
        free(next);
    }
    int error = errno;
    while (pending.length > 0)
        free(pending.paths[--pending.length]);
    free(pending.paths);
    if (ok)
        qsort(folder->files, folder->length, sizeof *folder->files, by_path);
    else
        folder_free(folder);
    errno = error;
    return ok;
}

void folder_free(struct folder *folder)
{
    for (size_t i = 0; i < folder->length; i++)
        free(folder->files[i].path);
    free(folder->files);
    free(folder->path);
    free(folder->unreadable_path);
    *folder = (struct folder){ 0 };
}

const struct folder_file *folder_find(const struct folder *folder, const char *path)
{
    struct folder_file key = { .path = (char *)(uintptr_t)path };
    return folder->length == 0 ? NULL : bsearch(&key, folder->files, folder->length, sizeof key, by_path);
}

/* Reads until `wanted` bytes are there or the file ends. */
static bool fill(int fd, char *text, size_t *length, size_t wanted)
{
    while (*length < wanted) {
        ssize_t n = read(fd, text + *length, wanted - *length);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        if (n == 0)
            break;
        *length += (size_t)n;
    }
    return true;
}

static enum folder_kind read_open(int fd, struct folder_file *file, char **text, size_t *capacity, size_t *length)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return FOLDER_UNREADABLE;
    size_t size = (size_t)st.st_size;
    file->bytes = size;
    file->mtime_ns = mtime_of(&st);
    if (size > FOLDER_FILE_MAX)
        return FOLDER_LARGE;
    if (size > *capacity) {
        free(*text);
        *capacity = 0;
        *text = malloc(size);
        if (*text == NULL)
            return FOLDER_UNREADABLE;
        *capacity = size;
    }
    *length = 0;
    if (size == 0)
        return FOLDER_TEXT;
    if (!fill(fd, *text, length, size < LOOK_FOR_NUL ? size : LOOK_FOR_NUL))
        return FOLDER_UNREADABLE;
    if (memchr(*text, 0, *length) != NULL)
        return FOLDER_BINARY;
    return fill(fd, *text, length, size) ? FOLDER_TEXT : FOLDER_UNREADABLE;
}

enum folder_kind folder_read(struct folder_file *file, char **text, size_t *capacity, size_t *length)
{
    int fd = open(file->path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return FOLDER_UNREADABLE;
    enum folder_kind kind = read_open(fd, file, text, capacity, length);
    close(fd);
    return kind;
}
