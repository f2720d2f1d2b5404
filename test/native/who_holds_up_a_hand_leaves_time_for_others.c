/* SPDX-License-Identifier: MIT */
/*
 * Several stopped peers whose memory maps are locked hold up whoever reaches for them, each anew for tens of milliseconds.  A stopped peer that could be let run is
 * reached all the same, by who may be late for the others; and why each of those is late is known.
 */
#include "hanging.h"

#define LOCKED 8

static int number;

static void attach(void)
{
    char name[32];
    snprintf(name, sizeof name, "locked%d", number);
    peermap_options options = { .struct_size = sizeof options, .peer_name = name };
    peermap_segment *segment;
    for (int i = 0; i < MOST_PEERS; i++) /* who ends when this is closed */
        if (all_peers[i].in)
            close(fileno(all_peers[i].in));
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(1);
}

int main(int argc, char **argv)
{
    (void)argc;
    pid_t locked[LOCKED];
    char wanted[64];
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    hanging_make();
    alarm(60);
    struct peer *a = ready_peer("a", "create 65536 late deadline 3000");
    for (number = 0; number < LOCKED; number++)
        locked[number] = hanging_start_holder("locked", number, attach);
    struct peer *last = ready_peer("last", NULL);
    for (int i = 0; i < LOCKED; i++)
        kill(locked[i], SIGSTOP); /* whose thread in the kernel cannot stop */
    for (int i = 0; i < LOCKED; i++)
        UNTIL(process_state(locked[i]) == 'T');
    stop_peer(last);
    ok(a, "grow 65536");
    const char *answers = ok(a, "answers");
    CHECK(strstr(answers, " last:unstop:0") != NULL);
    for (int i = 0; i < LOCKED; i++) {
        snprintf(wanted, sizeof wanted, " locked%d:none:0", i);
        if (strstr(answers, wanted))
            FAIL("it is not known why%s", wanted);
    }
    continue_peer(last);
    CHECK_INT(end_peer(last), 0);
    CHECK_INT(end_peer(a), 0);
    for (int i = 0; i < LOCKED; i++)
        kill(locked[i], SIGKILL); /* they end with the server */
    return 0;
}
