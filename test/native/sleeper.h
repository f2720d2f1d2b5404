/* SPDX-License-Identifier: MIT */
/*
 * sleeper.h - a process whose one agent sleeps in a futex call, over and over.  Driven by native/base/hand.h directly, without a segment.
 */
#ifndef SLEEPER_H
#define SLEEPER_H

#include "drive.h"

#include "../../native/base/hand.h"
#include "../../native/base/os.h"

#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>

struct sleeper {
    pid_t pid;
    volatile uint32_t *words; /* shared: a futex, how often it came back from it, its thread id */
};

__attribute__((no_sanitize("address", "undefined", "thread"))) static void *sleep_and_count(void *argument)
{
    volatile uint32_t *words = argument;
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, NULL);
    pm_thread_be_agent(true);
    words[2] = (uint32_t)syscall(SYS_gettid);
    for (;;) {
        syscall(SYS_futex, words, 0 /* FUTEX_WAIT */, 0, NULL, NULL, 0);
        words[1]++;
    }
    return NULL;
}

static inline struct sleeper start_sleeper(void)
{
    struct sleeper sleeper;
    sleeper.words = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    sleeper.pid = fork();
    CHECK(sleeper.pid >= 0);
    if (sleeper.pid == 0) {
        pthread_t thread;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        pthread_create(&thread, NULL, sleep_and_count, (void *)(uintptr_t)sleeper.words);
        for (;;)
            pause();
    }
    while (sleeper.words[2] == 0)
        usleep(200);
    return sleeper;
}

static inline void end_sleeper(const struct sleeper *sleeper)
{
    kill(sleeper->pid, SIGKILL);
    waitpid(sleeper->pid, NULL, 0);
}

/* It runs, and wakes when it is woken. */
static inline void sleeper_is_well(const struct sleeper *sleeper)
{
    uint32_t before = sleeper->words[1];
    while (sleeper->words[1] == before) {
        CHECK(waitpid(sleeper->pid, NULL, WNOHANG) == 0);
        syscall(SYS_futex, sleeper->words, 1 /* FUTEX_WAKE */, 1, NULL, NULL, 0);
        usleep(100);
    }
}

static inline struct pm_agent agent_in(const struct sleeper *sleeper)
{
    struct pm_process who = { .pid = (uint32_t)sleeper->pid };
    struct pm_facts facts;
    CHECK_INT(pm_process_find(&who, sleeper->words[2], false, UINT64_MAX, &facts), 0);
    return facts.agent;
}

static inline struct pm_hand_target *reach_for(struct pm_hand *hand, const struct sleeper *sleeper)
{
    const struct pm_agent agent = agent_in(sleeper);
    return pm_hand_add(hand, &agent);
}

#endif
