/* SPDX-License-Identifier: MIT */
/*
 * What has become of peers of another pid namespace who do not answer is found out by one look at all processes, however many they are: a growth ends
 * with its deadline, and so do a list of peers and a reap.  Those who live are not called dead; those who have ended are.
 *
 * The peers are entries of the registry alone, of processes that are there and know nothing of it.
 */
#include "elsewhere.h"
#include "header.h"

#include <sys/stat.h>

#define SILENT 300u
#define DEADLINE_MS 400u
#define ALLOWED_MS (2 * DEADLINE_MS) /* and what a busy machine takes */

static struct shared {
    uint32_t pids[SILENT], made;
} *told;

static void be_many(void)
{
    for (uint32_t i = 0; i < SILENT; i++) {
        pid_t pid = fork();
        if (pid < 0)
            _exit(1);
        if (pid == 0)
            for (;;)
                pause();
        told->pids[i] = (uint32_t)pid;
        __atomic_store_n(&told->made, i + 1, __ATOMIC_RELEASE);
    }
    for (;;)
        pause();
}

static void enter_all(uint64_t pidns)
{
    for (uint32_t i = 0; i < SILENT; i++) {
        struct pm_slot *slot = &slots()[i + 1];
        slot->pid = told->pids[i];
        slot->pidns = pidns;
        slot->base = its_header->base;
        snprintf(slot->name, sizeof slot->name, "silent-%u", i);
        slot->life = told->pids[i] | PM_FUTEX_WAITERS;
        __atomic_store_n(&slot->tag, PM_TAG_STEP | PM_LIVE, __ATOMIC_SEQ_CST);
    }
    its_header->slots_used = SILENT + 1;
}

static void in_time(const char *what, const struct stopwatch *begun)
{
    const uint64_t took = elapsed_ms(begun), lacked = lacked_ms(begun);
    printf("%s: %" PRIu64 " ms\n", what, took);
    CHECK(took <= ALLOWED_MS + lacked);
}

static int count_dead(peermap_segment *segment)
{
    static peermap_peer rows[SILENT + 1];
    int dead = 0, count = peermap_peers(segment, rows, SILENT + 1);
    for (int i = 0; i < count; i++)
        dead += rows[i].state == PEERMAP_DEAD;
    return dead;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    int status;
    struct stat space;
    char path[64];
    told = mmap(NULL, sizeof *told, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(told != MAP_FAILED);
    uint32_t *inner = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(inner != MAP_FAILED);
    pid_t outer = in_namespace(be_many, inner);
    while (__atomic_load_n(&told->made, __ATOMIC_ACQUIRE) < SILENT) {
        if (waitpid(outer, &status, WNOHANG) == outer)
            SKIP("so many processes in a pid namespace cannot be had here");
        usleep(1000);
    }
    snprintf(path, sizeof path, "/proc/%u/ns/pid", *inner);
    CHECK(stat(path, &space) == 0);

    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .max_peers = SILENT + 1, .flags = PEERMAP_STRICT, .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    map_header();
    enter_all(space.st_ino);

    struct stopwatch begun = stopwatch_of(getpid());
    CHECK_INT(peermap_grow(segment, 4096, NULL), PEERMAP_ETIMEDOUT);
    in_time("a growth", &begun);
    begun = stopwatch_of(getpid());
    CHECK_INT(count_dead(segment), 0);
    in_time("a list", &begun);
    begun = stopwatch_of(getpid());
    CHECK_INT(peermap_reap(segment), 0);
    in_time("a reap", &begun);

    kill(outer, SIGKILL);
    CHECK(waitpid(outer, &status, 0) == outer);
    snprintf(path, sizeof path, "/proc/%u", *inner); /* the first one there ends last */
    UNTIL(access(path, F_OK) != 0);
    begun = stopwatch_of(getpid());
    CHECK_INT(count_dead(segment), SILENT);
    in_time("a list of the dead", &begun);
    CHECK_INT(peermap_reap(segment), SILENT);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    peermap_detach(segment);
    return 0;
}
