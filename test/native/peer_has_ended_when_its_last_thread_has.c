/* SPDX-License-Identifier: MIT */
/*
 * A peer that lives, is stopped, or whose memory another process still has from it, has not ended; one that has detached, or was killed and is gone, has; and
 * whoever waits for that is told, or gives up in time.  An id is of one attachment alone.
 */
#include "drive.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>

static peermap_segment *segment;

static peermap_peer row_of(const char *name)
{
    peermap_peer rows[MOST_PEERS];
    int count = peermap_peers(segment, rows, MOST_PEERS);
    for (int i = 0; i < count; i++)
        if (strcmp(rows[i].name, name) == 0)
            return rows[i];
    FAIL("there is no peer %s", name);
}

static void gives_up(const peermap_peer *row, uint32_t deadline_ms, uint64_t expected_ms)
{
    uint64_t begun = now_ns();
    CHECK_INT(peermap_wait_ended(segment, row, deadline_ms), 0);
    uint64_t took = (now_ns() - begun) / 1000000;
    if (took < expected_ms || took > 20 * expected_ms)
        FAIL("%" PRIu64 " ms, not %" PRIu64, took, expected_ms);
}

static void who_lives_has_not_ended(void)
{
    struct peer *peer = ready_peer("living", NULL);
    peermap_peer row = row_of("living"), own;
    CHECK_INT(peermap_self(segment, &own), 0);
    CHECK(own.id != 0 && row.id != 0 && own.id != row.id);
    CHECK_INT(peermap_peer_ended(segment, &own), 0);
    CHECK_INT(peermap_peer_ended(segment, &row), 0);
    stop_peer(peer);
    CHECK_INT(peermap_peer_ended(segment, &row), 0);
    gives_up(&row, 200, 200);
    gives_up(&row, 0, 300);
    continue_peer(peer);
    CHECK_INT(end_peer(peer), 0);
    CHECK_INT(peermap_wait_ended(segment, &row, 60000), 1);
    CHECK_INT(peermap_peer_ended(segment, &row), 1);
}

static void *kill_soon(void *peer)
{
    usleep(150000);
    kill(((struct peer *)peer)->pid, SIGKILL);
    return NULL;
}

static void a_kill_ends_the_wait(void)
{
    for (int stopped = 0; stopped <= 1; stopped++) {
        struct peer *peer = ready_peer("victim", NULL);
        peermap_peer row = row_of("victim"), again;
        pthread_t thread;
        if (stopped)
            stop_peer(peer);
        CHECK(pthread_create(&thread, NULL, kill_soon, peer) == 0);
        CHECK_INT(peermap_wait_ended(segment, &row, 60000), 1);
        CHECK(pthread_join(thread, NULL) == 0);
        waitpid(peer->pid, NULL, 0);
        forget(peer);
        /* Its slot and its name are another's now, the id is not. */
        peer = ready_peer("victim", NULL);
        again = row_of("victim");
        CHECK(again.id != row.id);
        CHECK_INT(peermap_peer_ended(segment, &row), 1);
        CHECK_INT(peermap_peer_ended(segment, &again), 0);
        end_peer(peer);
    }
}

/* Of a bare clone(), in which nothing of ours runs: it has what its parent had. */
static void a_copy_of_it_runs_on(void)
{
#ifdef __SANITIZE_THREAD__
    return; /* it starts no threads after a fork */
#endif
    int out[2], in[2], copy = 0;
    CHECK(pipe(out) == 0 && pipe(in) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        peermap_options options = { .struct_size = sizeof options, .peer_name = "parent" };
        peermap_segment *there;
        char byte;
        if (peermap_attach(seg(), &options, &there) != 0)
            _exit(1);
        close(in[1]);
        pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (pid == 0) {
            prctl(PR_SET_PDEATHSIG, 0);
            syscall(SYS_read, in[0], &byte, 1); /* until the test ends, or says so */
            syscall(SYS_exit_group, 0);
        }
        if (write(out[1], &pid, sizeof pid) != sizeof pid)
            _exit(1);
        pause();
    }
    CHECK(read(out[0], &copy, sizeof copy) == sizeof copy);
    close(in[0]);
    peermap_peer row = row_of("parent");
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    while (row_of("parent").state != PEERMAP_DEAD)
        usleep(1000);
    CHECK_INT(peermap_peer_ended(segment, &row), 0);
    gives_up(&row, 100, 100);
    close(in[1]);
    CHECK_INT(peermap_wait_ended(segment, &row, 60000), 1);
    close(out[0]);
    close(out[1]);
}

/* A copy of its descriptor is all that is left: with a child that has not exec'd yet. */
static void who_has_detached_has_whoever_has_its_descriptor(void)
{
#ifdef __SANITIZE_THREAD__
    return; /* it starts no threads after a fork */
#endif
    int ready[2], end[2], held[2];
    CHECK(pipe(ready) == 0 && pipe(end) == 0 && pipe(held) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        peermap_options options = { .struct_size = sizeof options, .peer_name = "leaver" };
        peermap_segment *there;
        char byte;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(end[1]);
        close(held[1]);
        if (peermap_attach(seg(), &options, &there) != 0)
            _exit(1);
        if (syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) == 0) {
            syscall(SYS_read, held[0], &byte, 1); /* until the test ends, or says so */
            syscall(SYS_exit_group, 0);
        }
        if (write(ready[1], "r", 1) != 1 || read(end[0], &byte, 1) != 1)
            _exit(1);
        peermap_detach(there);
        if (write(ready[1], "d", 1) != 1)
            _exit(1);
        pause();
    }
    char byte;
    close(end[0]);
    close(held[0]);
    CHECK(read(ready[0], &byte, 1) == 1);
    peermap_peer row = row_of("leaver");
    CHECK_INT(peermap_peer_ended(segment, &row), 0);
    CHECK(write(end[1], "0", 1) == 1 && read(ready[0], &byte, 1) == 1);
    CHECK_INT(peermap_peer_ended(segment, &row), 1);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    close(held[1]);
    close(end[1]);
    close(ready[0]);
    close(ready[1]);
}

#if !defined __SANITIZE_ADDRESS__ && !defined __SANITIZE_THREAD__
static void fill_and_abort(const char *folder, size_t length)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "dumper" };
    struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
    peermap_segment *there;
    char *bytes = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (chdir(folder) != 0 || setrlimit(RLIMIT_CORE, &limit) != 0 || bytes == MAP_FAILED || peermap_attach(seg(), &options, &there) != 0)
        _exit(1);
    memset(bytes, 7, length);
    signal(SIGABRT, SIG_DFL);
    raise(SIGSTOP);
    abort();
}

static void who_dumps_its_core_has(void)
{
    char folder[] = "/tmp/peermap-core-XXXXXX", command[64];
    CHECK(mkdtemp(folder) != NULL);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        fill_and_abort(folder, (size_t)768 << 20);
    int status;
    CHECK(waitpid(child, &status, WUNTRACED) == child && WIFSTOPPED(status));
    peermap_peer row = row_of("dumper");
    CHECK_INT(peermap_peer_ended(segment, &row), 0);
    uint64_t begun = now_ns();
    kill(child, SIGCONT);
    CHECK_INT(peermap_wait_ended(segment, &row, 60000), 1);
    uint64_t told = now_ns() - begun;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    uint64_t ended = now_ns() - begun;
    snprintf(command, sizeof command, "rm -rf %s", folder);
    CHECK(system(command) == 0);
    if (WCOREDUMP(status) && ended > 400000000 && told > ended / 2)
        FAIL("known after %" PRIu64 " ms of a dump of %" PRIu64, told / 1000000, ended / 1000000);
}
#else
static void who_dumps_its_core_has(void) {} /* all that a sanitizer has mapped would be in it */
#endif

static void what_is_no_peer(void)
{
    peermap_peer none = { .id = 0 }, beyond = { .id = 0xfff0 }, own;
    CHECK_INT(peermap_peer_ended(segment, &none), PEERMAP_EINVAL);
    CHECK_INT(peermap_peer_ended(segment, &beyond), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait_ended(segment, NULL, 1), PEERMAP_EINVAL);
    CHECK_INT(peermap_self(segment, &own), 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(peermap_peer_ended(segment, &own) == PEERMAP_EDETACHED && peermap_wait_ended(segment, &own, 1) == PEERMAP_EDETACHED ? 0 : 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = 300 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    who_lives_has_not_ended();
    a_kill_ends_the_wait();
    a_copy_of_it_runs_on();
    who_has_detached_has_whoever_has_its_descriptor();
    who_dumps_its_core_has();
    what_is_no_peer();
    peermap_detach(segment);
    return 0;
}
