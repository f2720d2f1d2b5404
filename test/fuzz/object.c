/* SPDX-License-Identifier: MIT */
/* object.c - the object that a target looks at or attaches to: made from an input, under one name for the whole run. */
#include "fuzz.h"

#include "os.h"

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

/* An image without an identity is of the object that it is written into; one with another is a copy. */
static bool identify(int fd, const uint8_t *bytes, size_t size)
{
    const size_t at = offsetof(struct pm_header, identity);
    struct pm_identity said;
    if (size < at + sizeof said)
        return true;
    memcpy(&said, bytes + at, sizeof said);
    if (said.device != 0 || said.inode != 0)
        return true;
    said = pm_identity_of(fd);
    return pwrite(fd, &said, sizeof said, (off_t)at) == (ssize_t)sizeof said;
}

void fuzz_object_write(const struct fuzz_image *head, const uint8_t *bytes, size_t size)
{
    const uint32_t length = head->length % FUZZ_OBJECT_MAX;
    if (size > length)
        size = length;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && ftruncate(fd, length) == 0 && pwrite(fd, bytes, size, 0) == (ssize_t)size && identify(fd, bytes, size);
    if (!good)
        fuzz_found("the harness cannot write %s", path);
    close(fd);
}
