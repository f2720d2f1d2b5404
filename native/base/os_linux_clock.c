/* SPDX-License-Identifier: MIT */
/*
 * os_linux_clock.c - the kernel's clocks: os.h on Linux.
 *
 * Not the C library's clock_gettime(), which a preloaded library may replace.  A wait ends by the kernel's clock; were its deadline of another one,
 * it would end at once, or never.  The kernel puts its own function into every process, in a small shared object, the vDSO; it costs what
 * the C library's costs.  That object is read once.  Where there is none (under Valgrind), or it is not as expected, the system call does.
 */
#include "os.h"

#include "order.h"
#include "os_linux.h"
#include "os_linux_call.h"

#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <time.h>

typedef int clock_function(clockid_t clock, struct timespec *time);

static int ask_kernel(clockid_t clock, struct timespec *time) { return (int)pm_call(SYS_clock_gettime, clock, (long)time, 0, 0, 0, 0); }

#if defined __LP64__ && (defined __x86_64__ || defined __aarch64__ || (defined __riscv && __riscv_xlen == 64))

#ifdef __x86_64__
#define FUNCTION "__vdso_clock_gettime"
#define VERSION "LINUX_2.6"
#elif defined __aarch64__
#define FUNCTION "__kernel_clock_gettime"
#define VERSION "LINUX_2.6.39"
#else
#define FUNCTION "__vdso_clock_gettime"
#define VERSION "LINUX_4.15"
#endif

#define HEADERS_MAX 64
#define ENTRIES_MAX 256
#define SYMBOLS_MAX 4096
#define VERSIONS_MAX 64

/* A shared object in memory, of which [base, base + length) may be read. */
struct object {
    const char *base;
    uint64_t length;
    uint64_t linked;   /* the address that it was linked for */
    uint64_t dynamic;  /* offset */
    uint64_t symbols;  /* offsets of its tables, 0: it has none */
    uint64_t strings;
    uint64_t hash;
    uint64_t gnu_hash;
    uint64_t versions; /* of each symbol, */
    uint64_t defined;  /* and what they are called */
};

/* The `count` records at this offset; NULL if they do not lie in the object, or not where such records may. */
#define RECORDS(object, off, count, type) ((const type *)records((object), (off), (count), sizeof(type), _Alignof(type)))

static const void *records(const struct object *object, uint64_t off, uint64_t count, uint64_t size, uint64_t alignment)
{
    bool inside = off != 0 && off <= object->length && count <= (object->length - off) / size;
    return inside && off % alignment == 0 ? object->base + off : NULL;
}

static bool is_text(const struct object *object, uint64_t off, const char *text)
{
    uint64_t length = strlen(text) + 1;
    const char *at = RECORDS(object, object->strings + off, length, char);
    return at && memcmp(at, text, length) == 0;
}

/* Until the one loadable segment is known, only the page with the headers is: every object has that. */
static bool read_headers(struct object *object)
{
    const Elf64_Ehdr *head = (const void *)object->base;
    if (memcmp(head->e_ident, ELFMAG, SELFMAG) != 0 || head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_phentsize != sizeof(Elf64_Phdr) ||
        head->e_phnum > HEADERS_MAX)
        return false;
    object->length = 4096;
    const Elf64_Phdr *headers = RECORDS(object, head->e_phoff, head->e_phnum, Elf64_Phdr);
    uint64_t length = 0;
    for (uint32_t i = 0; headers && i < head->e_phnum; i++) {
        if (headers[i].p_type == PT_LOAD && headers[i].p_offset == 0) {
            object->linked = headers[i].p_vaddr;
            length = headers[i].p_memsz;
        } else if (headers[i].p_type == PT_DYNAMIC) {
            object->dynamic = headers[i].p_offset;
        }
    }
    object->length = length;
    return length >= sizeof *head;
}

static void read_dynamic(struct object *object)
{
    for (uint64_t i = 0; i < ENTRIES_MAX; i++) {
        const Elf64_Dyn *entry = RECORDS(object, object->dynamic + i * sizeof *entry, 1, Elf64_Dyn);
        if (!entry || entry->d_tag == DT_NULL)
            return;
        uint64_t off = entry->d_un.d_ptr - object->linked;
        switch (entry->d_tag) {
        case DT_SYMTAB: object->symbols = off; break;
        case DT_STRTAB: object->strings = off; break;
        case DT_HASH: object->hash = off; break;
        case DT_GNU_HASH: object->gnu_hash = off; break;
        case DT_VERSYM: object->versions = off; break;
        case DT_VERDEF: object->defined = off; break;
        default: break;
        }
    }
}

/* The newer of the two tables does not say how many symbols there are: one past the last of the chain that begins last. */
static uint32_t count_hashed(const struct object *object)
{
    const uint32_t *table = RECORDS(object, object->gnu_hash, 4, uint32_t);
    if (!table || table[0] > SYMBOLS_MAX || table[2] > SYMBOLS_MAX)
        return 0;
    uint64_t buckets_at = object->gnu_hash + 4 * sizeof *table + table[2] * sizeof(uint64_t), first = table[1];
    const uint32_t *buckets = RECORDS(object, buckets_at, table[0], uint32_t);
    uint32_t last = 0;
    for (uint32_t i = 0; buckets && i < table[0]; i++)
        last = buckets[i] > last ? buckets[i] : last;
    if (last < first || last > SYMBOLS_MAX)
        return 0;
    for (; last < SYMBOLS_MAX; last++) {
        const uint32_t *chained = RECORDS(object, buckets_at + (table[0] + last - first) * sizeof *chained, 1, uint32_t);
        if (!chained || *chained & 1)
            return chained ? last + 1 : 0;
    }
    return 0;
}

static uint32_t count_symbols(const struct object *object)
{
    const uint32_t *table = RECORDS(object, object->hash, 2, uint32_t);
    return table ? table[1] : count_hashed(object);
}

/* The version is part of a symbol: another one would be another function. */
static bool is_version(const struct object *object, uint32_t symbol)
{
    const uint16_t *number = RECORDS(object, object->versions, symbol + UINT64_C(1), uint16_t);
    uint64_t at = object->defined;
    if (object->versions == 0 && at == 0)
        return true;
    for (uint32_t i = 0; number && i < VERSIONS_MAX; i++) {
        const Elf64_Verdef *version = RECORDS(object, at, 1, Elf64_Verdef);
        const Elf64_Verdaux *name = version ? RECORDS(object, at + version->vd_aux, 1, Elf64_Verdaux) : NULL;
        if (name && version->vd_ndx == (number[symbol] & 0x7fff))
            return is_text(object, name->vda_name, VERSION);
        if (!name || version->vd_next == 0)
            return false;
        at += version->vd_next;
    }
    return false;
}

static uint64_t find_function(const struct object *object)
{
    uint32_t count = count_symbols(object);
    const Elf64_Sym *symbols = count <= SYMBOLS_MAX ? RECORDS(object, object->symbols, count, Elf64_Sym) : NULL;
    for (uint32_t i = 0; symbols && i < count; i++) {
        uint64_t off = symbols[i].st_value - object->linked;
        if (symbols[i].st_shndx != SHN_UNDEF && (symbols[i].st_info & 0xf) == STT_FUNC && is_text(object, symbols[i].st_name, FUNCTION) &&
            is_version(object, i))
            return RECORDS(object, off, 1, char) ? (uintptr_t)object->base + off : 0;
    }
    return 0;
}

static uint64_t function_address(void)
{
    struct object object = { .base = (const char *)(uintptr_t)getauxval(AT_SYSINFO_EHDR) };
    if (!object.base || !read_headers(&object))
        return 0;
    read_dynamic(&object);
    return find_function(&object);
}

#else
static uint64_t function_address(void) { return 0; }
#endif

/* ---- the clocks ---- */

static uint64_t chosen; /* address of the function that reads clocks; 0: not looked yet, and every thread that looks finds the same */

static uint64_t choose(void)
{
    uint64_t found = function_address();
    if (found == 0)
        found = (uintptr_t)ask_kernel;
    poke64(&chosen, found);
    return found;
}

static uint64_t read_clock(clockid_t clock)
{
    struct timespec time = { 0, 0 };
    uint64_t address = peek64(&chosen);
    clock_function *function = (clock_function *)(uintptr_t)(address ? address : choose());
    if (function(clock, &time) != 0)
        ask_kernel(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

uint64_t pm_now(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t pm_now_coarse(void) { return read_clock(CLOCK_MONOTONIC_COARSE); }
uint64_t pm_now_wall(void) { return read_clock(CLOCK_REALTIME); }
uint64_t pm_now_wall_coarse(void) { return read_clock(CLOCK_REALTIME_COARSE); }
uint64_t pm_now_spent(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

/* ---- time namespaces ---- */

#define INITIAL_TIMENS UINT64_C(0xeffffffa) /* its inode, on every Linux */

/* The file tells of the namespace that children will be in. */
uint64_t pm_clock_offset(void)
{
    struct pm_text_field offset = { .name = "monotonic" };
    const uint64_t own = pm_proc_inode("/proc/self/ns/time");
    char *nanoseconds;
    if (own == 0 || own == INITIAL_TIMENS || own != pm_proc_inode("/proc/self/ns/time_for_children") ||
        pm_text_fields(AT_FDCWD, "/proc/self/timens_offsets", &offset, 1) != 0)
        return 0;
    const int64_t seconds = strtoll(offset.value, &nanoseconds, 10);
    return (uint64_t)seconds * UINT64_C(1000000000) + strtoull(nanoseconds, NULL, 10);
}
