/* SPDX-License-Identifier: MIT */
/*
 * A program that closes the segment's descriptor and gets its number for a file of its own: no call changes that file, or maps it.  The
 * peer goes on with the object opened anew by its name, unless there is none, or another object of that name.
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>

#define LENGTH (4 << 20)

static bool is_pipe(const struct peer *other, int fd) { return fd == fileno(other->in) || fd == fileno(other->out); }

/* As a daemon does it, and then it opens files of its own; 0 to 2 stay closed. */
static int close_everything(const struct peer *other)
{
    char path[] = "/tmp/peermap-own-file-XXXXXX";
    int own = mkstemp(path);
    CHECK(own >= 0 && unlink(path) == 0 && ftruncate(own, LENGTH) == 0);
    for (int fd = 3; fd < 256; fd++)
        if (!is_pipe(other, fd) && fd != own)
            close(fd);
    for (int fd = 3; fd < 32; fd++)
        CHECK(is_pipe(other, fd) || fd == own || dup2(own, fd) == fd);
    return own;
}

static void is_untouched(const struct peer *other, int own)
{
    char byte[4096];
    CHECK_INT(lseek(own, 0, SEEK_END), LENGTH);
    for (off_t at = 0; at < LENGTH; at += LENGTH / 16) {
        CHECK(pread(own, byte, sizeof byte, at) == sizeof byte);
        CHECK(byte[0] == 0 && memcmp(byte, byte + 1, sizeof byte - 1) == 0);
    }
    for (int fd = 3; fd < 32; fd++)
        CHECK(fcntl(fd, F_GETFD) >= 0 && (is_pipe(other, fd) || lseek(fd, 0, SEEK_END) == LENGTH));
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "daemon", .initial_size = 1048576, .flags = PEERMAP_STRICT };
    peermap_segment *segment, *foreign;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);

    int own = close_everything(other), in = dup(0);
    close(0);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    CHECK(fcntl(0, F_GETFD) < 0); /* the place of the standard input is left free */
    CHECK(dup2(in, 0) == 0 && close(in) == 0);
    memset((char *)peermap_base(segment) + 1048576, 1, 4096);
    ok(other, "check 1048576 4096 1");
    is_untouched(other, own);
    own = close_everything(other);
    ok(other, "grow 4096");
    CHECK_INT(peermap_shrink(segment, 8192, NULL), 0);
    CHECK_INT(peermap_remap(segment, 0, NULL), 0);
    is_untouched(other, own);

    /* Without a name, or with another object under it, there is no way back; and still nothing is harmed. */
    for (int named = 0; named < 2; named++) {
        if (named == 0) {
            CHECK_INT(peermap_unlink(seg()), 0);
        } else {
            options.peer_name = "namesake";
            CHECK_INT(peermap_create(seg(), &options, &foreign), 0);
        }
        own = close_everything(other);
        CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_EOS);
        CHECK_INT(errno, EBADF);
        CHECK(strstr(peermap_last_error(), "cannot open its object by the name") != NULL); /* there may be one, of which it has no rights, or that it does not see */
        CHECK_INT(peermap_shrink(segment, 4096, NULL), PEERMAP_EOS);
        CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_EOS);
        fails(other, "PEERMAP_ETIMEDOUT", "grow 4096");
        CHECK_INT(peermap_size(segment), 1048576);
        is_untouched(other, own);
    }
    CHECK_INT(peermap_grow(foreign, 4096, NULL), 0);
    ok(other, "shrink 4096");
    peermap_detach(segment);
    is_untouched(other, own);
    ok(other, "grow 4096");
    CHECK_INT(peermap_size(foreign), 1048576 + 4096);
    peermap_detach(foreign);
    return 0;
}
