/* SPDX-License-Identifier: MIT */
/*
 * The system gives memory slowly, because it must first get it from elsewhere; or the process is stopped and let run all the time, which cuts every
 * allocation short.  A growth that takes longer than its deadline fails, says so, and leaves the size as it was; a creation leaves nothing.
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/syscall.h>

#define GROWTH (UINT64_C(1) << 30)
#define DEADLINE_MS 400u

static enum { AS_EVER, SLOW, CUT_SHORT } way;

int fallocate(int fd, int mode, off_t from, off_t length)
{
    if (way != AS_EVER && mode == 0)
        usleep(20000);
    if (way == CUT_SHORT && mode == 0) {
        errno = EINTR;
        return -1;
    }
    return (int)syscall(SYS_fallocate, fd, mode, from, length);
}

static void is_over_in_time(uint64_t begun, int rc, int error, const char *bytes)
{
    uint64_t took = (now_ns() - begun) / 1000000;
    way = AS_EVER;
    CHECK_INT(rc, PEERMAP_EOS);
    CHECK_INT(error, ETIMEDOUT);
    char wanted[80];
    snprintf(wanted, sizeof wanted, "did not give %s of memory by the deadline", bytes);
    if (!strstr(peermap_last_error(), wanted) || !strstr(peermap_last_error(), "deadline_ms"))
        FAIL("%s", peermap_last_error());
    if (took < DEADLINE_MS || took > 20 * DEADLINE_MS)
        FAIL("it failed after %" PRIu64 " ms, not %u", took, DEADLINE_MS);
}

static void fails_in_time(peermap_segment *segment)
{
    size_t size = peermap_size(segment);
    uint64_t begun = now_ns();
    int rc = peermap_grow(segment, GROWTH, NULL);
    is_over_in_time(begun, rc, errno, "1 GiB");
    CHECK_INT(peermap_size(segment), size);
}

/* And there is no segment. */
static void creates_nothing(void)
{
    peermap_options options = { .struct_size = sizeof options, .initial_size = GROWTH, .deadline_ms = DEADLINE_MS };
    peermap_segment *segment;
    for (int next = SLOW; next <= CUT_SHORT; next++) {
        way = next;
        uint64_t begun = now_ns();
        int rc = peermap_create(seg(), &options, &segment);
        is_over_in_time(begun, rc, errno, "1.1 GiB"); /* with the header */
        CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_ENOENT);
    }
}

static void tries(unsigned flags)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .ahead = 4 * GROWTH, .deadline_ms = DEADLINE_MS, .flags = flags };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    size_t size = peermap_size(segment);
    way = SLOW;
    fails_in_time(segment);
    while (flags & PEERMAP_STRICT && object_length() != header_length() + size) /* in the background */
        usleep(1000);
    way = CUT_SHORT;
    fails_in_time(segment);
    int rc;
    while ((rc = peermap_grow(segment, 4096, NULL)) == PEERMAP_EBUSY) {} /* while memory still goes back */
    CHECK_INT(rc, 0);
    memset((char *)peermap_base(segment) + size, 7, 4096);
    CHECK_INT(peermap_shrink(segment, 4096, NULL), 0);
    while (object_length() != header_length() + size)
        usleep(1000);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    creates_nothing();
    tries(0);
    tries(PEERMAP_STRICT);
    return 0;
}
