/* SPDX-License-Identifier: MIT */
/* attach.c - opening a segment to look at it, and reading its bytes. */
#include "attach.h"

#include "error.h"
#include "os.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool pmo_name_valid(const char *name)
{
    static const char allowed[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
    if (name[0] == '\0' || name[0] == '.')
        return false;
    size_t length = strlen(name);
    return length < PM_NAME_MAX && strspn(name, allowed) == length;
}

int pmo_observer_open(const char *name, struct pmo_observer *observer)
{
    *observer = (struct pmo_observer){ .fd = -1 };
    if (!pmo_name_valid(name))
        return pm_fail(PEERMAP_ENAME, "%.80s: %s", name, peermap_error_text(PEERMAP_ENAME));
    const char *fault = pm_directory_fault();
    if (fault)
        return pm_fail(PEERMAP_EINVAL, "%s", fault);
    int fd = pm_object_open_patiently(name, false);
    if (fd == -ENOENT)
        return pm_fail(PEERMAP_ENOENT, "there is no segment named %s", name);
    if (fd == -EACCES || fd == -EPERM)
        return pm_fail(PEERMAP_EACCES, "no permission to read %s/%s%s", pm_directory(), PM_PREFIX, name);
    if (fd == -EINVAL)
        return pm_fail(PEERMAP_EFORMAT, "%s/%s%s is not a regular file", pm_directory(), PM_PREFIX, name);
    if (fd < 0) {
        errno = -fd;
        return pm_fail(PEERMAP_EOS, "cannot open %s/%s%s: %s", pm_directory(), PM_PREFIX, name, strerror(errno));
    }
    observer->fd = fd;
    snprintf(observer->name, sizeof observer->name, "%s", name);
    return 0;
}

void pmo_observer_close(struct pmo_observer *observer)
{
    if (observer->fd >= 0)
        close(observer->fd);
    observer->fd = -1;
}

ssize_t pmo_read(int fd, uint64_t offset, void *into, size_t length)
{
    size_t done = 0;
    if (offset > INT64_MAX - length)
        return -EINVAL;
    while (done < length) {
        ssize_t got = pread(fd, (char *)into + done, length - done, (off_t)(offset + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static int64_t data_length(const struct pmo_observer *observer, uint64_t *data_off)
{
    struct pm_header header;
    struct stat object;
    struct pmo_problems problems = { 0 };
    bool readable = pmo_header_read(observer->fd, &header, &object, &problems);
    int64_t result = PEERMAP_EFORMAT;
    if (readable) {
        *data_off = header.header_len;
        result = (int64_t)object.st_size - (int64_t)header.header_len;
    } else {
        pm_fail(PEERMAP_EFORMAT, "segment %s cannot be read: %s", observer->name, problems.count ? problems.list[0].text : "no memory");
    }
    pmo_problems_free(&problems);
    return result;
}

int64_t pmo_data_at(const struct pmo_observer *observer, uint64_t offset)
{
    uint64_t data_off;
    int64_t length = data_length(observer, &data_off);
    if (length < 0)
        return length;
    return offset < (uint64_t)length ? length - (int64_t)offset : 0;
}

int64_t pmo_data_begin(const struct pmo_observer *observer)
{
    uint64_t data_off;
    int64_t length = data_length(observer, &data_off);
    return length < 0 ? length : (int64_t)data_off;
}

ssize_t pmo_data_read(const struct pmo_observer *observer, uint64_t offset, void *into, size_t length)
{
    uint64_t data_off;
    int64_t there = data_length(observer, &data_off);
    if (there < 0)
        return (ssize_t)there;
    if (offset >= (uint64_t)there)
        return 0;
    ssize_t got = pmo_read(observer->fd, data_off + offset, into, length);
    if (got >= 0)
        return got;
    errno = (int)-got;
    return pm_fail(PEERMAP_EOS, "cannot read segment %s: %s", observer->name, strerror(errno));
}
