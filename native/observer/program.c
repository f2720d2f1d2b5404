/* SPDX-License-Identifier: MIT */
/* program.c - see program.h. */
#include "program.h"

#include "patient.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NUMBER_OPENAT2 437 /* on every processor */

/* struct open_how of linux/openat2.h, which not every C library's headers come with. */
struct how {
    uint64_t flags, mode, resolve;
};
#define NO_MAGIC_LINKS UINT64_C(0x02)
#define IN_ROOT UINT64_C(0x10)

/* What has the name, without opening it: a device or a pipe does something when it is opened. */
static int find(int root, const char *path)
{
    const struct how how = { .flags = O_PATH | O_CLOEXEC, .resolve = IN_ROOT | NO_MAGIC_LINKS };
    long fd = syscall(NUMBER_OPENAT2, root, path, &how, sizeof how);
    return fd < 0 ? -errno : (int)fd;
}

static int open_regular(int found)
{
    char path[48];
    struct stat facts;
    if (fstat(found, &facts) != 0)
        return -errno;
    if (!S_ISREG(facts.st_mode))
        return -EINVAL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", found);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* The path is in `bytes`. */
static void open_in_root(struct pmo_errand *errand)
{
    const int root = openat(errand->process.dir, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
    const int found = root < 0 ? -errno : find(root, errand->bytes), fd = found < 0 ? found : open_regular(found);
    if (root >= 0)
        close(root);
    if (found >= 0)
        close(found);
    errand->fd = fd < 0 ? -1 : fd;
    errand->error = fd < 0 ? -fd : 0;
}

int pmo_program_open(uint32_t pid, const char *path)
{
    struct pmo_process process;
    const size_t length = strlen(path);
    int error = length < PMO_PIECE ? pmo_process_open(pid, &process) : ENAMETOOLONG;
    if (error != 0)
        return -error;
    struct pmo_errand *errand = pmo_patient_begin(&process);
    error = errand ? 0 : errno;
    pmo_process_close(&process);
    if (error != 0)
        return -error;
    memcpy(errand->bytes, path, length + 1);
    error = pmo_patient_run(errand, open_in_root);
    return error != 0 ? -error : errand->fd;
}
