/* SPDX-License-Identifier: MIT */
/* header.h - the header of a test's segment, mapped to be written to: for tests of what others may write there. */
#ifndef HEADER_H
#define HEADER_H

#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>

static struct pm_header *its_header;

static inline void map_header(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    its_header = mmap(NULL, header_length(), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(fd >= 0 && its_header != MAP_FAILED);
    close(fd);
}

static inline struct pm_slot *slots(void) { return (void *)((char *)its_header + its_header->slots_off); }

static inline struct pm_slot *slot_of(const struct peer *peer)
{
    for (uint32_t i = 0; i < its_header->slot_count; i++)
        if (slots()[i].pid == (uint32_t)peer->pid)
            return &slots()[i];
    FAIL("%s has no slot", peer->name);
}

/* `shrinks` is at it, for as long as somebody else holds it up, and `quick`, which has done its part, is stopped. */
static inline void shrink_halfway(struct peer *shrinks, struct peer *quick, uint64_t from, uint64_t to)
{
    say(shrinks, "shrink %llu", (unsigned long long)(from - to));
    UNTIL(slot_of(quick)->mapped == to);
    stop_peer(quick);
}

/* Everybody looks at what it is asked for. */
static inline void ring(void)
{
    __atomic_add_fetch(&its_header->bell, 1, __ATOMIC_SEQ_CST);
    syscall(SYS_futex, &its_header->bell, 1, INT32_MAX, NULL, NULL, 0);
}

#endif
