/* SPDX-License-Identifier: MIT */
/* Who fills a look takes nothing from others: a user has a quarter of its lists at most, and is named; this user and root have all. */
#include "drive.h"

#include "budget.h"
#include "census.h"
#include "share.h"
#include "system.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>

#define GREEDY 45699u
#define MODEST 45700u
#define PIECES (PMO_MEMORIES_MAX / PMO_SHARES + 100)

static pid_t greedy, modest;

/* A process of that user with so many pieces of shared memory, which waits to be killed. */
static pid_t process_of(uid_t uid, unsigned pieces)
{
    int ready[2];
    char byte;
    CHECK_INT(pipe(ready), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, uid, uid) != 0)
            _exit(1);
        for (unsigned i = 0; i < pieces; i++)
            if (mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) == MAP_FAILED)
                _exit(1);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* which a change of users takes back */
        if (write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK_INT(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    return child;
}

static size_t pieces_of(const struct pmo_census *census, pid_t pid)
{
    size_t count = 0;
    for (size_t i = 0; i < census->count; i++)
        for (size_t u = 0; u < census->list[i].user_count; u++)
            count += (pid_t)census->processes[census->list[i].users[u].process].pid == pid;
    return count;
}

static bool is_named(const struct pmo_problems *problems, uid_t uid)
{
    char where[64];
    snprintf(where, sizeof where, "uid %u", uid);
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->list[i].code == PMO_LEFT_OUT && strcmp(problems->list[i].where, where) == 0)
            return true;
    return false;
}

static void inventory(void)
{
    struct pmo_census census;
    greedy = process_of(GREEDY, PIECES);
    modest = process_of(MODEST, 3);
    pid_t own = process_of(getuid(), PIECES);
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK_INT(pieces_of(&census, greedy), PMO_MEMORIES_MAX / PMO_SHARES);
    CHECK_INT(pieces_of(&census, modest), 3);
    CHECK_INT(pieces_of(&census, own), PIECES);
    CHECK(is_named(&census.problems, GREEDY) && census.cut);
    CHECK(!is_named(&census.problems, MODEST) && !is_named(&census.problems, getuid()));
    pmo_census_free(&census);
    for (pid_t *each = (pid_t[]){ greedy, modest, own, 0 }; *each; each++) {
        kill(*each, SIGKILL);
        waitpid(*each, NULL, 0);
    }
}

/* Numbers cost a user nothing: those beyond the ones that are told apart have one share together. */
static void users_without_number(void)
{
    struct pmo_shares shares = { 0 };
    struct pmo_problems problems = { 0 };
    unsigned taken = 0;
    for (uint32_t uid = 100000; uid < 100000 + 10 * PMO_SHARED_MAX; uid++)
        taken += pmo_share_take(&shares, uid, PMO_SHARES);
    CHECK_INT(taken, PMO_SHARED_MAX + 1);
    CHECK(pmo_share_take(&shares, getuid(), 0) && pmo_share_take(&shares, 0, 0));
    CHECK(pmo_shares_tell(&shares, &problems));
    CHECK_INT(problems.count, 1);
    pmo_problems_free(&problems);
}

static bool is_before(const struct pmo_process *process, void *context)
{
    bool *others = context;
    const bool own = pmo_share_is_whole(pmo_process_uid(process));
    CHECK(!own || !*others);
    *others = *others || (pid_t)process->pid == greedy;
    return true;
}

/* The lower pid is another's, and yet this process comes before it. */
static void own_processes_first(void)
{
    bool others = false;
    greedy = process_of(GREEDY, 0);
    pid_t own = process_of(getuid(), 0);
    struct pmo_shares shares = { 0 };
    bool whole;
    CHECK_INT(pmo_process_each(is_before, &others, &shares, &whole), 0);
    CHECK(whole);
    CHECK(others);
    for (pid_t *each = (pid_t[]){ greedy, own, 0 }; *each; each++) {
        kill(*each, SIGKILL);
        waitpid(*each, NULL, 0);
    }
}

enum { SLOW = 8, BUDGET_MS = 800 };

static pid_t slow[SLOW];
static unsigned visited;
static bool modest_visited;

/* As of a process that has endless mappings: it takes what it is given. */
static bool takes_long(const struct pmo_process *process, void *context)
{
    (void)context;
    for (int i = 0; i < SLOW; i++)
        if ((pid_t)process->pid == slow[i]) {
            visited++;
            while (pmo_budget_left())
                sched_yield();
        }
    modest_visited = modest_visited || (pid_t)process->pid == modest;
    return true;
}

/* A quarter of the time as well, be it in one process or in many; what is left is for the others. */
static void time_is_shared_too(void)
{
    struct pmo_shares shares = { 0 };
    struct pmo_problems problems = { 0 };
    bool whole;
    for (int i = 0; i < SLOW; i++)
        slow[i] = process_of(GREEDY, 0);
    modest = process_of(MODEST, 0);
    pmo_budget_begin(BUDGET_MS, NULL);
    CHECK_INT(pmo_process_each(takes_long, NULL, &shares, &whole), 0);
    pmo_budget_end();
    CHECK(modest_visited && whole);
    CHECK(visited >= 1 && visited < SLOW);
    CHECK(pmo_shares_tell(&shares, &problems) && is_named(&problems, GREEDY) && !is_named(&problems, MODEST));
    pmo_problems_free(&problems);
    for (int i = 0; i < SLOW; i++) {
        kill(slow[i], SIGKILL);
        waitpid(slow[i], NULL, 0);
    }
    kill(modest, SIGKILL);
    waitpid(modest, NULL, 0);
}

static bool is_of(uint32_t pid, const pid_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == (pid_t)pid)
            return true;
    return false;
}

/* Each child has the segment's data as it was mapped here. */
static void processes_and_strangers(void)
{
    enum { MANY = PMO_USERS_MAX / PMO_SHARES + 10 };
    static pid_t many[MANY];
    struct pmo_user *users;
    struct pmo_problems problems;
    struct pmo_observer observer;
    struct pmo_snapshot s;
    size_t count, told = 0, strangers = 0;
    bool whole, modest_too = false;
    char path[256];
    ready_peer("a", "create 65536");
    snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s", seg());
    int fd = open(path, O_RDWR | O_CLOEXEC);
    struct stat facts;
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    CHECK(mmap(NULL, (size_t)facts.st_size, PROT_READ, MAP_SHARED, fd, 0) != MAP_FAILED);
    for (int i = 0; i < MANY; i++)
        many[i] = process_of(GREEDY, 0);
    modest = process_of(MODEST, 0);
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    for (int i = 0; i < MANY; i++)
        kill(many[i], SIGKILL), waitpid(many[i], NULL, 0);
    kill(modest, SIGKILL);
    waitpid(modest, NULL, 0);
    for (size_t i = 0; i < count; i++) {
        told += is_of(users[i].pid, many, MANY);
        modest_too = modest_too || (pid_t)users[i].pid == modest;
    }
    for (size_t i = 0; i < s.stranger_count; i++)
        strangers += is_of(s.strangers[i].pid, many, MANY);
    CHECK_INT(told, PMO_USERS_MAX / PMO_SHARES);
    CHECK_INT(strangers, PMO_STRANGERS_MAX / PMO_SHARES);
    CHECK(modest_too && !whole);
    CHECK(is_named(&problems, GREEDY) && !is_named(&problems, MODEST));
    CHECK(is_named(&s.problems, GREEDY) && !is_named(&s.problems, MODEST));
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    close(fd);
}

static void segments(void)
{
    enum { MANY = PMO_SEGMENTS_MAX / PMO_SHARES + 10 };
    struct pmo_summary *list;
    size_t count, left_out, told = 0;
    bool whole;
    char path[256];
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s-%u", seg(), i);
        int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        CHECK(fd >= 0 && fchown(fd, GREEDY, GREEDY) == 0);
        close(fd);
    }
    CHECK_INT(pmo_list(&list, &count, &left_out, &whole), 0);
    for (unsigned i = 0; i < MANY; i++) {
        snprintf(path, sizeof path, PM_DIRECTORY "/" PM_PREFIX "%s-%u", seg(), i);
        unlink(path);
    }
    for (size_t i = 0; i < count; i++)
        told += list[i].object.st_uid == GREEDY;
    CHECK_INT(told, PMO_SEGMENTS_MAX / PMO_SHARES);
    CHECK(left_out >= 10);
    free(list);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    users_without_number();
    if (getuid() != 0)
        SKIP("only root can start processes of other users");
    inventory();
    own_processes_first();
    time_is_shared_too();
    processes_and_strangers();
    segments();
    return 0;
}
