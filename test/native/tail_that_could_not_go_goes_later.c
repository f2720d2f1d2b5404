/* SPDX-License-Identifier: MIT */
/* A peer whose system call to give up a tail fails is late, and gives it up when it is asked again. */
#include "drive.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static int failures;

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
    if (failures > 0 && protection == PROT_NONE && (flags & MAP_FIXED)) {
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
    peermap_options options = { .struct_size = sizeof options, .initial_size = 1048576, .flags = PEERMAP_ALLOW_LATE | PEERMAP_STRICT };
    peermap_segment *segment;
    peermap_round round;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    uintptr_t base = (uintptr_t)peermap_base(segment);
    uint64_t header = header_length();
    failures = 1;
    CHECK_INT(peermap_shrink(segment, 524288, &round), 0);
    CHECK_INT(round.late, 1);
    CHECK_INT(failures, 0);
    CHECK_INT(object_length(), header + 1048576);
    CHECK_INT(peermap_map_peer(segment, 0, &round), 0);
    CHECK_INT(round.acked, 1);
    CHECK_INT(mapped_bytes(getpid(), base, base + 1048576, header), 524288);
    CHECK_INT(peermap_map_peer(segment, 0, &round), 0);
    CHECK_INT(object_length(), header + 524288);
    peermap_detach(segment);
    return 0;
}
