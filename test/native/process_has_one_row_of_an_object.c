/* SPDX-License-Identifier: MIT */
/* A census tells once that a process has an object, with how often; and no process, whosever it is, has more than its part of the list. */
#include "drive.h"

#include "budget.h"
#include "census.h"

#include <sys/mman.h>
#include <sys/resource.h>

enum { OFTEN = 9000, MAPPED = 5 };

static const struct pmo_memory_user *own_use(const struct pmo_census *census, const char *name)
{
    const struct pmo_memory_user *found = NULL;
    for (size_t i = 0; i < census->count; i++)
        for (size_t u = 0; census->list[i].kind == PMO_MEMFD && strcmp(census->list[i].name, name) == 0 && u < census->list[i].user_count; u++)
            if (census->processes[census->list[i].users[u].process].pid == (uint32_t)getpid()) {
                CHECK(!found);
                found = &census->list[i].users[u];
            }
    CHECK(found);
    return found;
}

static bool is_named(const struct pmo_census *census, pid_t pid)
{
    char where[64];
    snprintf(where, sizeof where, "pid %d", (int)pid);
    for (uint32_t i = 0; i < census->problems.count; i++)
        if (census->problems.list[i].code == PMO_LEFT_OUT && strcmp(census->problems.list[i].where, where) == 0)
            return true;
    return false;
}

static void one_row(void)
{
    char name[80];
    struct pmo_census census;
    snprintf(name, sizeof name, "often-%s", seg());
    const int fd = memfd_create(name, MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, 8192) == 0);
    for (int i = 0; i < MAPPED; i++)
        CHECK(mmap(NULL, i % 2 ? 8192 : 4096, PROT_READ | (i == 1 ? PROT_WRITE : 0), MAP_SHARED, fd, 0) != MAP_FAILED);
    for (int i = 1; i < OFTEN; i++)
        CHECK(dup(fd) >= 0);
    CHECK_INT(pmo_census_take(&census), 0);
    const struct pmo_memory_user *use = own_use(&census, name);
    CHECK_INT(use->descriptors, OFTEN);
    CHECK_INT(use->mappings, MAPPED);
    CHECK_INT(use->mapped, 3 * 4096 + 2 * 8192);
    CHECK(use->writes);
    CHECK(!is_named(&census, getpid()));
    pmo_census_free(&census);
    CHECK_INT(close_range((unsigned)fd, ~0u, 0), 0);
}

static void part_of_the_list(void)
{
    struct pmo_census census;
    size_t told = 0;
    for (unsigned i = 0; i < PMO_SIGHTINGS_OF_ONE_MAX + 10; i++)
        CHECK(memfd_create("many", MFD_CLOEXEC) >= 0);
    CHECK_INT(pmo_census_take(&census), 0);
    for (size_t i = 0; i < census.count; i++)
        for (size_t u = 0; u < census.list[i].user_count; u++)
            told += census.processes[census.list[i].users[u].process].pid == (uint32_t)getpid();
    CHECK_INT(told, PMO_SIGHTINGS_OF_ONE_MAX);
    CHECK(census.cut && is_named(&census, getpid()));
    pmo_census_free(&census);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct rlimit limit;
    CHECK_INT(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    CHECK_INT(setrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_max < OFTEN + 100)
        SKIP("no process may have so many descriptors here");
    one_row();
    part_of_the_list();
    return 0;
}
