/* SPDX-License-Identifier: MIT */
/*
 * borrowed.h - a thread that can be borrowed for a mapping, and that knows all its registers: it sleeps in a futex call, over and over, and ends its
 * process when one of them is another afterwards.  Driven by native/base/hand.h directly, without a segment.
 */
#ifndef BORROWED_H
#define BORROWED_H

#include "drive.h"

#include "../../native/base/hand.h"
#include "../../native/base/os.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct lender {
    pid_t pid;
    volatile uint32_t *words; /* shared: a futex, how often it came back from it, and whether a register was another */
    char *room;               /* where the mapping is made, in both */
    size_t length;
    int fd;
};

#ifdef __x86_64__

#define REGISTERS 11
static const uint64_t lender_own[REGISTERS] = { 0, 0 /* FUTEX_WAIT */, 0, 0 /* no time limit */, 0x8888, 0x9999, 0xbbbb, 0x1212, 0x1313, 0x1414, 0x1515 };

/* rdi, rsi, rdx, r10, r8, r9, rbx, r12-r15, as they are after the call; the result. */
__attribute__((noinline)) static long lender_sleep(uint64_t registers[REGISTERS])
{
    long result;
    __asm__ volatile("leaq -128(%%rsp), %%rsp\n\t"
                     "pushq %%rbp\n\t"
                     "pushq %%rbx\n\t"
                     "movq %1, %%rbp\n\t"
                     "movq 0(%%rbp), %%rdi\n\t"
                     "movq 8(%%rbp), %%rsi\n\t"
                     "movq 16(%%rbp), %%rdx\n\t"
                     "movq 24(%%rbp), %%r10\n\t"
                     "movq 32(%%rbp), %%r8\n\t"
                     "movq 40(%%rbp), %%r9\n\t"
                     "movq 48(%%rbp), %%rbx\n\t"
                     "movq 56(%%rbp), %%r12\n\t"
                     "movq 64(%%rbp), %%r13\n\t"
                     "movq 72(%%rbp), %%r14\n\t"
                     "movq 80(%%rbp), %%r15\n\t"
                     "pushq %%rbp\n\t"
                     "movq %%rsp, -256(%%rbp)\n\t" /* not in the red zone, which is tried too */
                     "movq $202, %%rax\n\t"
                     "movq %%r15, -8(%%rsp)\n\t"
                     "movq %%r14, -128(%%rsp)\n\t"
                     "syscall\n\t"
                     "cmpq %%r15, -8(%%rsp)\n\t"
                     "jne 1f\n\t"
                     "cmpq %%r14, -128(%%rsp)\n\t"
                     "jne 1f\n\t"
                     "cmpq %%rsp, -256(%%rbp)\n\t"
                     "je 2f\n"
                     "1:\n\t"
                     "ud2\n"
                     "2:\n\t"
                     "popq %%rbp\n\t"
                     "movq %%rdi, 0(%%rbp)\n\t"
                     "movq %%rsi, 8(%%rbp)\n\t"
                     "movq %%rdx, 16(%%rbp)\n\t"
                     "movq %%r10, 24(%%rbp)\n\t"
                     "movq %%r8, 32(%%rbp)\n\t"
                     "movq %%r9, 40(%%rbp)\n\t"
                     "movq %%rbx, 48(%%rbp)\n\t"
                     "movq %%r12, 56(%%rbp)\n\t"
                     "movq %%r13, 64(%%rbp)\n\t"
                     "movq %%r14, 72(%%rbp)\n\t"
                     "movq %%r15, 80(%%rbp)\n\t"
                     "popq %%rbx\n\t"
                     "popq %%rbp\n\t"
                     "leaq 128(%%rsp), %%rsp"
                     : "=&a"(result)
                     : "r"(registers)
                     : "rdi", "rsi", "rdx", "r10", "r8", "r9", "r12", "r13", "r14", "r15", "rcx", "r11", "memory", "cc");
    return result;
}

__attribute__((no_sanitize("address", "undefined", "thread"))) static void *lender_live(void *argument)
{
    struct lender *lender = argument;
    static struct pm_robust list;
    uint64_t page[64 + REGISTERS], *registers = page + 64;
    list.list.next = &list.list;
    pm_robust_use(&list);
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    lender->words[3] = (uint32_t)syscall(SYS_gettid);
    for (;;) {
        memcpy(registers, lender_own, sizeof lender_own);
        registers[0] = (uint64_t)(uintptr_t)&lender->words[0];
        uint64_t before[REGISTERS];
        memcpy(before, registers, sizeof before);
        long result = lender_sleep(registers);
        if (memcmp(before, registers, sizeof before) != 0 || (result != 0 && result != -EINTR && result != -EAGAIN))
            lender->words[2]++;
        lender->words[1]++;
    }
    return NULL;
}

static inline struct lender lend(void)
{
    struct lender lender = { .length = 65536 };
    lender.words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    lender.room = mmap(NULL, lender.length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    lender.fd = (int)syscall(SYS_memfd_create, "room", 1u);
    CHECK(lender.fd >= 0 && ftruncate(lender.fd, (off_t)lender.length) == 0);
    lender.pid = fork();
    CHECK(lender.pid >= 0);
    if (lender.pid == 0) {
        pthread_t thread;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_create(&thread, NULL, lender_live, &lender);
        for (;;)
            pause();
    }
    while (lender.words[3] == 0)
        usleep(200);
    return lender;
}

/* It runs its own code, with its own registers. */
static inline void lender_is_well(const struct lender *lender)
{
    uint32_t before = lender->words[1];
    while (lender->words[1] == before) {
        if (waitpid(lender->pid, NULL, WNOHANG) != 0)
            FAIL("the thread did not survive being borrowed");
        syscall(SYS_futex, &lender->words[0], 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
        usleep(100);
    }
    CHECK_INT(lender->words[2], 0);
}

static inline bool lender_has_it(const struct lender *lender)
{
    char path[64], line[512], range[64];
    bool found = false;
    snprintf(path, sizeof path, "/proc/%d/maps", (int)lender->pid);
    snprintf(range, sizeof range, "%" PRIxPTR "-%" PRIxPTR " rw-s", (uintptr_t)lender->room, (uintptr_t)lender->room + lender->length);
    FILE *maps = fopen(path, "r");
    while (maps && !found && fgets(line, sizeof line, maps))
        found = strstr(line, range) != NULL;
    if (maps)
        fclose(maps);
    return found;
}

static inline struct pm_hand_call lender_call(const struct lender *lender)
{
    return (struct pm_hand_call){ .address = (uintptr_t)lender->room, .length = lender->length, .descriptor = lender->fd };
}

#endif
#endif
