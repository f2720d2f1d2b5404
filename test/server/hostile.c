/* SPDX-License-Identifier: MIT */
/*
 * hostile.c - a process that lies about itself by means that everybody has.
 *
 *     hostile SEGMENT command-line MIB     its command line is so many mebibytes of memory that it never touched
 *     hostile SEGMENT program FILE         it has mapped, as code, a program whose 16384 sections all have one name, of a mebibyte; and a root of some type
 *
 * It creates the segment, says "ready PID", and waits.
 */
#include <peermap.h>

#include <elf.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#define SECTIONS 16384
#define NAME (1u << 20)

static void fail(const char *what)
{
    perror(what);
    exit(1);
}

/* What the kernel has to be told besides is as it is: fields of /proc/self/stat. */
static void lengthen_command_line(size_t mebibytes)
{
    unsigned long long field[64] = { 0 };
    char line[4096] = "";
    size_t length = mebibytes << 20;
    char *memory = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    FILE *stat = fopen("/proc/self/stat", "r");
    if (memory == MAP_FAILED || !stat || !fgets(line, sizeof line, stat))
        fail("stat");
    fclose(stat);
    memory[0] = 'A';
    int number = 3;
    for (char *word = strtok(strrchr(line, ')') + 2, " "); word && number < 64; word = strtok(NULL, " "))
        field[number++] = strtoull(word, NULL, 10);
    struct prctl_mm_map map = { .start_code = field[26],
                                .end_code = field[27],
                                .start_stack = field[28],
                                .start_data = field[45],
                                .end_data = field[46],
                                .start_brk = field[47],
                                .brk = (unsigned long)sbrk(0),
                                .arg_start = (unsigned long)memory,
                                .arg_end = (unsigned long)memory + length - 1,
                                .env_start = field[50],
                                .env_end = field[51],
                                .exe_fd = (unsigned)-1 };
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0) != 0)
        fail("PR_SET_MM_MAP");
}

static void map_program(const char *path)
{
    const size_t names = 4096 + SECTIONS * sizeof(Elf64_Shdr), length = names + NAME;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0755);
    if (fd < 0 || ftruncate(fd, (off_t)length) != 0)
        fail(path);
    char *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (bytes == MAP_FAILED)
        fail(path);
    *(Elf64_Ehdr *)(void *)bytes = (Elf64_Ehdr){ .e_ident = "\177ELF\2\1\1", .e_shoff = 4096, .e_shentsize = sizeof(Elf64_Shdr), .e_shnum = SECTIONS };
    Elf64_Shdr *sections = (void *)(bytes + 4096);
    for (int i = 0; i < SECTIONS; i++)
        sections[i] = (Elf64_Shdr){ .sh_offset = names, .sh_size = NAME };
    memset(bytes + names, 'A', NAME - 1);
    if (mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
        fail(path);
}

int main(int argc, char **argv)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "hostile" };
    peermap_segment *segment;
    if (argc != 4)
        return 2;
    const int lies_about_program = strcmp(argv[2], "program") == 0;
    if (lies_about_program)
        map_program(argv[3]);
    if (peermap_create(argv[1], &options, &segment) != 0)
        return fprintf(stderr, "%s\n", peermap_last_error()), 1;
    if (lies_about_program)
        peermap_set_root(segment, "look", peermap_base(segment), 64, "struct x");
    else
        lengthen_command_line(strtoull(argv[3], NULL, 10));
    printf("ready %d\n", (int)getpid());
    fflush(stdout);
    for (;;)
        pause();
}
