/* SPDX-License-Identifier: MIT */
/* A lock that became free without a wake, because the waiter that was woken died before it waited again, is taken all the same. */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 100000");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    char *header = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(fd >= 0 && header != MAP_FAILED);
    for (long offset = 320; offset <= 328; offset += 8) { /* the lock, and the registry's */
        uint32_t *lock = (uint32_t *)(void *)(header + offset);
        __atomic_store_n(lock, (uint32_t)getpid(), __ATOMIC_SEQ_CST);
        say(a, offset == 320 ? "grow 4096" : "root here 0 16 bytes");
        while (__atomic_load_n(lock, __ATOMIC_SEQ_CST) == (uint32_t)getpid())
            usleep(200);
        usleep(50000);
        __atomic_store_n(lock, 0, __ATOMIC_SEQ_CST);
        expect_ok(__FILE__, __LINE__, a);
    }
    return 0;
}
