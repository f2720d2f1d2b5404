/* SPDX-License-Identifier: MIT */
/*
 * The agent of a creation maps the header anew when the object has its name.  However long that takes, the thread that waits for it touches nothing there: for a
 * moment there is nothing to touch.
 */
#include "places.h"

#include <sys/mman.h>

#define LONG_US 200000 /* the waiting thread has rung its agent's bell by then, if it does */

static void map_slowly(void)
{
    char line[512], name[96];
    uint64_t from = 0, to = 0;
    snprintf(name, sizeof name, "peermap.%s", seg());
    FILE *maps = fopen("/proc/self/maps", "re");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps) && from == 0)
        if (strstr(line, name) && strstr(line, " rw-s 00000000 "))
            CHECK(sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) == 2);
    fclose(maps);
    CHECK(from != 0);
    CHECK(mprotect((void *)from, to - from, PROT_NONE) == 0);
    usleep(LONG_US);
    CHECK(mprotect((void *)from, to - from, PROT_READ | PROT_WRITE) == 0);
}

static void when_it_is_mapped(void) { at_place("reserve.mapped", map_slowly); }

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_segment *segment;
    at_place("create.reopened", when_it_is_mapped);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK(place_was_reached());
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    peermap_detach(segment);
    return 0;
}
