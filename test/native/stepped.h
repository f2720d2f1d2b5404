/* SPDX-License-Identifier: MIT */
/* stepped.h - an agent that a test lets go on instruction by instruction: where it is, and what it is about to do. */
#ifndef STEPPED_H
#define STEPPED_H

#include "drive.h"

#include <elf.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>

/* False if it has ended. */
static inline bool registers_of(pid_t thread, struct user_regs_struct *registers)
{
    struct iovec all = { registers, sizeof *registers };
    return ptrace(PTRACE_GETREGSET, thread, NT_PRSTATUS, &all) == 0;
}

/* Code is read where this process has it: a victim is a fork of it. */
static inline const unsigned char *code_at(uintptr_t at) { return (const unsigned char *)at; }

#if defined __x86_64__

static inline uintptr_t place_of(const struct user_regs_struct *registers) { return registers->rip; }
static inline uint64_t call_of(const struct user_regs_struct *registers) { return registers->rax; }
static inline uint64_t second_word(const struct user_regs_struct *registers) { return registers->rsi; }
static inline uint64_t third_word(const struct user_regs_struct *registers) { return registers->rdx; }
static inline bool enters_kernel(uintptr_t at) { return memcmp(code_at(at), "\x0f\x05", 2) == 0; }

/* `rep movs`, `rep stos`: each store is a step. */
static inline bool stores_over_and_over(uintptr_t at)
{
    const unsigned char *code = code_at(at);
    unsigned char operation = code[(code[1] & 0xf0) == 0x40 ? 2 : 1];
    return code[0] == 0xf3 && (operation == 0xa4 || operation == 0xa5 || operation == 0xaa || operation == 0xab);
}

static inline uintptr_t stores_at(const struct user_regs_struct *registers) { return registers->rdi; }

/* Of this thread alone; 0: none.  False if it cannot be had. */
static inline bool breakpoint(pid_t thread, uintptr_t at)
{
    size_t address = offsetof(struct user, u_debugreg[0]), control = offsetof(struct user, u_debugreg[7]);
    if (at == 0)
        return ptrace(PTRACE_POKEUSER, thread, control, 0) == 0;
    return ptrace(PTRACE_POKEUSER, thread, address, at) == 0 && ptrace(PTRACE_POKEUSER, thread, control, 1) == 0;
}

#elif defined __aarch64__

static inline uintptr_t place_of(const struct user_regs_struct *registers) { return registers->pc; }
static inline uint64_t call_of(const struct user_regs_struct *registers) { return registers->regs[8]; }
static inline uint64_t second_word(const struct user_regs_struct *registers) { return registers->regs[1]; }
static inline uint64_t third_word(const struct user_regs_struct *registers) { return registers->regs[2]; }
static inline bool enters_kernel(uintptr_t at) { return memcmp(code_at(at), "\x01\x00\x00\xd4", 4) == 0; }
static inline bool stores_over_and_over(uintptr_t at) { return at == 0; }
static inline uintptr_t stores_at(const struct user_regs_struct *registers) { return registers->pc; }
static inline bool breakpoint(pid_t thread, uintptr_t at)
{
    (void)thread;
    return at == 0; /* by steps */
}

#else
#error "say how this processor enters the kernel"
#endif

/* Is about to wait for others: how often that happens is the machine's affair, and it leaves nothing behind. */
static inline bool waits(const struct user_regs_struct *registers)
{
    if (!enters_kernel(place_of(registers)))
        return false;
    uint64_t call = call_of(registers), what = second_word(registers) & (uint32_t)FUTEX_CMD_MASK;
    return (call == SYS_futex && (what == FUTEX_WAIT || what == FUTEX_WAIT_BITSET)) || call == SYS_futex_waitv || call == SYS_sched_yield ||
           call == SYS_clock_nanosleep || call == SYS_nanosleep;
}

#endif
