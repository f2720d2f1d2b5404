/* SPDX-License-Identifier: MIT */
/*
 * An object of another user has the name when a segment is opened, and one of our own takes the name right after that, or the other way round: what was opened is judged, not
 * what has the name by then.
 */
#include "places.h"

#include <sys/stat.h>

#define USER 45686

static char ours[128], theirs[128], path[128];

static void put(const char *object)
{
    unlink(path);
    CHECK(link(object, path) == 0);
}
static void put_ours(void) { put(ours); }
static void put_theirs(void) { put(theirs); }

static int attach(uint32_t flags, void (*meanwhile)(void))
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .flags = flags };
    at_place("attach.opened", meanwhile);
    const int rc = peermap_attach(seg(), &options, &segment);
    CHECK(place_was_reached());
    if (rc == 0)
        peermap_detach(segment);
    return rc;
}

static void make(char at[128], const char *what)
{
    peermap_segment *segment;
    char name[80];
    peermap_options options = { .struct_size = sizeof options, .mode = 0666 };
    snprintf(name, sizeof name, "%s-%s", seg(), what);
    snprintf(at, 128, "/dev/shm/peermap.%s", name);
    CHECK_INT(peermap_create(name, &options, &segment), 0);
    peermap_detach(segment);
}

static void clear(void)
{
    unlink(ours);
    unlink(theirs);
}

int main(int argc, char **argv)
{
    (void)argc;
    if (geteuid() != 0)
        SKIP("needs root, to give an object to somebody else");
    setup(argv);
    atexit(clear);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    make(ours, "ours");
    make(theirs, "theirs");
    CHECK(chown(theirs, USER, USER) == 0);
    put_theirs();
    CHECK_INT(attach(0, put_ours), PEERMAP_EACCES);
    put_ours();
    CHECK_INT(attach(0, put_theirs), 0);
    put_theirs();
    CHECK_INT(attach(PEERMAP_FOREIGN, put_ours), 0);
    return 0;
}
