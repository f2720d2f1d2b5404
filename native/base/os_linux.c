/* SPDX-License-Identifier: MIT */
/* os_linux.c - os.h on Linux 4.17 or later. */
#include "os.h"

#include "layout.h"
#include "maps_line.h"
#include "order.h"
#include "os_linux.h"
#include "os_linux_call.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

uint64_t pm_random(void)
{
    uint64_t value;
    if (getrandom(&value, sizeof value, 0) != (ssize_t)sizeof value)
        value = pm_now() ^ (uint64_t)getpid() << 32;
    return value;
}

/* ---- futexes ---- */

static struct timespec to_timespec(uint64_t ns)
{
    return (struct timespec){ .tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u) };
}

int pm_futex_wait(const uint32_t *word, uint32_t value, uint32_t bits, uint64_t deadline)
{
    struct timespec until = to_timespec(deadline);
    long result = pm_call(SYS_futex, (long)word, PM_FUTEX_WAIT_BITSET, value, deadline ? (long)&until : 0, 0, bits);
    return result < 0 ? (int)-result : 0;
}

int pm_futex_wake(const uint32_t *word, uint32_t bits, int count)
{
    const long woken = pm_call(SYS_futex, (long)word, PM_FUTEX_WAKE_BITSET, count, 0, 0, bits);
    return woken > 0 ? (int)woken : 0;
}

void pm_sleep_until(uint64_t deadline)
{
    const struct timespec until = to_timespec(deadline);
    while (pm_call(SYS_clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, (long)&until, 0, 0, 0) == -EINTR) {}
}

#define YIELD_NS 100000u
uint64_t pm_crowded;

void pm_yield_while(const uint32_t *word, uint32_t bits)
{
    uint64_t now = pm_now(), until = now + YIELD_NS;
    if (now < peek64(&pm_crowded))
        return;
    while ((order_load32(word) & bits) != 0 && now < until) {
        uint64_t before = now;
        sched_yield();
        now = pm_now();
        if (now - before > PM_LONG_NS)
            poke64(&pm_crowded, now + PM_CROWDED_NS);
    }
}

/* struct futex_waitv, for headers older than the kernel. */
struct waiter {
    uint64_t value;
    uint64_t word;
    uint32_t flags;
    uint32_t reserved;
};
#define WAITER_32_BITS 2u

int pm_futex_wait_any(const struct pm_wait *waits, uint32_t count, uint64_t deadline)
{
    struct waiter waiters[PM_WAIT_MAX];
    if (count > PM_WAIT_MAX)
        count = PM_WAIT_MAX;
    for (uint32_t i = 0; i < count; i++)
        waiters[i] = (struct waiter){ .value = waits[i].value, .word = (uintptr_t)waits[i].word, .flags = WAITER_32_BITS };
    struct timespec until = to_timespec(deadline);
    long woken = pm_call(PM_SYS_FUTEX_WAITV, (long)waiters, count, 0, deadline ? (long)&until : 0, CLOCK_MONOTONIC, 0);
    if (woken >= 0)
        return 0;
    return woken == -EPERM ? ENOSYS : (int)-woken; /* a sandbox's filter that is older than the call */
}

int pm_wait_any(const struct pm_wait *waits, uint32_t count, uint64_t deadline)
{
    return pm_calls_are_filtered() ? ENOSYS : pm_futex_wait_any(waits, count, deadline);
}

static_assert(offsetof(struct pm_robust, pending) == 2 * sizeof(long) && sizeof(struct pm_robust) == 3 * sizeof(long), "struct robust_list_head");

int pm_robust_use(struct pm_robust *robust) { return syscall(SYS_set_robust_list, robust, sizeof *robust) == 0 ? 0 : errno; }

uint32_t pm_thread_id(void) { return (uint32_t)syscall(SYS_gettid); }

/* ---- the object ---- */


/* Process-local.  Once for all: whoever joins a segment, and looks for it, goes by one folder. */
static struct {
    pthread_once_t once;
    char path[PM_DIRECTORY_MAX + 1];
    const char *fault;
} folder = { .once = PTHREAD_ONCE_INIT, .path = PM_DIRECTORY };

/* A program that has other rights than who started it goes by no wish of theirs. */
static void find_folder(void)
{
    const char *wish = secure_getenv("PEERMAP_DIR");
    if (!wish || !wish[0])
        return;
    size_t length = strlen(wish);
    while (length > 1 && wish[length - 1] == '/')
        length--;
    if (wish[0] != '/')
        folder.fault = "PEERMAP_DIR must be an absolute path";
    else if (length > PM_DIRECTORY_MAX)
        folder.fault = "PEERMAP_DIR is too long: 200 bytes are possible";
    if (folder.fault)
        return;
    memcpy(folder.path, wish, length);
    folder.path[length] = '\0';
}

const char *pm_directory(void)
{
    pthread_once(&folder.once, find_folder);
    return folder.path;
}

const char *pm_directory_fault(void)
{
    pthread_once(&folder.once, find_folder);
    return folder.fault;
}

/* Of whatever the folder has: a thread of the application may have no stack for PATH_MAX. */
#define OBJECT_PATH (PM_DIRECTORY_MAX + sizeof "/" + NAME_MAX)

/* Not by snprintf(), whose pages an attachment would touch for this alone. */
static void object_path(const char *segment, char path[OBJECT_PATH])
{
    static const char prefix[] = "/" PM_PREFIX;
    const char *directory = pm_directory();
    const size_t length = strlen(directory), most = NAME_MAX + 1 - sizeof prefix, name = strnlen(segment, most);
    memcpy(path, directory, length);
    memcpy(path + length, prefix, sizeof prefix - 1);
    memcpy(path + length + sizeof prefix - 1, segment, name);
    path[length + sizeof prefix - 1 + name] = '\0';
}

int pm_object_make(void)
{
    int fd = open(pm_directory(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 ? -errno : fd;
}

/* What the system chose for /dev/shm is not for us to judge. */
bool pm_object_is_memory(int fd)
{
    struct statfs system;
    return strcmp(pm_directory(), PM_DIRECTORY) == 0 || (fstatfs(fd, &system) == 0 && (uint64_t)system.f_type == PM_TMPFS);
}

int pm_object_furnish(int fd, uint64_t first, uint64_t second, uint64_t length, uint32_t mode, uint64_t until)
{
    int error = pm_object_extend(fd, 0, first, until);
    if (error == 0)
        error = pm_object_extend(fd, second, length, until);
    if (error == 0 && fchmod(fd, mode) != 0) /* not by open(): the umask is not asked */
        error = errno;
    return error;
}

int pm_object_publish(int fd, const char *segment)
{
    char from[64], to[OBJECT_PATH];
    snprintf(from, sizeof from, "/proc/self/fd/%d", fd);
    object_path(segment, to);
    return linkat(AT_FDCWD, from, AT_FDCWD, to, AT_SYMLINK_FOLLOW) == 0 ? 0 : errno;
}

bool pm_object_is_there(const char *segment)
{
    char path[OBJECT_PATH];
    struct stat facts;
    object_path(segment, path);
    return lstat(path, &facts) == 0;
}

/* NONBLOCK: a fifo of this name must not hold the open.  To a regular file it means that the open does not wait for who has a lease on it. */
int pm_object_open(const char *segment, bool writable)
{
    char path[OBJECT_PATH];
    object_path(segment, path);
    int fd = open(path, (writable ? O_RDWR : O_RDONLY) | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP || errno == EISDIR || errno == ENXIO ? -EINVAL : -errno;
    struct stat facts;
    if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode))
        return fd;
    close(fd);
    return -EINVAL;
}

int pm_object_open_patiently(const char *segment, bool writable)
{
    const uint64_t until = pm_now() + PM_LEASE_NS;
    int fd;
    while ((fd = pm_object_open(segment, writable)) == -EAGAIN && pm_now() < until)
        pm_sleep_until(pm_now() + PM_LEASE_REST_NS);
    return fd;
}

int pm_descriptor_beyond(int fd, int number)
{
    if (fd > number)
        return fd;
    int higher = fcntl(fd, F_DUPFD_CLOEXEC, number + 1), error = errno;
    close(fd);
    return higher < 0 ? -error : higher;
}

struct pm_object pm_object_of(int fd)
{
    struct stat facts;
    if (fstat(fd, &facts) != 0)
        return (struct pm_object){ 0 };
    return (struct pm_object){ facts.st_dev, facts.st_ino, (uint64_t)facts.st_size, facts.st_uid };
}

int pm_object_remove(const char *segment)
{
    char path[OBJECT_PATH];
    object_path(segment, path);
    return unlink(path) == 0 ? 0 : errno;
}

/* Where no process maps anything of the object: a lock is nothing but a number here. */
static struct flock mark_at(uint64_t number)
{
    return (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = (off_t)(UINT64_C(1) << 62 | (number & ((UINT64_C(1) << 62) - 1))), .l_len = 1 };
}

void pm_object_mark(int fd, uint64_t number)
{
    struct flock lock = mark_at(number);
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

void pm_object_unmark(int fd, uint64_t number)
{
    struct flock lock = mark_at(number);
    lock.l_type = F_UNLCK;
    (void)fcntl(fd, F_OFD_SETLK, &lock);
}

bool pm_object_is_marked(int fd, uint64_t number)
{
    struct flock lock = mark_at(number);
    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

/* The descriptor's position is of no use to anybody: all else goes by offsets of its own. */
bool pm_object_written(int fd, uint64_t from, uint64_t to, uint64_t *begin, uint64_t *end)
{
    const int before = errno;
    const off_t data = lseek(fd, (off_t)from, SEEK_DATA);
    const bool none = data < 0 && errno == ENXIO;
    const off_t hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
    errno = before;
    *begin = data < 0 ? from : (uint64_t)data;
    *end = hole < 0 || (uint64_t)hole > to ? to : (uint64_t)hole;
    return !none && *begin < to;
}

int pm_object_cut(int fd, uint64_t length) { return ftruncate(fd, (off_t)length) == 0 ? 0 : errno; }

void pm_object_each(bool (*each)(const char *segment, void *context), void *context)
{
    DIR *directory = opendir(pm_directory());
    if (!directory)
        return;
    const size_t prefix = strlen(PM_PREFIX);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (strncmp(entry->d_name, PM_PREFIX, prefix) == 0 && !each(entry->d_name + prefix, context))
            break;
    }
    closedir(directory);
}

/* ---- memory ---- */

/* The mount's option decides, unless the system's switch overrides it. */
uint64_t pm_memory_huge(void)
{
    char line[512] = "";
    uint64_t size = 0;
    bool forced = false, granted = false;
    FILE *file = fopen("/sys/kernel/mm/transparent_hugepage/shmem_enabled", "re");
    if (file) {
        forced = fgets(line, sizeof line, file) && strstr(line, "[force]");
        granted = !strstr(line, "[deny]");
        fclose(file);
    }
    if (granted && !forced) {
        granted = false;
        file = fopen("/proc/self/mounts", "re");
        char mount[PM_DIRECTORY_MAX + sizeof "  tmpfs "];
        snprintf(mount, sizeof mount, " %s tmpfs ", pm_directory());
        while (file && fgets(line, sizeof line, file))
            if (strstr(line, mount))
                granted = strstr(line, "huge=always") || strstr(line, "huge=advise") || strstr(line, "huge=within_size");
        if (file)
            fclose(file);
    }
    file = granted || forced ? fopen("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", "re") : NULL;
    if (file) {
        if (fscanf(file, "%" SCNu64, &size) != 1)
            size = 0;
        fclose(file);
    }
    return size;
}

/* ---- addresses ---- */

/* Process-local.  A search for the first line of a range. */
struct occupied {
    uint64_t from, to;
    char *phrase;
    size_t size;
};

static bool is_in(char *text, void *context)
{
    const struct occupied *range = context;
    struct pm_maps_line line;
    if (!pm_maps_line_read(text, &line) || line.to <= range->from || line.from >= range->to)
        return false;
    snprintf(range->phrase, range->size, "%.200s at 0x%" PRIx64, line.path_length > 0 ? line.path : "anonymous memory", line.from);
    return true;
}

void pm_occupant(uint64_t address, uint64_t length, char *phrase, size_t size)
{
    struct occupied range = { address, address + length, phrase, size };
    snprintf(phrase, size, "something that cannot be seen");
    pm_text_any_line("/proc/self/maps", is_in, &range);
}
