/* SPDX-License-Identifier: MIT */
/* Who has no descriptor left to look by, at a peer that does not answer or that has the lock, is told that: not that the peer cannot be seen. */
#include "descriptors.h"

#include <sys/resource.h>

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *sleeper = ready_peer("sleeper", "create 65536 no-ptrace"), *holder = ready_peer("holder", "deadline 100000");
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "poor", .deadline_ms = 300 };
    peermap_result answers[4];
    CHECK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }) == 0);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    stop_peer(sleeper);
    take_all();
    CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_ETIMEDOUT);
    if (!strstr(peermap_last_error(), "peer sleeper ") || !strstr(peermap_last_error(), "ulimit -n"))
        FAIL("%s", peermap_last_error());
    int count = peermap_results(segment, answers, 4);
    CHECK_INT(count, 3);
    for (int i = 0; i < count; i++)
        CHECK_INT(answers[i].error, strcmp(answers[i].name, "sleeper") == 0 ? EMFILE : 0);

    give_back();
    say(holder, "remap 0"); /* it waits for the sleeper, with the lock */
    while (((uint32_t)header_word(offsetof(struct pm_header, lock)) & PM_FUTEX_TID) == 0)
        usleep(200);
    take_all();
    CHECK_INT(peermap_remap(segment, 0, NULL), PEERMAP_EBUSY);
    if (!strstr(peermap_last_error(), "held by holder ") || !strstr(peermap_last_error(), "ulimit -n"))
        FAIL("%s", peermap_last_error());
    continue_peer(sleeper);
    expect_ok(__FILE__, __LINE__, holder);
    peermap_detach(segment);
    return 0;
}
