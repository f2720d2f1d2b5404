/* SPDX-License-Identifier: MIT */
/* A peer that cannot map for itself what it asks of all is named like any other: its own part is no ack before it is done. */
#include "drive.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static int failures;

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (failures > 0 && (flags & MAP_SHARED) && (flags & MAP_FIXED)) {
        failures--;
        errno = ENOMEM;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("the library's mappings pass by the mmap() of this test");
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "self", .flags = PEERMAP_STRICT };
    peermap_segment *segment;
    peermap_round round;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *other = ready_peer("other", NULL);
    failures = 1;
    CHECK_INT(peermap_grow(segment, 65536, &round), PEERMAP_ETIMEDOUT);
    CHECK_INT(failures, 0);
    CHECK_INT(round.peers, 2);
    CHECK_INT(round.acked, 1);
    CHECK_INT(round.late, 1);
    CHECK_INT(round.blocker_pid, getpid());
    CHECK(strstr(peermap_last_error(), "self") != NULL);
    CHECK_INT(peermap_size(segment), 65536);
    comes_to_map_exactly(other, 65536);
    CHECK_INT(peermap_grow(segment, 65536, &round), 0);
    CHECK_INT(round.acked, 2);
    CHECK_INT(peermap_size(segment), 131072);
    maps_exactly(other, 131072);
    peermap_detach(segment);
    return 0;
}
