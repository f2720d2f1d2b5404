/* SPDX-License-Identifier: MIT */
/* A line of /proc/PID/maps is read as the kernel writes it; one that was cut, or that is none, is refused, and never read past its end. */
#include "check.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "maps_line.h"
#include "os.h"

static void whole(void)
{
    struct pm_maps_line line;
    CHECK(pm_maps_line_read("7f0000001000-7f0000003000 rw-s 00002000 fd:1a 4711                     /dev/shm/a b (deleted)\n", &line));
    CHECK(line.from == 0x7f0000001000 && line.to == 0x7f0000003000 && line.offset == 0x2000 && line.inode == 4711);
    CHECK(line.device == makedev(0xfd, 0x1a) && line.access == (PM_MAPS_READ | PM_MAPS_WRITE | PM_MAPS_SHARED));
    CHECK(line.path_length == strlen("/dev/shm/a b (deleted)") && strncmp(line.path, "/dev/shm/a b (deleted)", line.path_length) == 0);
    CHECK(pm_maps_line_read("00400000-ffffffffffffffff r-xp 00000000 00:00 0 ", &line));
    CHECK(line.to == UINT64_MAX && line.access == (PM_MAPS_READ | PM_MAPS_EXECUTE) && line.path_length == 0 && line.device == 0);
    CHECK(pm_maps_line_read("1000-2000 ---p 0 0:0 0", &line) && line.access == 0 && line.path[0] == '\0');
}

/* Each beginning stands right before memory that is not there. */
static void cut(void)
{
    static const char text[] = "1000-2000 rw-s 00002000 00:1a 4711 /x";
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    struct pm_maps_line line;
    char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0);
    for (size_t length = 0; length < sizeof text; length++) {
        char *at = pages + page - length - 1;
        memcpy(at, text, length);
        at[length] = '\0';
        CHECK_INT(pm_maps_line_read(at, &line), length > (size_t)(strchr(text, ':') - text) + 4);
    }
    munmap(pages, 2 * page);
}

static void none(void)
{
    static const char *const lines[] = {
        "", "\n", " 1000-2000 rw-s 0 0:0 1 /x", "-1000-2000 rw-s 0 0:0 1 /x", "2000-1000 rw-s 0 0:0 1 /x", "1000-2000 rw-q 0 0:0 1 /x",
        "1000-2000  rw-s 0 0:0 1", "1000-2000 rw-s 0 0:0 1x", "1000-2000 rw-s 0 100000000:0 1", "10000000000000000-2 rw-s 0 0:0 1",
        "1000-2000 rw-s 0 0:0 99999999999999999999", "1000 2000 rw-s 0 0:0 1", "1000-2000 rw-s -1 0:0 1", "Size:                  4 kB\n",
    };
    struct pm_maps_line line;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        CHECK(!pm_maps_line_read(lines[i], &line));
}

/* The kernel's own. */
static void of_this_process(void)
{
    char text[8192];
    struct pm_maps_line line;
    FILE *maps = fopen("/proc/self/maps", "re");
    unsigned count = 0;
    bool found = false;
    CHECK(maps != NULL);
    while (fgets(text, sizeof text, maps)) {
        CHECK(pm_maps_line_read(text, &line));
        found = found || (line.from <= (uintptr_t)&line && line.to > (uintptr_t)&line && strncmp(line.path, "[stack]", line.path_length) == 0);
        count++;
    }
    fclose(maps);
    CHECK(count > 5 && found);
    char phrase[300];
    pm_occupant((uintptr_t)&line, 1, phrase, sizeof phrase);
    CHECK(strncmp(phrase, "[stack] at 0x", 13) == 0);
}

int main(void)
{
    whole();
    cut();
    none();
    of_this_process();
    return 0;
}
