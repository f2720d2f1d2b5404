/* SPDX-License-Identifier: MIT */
/* A root waits for the registry, which a stopped process holds that nobody may let run: a growth of another thread, which needs no registry, is made meanwhile. */
#include "places.h"

#define DEADLINE_MS 2000u

static peermap_segment *segment;
static uint32_t ended;

static void stop_there(void) { raise(SIGSTOP); }

static void *name_root(void *result)
{
    *(int *)result = peermap_set_root(segment, "root", peermap_base(segment), 8, NULL);
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

/* Under the registry's lock, in the middle of its attach. */
static pid_t stopped_holder(void)
{
    int status;
    pid_t holder = fork();
    CHECK(holder >= 0);
    if (holder == 0) {
        peermap_segment *other;
        peermap_options options = { .struct_size = sizeof options, .peer_name = "holder", .flags = PEERMAP_NO_PTRACE };
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        at_place("claim.begun", stop_there);
        either_way(peermap_attach(seg(), &options, &other));
        _exit(0);
    }
    CHECK(waitpid(holder, &status, WUNTRACED) == holder && WIFSTOPPED(status));
    return holder;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    int result, status;
    pthread_t thread;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .flags = PEERMAP_STRICT | PEERMAP_NO_PTRACE, .deadline_ms = DEADLINE_MS };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    pid_t holder = stopped_holder();
    CHECK(pthread_create(&thread, NULL, name_root, &result) == 0);
    UNTIL((uint32_t)header_word(offsetof(struct pm_header, registry_lock)) & PM_FUTEX_WAITERS);
    for (int i = 0; i < 10; i++)
        CHECK_INT(peermap_grow(segment, 4096, NULL), 0);
    CHECK(!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)); /* it goes on: nobody has waited for it */
    kill(holder, SIGCONT);
    pthread_join(thread, NULL);
    CHECK_INT(result, 0);
    CHECK(waitpid(holder, &status, 0) == holder);

    holder = stopped_holder(); /* and where that lasts, the root ends at its own deadline */
    CHECK_INT(peermap_set_root(segment, "root", NULL, 0, NULL), PEERMAP_EBUSY);
    CHECK(strstr(peermap_last_error(), "holder") != NULL);
    kill(holder, SIGKILL);
    CHECK(waitpid(holder, &status, 0) == holder);
    peermap_detach(segment);
    return 0;
}
