/* SPDX-License-Identifier: MIT */
/*
 * A call waits until a root appears, is replaced or is removed, by whichever process, and for no longer than it is told; it burns no time meanwhile, and ends when
 * the handle is of no use any more.
 */
#include "drive.h"

#include <pthread.h>
#include <sys/resource.h>

static peermap_segment *segment;
static peermap_root_copy root;

static void *change(void *line)
{
    usleep(150000);
    ok(&all_peers[0], "%s", (const char *)line);
    return NULL;
}

/* What the wait ends with when another process does that in the middle of it. */
static void wait_while(const char *line, uint64_t version)
{
    pthread_t thread;
    uint64_t begun = now_ns();
    CHECK(pthread_create(&thread, NULL, change, (void *)(uintptr_t)line) == 0);
    CHECK_INT(peermap_wait_root(segment, "r", version, 60000, &root), 0);
    CHECK(root.version != version && now_ns() - begun >= 100000000);
    CHECK(pthread_join(thread, NULL) == 0);
}

static void changes_end_it(void)
{
    wait_while("root r 64 10 first", 0);
    CHECK(root.pointer == (char *)peermap_base(segment) + 64 && root.size == 10 && strcmp(root.type, "first") == 0);
    uint64_t first = root.version;
    CHECK_INT(peermap_wait_root(segment, "r", 0, 60000, &root), 0); /* it is there already */
    CHECK(root.version == first);
    wait_while("root r 128 20 second", first);
    CHECK(root.pointer == (char *)peermap_base(segment) + 128 && root.version != 0);
    wait_while("unroot r", root.version);
    CHECK(root.pointer == NULL && root.version == 0);
    wait_while("root r 64 10 third", 0);
    CHECK(root.version != first && strcmp(root.type, "third") == 0);
}

static uint64_t used_us(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u + (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

static void it_gives_up(uint32_t deadline_ms, uint64_t expected_ms)
{
    peermap_root_copy now;
    uint64_t version = root.version, begun = now_ns(), used = used_us();
    CHECK_INT(peermap_wait_root(segment, "r", version, deadline_ms, &now), 1);
    uint64_t took = (now_ns() - begun) / 1000000;
    if (took < expected_ms || took > 20 * expected_ms)
        FAIL("%" PRIu64 " ms, not %" PRIu64, took, expected_ms);
    CHECK(now.version == version && now.pointer == root.pointer);
    CHECK(used_us() - used < 100000);
}

static void what_is_no_root(void)
{
    CHECK_INT(peermap_wait_root(segment, "no name", 0, 1, &root), PEERMAP_ENAME);
    CHECK_INT(peermap_wait_root(segment, "r", 0, 1, NULL), PEERMAP_EINVAL);
    CHECK_INT(peermap_wait_root(NULL, "r", 0, 1, &root), PEERMAP_EDETACHED);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0)
        _exit(peermap_wait_root(segment, "r", root.version, 60000, &root) == PEERMAP_EDETACHED ? 0 : 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
}

static void *cut(void *nothing)
{
    char path[128];
    usleep(150000);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, 0) == 0);
    return nothing;
}

static void the_object_is_cut_short(void)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, cut, NULL) == 0);
    CHECK_INT(peermap_wait_root(segment, "never", 0, 60000, &root), PEERMAP_ELOST);
    CHECK(pthread_join(thread, NULL) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    ready_peer("setter", "create 65536");
    peermap_options options = { .struct_size = sizeof options, .peer_name = "waiter", .deadline_ms = 400 };
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    CHECK_INT(peermap_wait_root(segment, "r", 0, 50, &root), 1);
    CHECK(root.version == 0 && root.pointer == NULL);
    changes_end_it();
    it_gives_up(300, 300);
    it_gives_up(0, 400);
    what_is_no_root();
    the_object_is_cut_short();
    peermap_detach(segment);
    return 0;
}
