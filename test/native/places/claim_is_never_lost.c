/* SPDX-License-Identifier: MIT */
/*
 * Whoever ends anywhere between taking a slot and saying whose it is, or while it gives one back, and without the kernel's word, as where its memory was
 * reaped first: the slot is had by the next who comes, and by a reap.
 */
#include "places.h"

#include "os.h"

#include <sys/syscall.h>

static const char *const attaching[] = { "claim.listed", "claim.kept", "robust.tried", "claim.alive", "claim.filled", "claim.joining", "claim.ended", "claim.begun" };
static const char *const leaving[] = { "claim.listed", "release.begun", "release.lifeless", "release.freed", "release.unlisted" };

/* The kernel goes through the robust list of a thread that ends; here it finds none. */
static void vanish(void)
{
    syscall(SYS_set_robust_list, NULL, 24);
    kill(getpid(), SIGKILL);
}

static void come_and_go(const char *place, bool leaves)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 20000 };
    peermap_segment *segment;
    if (!leaves)
        at_place(place, vanish);
    if (peermap_attach(seg(), &options, &segment) != 0)
        FAIL("at %s: %s", place, peermap_last_error());
    if (leaves)
        at_place(place, vanish);
    peermap_detach(segment);
    _exit(1);
}

static void dies_at(const char *place, bool leaves)
{
    int status;
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        come_and_go(place, leaves);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        FAIL("%s was not come past", place);
}

static int slots_in_use(void)
{
    int count = 0;
    for (long i = 0; i < 2; i++)
        count += (header_word((long)(sizeof(struct pm_header) + (size_t)i * sizeof(struct pm_slot) + offsetof(struct pm_slot, life))) & PM_FUTEX_TID) != 0;
    return count;
}

/* The registry has room for two, of whom one stays. */
static void slot_is_free(peermap_segment *segment, const char *place, bool reaps)
{
    if (reaps) {
        CHECK(peermap_reap(segment) >= 0);
        if (slots_in_use() != 1)
            FAIL("after a death at %s and a reap %d slots are in use", place, slots_in_use());
    }
    struct peer *next = start_peer("next", NULL);
    if (strncmp(next->line, "ready ", 6) != 0)
        FAIL("after a death at %s: %s", place, next->line);
    CHECK_INT(end_peer(next), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup_with_peers(argv);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .max_peers = 2, .deadline_ms = 20000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    for (int reaps = 0; reaps < 2; reaps++) {
        for (size_t i = 0; i < sizeof attaching / sizeof *attaching; i++) {
            dies_at(attaching[i], false);
            slot_is_free(segment, attaching[i], reaps);
        }
        for (size_t i = 0; i < sizeof leaving / sizeof *leaving; i++) {
            dies_at(leaving[i], true);
            slot_is_free(segment, leaving[i], reaps);
        }
    }
    peermap_detach(segment);
    return 0;
}
