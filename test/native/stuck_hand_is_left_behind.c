/* SPDX-License-Identifier: MIT */
/*
 * A hand that the kernel holds - because it seizes a thread that is stopped and frozen, or because it is frozen itself, so that it cannot even be
 * killed - is waited for as long as was said beforehand.  Another takes its place, the process detaches and ends without it, and once it can
 * end nothing is left of it.
 */
#include "freezer.h"

#include "sleeper.h"

/* Seizing it blocks.  That is found out long before the deadline, and those beside it are to be tried again. */
static void frozen_target(const struct freezer *freezer)
{
    static struct pm_hand hand;
    struct sleeper frozen = start_sleeper(), other = start_sleeper();
    stop_process(frozen.pid);
    stop_process(other.pid);
    struct pm_hand_target *first = reach_for(&hand, &frozen), *second = reach_for(&hand, &other);
    CHECK(freezer_put(freezer, frozen.pid));
    freezer_freeze(freezer);
    struct stopwatch since = stopwatch_of(getpid());
    CHECK_INT(pm_hand_start(&hand, pm_now() + UINT64_C(60000000000)), 0);
    CHECK(fair_ms(&since) < 10000);
    if (first->error != 0) { /* which it is for version 1 alone */
        CHECK_INT(freezer->version, 1);
        CHECK_INT(first->error, EINPROGRESS);
        CHECK_INT(second->error, EAGAIN);
        CHECK_INT(hand.pid, 0);
    }
    pm_hand_end(&hand);
    UNTIL((pm_hand_free(&hand), children_of(getpid()) == 2)); /* one that was killed ends when a core is free */
    freezer_thaw(freezer);
    kill(frozen.pid, SIGCONT);
    kill(other.pid, SIGCONT);
    sleeper_is_well(&frozen);
    sleeper_is_well(&other);
    end_sleeper(&frozen);
    end_sleeper(&other);
}

static void freeze_hand(struct pm_hand *hand, const struct freezer *freezer, const struct sleeper *sleeper)
{
    CHECK(reach_for(hand, sleeper) != NULL);
    CHECK_INT(pm_hand_start(hand, pm_now() + UINT64_C(60000000000)), 0);
    CHECK(freezer_put(freezer, hand->pid));
    freezer_freeze(freezer);
}

static void frozen_hand(const struct freezer *freezer)
{
    static struct pm_hand hand;
    struct sleeper sleeper = start_sleeper();
    freeze_hand(&hand, freezer, &sleeper);
    pid_t stuck = hand.pid;
    struct stopwatch since = stopwatch_of(getpid());
    pm_hand_end(&hand);
    CHECK(fair_ms(&since) < 1000);
    CHECK_INT(hand.pid, 0);
    CHECK_INT(kill(stuck, 0), 0);
    /* The next one is another, and the first goes with one after that. */
    freezer_thaw(freezer);
    while (waitpid(stuck, NULL, __WALL | WNOHANG) == 0) /* the thread is its own again */
        usleep(200);
    reach_for(&hand, &sleeper);
    CHECK_INT(pm_hand_start(&hand, pm_now() + UINT64_C(60000000000)), 0);
    CHECK(pm_hand_works(&hand) && hand.targets[0].error == 0);
    pm_hand_end(&hand);
    sleeper_is_well(&sleeper);
    end_sleeper(&sleeper);
    UNTIL((pm_hand_free(&hand), children_of(getpid()) == 0));
}

/* It is not waited for by the end of its process either. */
static void exit_beside_it(const struct freezer *freezer)
{
    struct sleeper sleeper = start_sleeper();
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        static struct pm_hand hand;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        freeze_hand(&hand, freezer, &sleeper);
        pm_hand_end(&hand);
        pm_hand_free(&hand);
        _exit(7);
    }
    int status;
    CHECK_INT(waitpid(pid, &status, 0), pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    freezer_thaw(freezer);
    sleeper_is_well(&sleeper);
    end_sleeper(&sleeper);
}

static void each(const struct freezer *freezer)
{
    frozen_target(freezer);
    if (freezer->version == 1) { /* version 2 lets SIGKILL through */
        frozen_hand(freezer);
        exit_beside_it(freezer);
    }
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    freezer_each(each);
    return 0;
}
