/* SPDX-License-Identifier: MIT */
/*
 * os_linux_allocate.c - memory for the object, and back: os.h on Linux.
 *
 * On older kernels allocating shared memory is cut short by a signal, and that undoes all that the call has done.  A program whose timer fires
 * more often than the call takes would begin anew for ever.  So work is done in pieces, each of which stays done; from the first one that is
 * cut short, signals wait for the end of each piece; and where even that is cut short (by the freezer, by SIGSTOP, by a debugger, which nobody
 * can block) the pieces become smaller.
 */
#include "os.h"

#include "os_linux_call.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PIECE (UINT64_C(16) << 20) /* some milliseconds */
#define PIECE_LEAST (UINT64_C(64) << 10)
#define POPULATE_TRIES 64 /* in which nothing was done */

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* ---- signals ---- */

static uint64_t bit(int number) { return UINT64_C(1) << (number - 1); }

/* All but those that the thread brings upon itself: blocked, they would end the process.  Not by pthread_sigmask(), which leaves out
 * those that the C library has for itself. */
static uint64_t block_signals(void)
{
    uint64_t before = 0, all = ~(bit(SIGBUS) | bit(SIGSEGV) | bit(SIGILL) | bit(SIGFPE) | bit(SIGTRAP) | bit(SIGSYS));
    (void)pm_call(SYS_rt_sigprocmask, SIG_BLOCK, (long)&all, (long)&before, sizeof all, 0, 0);
    return before;
}

static void restore_signals(uint64_t before) { (void)pm_call(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0, sizeof before, 0, 0); }

/* ---- pieces ---- */

/* Does something to [from, from + length) of a file or of the memory.  0 or errno; EINTR: it was cut short. */
typedef int piece_work(const void *what, uint64_t from, uint64_t length);

static int undisturbed(piece_work *work, const void *what, uint64_t from, uint64_t length)
{
    uint64_t before = block_signals();
    int error = work(what, from, length);
    restore_signals(before);
    return error;
}

static int in_pieces(piece_work *work, const void *what, uint64_t from, uint64_t to, uint64_t until)
{
    uint64_t piece = PIECE;
    bool disturbed = false;
    while (from < to) {
        uint64_t length = piece < to - from ? piece : to - from;
        int error = disturbed ? undisturbed(work, what, from, length) : work(what, from, length);
        if (error == 0)
            from += length;
        else if (error != EINTR)
            return error;
        else if (disturbed && piece > PIECE_LEAST)
            piece /= 2;
        disturbed = disturbed || error == EINTR;
        if (until != 0 && from < to && pm_now() >= until)
            return ETIMEDOUT;
    }
    return 0;
}

/* ---- the object ---- */

static int extend(const void *fd, uint64_t from, uint64_t length)
{
    return fallocate(*(const int *)fd, 0, (off_t)from, (off_t)length) == 0 ? 0 : errno;
}

static int fill(const void *fd, uint64_t from, uint64_t length)
{
    return fallocate(*(const int *)fd, FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)length) == 0 ? 0 : errno;
}

static int punch(const void *fd, uint64_t from, uint64_t length)
{
    return fallocate(*(const int *)fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)from, (off_t)length) == 0 ? 0 : errno;
}

/* More than this process's files may have (ulimit -f): the kernel would not only refuse that, but end the process by SIGXFSZ. */
static bool is_too_long(int fd, uint64_t to)
{
    struct rlimit most;
    struct stat facts;
    return getrlimit(RLIMIT_FSIZE, &most) == 0 && most.rlim_cur != RLIM_INFINITY && to > most.rlim_cur && fstat(fd, &facts) == 0 && to > (uint64_t)facts.st_size;
}

int pm_object_extend(int fd, uint64_t from, uint64_t to, uint64_t until) { return is_too_long(fd, to) ? EFBIG : in_pieces(extend, &fd, from, to, until); }
int pm_object_fill(int fd, uint64_t from, uint64_t to, uint64_t until) { return in_pieces(fill, &fd, from, to, until); }
int pm_object_punch(int fd, uint64_t from, uint64_t to, uint64_t until) { return in_pieces(punch, &fd, from, to, until); }

/* ---- the memory ---- */

/* EAGAIN: a page was being moved, or had no memory at the moment. */
static int populate(const void *at, uint64_t from, uint64_t length)
{
    int error = EAGAIN;
    for (int i = 0; i < POPULATE_TRIES && error == EAGAIN; i++)
        error = madvise((char *)(uintptr_t)at + from, length, MADV_POPULATE_WRITE) == 0 ? 0 : errno;
    return error;
}

/* Before Linux 5.14.  Reading a byte makes the kernel map its page, and with it those around it that are in memory: 64 KiB at a time. */
#define AROUND UINT64_C(65536)
#define BATCH 256

static int touch(uintptr_t address, uint64_t length, uint64_t until)
{
    char bytes[BATCH];
    struct iovec there[BATCH];
    for (uint64_t at = 0; at < length;) {
        unsigned long count = 0;
        for (; at < length && count < BATCH; count++, at += AROUND - (address + at) % AROUND)
            there[count] = (struct iovec){ (void *)(uintptr_t)(address + at), 1 };
        struct iovec mine = { bytes, count };
        if (process_vm_readv((pid_t)pm_thread_id(), &mine, 1, there, count, 0) != (ssize_t)count)
            return errno ? errno : EFAULT;
        if (until != 0 && at < length && pm_now() >= until)
            return ETIMEDOUT;
    }
    return 0;
}

int pm_memory_populate(void *at, uint64_t length, uint64_t until)
{
    int error = in_pieces(populate, at, 0, length, until);
    if (error == EINVAL)
        error = touch((uintptr_t)at, length, until);
    return error;
}
