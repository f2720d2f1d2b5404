/* SPDX-License-Identifier: MIT */
/* A census finds every kind of shared memory, mapped or held open or left behind, with its size and who has it; on older kernels as well. */
#include "image.h"
#include "older.h"

#include "census.h"

#include <sys/shm.h>

static int attached = -1, left = -1;

/* What is System V's outlives its processes. */
static void clear_away(void)
{
    shmctl(attached, IPC_RMID, NULL);
    shmctl(left, IPC_RMID, NULL);
}

/* Of this process, in a piece of memory; NULL: it does not have it. */
static const struct pmo_memory_user *own(const struct pmo_census *census, const struct pmo_memory *memory)
{
    for (size_t i = 0; i < memory->user_count; i++)
        if (census->processes[memory->users[i].process].pid == (uint32_t)getpid())
            return &memory->users[i];
    return NULL;
}

/* By its name; System V's by its number; anonymous memory as that of this process with this size. */
static const struct pmo_memory *find(const struct pmo_census *census, enum pmo_memory_kind kind, const char *name, uint64_t number)
{
    for (size_t i = 0; i < census->count; i++) {
        const struct pmo_memory *memory = &census->list[i];
        if (memory->kind != kind)
            continue;
        if (name ? strcmp(memory->name, name) == 0 : kind == PMO_SYSV ? memory->sysv.id == number : own(census, memory) && memory->size == number)
            return memory;
    }
    FAIL("the census has no %s %s %llu", pmo_memory_word(kind), name ? name : "", (unsigned long long)number);
}

static void look(const char *segment, const char *memfd)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK(census.asked > 0);
    const struct pmo_memory *memory = find(&census, PMO_MEMFD, memfd, 0);
    CHECK_INT(memory->size, 12288);
    CHECK(own(&census, memory) && own(&census, memory)->mapped == 12288 && own(&census, memory)->descriptors == 1);
    CHECK(memory->known && memory->orphan == PMO_IN_USE);
    memory = find(&census, PMO_ANONYMOUS, NULL, 5 * 65536);
    CHECK(own(&census, memory)->mappings == 1 && own(&census, memory)->writes);
    memory = find(&census, PMO_SYSV, NULL, (uint64_t)attached);
    CHECK_INT(memory->size, 7 * 4096);
    CHECK_INT(memory->sysv.attached, 1);
    CHECK_INT(memory->mode, 0640);
    CHECK(own(&census, memory) && memory->orphan == PMO_IN_USE);
    memory = find(&census, PMO_SYSV, NULL, (uint64_t)left);
    CHECK_INT(memory->user_count, 0);
    CHECK_INT(memory->orphan, PMO_ORPHAN);
    memory = find(&census, PMO_POSIX, segment, 0);
    CHECK_INT(memory->size, object_length());
    CHECK_INT(memory->user_count, 1);
    CHECK_INT(memory->orphan, PMO_IN_USE);
    CHECK(!own(&census, memory) && !memory->removed && !memory->elsewhere);
    pmo_census_free(&census);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    char segment[96], memfd[64];
    snprintf(segment, sizeof segment, PM_PREFIX "%s", seg());
    snprintf(memfd, sizeof memfd, "census %d", (int)getpid());
    int fd = memfd_create(memfd, 0);
    CHECK(fd >= 0 && ftruncate(fd, 12288) == 0);
    CHECK(mmap(NULL, 12288, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
    CHECK(mmap(NULL, 5 * 65536, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    atexit(clear_away);
    attached = shmget(IPC_PRIVATE, 7 * 4096, IPC_CREAT | 0640);
    left = shmget(IPC_PRIVATE, 11 * 4096, IPC_CREAT | 0600);
    CHECK(attached >= 0 && left >= 0 && shmat(attached, NULL, 0) != (void *)-1);
    look(segment, memfd);
    grow_old();
    look(segment, memfd);
    ok(a, "detach");
    return 0;
}
