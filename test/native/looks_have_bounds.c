/* SPDX-License-Identifier: MIT */
/*
 * A look at a segment takes what it may and no more, however its registry, its heap and its processes are made: what it leaves out is said.  The bounds are
 * counts; that time is one too is seen by a budget that is spent before it begins.
 */
#include "drive.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "budget.h"
#include "census.h"
#include "snapshot.h"
#include "system.h"

#include "../../native/observer/heap.h"

#define PIECES 5000u

static pid_t swamp;

/* test/peers/swamp.c, beside this test's peer; it ends with its standard input, which is ours to close. */
static void start_swamp(const char *mode, const char *count)
{
    char program[512], line[256];
    int in[2], out[2];
    snprintf(program, sizeof program, "%.*s/swamp", (int)(strrchr(peer_program, '/') - peer_program), peer_program);
    CHECK(pipe(in) == 0 && pipe(out) == 0);
    swamp = fork();
    CHECK(swamp >= 0);
    if (swamp == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        dup2(out[1], 1);
        execl(program, program, seg(), "swamp", mode, count, (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    ssize_t got = read(out[0], line, sizeof line - 1);
    CHECK(got > 6 && strncmp(line, "ready ", 6) == 0);
    close(out[0]);
}

static void end_swamp(void)
{
    kill(swamp, SIGKILL);
    waitpid(swamp, NULL, 0);
    CHECK_INT(peermap_unlink(seg()), 0);
}

static bool left_out(const struct pmo_problems *problems, const char *where)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->list[i].code == PMO_LEFT_OUT && strncmp(problems->list[i].where, where, strlen(where)) == 0)
            return true;
    return false;
}

static void a_process_in_every_slot(void)
{
    struct pmo_observer observer;
    struct pmo_snapshot s;
    char count[16];
    snprintf(count, sizeof count, "%u", PIECES);
    start_swamp("pieces", count);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    CHECK_INT(s.peer_count, PM_SLOTS_MAX);
    size_t listed = 0;
    for (size_t i = 0; i < s.peer_count; i++) {
        CHECK(s.peers[i].mappings.count <= PMO_MAPPINGS_MAX);
        CHECK(s.peers[i].mappings_known || s.peers[i].mappings.count == 0);
        listed += s.peers[i].mappings.count;
    }
    CHECK(listed <= PMO_MAPPINGS_IN_ALL_MAX);
    char maps[64];
    snprintf(maps, sizeof maps, "/proc/%d/maps", (int)swamp);
    CHECK(left_out(&s.problems, maps) && left_out(&s.problems, "registry"));
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    end_swamp();
}

static void a_heap_of_terabytes(void)
{
    struct pmo_observer observer;
    struct pmo_heap heap;
    struct pmo_problems problems = { 0 };
    start_swamp("heap", NULL);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    pmo_budget_begin(1, NULL);
    CHECK_INT(pmo_heap_take(&observer, &heap, &problems), 0);
    pmo_budget_end();
    CHECK_INT(heap.size, INT64_C(2) << 40);
    CHECK(left_out(&problems, "heap"));
    pmo_heap_free(&heap);
    pmo_problems_free(&problems);
    pmo_observer_close(&observer);
}

#define NAMES 300u

static const char *name_of(unsigned i, char path[256])
{
    snprintf(path, 256, PM_DIRECTORY "/" PM_PREFIX "%s-%u", seg(), i);
    return path;
}

/* The most that this process has had in memory, in KiB. */
static long peak(void)
{
    struct rusage usage;
    CHECK_INT(getrusage(RUSAGE_SELF, &usage), 0);
    return usage.ru_maxrss;
}

static const struct pmo_user *ourselves(const struct pmo_user *users, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if ((pid_t)users[i].pid == getpid())
            return &users[i];
    return NULL;
}

/* One registry that is full, under many names: in memory it is once. */
static void a_segment_with_many_names(void)
{
    struct pmo_user *users;
    size_t count;
    bool whole;
    struct pmo_problems problems;
    char path[256], object[256];
    start_swamp("pieces", "1");
    snprintf(object, sizeof object, PM_DIRECTORY "/" PM_PREFIX "%s", seg());
    for (unsigned i = 0; i < NAMES; i++)
        CHECK_INT(link(object, name_of(i, path)), 0);
    const long before = peak();
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    const long after = peak();
    for (unsigned i = 0; i < NAMES; i++)
        unlink(name_of(i, path));
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ /* which keep what was freed */
    (void)before, (void)after;
#else
    CHECK(after - before < 32 << 10);
#endif
    end_swamp();
}

/* So many objects in one process: those that it is told with, and that there are more. */
static void a_process_that_maps_many(void)
{
    struct pmo_user *users;
    size_t count;
    bool whole;
    struct pmo_problems problems;
    char path[256];
    void *maps[NAMES];
    for (unsigned i = 0; i < NAMES; i++) {
        int fd = open(name_of(i, path), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
        maps[i] = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
        CHECK(maps[i] != MAP_FAILED);
        close(fd);
    }
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    for (unsigned i = 0; i < NAMES; i++) {
        unlink(name_of(i, path));
        munmap(maps[i], 4096);
    }
    const struct pmo_user *own = ourselves(users, count);
    CHECK(own && own->use_count == PMO_USES_OF_ONE_MAX && !whole);
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
}

/* Whom a slot of another pid namespace means: that it is not to be seen is said only after a look at all. */
static void check_search_below(int error)
{
    struct pm_slot slot = { .pid = 1u << 22, .pidns = pmo_own_pidns() + 1 };
    struct pmo_below below = { 0 };
    struct pmo_process process;
    uint32_t perhaps;
    CHECK_INT(pmo_process_here(&slot, &below, &process, &perhaps), error);
    free(below.list);
}

/* With a budget that is spent, of everything that takes a budget: nothing fails, and what is missing is said. */
static void no_time_at_all(void)
{
    static const uint32_t stop = 1;
    struct pmo_observer observer;
    struct pmo_snapshot s;
    struct pmo_summary *list;
    struct pmo_user *users;
    struct pmo_census census;
    size_t count, others;
    bool whole;
    struct pmo_problems problems;
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    pmo_budget_begin(0, &stop);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    CHECK(s.readable && s.peer_count == 1 && !s.peers[0].mappings_known);
    CHECK(left_out(&s.problems, "registry") && left_out(&s.problems, "/proc"));
    pmo_snapshot_free(&s);
    CHECK_INT(pmo_list(&list, &count, &others, &whole), 0);
    CHECK(count == 0 && !whole);
    free(list);
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    CHECK(count == 0 && !whole);
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK(census.cut && left_out(&census.problems, "inventory"));
    pmo_census_free(&census);
    check_search_below(ETIME);
    pmo_budget_end();
    check_search_below(EXDEV);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_PROCESSES, &s), 0);
    CHECK(s.peers[0].mappings_known && !left_out(&s.problems, ""));
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it needs more mappings than there may be");
    setup(argv);
    a_process_in_every_slot();
    a_segment_with_many_names();
    a_process_that_maps_many();
    a_heap_of_terabytes();
    no_time_at_all();
    end_swamp();
    return 0;
}
