/* SPDX-License-Identifier: MIT */
/*
 * A process that is dead to the segment may still be there: its exit takes as long as its last file takes to close, or its memory to go.  An observer
 * is told of its death, and of its end; that its parent has not waited for it is no life.
 */
#include "hanging.h"
#include "image.h"

struct told {
    struct pmo_observer observer;
    uint32_t ending, gone;
};

static void changed(void *context)
{
    struct told *told = context;
    struct pmo_snapshot s = look_at(&told->observer, PMO_PROCESSES);
    const struct pmo_peer *peer = find_peer(&s, "leaving");
    if (peer && peer->state == PMO_DEAD)
        count_call(peer->same_pid ? &told->ending : &told->gone);
    pmo_snapshot_free(&s);
}

static void leave(int ready, int go)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "leaving" };
    peermap_segment *segment;
    char path[128], byte;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    snprintf(path, sizeof path, "%s/door", hanging);
    if (peermap_attach(seg(), &options, &segment) == 0 && open(path, O_RDWR) >= 0 && write(ready, "", 1) == 1 && read(go, &byte, 1) == 1)
        _exit(0);
    _exit(1);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    hanging_make();
    int ready[2], go[2], status;
    char byte;
    struct told told = { .ending = 0 };
    struct pmo_watch *watch;
    ready_peer("a", "create 65536");
    CHECK(pipe(ready) == 0 && pipe(go) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0)
        leave(ready[1], go[0]);
    CHECK(read(ready[0], &byte, 1) == 1);
    told.observer = observe();
    CHECK_INT(pmo_watch_start(&told.observer, 1, changed, &told, &watch), 0);
    CHECK(write(go[1], "", 1) == 1);
    UNTIL(calls_of(&told.ending) > 0);
    CHECK_INT(calls_of(&told.gone), 0);
    kill(hanging_server, SIGKILL); /* the door closes */
    UNTIL(calls_of(&told.gone) > 0);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pmo_watch_stop(watch);
    pmo_observer_close(&told.observer);
    return 0;
}
