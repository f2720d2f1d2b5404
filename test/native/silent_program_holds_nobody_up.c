/* SPDX-License-Identifier: MIT */
/*
 * What a process runs is opened, read and closed though its file system ceases to answer meanwhile: who asks is told so in a moment, and at once from then on.
 */
#include "hanging.h"

#include "program.h"

#define MOMENT_MS 1000u /* the patience is a tenth of it */

static int opened(pid_t pid, const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", hanging, name);
    const int fd = pmo_program_open((uint32_t)pid, path);
    if (fd == -ENOSYS)
        SKIP("before Linux 5.6");
    CHECK(fd >= 0);
    return fd;
}

static void answers_of_its_executable(pid_t pid)
{
    char magic[4];
    struct stat facts, own;
    const int fd = pmo_program_open((uint32_t)pid, NULL);
    CHECK(fd >= 0);
    CHECK_INT(pmo_program_read((uint32_t)pid, fd, 0, magic, sizeof magic), sizeof magic);
    CHECK(memcmp(magic, "\177ELF", sizeof magic) == 0);
    CHECK_INT(pmo_program_facts((uint32_t)pid, fd, &facts), 0);
    CHECK(stat("/proc/self/exe", &own) == 0 && facts.st_ino == own.st_ino && facts.st_size == own.st_size);
    CHECK_INT(pmo_program_read((uint32_t)pid, fd, (uint64_t)own.st_size, magic, sizeof magic), 0);
    pmo_program_close((uint32_t)pid, fd);
}

int main(int argc, char **argv)
{
    char bytes[64];
    struct stat facts;
    struct stopwatch since;
    (void)argc;
    setup(argv);
    hanging_make();
    const pid_t one = hanging_sleeper(), other = hanging_sleeper(), third = hanging_sleeper();
    const int read_of = opened(one, "program"), closed = opened(other, "door");
    since = stopwatch_of(getpid());
    CHECK_INT(pmo_program_read((uint32_t)one, read_of, 0, bytes, sizeof bytes), -EBUSY);
    CHECK(fair_ms(&since) < MOMENT_MS);
    since = stopwatch_of(getpid());
    for (int i = 0; i < 100; i++)
        CHECK_INT(pmo_program_read((uint32_t)one, read_of, 0, bytes, sizeof bytes), -EBUSY);
    CHECK_INT(pmo_program_facts((uint32_t)one, read_of, &facts), -EBUSY);
    pmo_program_close((uint32_t)one, read_of);
    pmo_program_close((uint32_t)other, closed);
    CHECK(fair_ms(&since) < MOMENT_MS);
    answers_of_its_executable(third);
    hanging_remove();
    kill(one, SIGKILL);
    kill(other, SIGKILL);
    kill(third, SIGKILL);
    return 0;
}
