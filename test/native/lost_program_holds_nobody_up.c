/* SPDX-License-Identifier: MIT */
/*
 * A program whose file is on a file system that hangs: whoever wants to open it is told so in a moment, and at once from then on; what other processes run is
 * opened meanwhile.  When the file system is gone the process can be asked again.
 */
#include "hanging.h"

#include "program.h"

#define MOMENT_MS 1000u /* the patience is a tenth of it */

static uint64_t refused_after_ms(pid_t pid, const char *path)
{
    const struct stopwatch watch = stopwatch_of(getpid());
    CHECK_INT(pmo_program_open((uint32_t)pid, path), -EBUSY);
    return fair_ms(&watch);
}

int main(int argc, char **argv)
{
    char lost[128], here[512];
    (void)argc;
    setup(argv);
    hanging_make();
    const ssize_t length = readlink("/proc/self/exe", here, sizeof here - 1);
    CHECK(length > 0);
    here[length] = '\0';
    snprintf(lost, sizeof lost, "%s/lost", hanging);
    const pid_t one = hanging_sleeper(), other = hanging_sleeper();
    CHECK(refused_after_ms(one, lost) < MOMENT_MS);
    for (int i = 0; i < 100; i++)
        CHECK(refused_after_ms(one, here) < MOMENT_MS / 10);
    const int opened = pmo_program_open((uint32_t)other, here);
    CHECK(opened >= 0);
    close(opened);
    hanging_remove();
    int fd;
    while ((fd = pmo_program_open((uint32_t)one, here)) == -EBUSY)
        usleep(1000);
    CHECK(fd >= 0);
    close(fd);
    kill(one, SIGKILL);
    kill(other, SIGKILL);
    return 0;
}
