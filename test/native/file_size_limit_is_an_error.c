/* SPDX-License-Identifier: MIT */
/*
 * Under `ulimit -f` a creation or growth past the limit is an error that says so, and no SIGXFSZ: also where the limit, or the object, was another one a moment
 * ago, and where what describes a heap is what is too long.
 */
#include "drive.h"

#include <sys/resource.h>

static void limit_to(uint64_t bytes)
{
    const struct rlimit limit = { bytes, RLIM_INFINITY };
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
}

static void is_refused(int rc)
{
    CHECK_INT(errno, EFBIG);
    CHECK_INT(rc, PEERMAP_EOS);
    if (strstr(peermap_last_error(), "ulimit -f") == NULL)
        FAIL("said: %s", peermap_last_error());
}

/* Each right after a look at what the system would give, which is trusted for a second. */
static void limit_comes_after_a_look(uint32_t flags)
{
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .flags = flags };
    limit_to(RLIM_INFINITY);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    limit_to(object_length() + 65536);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    is_refused(peermap_grow(segment, 65536, NULL));
    limit_to(0);
    is_refused(peermap_grow(segment, 4096, NULL));
    CHECK_INT(peermap_shrink(segment, 65536, NULL), 0);
    limit_to(RLIM_INFINITY);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* Another peer grows it meanwhile, whose files may be as long as they like. */
static void object_is_longer_after_a_look(void)
{
    peermap_segment *segment;
    limit_to(64 << 20);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    limit_to(RLIM_INFINITY);
    struct peer *other = ready_peer("longer", NULL);
    limit_to(64 << 20);
    ok(other, "grow %d", 62 << 20);
    int rc = 0;
    for (int i = 0; i < 4 && rc == 0; i++)
        rc = peermap_grow(segment, 1 << 20, NULL);
    is_refused(rc);
    ok(other, "detach");
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void heap_is_too_long(void)
{
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_HEAP };
    limit_to(100 << 20);
    is_refused(peermap_create(seg(), &options, &segment));
    limit_to(RLIM_INFINITY);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    heap_is_too_long();
    limit_comes_after_a_look(0);
    limit_comes_after_a_look(PEERMAP_STRICT);
    object_is_longer_after_a_look();
    limit_to(8 << 20);
    peermap_options options = { .struct_size = sizeof options, .initial_size = 16 << 20 };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_EOS);
    CHECK_INT(errno, EFBIG);
    options.initial_size = 65536;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);
    CHECK_INT(peermap_grow(segment, 16 << 20, NULL), PEERMAP_EOS);
    CHECK_INT(errno, EFBIG);
    CHECK(strstr(peermap_last_error(), "ulimit -f") != NULL);
    int rc = 0;
    for (int i = 0; i < 64 && rc == 0; i++)
        rc = peermap_grow(segment, 1 << 20, NULL);
    CHECK_INT(rc, PEERMAP_EOS);
    CHECK(peermap_size(segment) > 4 << 20);
    ok(other, "touch");
    CHECK_INT(size_of(other), peermap_size(segment));
    peermap_detach(segment);
    return 0;
}
