/* SPDX-License-Identifier: MIT */
/*
 * The memory maps of many peers are locked, so that each of them holds up whoever puts the pages of a growth into its page tables: the process's roots and registry
 * do not wait for all of that.
 */
#include "hanging.h"

#define LOCKED 30

static int number;
static peermap_segment *segment;

static void attach(void)
{
    char name[32];
    snprintf(name, sizeof name, "locked%d", number);
    peermap_options options = { .struct_size = sizeof options, .peer_name = name };
    peermap_segment *there;
    if (peermap_attach(seg(), &options, &there) != 0)
        _exit(1);
}

static void *grow(void *unused)
{
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    return unused;
}

int main(int argc, char **argv)
{
    (void)argc;
    pid_t locked[LOCKED];
    pthread_t thread;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    hanging_make();
    alarm(60);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .flags = PEERMAP_PREFAULT, .deadline_ms = 2000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    for (number = 0; number < LOCKED; number++)
        locked[number] = hanging_start_holder("locked", number, attach);
    CHECK(pthread_create(&thread, NULL, grow, NULL) == 0);
    const uint64_t epoch = peermap_epoch(segment);
    while (peermap_epoch(segment) == epoch)
        usleep(200);
    for (int i = 0; i < 5; i++) {
        usleep(30000);
        peermap_set_thread_deadline(peermap_now() + UINT64_C(250000000));
        const int rc = peermap_set_root(segment, "root", peermap_base(segment), 16, "bytes");
        if (rc != 0)
            FAIL("%s: %s", peermap_error_name(rc), peermap_last_error());
    }
    peermap_set_thread_deadline(0);
    CHECK(pthread_join(thread, NULL) == 0);
    for (int i = 0; i < LOCKED; i++)
        kill(locked[i], SIGKILL); /* they end with the server */
    peermap_detach(segment);
    return 0;
}
