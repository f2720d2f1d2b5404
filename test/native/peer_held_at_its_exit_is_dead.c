/* SPDX-License-Identifier: MIT */
/*
 * A tracer may stop each thread of a process at its exit (PTRACE_O_TRACEEXIT).  Such a process, killed or at its own exit, runs no more of its own code: it is dead
 * for everybody, and holds up nobody; when it is let go nobody loses anything.
 */
#include "image.h"

/* A process that attaches, and exits when it is told to. */
static pid_t start_victim(int told[2])
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 60000 };
    peermap_segment *segment;
    char byte;
    CHECK(pipe(told) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        prctl(PR_SET_DUMPABLE, 1);
        if (peermap_attach(seg(), &options, &segment) != 0)
            _exit(4);
        _exit(read(told[0], &byte, 1) == 1 ? 0 : 5);
    }
    return pid;
}

static int of_each_thread(pid_t pid, int (*what)(pid_t thread))
{
    char path[64];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    for (const struct dirent *task; tasks && (task = readdir(tasks)) != NULL;)
        count += task->d_name[0] != '.' && what((pid_t)atoi(task->d_name));
    if (tasks)
        closedir(tasks);
    return count;
}

static int seize(pid_t thread) { return ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACEEXIT) == 0; }
static int let_go(pid_t thread) { return ptrace(PTRACE_DETACH, thread, 0, 0) == 0; }
static int is_held(pid_t thread)
{
    int status;
    return waitpid(thread, &status, __WALL | WNOHANG) == thread && WIFSTOPPED(status) && status >> 16 == PTRACE_EVENT_EXIT;
}

static void is_dead(peermap_segment *segment, struct peer *looking, pid_t pid)
{
    char row[64];
    peermap_peer rows[8], victim = { .pid = 0 };
    peermap_round round;
    const int count = peermap_peers(segment, rows, 8);
    for (int i = 0; i < count; i++)
        if (rows[i].pid == pid)
            victim = rows[i];
    CHECK_INT(victim.pid, pid);
    CHECK_INT(victim.state, PEERMAP_DEAD);
    CHECK_INT(peermap_peer_ended(segment, &victim), 1);
    CHECK_INT(peermap_pid_of(segment, "victim"), 0);
    snprintf(row, sizeof row, " victim:%d:dead:", (int)pid);
    CHECK(strstr(ok(looking, "peers"), row) != NULL);
    struct pmo_observer observer = observe();
    struct pmo_snapshot s = look_at(&observer, PMO_REGISTRY);
    for (size_t i = 0; i < s.peer_count; i++)
        if (s.peers[i].slot.pid == (uint32_t)pid)
            CHECK_INT(s.peers[i].state, PMO_DEAD);
    pmo_snapshot_free(&s);
    pmo_observer_close(&observer);
    if (peermap_grow(segment, 4096, &round) != 0)
        FAIL("%s", peermap_last_error());
    CHECK_INT(round.late, 0);
    CHECK_INT(end_peer(ready_peer("victim", NULL)), 0);
}

static void held_at_its_exit(peermap_segment *segment, struct peer *looking, bool killed)
{
    int told[2], held = 0, status;
    pid_t pid = start_victim(told);
    UNTIL(peermap_pid_of(segment, "victim") == pid);
    const int seized = of_each_thread(pid, seize);
    if (seized == 0)
        SKIP("nobody may be traced here");
    if (killed)
        CHECK(kill(pid, SIGKILL) == 0);
    else
        CHECK(write(told[1], "", 1) == 1);
    UNTIL((held += of_each_thread(pid, is_held)) == seized);
    is_dead(segment, looking, pid);
    of_each_thread(pid, let_go);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    ok(looking, "grow 4096");
    close(told[0]);
    close(told[1]);
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .flags = PEERMAP_STRICT, .deadline_ms = 60000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    struct peer *looking = ready_peer("looking", NULL);
    held_at_its_exit(segment, looking, true);
    held_at_its_exit(segment, looking, false);
    CHECK_INT(end_peer(looking), 0);
    peermap_detach(segment);
    return 0;
}
