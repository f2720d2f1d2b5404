/* SPDX-License-Identifier: MIT */
/*
 * A core file of a peer holds all of the active memory, with what describes a heap, and takes no more of the disk than that; and to dump it takes no
 * memory of the segment's.  Most of a reservation, and of the description of a heap, is in none.
 */
#include "dumps.h"
#include "places.h"

#include <elf.h>
#include <sys/stat.h>

#define WORD UINT64_C(0x5eed5eed0c0de000)

/* Of what the process has besides, and of the segment's header. */
#define ELSE (24 * MIB)

/* Shared with the one that dumps. */
struct seen {
    uint64_t first, last, active; /* where a WORD is, in the beginning or an object, and at the end; bytes */
    volatile bool attached, written; /* the reader, and what it is to have in its core */
};

static void be_dumped(void)
{
    struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    FILE *filter = fopen("/proc/self/coredump_filter", "w");
    if (!filter || fputs("0x7f", filter) < 0 || fclose(filter) != 0 || setrlimit(RLIMIT_CORE, &all) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(3);
}

/* Writes the words, and says where. */
static void mark(peermap_segment *segment, uint32_t flags, struct seen *seen)
{
    uint64_t *first = flags & PEERMAP_HEAP ? peermap_alloc(segment, 1 << 20) : peermap_base(segment);
    uint64_t *last = (uint64_t *)(uintptr_t)((char *)peermap_base(segment) + peermap_size(segment) - sizeof *last);
    *last = WORD + 1;
    *first = WORD;
    seen->first = (uintptr_t)first;
    seen->last = (uintptr_t)last;
    seen->active = peermap_size(segment);
}

/* By the kernel's word, of this process. */
static bool is_kept_out_of_cores(uint64_t address)
{
    char line[4096];
    uint64_t begin, end;
    bool here = false, kept = true;
    FILE *maps = fopen("/proc/self/smaps", "re");
    while (maps && fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " ", &begin, &end) == 2)
            here = begin <= address && address < end;
        else if (here && strncmp(line, "VmFlags:", 8) == 0)
            kept = strstr(line, " dd") != NULL;
    }
    if (maps)
        fclose(maps);
    return kept;
}

/* Its agent hears of a growth as others do, but nobody waits for it. */
static void reader(struct seen *seen)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .flags = PEERMAP_READ_ONLY };
    be_dumped();
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(4);
    seen->attached = true;
    while (!seen->written || is_kept_out_of_cores(seen->last))
        usleep(500);
    abort();
}

static void crasher(uint32_t flags, size_t by, struct seen *seen)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "crasher", .flags = flags, .deadline_ms = 30000 };
    be_dumped();
    if (peermap_attach(seg(), &options, &segment) != 0 || peermap_grow(segment, by, NULL) != 0)
        _exit(4);
    mark(segment, flags, seen);
    abort();
}

/* Where the heap's description says what the memory at this address is. */
static uint64_t description_of(const peermap_segment *segment, uint64_t address)
{
    struct pm_places places;
    const uint64_t base = (uintptr_t)peermap_base(segment), header = base - header_length();
    pm_places_find((const struct pm_header *)header, &places);
    return header + places.heap.words + pm_heap_units(address - base) * sizeof(uint64_t);
}

/* The process's core, and its length. */
static const unsigned char *core_file(struct stat *facts)
{
    char path[512] = "";
    DIR *entries = opendir(folder);
    CHECK(entries != NULL);
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.')
            snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    closedir(entries);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        SKIP("no core is written into the process's folder here, see kernel.core_pattern");
    CHECK(fstat(fd, facts) == 0);
    const unsigned char *core = mmap(NULL, (size_t)facts->st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(core != MAP_FAILED && memcmp(core, ELFMAG, SELFMAG) == 0);
    close(fd);
    CHECK(unlink(path) == 0);
    return core;
}

/* The word at this address, or 0 if the core does not have it. */
static uint64_t word_in(const unsigned char *core, uint64_t address)
{
    const Elf64_Ehdr *header = (const void *)core;
    const Elf64_Phdr *part = (const void *)(core + header->e_phoff);
    uint64_t word = 0;
    CHECK(header->e_phnum != PN_XNUM);
    for (int i = 0; i < header->e_phnum; i++)
        if (part[i].p_type == PT_LOAD && address >= part[i].p_vaddr && address - part[i].p_vaddr + sizeof word <= part[i].p_filesz)
            memcpy(&word, core + part[i].p_offset + (address - part[i].p_vaddr), sizeof word);
    return word;
}

static uint64_t blocks_of_segment(void)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(stat(path, &facts) == 0);
    return (uint64_t)facts.st_blocks * 512;
}

static void dump(uint32_t flags, size_t by, bool reads)
{
    int status;
    struct stat facts;
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "test", .flags = flags, .deadline_ms = 30000 };
    struct seen *seen = mmap(NULL, sizeof *seen, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(seen != MAP_FAILED);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0 && reads)
        reader(seen);
    if (pid == 0)
        crasher(flags, by, seen);
    if (reads) {
        UNTIL(seen->attached);
        CHECK_INT(peermap_grow(segment, by, NULL), 0);
        mark(segment, flags, seen);
        CHECK_INT(peermap_remap(segment, pid, NULL), 0); /* for which its mapping is another; no round rings for it afterwards */
        seen->written = true;
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    CHECK_INT(WTERMSIG(status), SIGABRT);
    if (!WCOREDUMP(status))
        SKIP("no core is written here, see ulimit -c and kernel.core_pattern");
    const unsigned char *core = core_file(&facts);
    CHECK(word_in(core, seen->first) == WORD);
    CHECK(word_in(core, seen->last) == WORD + 1);
    if (flags & PEERMAP_HEAP)
        CHECK_INT(pm_unit_state(word_in(core, description_of(segment, seen->first))), PM_UNIT_LARGE);
    CHECK((uint64_t)facts.st_blocks * 512 < seen->active + ELSE);
    CHECK(blocks_of_segment() < seen->active + ELSE);
    munmap((void *)(uintptr_t)core, (size_t)facts.st_size);
    munmap(seen, sizeof *seen);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* The library had put a page of zeroes in its place, while it looked at it. */
static void what_was_gone_for_a_moment_is_not_left_out(void)
{
    int status;
    char path[128], byte;
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "reader", .initial_size = 4 * MIB };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    peermap_detach(segment);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        options.flags = PEERMAP_READ_ONLY;
        CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
        const uint64_t at = (uintptr_t)peermap_base(segment) + 2 * MIB;
        CHECK(!is_kept_out_of_cores(at));
        CHECK(truncate(path, (off_t)(header_length() + MIB)) == 0);
        CHECK_INT(peermap_read(segment, 2 * MIB, &byte, 1), PEERMAP_ELOST);
        CHECK(!is_kept_out_of_cores(at));
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_ADDRESS_SANITIZER("what it maps for itself is in the core as well");
    NOT_WITH_THREAD_SANITIZER("what it maps for itself is in the core as well");
    setup(argv);
    what_was_gone_for_a_moment_is_not_left_out();
    dump_here();
    for (int reads = 0; reads < 2; reads++) {
        dump(0, 4096, reads);
        dump(0, 200 * MIB, reads); /* past what is mapped ahead */
        dump(PEERMAP_STRICT, 4096, reads);
        dump(PEERMAP_HEAP, 4096, reads);
        dump(PEERMAP_HEAP, 200 * MIB, reads);
    }
    return 0;
}
