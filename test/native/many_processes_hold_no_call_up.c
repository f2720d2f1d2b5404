/* SPDX-License-Identifier: MIT */
/*
 * What has become of a peer of another pid namespace is found out by a look at all processes, which takes long where they are many.  Each call that asks ends at its
 * deadline all the same, and takes for alive what it could not find.
 */
#include "elsewhere.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

#define OTHERS 200
#define DEADLINE_MS 300u
#define ALLOWED_MS (2 * DEADLINE_MS) /* and what a busy machine takes */

static uint32_t slow_ms; /* for each process that is looked at */

/* As a machine with thousands of them takes. */
int stat(const char *path, struct stat *facts)
{
    unsigned number;
    int end = 0;
    if (slow_ms && sscanf(path, "/proc/%u/ns/pid%n", &number, &end) == 1 && end != 0)
        usleep(slow_ms * 1000);
    return fstatat(AT_FDCWD, path, facts, 0);
}

static uint32_t *ready;

static void be_peer(void)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "elsewhere", .deadline_ms = 60000 };
    peermap_segment *segment;
    if (peermap_attach(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    __atomic_store_n(ready, 1, __ATOMIC_RELEASE);
    for (;;)
        pause();
}

/* By the thread's deadline, which is much shorter than the handle's: what is a part of one is a part of it. */
static struct stopwatch begin(void)
{
    peermap_set_thread_deadline(peermap_now() + DEADLINE_MS * UINT64_C(1000000));
    return stopwatch_of(getpid());
}

static void in_time(const char *what, const struct stopwatch *begun)
{
    const uint64_t took = elapsed_ms(begun), lacked = lacked_ms(begun);
    if (took > ALLOWED_MS + lacked)
        FAIL("%s took %" PRIu64 " ms", what, took);
}

static int takes_its_name(void)
{
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "elsewhere", .deadline_ms = DEADLINE_MS };
    peermap_segment *segment;
    const struct stopwatch begun = begin();
    if (peermap_attach(seg(), &options, &segment) != PEERMAP_EPEERNAME)
        FAIL("%s", peermap_last_error());
    in_time("an attach under its name", &begun);
    return 0;
}

static void calls_end_in_time(peermap_segment *segment)
{
    peermap_peer rows[2] = { { .pid = 0 } };
    int status;
    struct stopwatch begun = begin();
    CHECK_INT(peermap_peers(segment, rows, 2), 2);
    in_time("a list", &begun);
    const peermap_peer *peer = strcmp(rows[0].name, "elsewhere") == 0 ? &rows[0] : &rows[1];
    CHECK_INT(peer->state, PEERMAP_ALIVE);
    begun = begin();
    CHECK_INT(peermap_pid_of(segment, "elsewhere"), peer->pid);
    in_time("its pid", &begun);
    begun = begin();
    CHECK_INT(peermap_peer_ended(segment, peer), 0);
    in_time("whether it has ended", &begun);
    begun = begin();
    CHECK_INT(peermap_wait_ended(segment, peer, DEADLINE_MS), 0);
    in_time("a wait for its end", &begun);
    begun = begin();
    if (peermap_remap(segment, peer->pid, NULL) != 0)
        FAIL("%s", peermap_last_error());
    in_time("a remap", &begun);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        _exit(takes_its_name());
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);
}

/* Nor is it found in time in order to be let run; that is said. */
static void stopped_one_is_late_in_time(peermap_segment *segment, pid_t peer)
{
    const pid_t number = peermap_pid_of(segment, "elsewhere");
    stop_process(peer);
    const struct stopwatch begun = begin();
    CHECK_INT(peermap_remap(segment, number, NULL), PEERMAP_ETIMEDOUT);
    in_time("a remap of one that is stopped", &begun);
    if (strstr(peermap_last_error(), "was not found among all processes") == NULL)
        FAIL("%s", peermap_last_error());
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    int status;
    pid_t others[OTHERS];
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .deadline_ms = 20 * DEADLINE_MS };
    ready = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(ready != MAP_FAILED);
    for (int i = 0; i < OTHERS; i++)
        if ((others[i] = fork()) == 0) {
            prctl(PR_SET_PDEATHSIG, SIGKILL);
            for (;;)
                pause();
        }
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    pid_t outer = in_namespace(be_peer, &ready[1]);
    while (__atomic_load_n(ready, __ATOMIC_ACQUIRE) == 0) {
        if (waitpid(outer, &status, WNOHANG) == outer)
            SKIP("no pid namespace can be made here");
        usleep(1000);
    }
    slow_ms = 6; /* a second or more for all of them */
    calls_end_in_time(segment);
    stopped_one_is_late_in_time(segment, (pid_t)ready[1]);
    slow_ms = 0;
    kill(outer, SIGKILL);
    CHECK(waitpid(outer, &status, 0) == outer);
    for (int i = 0; i < OTHERS; i++) {
        kill(others[i], SIGKILL);
        waitpid(others[i], NULL, 0);
    }
    peermap_detach(segment);
    return 0;
}
