/* SPDX-License-Identifier: MIT */
/*
 * canary.c - what the code under test must leave alone: memory, files, descriptors, and a process that has nothing to do with it.
 *
 * Seen from two sides.  The calls that change mappings and files come through here (ld's --wrap), and each must stay in what the code
 * itself took.  And what must not change is looked at afterwards, whoever may have changed it.
 */
#include "fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define LENGTH 16384u
#define MOST_LINES 256u
#define PATTERN UINT64_C(0x5a5ac0ffee5a5a00)

void fuzz_found(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("FOUND: ", stderr);
    vfprintf(stderr, format, arguments);
    fputs("\n", stderr);
    va_end(arguments);
    abort();
}

/* ---- the calls: only inside what was taken ---- */

void *__real_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int __real_munmap(void *address, size_t length);
int __real_ftruncate(int fd, off_t length);
int __real_fallocate(int fd, int mode, off_t offset, off_t length);
void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset);
int __wrap_munmap(void *address, size_t length);
int __wrap_ftruncate(int fd, off_t length);
int __wrap_fallocate(int fd, int mode, off_t offset, off_t length);

static struct range {
    uintptr_t from, to;
} taken[64];
static unsigned int taken_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool is_taken(uintptr_t from, uintptr_t to)
{
    bool inside = false;
    pthread_mutex_lock(&lock);
    for (unsigned int i = 0; i < taken_count; i++)
        inside = inside || (from >= taken[i].from && to <= taken[i].to && from <= to);
    pthread_mutex_unlock(&lock);
    return inside;
}

static void take(uintptr_t from, uintptr_t to)
{
    pthread_mutex_lock(&lock);
    if (taken_count == sizeof taken / sizeof *taken)
        fuzz_found("too many ranges are mapped at once");
    taken[taken_count++] = (struct range){ from, to };
    pthread_mutex_unlock(&lock);
}

static bool give_back(uintptr_t from, uintptr_t to)
{
    bool found = false;
    pthread_mutex_lock(&lock);
    for (unsigned int i = 0; i < taken_count && !found; i++) {
        found = taken[i].from == from && taken[i].to == to;
        if (found)
            taken[i] = taken[--taken_count];
    }
    pthread_mutex_unlock(&lock);
    return found;
}

static uintptr_t end_of(uintptr_t from, size_t length) { return from + (length + 4095) / 4096 * 4096; }

void *__wrap_mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    const uintptr_t at = (uintptr_t)address;
    if ((flags & MAP_FIXED) && !is_taken(at, end_of(at, length)))
        fuzz_found("mmap of 0x%" PRIxPTR "-0x%" PRIxPTR ", outside all that was reserved", at, end_of(at, length));
    void *got = __real_mmap(address, length, protection, flags, fd, offset);
    if (got != MAP_FAILED && !(flags & MAP_FIXED))
        take((uintptr_t)got, end_of((uintptr_t)got, length));
    return got;
}

int __wrap_munmap(void *address, size_t length)
{
    const uintptr_t at = (uintptr_t)address;
    if (!give_back(at, end_of(at, length)))
        fuzz_found("munmap of 0x%" PRIxPTR "-0x%" PRIxPTR ", which was not reserved like that", at, end_of(at, length));
    return __real_munmap(address, length);
}

static struct {
    dev_t device;
    ino_t inode;
    uint64_t keep;
} allowed;

void canary_allow(dev_t device, ino_t inode, uint64_t keep)
{
    allowed.device = device;
    allowed.inode = inode;
    allowed.keep = keep;
}

static void judge_file(int fd, off_t from, const char *call)
{
    struct stat facts;
    if (allowed.inode == 0 || fstat(fd, &facts) != 0)
        return;
    if (facts.st_ino != allowed.inode || facts.st_dev != allowed.device)
        fuzz_found("%s of another file than the segment's", call);
    if (from >= 0 && (uint64_t)from < allowed.keep)
        fuzz_found("%s from %lld on, in the header of %" PRIu64 " bytes", call, (long long)from, allowed.keep);
}

int __wrap_ftruncate(int fd, off_t length)
{
    judge_file(fd, length, "ftruncate");
    return __real_ftruncate(fd, length);
}

int __wrap_fallocate(int fd, int mode, off_t offset, off_t length)
{
    judge_file(fd, offset, "fallocate");
    return __real_fallocate(fd, mode, offset, length);
}

/* ---- what is looked at afterwards ---- */

static struct canary {
    char *address;
    int protection;
} canaries[3]; /* somewhere; before the reservation; after it */
static int canary_fd = -1;
static ino_t canary_inode;
static int descriptors = -1;

static char text[1u << 17];
static char *lines[MOST_LINES]; /* of /proc/self/maps, which must stay as they are */
static unsigned int line_count;

static size_t read_file(const char *path, char *into, size_t size)
{
    size_t done = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    for (ssize_t got; fd >= 0 && done < size - 1 && (got = read(fd, into + done, size - 1 - done)) > 0;)
        done += (size_t)got;
    if (fd >= 0)
        close(fd);
    into[done] = '\0';
    return done;
}

static bool is_canary(uintptr_t from)
{
    for (unsigned int i = 0; i < 3; i++)
        if (canaries[i].address && (uintptr_t)canaries[i].address == from)
            return true;
    return false;
}

static void record_maps(void)
{
    char *rest;
    for (unsigned int i = 0; i < line_count; i++)
        free(lines[i]);
    line_count = 0;
    read_file("/proc/self/maps", text, sizeof text);
    for (char *line = strtok_r(text, "\n", &rest); line && line_count < MOST_LINES; line = strtok_r(NULL, "\n", &rest))
        if ((strchr(line, '/') && !strstr(line, PM_PREFIX)) || is_canary((uintptr_t)strtoull(line, NULL, 16)))
            lines[line_count++] = strdup(line);
}

static void check_maps(void)
{
    char *rest;
    unsigned int next = 0;
    read_file("/proc/self/maps", text, sizeof text);
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        uintptr_t from, to;
        if (next < line_count && strcmp(line, lines[next]) == 0)
            next++;
        else if (strstr(line, PM_PREFIX) && sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) == 2 && !is_taken(from, to))
            fuzz_found("the object is mapped outside all that was reserved: %s", line);
    }
    if (next != line_count)
        fuzz_found("a mapping of somebody else changed, which was: %s", lines[next]);
}

static void put_canary(unsigned int index, uintptr_t at, int protection)
{
    const int flags = MAP_SHARED | (at ? 0x100000 /* MAP_FIXED_NOREPLACE */ : 0);
    char *got = __real_mmap((void *)at, LENGTH, protection, flags, canary_fd, (off_t)(index * LENGTH));
    canaries[index] = (struct canary){ got == MAP_FAILED ? NULL : got, protection };
}

void canary_around(uintptr_t from, uintptr_t to)
{
    if (canaries[1].address == (char *)from - LENGTH && canaries[2].address == (char *)to)
        return;
    for (unsigned int i = 1; i < 3; i++)
        if (canaries[i].address)
            __real_munmap(canaries[i].address, LENGTH);
    put_canary(1, from - LENGTH, PROT_READ | PROT_WRITE);
    put_canary(2, to, PROT_READ);
    record_maps();
}

uintptr_t canary_address(void) { return (uintptr_t)canaries[2].address; }

static void check_contents(void)
{
    struct stat facts;
    uint64_t words[3 * LENGTH / 8];
    if (fstat(canary_fd, &facts) != 0 || facts.st_ino != canary_inode)
        fuzz_found("a descriptor of somebody else was closed");
    if (facts.st_size != sizeof words || pread(canary_fd, words, sizeof words, 0) != (ssize_t)sizeof words)
        fuzz_found("a file of somebody else has %lld bytes now", (long long)facts.st_size);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] != PATTERN + i)
            fuzz_found("a file of somebody else was written");
    for (unsigned int c = 0; c < 3; c++)
        if (canaries[c].address && memcmp(canaries[c].address, (char *)words + c * LENGTH, LENGTH) != 0)
            fuzz_found("memory of somebody else changed");
}

static void check_descriptors(void)
{
    int count = 0;
    DIR *directory = opendir("/proc/self/fd");
    while (directory && readdir(directory))
        count++;
    if (directory)
        closedir(directory);
    if (descriptors < 0)
        descriptors = count;
    if (count != descriptors)
        fuzz_found("%d descriptors are open, which were %d", count, descriptors);
}

/* ---- the bystander ---- */

static pid_t bystander;
static volatile uint64_t *heartbeat, beat;
static char bystander_maps[1u << 16], maps_now[1u << 16];

pid_t canary_bystander(void) { return bystander; }

static void read_bystander(const char *file, char *into, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", (int)bystander, file);
    read_file(path, into, size);
}

/* A stopped process of the same user: what a lie could have taken for a stopped peer. */
static void start_bystander(void)
{
    char status[4096];
    heartbeat = __real_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    bystander = fork();
    if (bystander == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (;;) {
            *heartbeat += 1;
            usleep(100);
        }
    }
    while (*heartbeat == 0) /* it ends with this process from here on */
        usleep(100);
    kill(bystander, SIGSTOP);
    do
        read_bystander("status", status, sizeof status);
    while (!strstr(status, "State:\tT"));
    beat = *heartbeat;
    read_bystander("maps", bystander_maps, sizeof bystander_maps);
}

static void check_bystander(void)
{
    char status[4096];
    if (*heartbeat != beat)
        fuzz_found("a process that is no peer was let run");
    read_bystander("status", status, sizeof status);
    if (!strstr(status, "State:\tT (stopped)") || !strstr(status, "TracerPid:\t0\n"))
        fuzz_found("a process that is no peer is traced, or was ended or continued");
    read_bystander("maps", maps_now, sizeof maps_now);
    if (strcmp(maps_now, bystander_maps) != 0)
        fuzz_found("the mappings of a process that is no peer changed");
}

/* ---- in and out ---- */

void canary_setup(void)
{
    struct stat facts;
    canary_fd = memfd_create("canary", MFD_CLOEXEC);
    for (uint64_t i = 0; i < 3 * LENGTH / 8; i++) {
        const uint64_t word = PATTERN + i;
        if (write(canary_fd, &word, sizeof word) != (ssize_t)sizeof word)
            fuzz_found("the harness cannot make a canary");
    }
    if (fstat(canary_fd, &facts) == 0)
        canary_inode = facts.st_ino;
    put_canary(0, 0, PROT_READ | PROT_WRITE);
    start_bystander();
    record_maps();
}

void canary_check(void)
{
    check_maps();
    check_contents();
    check_descriptors();
    if (bystander)
        check_bystander();
}
