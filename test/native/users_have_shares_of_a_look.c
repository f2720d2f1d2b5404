/* SPDX-License-Identifier: MIT */
/*
 * Who fills a look takes nothing from others: a user has a quarter of its lists at most, and is named, also by programs that work as somebody else; this user and
 * root have all.
 */
#include "drive.h"

#include "budget.h"
#include "census.h"
#include "share.h"
#include "system.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/shm.h>

#define GREEDY 45699u
#define MODEST 45700u
#define HALF (PMO_MEMORIES_MAX / PMO_SHARES / 2 + 50) /* two processes have more than a share */

static pid_t greedy, modest;

/* What a user starts and what works as `effective`, as a setuid program does, with so many pieces of shared memory.  It waits to be killed. */
static pid_t program_of(uid_t uid, uid_t effective, unsigned pieces)
{
    int ready[2];
    char byte;
    CHECK_INT(pipe(ready), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (setresgid(uid, uid, uid) != 0 || setresuid(uid, effective, effective) != 0)
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

static pid_t process_of(uid_t uid, unsigned pieces) { return program_of(uid, uid, pieces); }

static void end_all(const pid_t *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kill(list[i], SIGKILL), waitpid(list[i], NULL, 0);
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

static void inventory(uid_t effective)
{
    struct pmo_census census;
    pid_t list[] = { program_of(GREEDY, effective, HALF), program_of(GREEDY, effective, HALF), process_of(MODEST, 3), process_of(getuid(), HALF), process_of(getuid(), HALF) };
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK_INT(pieces_of(&census, list[0]) + pieces_of(&census, list[1]), PMO_MEMORIES_MAX / PMO_SHARES);
    CHECK_INT(pieces_of(&census, list[2]), 3);
    CHECK_INT(pieces_of(&census, list[3]) + pieces_of(&census, list[4]), 2 * HALF);
    CHECK(is_named(&census.problems, GREEDY) && census.cut);
    CHECK(!is_named(&census.problems, MODEST) && !is_named(&census.problems, getuid()));
    for (size_t i = 0; i < census.process_count; i++)
        CHECK(census.processes[i].pid != (uint32_t)list[0] || census.processes[i].uid == effective);
    pmo_census_free(&census);
    end_all(list, sizeof list / sizeof *list);
}

/* A System V segment belongs to whomever its creator names, and takes of the creator's share. */
static void given_away(void)
{
    enum { MANY = PMO_MEMORIES_MAX / PMO_SHARES + 10 };
    struct pmo_census census;
    int status;
    size_t told = 0;
    CHECK_INT(unshare(CLONE_NEWIPC), 0); /* where there is room for them, and where they end with this process */
    pid_t giver = fork();
    CHECK(giver >= 0);
    if (giver == 0) {
        struct shmid_ds facts;
        if (setresuid(GREEDY, GREEDY, GREEDY) != 0)
            _exit(1);
        for (unsigned i = 0; i < MANY; i++) {
            const int id = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0600);
            if (id < 0 || shmctl(id, IPC_STAT, &facts) != 0)
                _exit(1);
            facts.shm_perm.uid = 0;
            if (shmctl(id, IPC_SET, &facts) != 0)
                _exit(1);
        }
        _exit(0);
    }
    CHECK(waitpid(giver, &status, 0) == giver && status == 0);
    CHECK_INT(pmo_census_take(&census), 0);
    for (size_t i = 0; i < census.count; i++)
        told += census.list[i].kind == PMO_SYSV && !census.list[i].elsewhere;
    CHECK_INT(told, PMO_MEMORIES_MAX / PMO_SHARES);
    CHECK(is_named(&census.problems, GREEDY));
    pmo_census_free(&census);
}

/* Of a program that works as this process's user, whoever that is. */
static void payers(void)
{
    pid_t program = program_of(GREEDY, MODEST, 0);
    int status;
    pid_t looker = fork();
    CHECK(looker >= 0);
    if (looker == 0) {
        struct pmo_process process;
        if (setresuid(MODEST, MODEST, MODEST) != 0 || pmo_process_open((uint32_t)program, &process) != 0)
            _exit(1);
        const struct pmo_uids uids = pmo_process_uids(&process);
        _exit(uids.effective == MODEST && uids.payer == GREEDY && pmo_share_payer(MODEST, 0) == 0 && pmo_share_payer(0, GREEDY) == GREEDY ? 0 : 1);
    }
    CHECK(waitpid(looker, &status, 0) == looker && status == 0);
    end_all(&program, 1);
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
    const bool own = pmo_share_is_whole(pmo_process_uids(process).payer);
    CHECK(!own || !*others);
    *others = *others || (pid_t)process->pid == greedy;
    return true;
}

/* The lower pid is another's, and yet this process comes before it. */
static void own_processes_first(void)
{
    bool others = false;
    greedy = program_of(GREEDY, 0, 0);
    pid_t own = process_of(getuid(), 0);
    struct pmo_shares shares = { 0 };
    bool whole;
    CHECK_INT(pmo_process_each(is_before, &others, &shares, &whole), 0);
    CHECK(whole);
    CHECK(others);
    end_all((pid_t[]){ greedy, own }, 2);
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
        slow[i] = program_of(GREEDY, i % 2 ? 0 : GREEDY, 0);
    modest = process_of(MODEST, 0);
    pmo_budget_begin(BUDGET_MS, NULL);
    CHECK_INT(pmo_process_each(takes_long, NULL, &shares, &whole), 0);
    pmo_budget_end();
    CHECK(modest_visited && whole);
    CHECK(visited >= 1 && visited < SLOW);
    CHECK(pmo_shares_tell(&shares, &problems) && is_named(&problems, GREEDY) && !is_named(&problems, MODEST));
    pmo_problems_free(&problems);
    end_all(slow, SLOW);
    end_all(&modest, 1);
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
        many[i] = program_of(GREEDY, i % 2 ? 0 : GREEDY, 0);
    modest = process_of(MODEST, 0);
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    end_all(many, MANY);
    end_all(&modest, 1);
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
    inventory(GREEDY);
    inventory(0); /* `su` that waits for a password */
    payers();
    own_processes_first();
    time_is_shared_too();
    processes_and_strangers();
    segments();
    given_away();
    return 0;
}
