/* SPDX-License-Identifier: MIT */
/*
 * A reap of given peers frees their slots, and takes back what they held of the heap, and nobody else's: neither of who has died since the rows were read, nor of who
 * has had such a slot since, nor of who lives.
 */
#include "heap.h"

#include <sys/wait.h>

static int be_a_peer(char **argv)
{
    char name[32];
    be_started(argv);
    snprintf(name, sizeof name, "peer-%s", argv[2]);
    open_heap(name, 0, 0, 0);
    CHECK(peermap_alloc(heap, 100) != NULL);
    return pause();
}

static pid_t start(int number)
{
    const int before = peermap_peers(heap, NULL, 0);
    pid_t pid = start_self("peer", number);
    UNTIL(peermap_peers(heap, NULL, 0) == before + 1 && stats().small_objects > 0);
    return pid;
}

static void end(pid_t pid)
{
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, NULL, 0) == pid);
}

static peermap_peer row_of(pid_t pid)
{
    peermap_peer rows[8];
    int count = peermap_peers(heap, rows, 8);
    for (int i = 0; i < count; i++)
        if (rows[i].pid == pid)
            return rows[i];
    return (peermap_peer){ .state = -1 };
}

static void is_no_list(const peermap_peer *peers, int count)
{
    CHECK_INT(peermap_reap_peers(heap, peers, count), PEERMAP_EINVAL);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return be_a_peer(argv);
    setup(argv);
    open_heap("looks", 0, 0, 0);
    pid_t pids[4];
    peermap_peer meant[3], lies = { .id = UINT64_MAX };
    for (int i = 0; i < 4; i++)
        pids[i] = start(i);
    UNTIL(objects() == 4);

    end(pids[0]);
    CHECK_INT(row_of(pids[0]).state, PEERMAP_DEAD);
    meant[0] = row_of(pids[0]);
    meant[1] = row_of(pids[3]);
    CHECK_INT(peermap_self(heap, &meant[2]), 0);
    end(pids[1]); /* after whoever decides has looked */
    end(pids[2]);
    const uint64_t lost = stats().lost_threads;
    CHECK(lost > 0 && lost % 3 == 0); /* records: alike of each */
    CHECK_INT(peermap_reap_peers(heap, meant, 3), 1);
    CHECK_INT(peermap_peers(heap, NULL, 0), 4);
    CHECK_INT(row_of(pids[1]).state, PEERMAP_DEAD);
    CHECK_INT(row_of(pids[2]).state, PEERMAP_DEAD);
    CHECK_INT(row_of(pids[3]).state, PEERMAP_ALIVE);
    CHECK_INT(stats().lost_threads, lost / 3 * 2);
    CHECK_INT(peermap_reap_peers(heap, meant, 3), 0);

    const peermap_peer old = row_of(pids[1]);
    pid_t again = start_self("peer", 1); /* restarted: in the same slot, by another attachment */
    UNTIL(row_of(again).state == PEERMAP_ALIVE);
    end(again);
    CHECK((row_of(again).id & 0xffff) == (old.id & 0xffff) && row_of(again).id != old.id);
    CHECK_INT(peermap_reap_peers(heap, &old, 1), 0);
    CHECK_INT(row_of(again).state, PEERMAP_DEAD);

    CHECK_INT(peermap_reap_peers(heap, NULL, 0), 0);
    is_no_list(NULL, 1);
    is_no_list(meant, -1);
    is_no_list(&lies, 1);
    lies.id = 0;
    is_no_list(&lies, 1);
    CHECK_INT(peermap_reap(heap), 2);
    CHECK_INT(stats().lost_threads, 0);
    end(pids[3]);
    close_heap();
    CHECK_INT(peermap_reap_peers(heap, meant, 1), PEERMAP_EDETACHED);
    return 0;
}
