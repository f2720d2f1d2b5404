/* SPDX-License-Identifier: MIT */
/* A lock that became free without a wake, because the waiter that was woken died before it waited again, is taken all the same. */
#include "header.h"

static void frees_without_a_wake(struct peer *waits, uint32_t *lock, const char *command)
{
    __atomic_store_n(lock, (uint32_t)getpid(), __ATOMIC_SEQ_CST);
    say(waits, "%s", command);
    while (__atomic_load_n(lock, __ATOMIC_SEQ_CST) == (uint32_t)getpid())
        usleep(200);
    usleep(50000);
    __atomic_store_n(lock, 0, __ATOMIC_SEQ_CST);
    expect_ok(__FILE__, __LINE__, waits);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 100000");
    map_header();
    frees_without_a_wake(a, &its_header->lock, "grow 4096");
    frees_without_a_wake(a, &its_header->registry_lock, "root here 0 16 bytes");
    return 0;
}
