/* SPDX-License-Identifier: MIT */
/*
 * Whoever writes over an object that has peers, with an image from before they came, takes their places from them.  They are told so by whatever they call, also by
 * a growth inside what is mapped ahead, which asks nobody.
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

static char path[128];

/* As cp does, but for cutting it short first. */
static char *image(size_t *length)
{
    struct stat facts;
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    *length = (size_t)facts.st_size;
    char *bytes = malloc(*length);
    CHECK(bytes && pread(fd, bytes, *length, 0) == facts.st_size && close(fd) == 0);
    return bytes;
}

static void write_over(const char *bytes, size_t length)
{
    int fd = open(path, O_WRONLY);
    CHECK(fd >= 0 && pwrite(fd, bytes, length, 0) == (ssize_t)length && close(fd) == 0);
}

static void is_told(const char *what, int rc)
{
    if (rc != PEERMAP_EDETACHED || !strstr(peermap_last_error(), "the object was written over; detach, and attach anew"))
        FAIL("%s: %d, %s", what, rc, rc < 0 ? peermap_last_error() : "");
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "one", .initial_size = 1 << 20 };
    peermap_segment *segment;
    peermap_round round;
    peermap_peer self, others[2];
    size_t length;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", segment_name);
    CHECK_INT(peermap_create(segment_name, &options, &segment), 0);
    peermap_detach(segment);
    char *before = image(&length);
    CHECK_INT(peermap_attach(segment_name, &options, &segment), 0);
    CHECK_INT(peermap_grow(segment, 4096, &round), 0);
    CHECK_INT(round.peers, 1);
    ready_peer("other", "");
    CHECK_INT(peermap_peers(segment, others, 2), 2);
    const peermap_peer *other = strcmp(others[0].name, "other") == 0 ? &others[0] : &others[1];
    CHECK_INT(peermap_peer_ended(segment, other), 0);
    write_over(before, length);
    is_told("a growth inside", peermap_grow(segment, 4096, &round));
    is_told("one without a report", peermap_grow(segment, 4096, NULL));
    is_told("a growth past the horizon", peermap_grow(segment, 1 << 30, &round));
    is_told("a root", peermap_set_root(segment, "r", peermap_base(segment), 8, NULL));
    is_told("a reap", peermap_reap(segment));
    is_told("its own row", peermap_self(segment, &self));
    is_told("the rows", peermap_peers(segment, others, 2));
    is_told("whether another has ended", peermap_peer_ended(segment, other));
    is_told("a wait for its end", peermap_wait_ended(segment, other, 10000));
    CHECK_INT(peermap_pid_of(segment, "other"), 0);
    peermap_detach(segment);
    CHECK_INT(peermap_attach(segment_name, &options, &segment), 0);
    CHECK_INT(peermap_grow(segment, 4096, &round), 0);
    CHECK_INT(round.peers, 1);
    peermap_detach(segment);
    free(before);
    return 0;
}
