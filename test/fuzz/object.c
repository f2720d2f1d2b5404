/* SPDX-License-Identifier: MIT */
/* object.c - the object that a target looks at or attaches to: made from an input, under one name for the whole run. */
#include "fuzz.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

char fuzz_name[PM_NAME_MAX];
static char path[128];

static void remove_object(void) { unlink(path); }

void fuzz_object_name(void)
{
    snprintf(fuzz_name, sizeof fuzz_name, "test-fuzz-%d", (int)getpid());
    snprintf(path, sizeof path, "%s/%s%s", PM_DIRECTORY, PM_PREFIX, fuzz_name);
    atexit(remove_object); /* the driver removes it where this is not reached */
}

int fuzz_object_open(void)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        fuzz_found("the harness cannot open %s", path);
    return fd;
}

void fuzz_object_write(const struct fuzz_image *head, const uint8_t *bytes, size_t size)
{
    const uint32_t length = head->length % FUZZ_OBJECT_MAX;
    if (size > length)
        size = length;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ftruncate(fd, length) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size;
    if (!good)
        fuzz_found("the harness cannot write %s", path);
    close(fd);
}
