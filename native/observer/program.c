/* SPDX-License-Identifier: MIT */
/* program.c - see program.h. */
#include "program.h"

#include "attach.h"
#include "patient.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/magic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
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

/* No file at all: what is read is made up meanwhile, under locks of a process, or is gone once it was read. */
static bool is_made_up(int found)
{
    struct statfs system;
    static const uint32_t kinds[] = { PROC_SUPER_MAGIC, SYSFS_MAGIC, DEBUGFS_MAGIC, TRACEFS_MAGIC, SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC };
    if (fstatfs(found, &system) != 0)
        return false;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if ((uint32_t)system.f_type == kinds[i])
            return true;
    return false;
}

static int open_regular(int found)
{
    char path[48];
    struct stat facts;
    if (fstat(found, &facts) != 0)
        return -errno;
    if (!S_ISREG(facts.st_mode) || is_made_up(found))
        return -EINVAL;
    snprintf(path, sizeof path, "/proc/self/fd/%d", found);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static int find_in_root(int process, const char *path)
{
    const int root = openat(process, "root", O_PATH | O_DIRECTORY | O_CLOEXEC), found = root < 0 ? -errno : find(root, path);
    if (root >= 0)
        close(root);
    return found;
}

static int find_executable(int process)
{
    const int found = openat(process, "exe", O_PATH | O_CLOEXEC);
    return found < 0 ? -errno : found;
}

/* The path is in `bytes`; none is the executable's. */
static void open_found(struct pmo_errand *errand)
{
    const int process = errand->process.dir, found = errand->bytes[0] ? find_in_root(process, errand->bytes) : find_executable(process);
    const int fd = found < 0 ? found : open_regular(found);
    if (found >= 0)
        close(found);
    errand->fd = fd < 0 ? -1 : fd;
    errand->error = fd < 0 ? -fd : 0;
}

static struct pmo_errand *errand_to(uint32_t pid, int *error)
{
    struct pmo_process process;
    *error = pmo_process_open(pid, &process);
    if (*error != 0)
        return NULL;
    struct pmo_errand *errand = pmo_patient_begin(&process);
    *error = errand ? 0 : errno;
    pmo_process_close(&process);
    return errand;
}

int pmo_program_open(uint32_t pid, const char *path)
{
    const size_t length = path ? strlen(path) : 0;
    int error = length >= PMO_PIECE ? ENAMETOOLONG : path && length == 0 ? ENOENT : 0;
    struct pmo_errand *errand = error == 0 ? errand_to(pid, &error) : NULL;
    if (!errand)
        return -error;
    memcpy(errand->bytes, path ? path : "", length + 1);
    error = pmo_patient_run(errand, open_found);
    return error != 0 ? -error : errand->fd;
}

/* An errand with a descriptor of its own for the same file, which it closes: that, too, may wait. */
static struct pmo_errand *errand_with(uint32_t pid, int fd, int *error)
{
    struct pmo_errand *errand = errand_to(pid, error);
    if (!errand)
        return NULL;
    errand->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    *error = errand->fd < 0 ? errno : 0;
    return *error == 0 ? errand : NULL;
}

static void close_own(struct pmo_errand *errand)
{
    close(errand->fd);
    errand->fd = -1;
}

static void read_file(struct pmo_errand *errand)
{
    const ssize_t length = pmo_read(errand->fd, errand->from, errand->bytes, errand->size);
    errand->error = length < 0 ? errno : 0;
    errand->length = length < 0 ? 0 : (size_t)length;
    close_own(errand);
}

ssize_t pmo_program_read(uint32_t pid, int fd, uint64_t offset, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        int error;
        struct pmo_errand *errand = errand_with(pid, fd, &error);
        if (!errand)
            return -error;
        errand->from = offset + done;
        errand->size = size - done < PMO_PIECE ? size - done : PMO_PIECE;
        error = pmo_patient_run(errand, read_file);
        if (error != 0)
            return -error;
        memcpy((char *)bytes + done, errand->bytes, errand->length);
        done += errand->length;
        if (errand->length < errand->size)
            break;
    }
    return (ssize_t)done;
}

static void ask_facts(struct pmo_errand *errand)
{
    errand->error = fstat(errand->fd, &errand->facts) == 0 ? 0 : errno;
    close_own(errand);
}

int pmo_program_facts(uint32_t pid, int fd, struct stat *facts)
{
    int error;
    struct pmo_errand *errand = errand_with(pid, fd, &error);
    if (!errand)
        return -error;
    error = pmo_patient_run(errand, ask_facts);
    if (error == 0)
        *facts = errand->facts;
    return -error;
}

/* Where no errand can be sent, not even to ourselves, it stays open: as many readers are stuck as may be. */
void pmo_program_close(uint32_t pid, int fd)
{
    int error;
    struct pmo_errand *errand = errand_to(pid, &error);
    if (!errand)
        errand = errand_to((uint32_t)getpid(), &error);
    if (!errand)
        return;
    errand->fd = fd;
    (void)pmo_patient_run(errand, close_own);
}
