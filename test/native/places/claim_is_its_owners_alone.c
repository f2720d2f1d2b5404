/* SPDX-License-Identifier: MIT */
/*
 * All claims are taken when one more peer comes: by others who died in their attach, or who are held up there, the first of them in the middle of saying who it
 * is.  It goes on when the newcomer has a claim and a slot: what it then writes says nothing about the newcomer, which lives.
 */
#include "places.h"

#include "os.h"

#include <sys/mman.h>
#include <sys/syscall.h>

static struct told {
    uint32_t there, go, done;
    int rc, state;
} *told; /* of each process; first of the first, then of the newcomer */
static uint32_t mine;

/* The kernel goes through the robust list of a thread that ends; here it finds none. */
static void vanish(void)
{
    syscall(SYS_set_robust_list, NULL, 24);
    kill(getpid(), SIGKILL);
}

static void wait_there(void)
{
    __atomic_store_n(&told[mine].there, 1, __ATOMIC_RELEASE);
    while (__atomic_load_n(&told[mine].go, __ATOMIC_ACQUIRE) == 0)
        usleep(20000); /* they are many */
}

static pid_t come(const char *name, const char *place, void (*act)(void), uint32_t number)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .flags = PEERMAP_NO_PTRACE, .deadline_ms = 60000 };
    peermap_segment *segment;
    peermap_peer self = { .state = PEERMAP_DEAD };
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        mine = number;
        at_place(place, act);
        told[mine].rc = peermap_attach(seg(), &options, &segment);
        if (told[mine].rc == 0)
            told[mine].rc = peermap_self(segment, &self);
        told[mine].state = self.state;
        __atomic_store_n(&told[mine].done, 1, __ATOMIC_RELEASE);
        for (;;)
            pause();
    }
    if (act == wait_there)
        UNTIL(__atomic_load_n(&told[number].there, __ATOMIC_ACQUIRE));
    else
        CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    return pid;
}

static void lives(uint32_t number)
{
    __atomic_store_n(&told[number].go, 1, __ATOMIC_RELEASE);
    UNTIL(__atomic_load_n(&told[number].done, __ATOMIC_ACQUIRE));
    CHECK_INT(told[number].rc, 0);
    CHECK_INT(told[number].state, PEERMAP_ALIVE);
}

static void end(pid_t pid)
{
    int status;
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid);
}

static void newcomer_lives(void (*fate)(void))
{
    peermap_segment *segment;
    peermap_peer rows[8];
    pid_t others[PM_CLAIMS - 1];
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .max_peers = 8, .flags = PEERMAP_NO_PTRACE, .deadline_ms = 60000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    memset(told, 0, 4096);
    pid_t first = come("first", "claim.listed", wait_there, 0);
    for (uint32_t i = 0; i < PM_CLAIMS - 1; i++)
        others[i] = come("other", "claim.kept", fate, 2 + i);
    pid_t newcomer = come("newcomer", "claim.filled", wait_there, 1);
    lives(0);
    CHECK(peermap_reap(segment) >= 0);
    lives(1);
    CHECK_INT(peermap_reap(segment), 0);
    CHECK_INT(peermap_peers(segment, rows, 8), 3);
    end(first);
    end(newcomer);
    for (uint32_t i = 0; i < PM_CLAIMS - 1 && fate == wait_there; i++)
        end(others[i]);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    told = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(told != MAP_FAILED);
    newcomer_lives(vanish);
    newcomer_lives(wait_there);
    return 0;
}
