/* SPDX-License-Identifier: MIT */
/*
 * hanging.h - a file system that hangs: FUSE, whose server never answers what matters.  hanging_make() after setup(); it is gone at the end, however
 * the test ends: when its server dies, all who wait for it get an error.
 *
 *     DIRECTORY/file       can be opened, but never again be asked for its size
 *     DIRECTORY/program    can be executed, but never read
 *     DIRECTORY/door       can be opened, but never closed
 *     DIRECTORY/page0 ...  any number: can be mapped and written, but what was written never gets to the server
 *     DIRECTORY/lost       whether it is there nobody learns
 */
#ifndef HANGING_H
#define HANGING_H

#include "drive.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>

static char hanging[96]; /* the directory */
static pid_t hanging_server;
static volatile int *hanging_reads; /* so many wait for bytes of a file */

enum { ROOT_NODE = 1, FILE_NODE, PROGRAM_NODE, DOOR_NODE, PAGE_NODE };

static inline struct fuse_attr hanging_attributes(uint64_t node)
{
    return (struct fuse_attr){ .ino = node, .mode = node == ROOT_NODE ? S_IFDIR | 0755u : S_IFREG | 0755u, .nlink = 1, .size = 4096, .blksize = 4096 };
}

static inline void hanging_answer(int fd, const struct fuse_in_header *in, int error, const void *body, size_t length)
{
    static char reply[8192];
    struct fuse_out_header out = { .len = (uint32_t)(sizeof out + length), .error = -error, .unique = in->unique };
    memcpy(reply, &out, sizeof out);
    if (length > 0)
        memcpy(reply + sizeof out, body, length);
    if (write(fd, reply, out.len) < 0) {} /* who asked may have been interrupted */
}

static inline void hanging_serve(int fd, const struct fuse_in_header *in)
{
    const char *name = (const char *)(in + 1);
    switch (in->opcode) {
    case FUSE_INIT: {
        struct fuse_init_out body = { .major = FUSE_KERNEL_VERSION, .minor = 31, .max_write = 4096 };
        hanging_answer(fd, in, 0, &body, sizeof body);
        break;
    }
    case FUSE_LOOKUP: {
        if (strcmp(name, "lost") == 0)
            break;
        uint64_t node = strcmp(name, "file") == 0      ? FILE_NODE
                        : strcmp(name, "program") == 0 ? PROGRAM_NODE
                        : strcmp(name, "door") == 0    ? DOOR_NODE
                        : strncmp(name, "page", 4) == 0 ? PAGE_NODE + strtoul(name + 4, NULL, 10)
                                                       : 0;
        struct fuse_entry_out body = { .nodeid = node, .attr_valid = node == PROGRAM_NODE ? 1000 : 0, .attr = hanging_attributes(node) };
        hanging_answer(fd, in, node ? 0 : ENOENT, &body, node ? sizeof body : 0);
        break;
    }
    case FUSE_GETATTR: {
        struct fuse_attr_out body = { .attr_valid = 1000, .attr = hanging_attributes(in->nodeid) };
        if (in->nodeid != FILE_NODE)
            hanging_answer(fd, in, 0, &body, sizeof body);
        break;
    }
    case FUSE_OPEN: {
        struct fuse_open_out body = { .fh = 1 };
        hanging_answer(fd, in, 0, &body, sizeof body);
        break;
    }
    case FUSE_READ: {
        static const char zeroes[4096];
        if (in->nodeid >= PAGE_NODE)
            hanging_answer(fd, in, 0, zeroes, sizeof zeroes);
        else
            ++*hanging_reads;
        break;
    }
    case FUSE_WRITE:
    case FUSE_FSYNC: break;
    case FUSE_FLUSH:
        if (in->nodeid != DOOR_NODE)
            hanging_answer(fd, in, ENOSYS, NULL, 0);
        break;
    case FUSE_FORGET:
    case FUSE_BATCH_FORGET:
    case FUSE_INTERRUPT: break;
    default: hanging_answer(fd, in, ENOSYS, NULL, 0);
    }
}

static inline void hanging_remove(void)
{
    if (hanging_server > 0) {
        kill(hanging_server, SIGKILL);
        waitpid(hanging_server, NULL, 0);
    }
    hanging_server = 0;
    if (hanging[0]) {
        umount2(hanging, MNT_DETACH);
        rmdir(hanging);
    }
}

static inline void hanging_hung(int signal_number)
{
    hanging_remove();
    hung(signal_number);
}

static inline void hanging_make(void)
{
    char options[128];
    int fd = open("/dev/fuse", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        SKIP("needs /dev/fuse: %s", strerror(errno));
    snprintf(hanging, sizeof hanging, "/tmp/peermap-hanging-%s", seg());
    CHECK(mkdir(hanging, 0755) == 0);
    atexit(hanging_remove);
    signal(SIGALRM, hanging_hung);
    signal(SIGTERM, hanging_hung);
    signal(SIGINT, hanging_hung);
    snprintf(options, sizeof options, "fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, (int)getuid(), (int)getgid());
    if (mount("hanging", hanging, "fuse", 0, options) != 0)
        SKIP("needs to mount a file system, as root: %s", strerror(errno));
    hanging_reads = mmap(NULL, sizeof *hanging_reads, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    hanging_server = fork();
    CHECK(hanging_server >= 0);
    if (hanging_server == 0) {
        static _Alignas(8) char request[1 << 17];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGALRM, SIG_DFL);
        for (ssize_t length; (length = read(fd, request, sizeof request)) > 0 || errno == EINTR || errno == ENOENT;)
            if (length > 0)
                hanging_serve(fd, (const struct fuse_in_header *)(const void *)request);
        _exit(0);
    }
    close(fd);
}

/* A process to be asked about; it does nothing. */
static inline pid_t hanging_sleeper(void)
{
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;)
            pause();
    }
    return pid;
}

static inline void *hanging_map_over(void *page)
{
    mmap(page, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    return page;
}

/*
 * A thread that waits, with the lock of this process's memory map, until the server is gone: it maps something over a page that must be written first.
 * Nobody comes back meanwhile who reads the maps, the command line or the memory of this process: ps, pgrep and the like, of all users.  So only for a
 * moment.
 */
static inline void hanging_lock_memory(int number)
{
    char path[128];
    pthread_t thread;
    snprintf(path, sizeof path, "%s/page%d", hanging, number);
    int fd = open(path, O_RDWR);
    char *page = fd < 0 ? MAP_FAILED : mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(page != MAP_FAILED);
    *(volatile char *)page = 1;
    CHECK(pthread_create(&thread, NULL, hanging_map_over, page) == 0);
}

/* For another process, until it is so. */
static inline void hanging_await_lock(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    for (bool waits = false; !waits; usleep(200)) {
        DIR *tasks = opendir(path);
        CHECK(tasks != NULL);
        for (struct dirent *task; !waits && (task = readdir(tasks)) != NULL;)
            waits = task->d_name[0] != '.' && process_state(atoi(task->d_name)) == 'D';
        closedir(tasks);
    }
}

/*
 * A process that locks its memory so, of this name, with the page of this number; `before`, if there is one, is what it does first.  It stays until the server is gone, though
 * it be killed.
 */
static inline pid_t hanging_start_holder(const char *name, int number, void (*before)(void))
{
    const pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid != 0) {
        hanging_await_lock(pid);
        return pid;
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent)
        _exit(1);
    prctl(PR_SET_NAME, name);
    signal(SIGBUS, SIG_DFL); /* at the end of the file system */
    if (before)
        before();
    hanging_lock_memory(number);
    for (;;)
        pause();
}

#endif
