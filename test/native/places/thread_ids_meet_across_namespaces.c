/* SPDX-License-Identifier: MIT */
/*
 * In two pid namespaces the agents of two peers have one thread id, by which alone the kernel knows who has a lock.  One has the registry's lock, the
 * other is killed while it attaches and waits for that: the lock stays whose it is, nobody comes in beside it, and each gets a slot of its own.
 */
#include "places.h"

#include "../elsewhere.h"

#include <sys/mman.h>

static struct {
    uint32_t inside, go, done;
} *told;

static void wait_inside(void)
{
    __atomic_store_n(&told->inside, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&told->go, __ATOMIC_ACQUIRE) == 0)
        usleep(500);
}

static peermap_segment *attach(const char *name)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .flags = PEERMAP_NO_PTRACE, .deadline_ms = 60000 };
    peermap_segment *segment;
    int rc = peermap_attach(seg(), &options, &segment);
    if (rc != 0)
        FAIL("%s: %s", name, peermap_last_error());
    return segment;
}

static void holder(void)
{
    peermap_peer self;
    at_place("claim.begun", wait_inside);
    peermap_segment *segment = attach("holder");
    CHECK_INT(peermap_self(segment, &self), 0);
    CHECK(strcmp(self.name, "holder") == 0);
    __atomic_store_n(&told->done, 1, __ATOMIC_RELEASE);
    pause();
}

static void newcomer(void)
{
    attach("newcomer");
    pause();
}

static uint32_t registry_lock(void) { return (uint32_t)header_word(offsetof(struct pm_header, registry_lock)); }

/* The life words of slots that a process is in. */
static int lives(uint32_t thread, int *of_thread)
{
    int count = 0;
    *of_thread = 0;
    for (long i = 0; i < 8; i++) {
        uint32_t life = (uint32_t)header_word((long)sizeof(struct pm_header) + i * (long)sizeof(struct pm_slot) + (long)offsetof(struct pm_slot, life));
        count += (life & PM_FUTEX_TID) != 0 && !(life & PM_FUTEX_DIED);
        *of_thread += (life & PM_FUTEX_TID) == thread && !(life & PM_FUTEX_DIED);
    }
    return count;
}

int main(int argc, char **argv)
{
    (void)argc;
    int status, same;
    peermap_segment *segment;
    peermap_peer rows[8];
    setup(argv);
    told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(told != MAP_FAILED);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .flags = PEERMAP_STRICT, .max_peers = 8, .deadline_ms = 300 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);

    pid_t first = in_namespace(holder, NULL);
    while (__atomic_load_n(&told->inside, __ATOMIC_ACQUIRE) == 0) {
        if (waitpid(first, &status, WNOHANG) == first) {
            CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 77);
            SKIP("no pid namespace can be made here");
        }
        usleep(500);
    }
    const uint32_t thread = registry_lock() & PM_FUTEX_TID;
    CHECK(thread != 0);

    for (int turn = 0; turn < 20; turn++) {
        pid_t second = in_namespace(newcomer, NULL);
        while (lives(thread, &same) < 3 || !(registry_lock() & PM_FUTEX_WAITERS)) /* this one, the holder and the newcomer, which waits */
            usleep(200);
        CHECK_INT(same, 1); /* the newcomer has taken another thread */
        usleep((unsigned)turn * 100);
        kill(second, SIGKILL); /* and with it, what it is the parent of */
        CHECK(waitpid(second, &status, 0) == second);
        while (lives(thread, &same) > 2)
            usleep(200);
        CHECK_INT(registry_lock() & PM_FUTEX_TID, thread);
        CHECK_INT(registry_lock() & PM_FUTEX_DIED, 0);
        CHECK_INT(same, 1);
    }
    /* Nobody comes in beside the holder. */
    CHECK_INT(peermap_set_root(segment, "r", peermap_base(segment), 8, NULL), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "holder") != NULL);
    __atomic_store_n(&told->go, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&told->done, __ATOMIC_ACQUIRE) == 0)
        usleep(500);
    CHECK_INT(peermap_set_root(segment, "r", peermap_base(segment), 8, NULL), 0);
    CHECK_INT(peermap_peers(segment, rows, 8), 2);
    CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    kill(first, SIGKILL);
    CHECK(waitpid(first, &status, 0) == first);
    peermap_detach(segment);
    return 0;
}
