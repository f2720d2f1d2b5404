/* SPDX-License-Identifier: MIT */
/*
 * A process that is stuck in the kernel with the lock of its address space held: every look at the machine comes back, says that this process could not be asked,
 * and is whole for all others.  A reader is left behind at it, one; with too many of those nothing more is asked, which is said; and all of them come back.
 */
#include "hanging.h"

#include <sched.h>

#include "budget.h"
#include "census.h"
#include "os.h"
#include "patient.h"
#include "system.h"

#define NAME "held-up"
#define MANY (PMO_LEFT_MAX + 2)

#ifdef __SANITIZE_THREAD__ /* holders are made by a process with readers, and have threads */
__attribute__((visibility("default"))) const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0"; }
#endif

static pid_t held[MANY];
static int without; /* so many threads has this process without any reader: a sanitizer's may be among them */

static int threads(void) { return entries_of("/proc/self/task"); }

static void map_the_segment(void)
{
    const int fd = pm_object_open(seg(), false);
    if (fd < 0 || mmap(NULL, 65536 + header_length(), PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED)
        _exit(1);
    close(fd);
}

static bool is_said(const struct pmo_problems *problems, pid_t pid, const char *text)
{
    char where[64] = "/proc";
    if (pid != 0)
        snprintf(where, sizeof where, "/proc/%d", (int)pid);
    int times = 0;
    for (uint32_t i = 0; i < problems->count; i++)
        times += problems->list[i].code == PMO_LEFT_OUT && strcmp(problems->list[i].where, where) == 0 && strstr(problems->list[i].text, text);
    CHECK(times <= 1);
    return times == 1;
}

static bool has_peer(const struct pmo_census *census, pid_t pid)
{
    for (size_t i = 0; i < census->process_count; i++)
        if (census->processes[i].pid == (uint32_t)pid)
            return strstr(census->processes[i].command, "peer") != NULL;
    return false;
}

static void look_at_all(pid_t peer, bool stuck)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK(has_peer(&census, peer) && !census.cut);
    CHECK_INT(is_said(&census.problems, held[0], NAME " is held up"), stuck);
    pmo_census_free(&census);
}

static void look_for_users(pid_t peer, bool stuck)
{
    struct pmo_user *users;
    struct pmo_problems problems;
    size_t count, found = 0;
    bool whole;
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    for (size_t i = 0; i < count; i++)
        found += users[i].pid == (uint32_t)peer && users[i].use_count == 1 && users[i].uses[0].registered;
    CHECK_INT(found, 1);
    CHECK_INT(is_said(&problems, held[0], NAME " is held up"), stuck);
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
}

static void look_for_strangers(bool stuck)
{
    struct pmo_observer observer;
    struct pmo_snapshot s;
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    CHECK_INT(pmo_snapshot_take(&observer, PMO_STRANGERS, &s), 0);
    CHECK(s.peer_count == 1 && s.peers[0].mappings_known);
    CHECK_INT(is_said(&s.problems, held[0], NAME " is held up"), stuck);
    for (size_t i = 0; i < s.stranger_count; i++) /* of it more than its name cannot be known */
        CHECK((pid_t)s.strangers[i].pid != held[0] || strcmp(s.strangers[i].command, "[" NAME "]") == 0);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
}

/* A look with an end gives up before it has waited as long as it otherwise would. */
static void look_in_no_time(void)
{
    struct pmo_census census;
    pmo_budget_begin(20, NULL);
    CHECK_INT(pmo_census_take(&census), 0);
    pmo_budget_end();
    CHECK(census.problems.count > 0);
    pmo_census_free(&census);
}

static void too_many(void)
{
    struct pmo_census census;
    for (unsigned i = 1; i < MANY; i++)
        held[i] = hanging_start_holder(NAME, (int)i, map_the_segment);
    CHECK_INT(pmo_census_take(&census), 0);
    CHECK(is_said(&census.problems, 0, "may not be asked for now"));
    CHECK(is_said(&census.problems, held[0], NAME " is held up"));
    CHECK_INT(threads(), without + (int)PMO_LEFT_MAX); /* and no reader: nobody may be asked */
    pmo_census_free(&census);
}

/* The file system is gone: what waited for it goes on. */
static void end_all(void)
{
    hanging_remove();
    for (unsigned i = 0; i < MANY; i++) {
        kill(held[i], SIGKILL);
        CHECK_INT(waitpid(held[i], NULL, 0), held[i]);
    }
}

/* In a pid namespace of its own, with whose first process all others end, this test's watchdog or not; nor are others seen there that may be held up. */
static void begin_apart(void)
{
    int status = 0;
    if (unshare(CLONE_NEWPID | CLONE_NEWNS) != 0)
        SKIP("needs a pid namespace: %s", strerror(errno));
    const pid_t first = fork();
    CHECK(first >= 0);
    if (first == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        CHECK(mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount("proc", "/proc", "proc", 0, NULL) == 0);
        alarm(25);
        return;
    }
    while (waitpid(first, &status, 0) < 0 && errno == EINTR) {}
    fflush(NULL);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1); /* what is to be removed the other has removed */
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    begin_apart();
    hanging_make();
    struct peer *peer = ready_peer("peer", "create 65536");
    look_at_all(peer->pid, false);
    without = threads() - 1;
    held[0] = hanging_start_holder(NAME, 0, map_the_segment);
    look_at_all(peer->pid, true);
    look_at_all(peer->pid, true);
    look_for_users(peer->pid, true);
    look_for_strangers(true);
    CHECK_INT(threads(), without + 2); /* one left behind, by the first of them alone */
    look_in_no_time();
    too_many();
    end_all();
    while (threads() > without)
        usleep(1000);
    look_at_all(peer->pid, false);
    look_for_users(peer->pid, false);
    look_for_strangers(false);
    return 0;
}
