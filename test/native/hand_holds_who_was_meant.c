/* SPDX-License-Identifier: MIT */
/*
 * A hand lets the agent of a stopped process run, and no other thread.  Whose number has become another's since it was looked at is let go of, untouched:
 * another thread, one that is no agent any more, one that may not be traced.
 */
#include "sleeper.h"

static void rename_agent(const struct sleeper *sleeper, const char *name)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%u/comm", (int)sleeper->pid, sleeper->words[2]);
    FILE *file = fopen(path, "w");
    CHECK(file == NULL || fputs(name, file) >= 0);
    CHECK(file == NULL || fclose(file) != 0); /* only a process itself names its threads */
}

static void is_let_run(const struct sleeper *sleeper)
{
    static struct pm_hand hand;
    struct pm_hand_target *target = reach_for(&hand, sleeper);
    uint32_t before = sleeper->words[1];
    CHECK_INT(pm_hand_start(&hand, pm_now() + UINT64_C(10000000000)), 0);
    CHECK_INT(target->error, 0);
    while (sleeper->words[1] == before) {
        syscall(SYS_futex, sleeper->words, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
        usleep(100);
    }
    pm_hand_end(&hand);
    CHECK_INT(process_state(sleeper->pid), 'T');
    pm_hand_free(&hand);
}

static void is_left_alone(const struct sleeper *sleeper, struct pm_agent agent)
{
    static struct pm_hand hand;
    uint64_t before = switches(sleeper->pid, (pid_t)sleeper->words[2]);
    uint32_t woken = sleeper->words[1];
    struct pm_hand_target *target = pm_hand_add(&hand, &agent);
    CHECK_INT(pm_hand_start(&hand, pm_now() + UINT64_C(10000000000)), 0);
    CHECK_INT(target->error, ESRCH);
    pm_hand_end(&hand);
    pm_hand_free(&hand);
    CHECK_INT(switches(sleeper->pid, (pid_t)sleeper->words[2]), before);
    CHECK_INT(sleeper->words[1], woken);
    CHECK_INT(process_state(sleeper->pid), 'T');
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct sleeper sleeper = start_sleeper();
    stop_process(sleeper.pid);
    is_let_run(&sleeper);
    struct pm_agent agent = agent_in(&sleeper);
    agent.started++; /* of a thread that had the number before */
    is_left_alone(&sleeper, agent);
    agent = agent_in(&sleeper);
    agent.thread = agent.pid; /* the main thread is no agent */
    is_left_alone(&sleeper, agent);
    agent = agent_in(&sleeper);
    agent.pid = (uint32_t)getpid(); /* nor is one of another process */
    is_left_alone(&sleeper, agent);
    rename_agent(&sleeper, PM_AGENT_NOT_TRACED);
    is_let_run(&sleeper);
    kill(sleeper.pid, SIGCONT);
    sleeper_is_well(&sleeper);
    end_sleeper(&sleeper);
    return 0;
}
