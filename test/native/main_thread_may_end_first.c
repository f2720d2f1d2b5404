/* SPDX-License-Identifier: MIT */
/* A process whose main thread has ended while others go on has what it maps and what it holds open, to a census, to a snapshot, and among the users
 * of segments. */
#include "beyond.h"

#include <pthread.h>

static int ready[2];

static void *go_on(void *unused)
{
    char byte = 'r';
    (void)unused;
    if (write(ready[1], &byte, 1) == 1)
        for (;;)
            pause();
    return NULL;
}

/* A child that maps the one and holds the other open, without its main thread. */
static pid_t leaderless(const struct object *mapped, const struct object *opened)
{
    char byte;
    CHECK(pipe(ready) == 0);
    const pid_t pid = fork();
    if (pid == 0) {
        pthread_t other;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        have_mapped(mapped);
        have_open(opened);
        if (pthread_create(&other, NULL, go_on, NULL) != 0)
            _exit(1);
        pthread_exit(NULL);
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    UNTIL(process_state(pid) == 'Z');
    return pid;
}

static void is_seen(const struct object *object, pid_t pid)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    const struct pmo_memory *memory = pmo_census_find(&census, PMO_POSIX, object->object);
    CHECK(memory != NULL);
    CHECK_REASON(memory->reason, PMO_SEEN);
    CHECK_INT(memory->user_count, 1);
    CHECK_INT(census.processes[memory->users[0].process].pid, pid);
    pmo_census_free(&census);
}

static bool is_user(pid_t pid)
{
    struct pmo_user *users;
    size_t count;
    struct pmo_problems problems;
    bool found = false, whole;
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    for (size_t i = 0; i < count; i++)
        found = found || users[i].pid == (uint32_t)pid;
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    return found;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    ready_peer("a", "create 65536");
    struct object segment, other = make_object("open", 0600, geteuid());
    snprintf(segment.path, sizeof segment.path, PM_DIRECTORY "/" PM_PREFIX "%s", seg());
    segment.object = identity_of(segment.path);
    const pid_t pid = leaderless(&segment, &other);
    is_seen(&other, pid);
    struct pmo_observer observer = observe();
    struct pmo_snapshot snapshot = look_at(&observer, PMO_STRANGERS);
    CHECK_INT(snapshot.stranger_count, 1);
    CHECK_INT(snapshot.strangers[0].pid, pid);
    pmo_snapshot_free(&snapshot);
    pmo_observer_close(&observer);
    CHECK(is_user(pid));
    const struct pmo_removal removal = remove_object(&other);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_INT(removal.pid, pid);
    end_holder(pid);
    return 0;
}
