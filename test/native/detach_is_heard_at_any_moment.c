/* SPDX-License-Identifier: MIT */
/*
 * A detach is carried out wherever its agent just is.  Others have woken that, and it goes through all that it may be asked for: it is held before each of the
 * instructions of this in turn, until its process has asked for the detach.
 */
#include "header.h"
#include "stepped.h"

#define STEPS_MAX 100000 /* between its wakening and its sleep */

static void come_and_go(int orders, int answers)
{
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "passing", .deadline_ms = 60000 };
    char word;
    do {
        if (peermap_attach(seg(), &options, &segment) != 0)
            _exit(1);
        word = 'a';
        if (write(answers, &word, 1) != 1 || read(orders, &word, 1) != 1)
            _exit(1);
        peermap_detach(segment);
        word = 'd';
        if (write(answers, &word, 1) != 1)
            _exit(1);
    } while (read(orders, &word, 1) == 1);
    _exit(0);
}

/* By its slot: the one before may not be gone yet. */
static pid_t agent_attached(pid_t pid)
{
    for (uint32_t i = 0; i < its_header->slot_count; i++)
        if (slots()[i].pid == (uint32_t)pid && (slots()[i].tag & PM_TAG_STATE) == PM_LIVE)
            return (pid_t)(slots()[i].life & PM_FUTEX_TID);
    FAIL("%d has no slot", (int)pid);
}

static void await_stop(pid_t thread)
{
    int status;
    CHECK(waitpid(thread, &status, __WALL) == thread && WIFSTOPPED(status));
}

/* It has looked at all. */
static bool goes_to_sleep(pid_t thread)
{
    struct user_regs_struct registers;
    CHECK(registers_of(thread, &registers));
    return waits(&registers) && third_word(&registers) == __atomic_load_n(&its_header->bell, __ATOMIC_SEQ_CST);
}

/* False if that is the whole way. */
static bool step(pid_t thread, int count)
{
    for (int i = 0; i < count; i++) {
        if (goes_to_sleep(thread))
            return false;
        CHECK_INT(ptrace(PTRACE_SINGLESTEP, thread, NULL, NULL), 0);
        await_stop(thread);
    }
    return true;
}

/* False if the agent was asleep again after fewer instructions. */
static bool detach_after(int count, pid_t thread, int orders)
{
    CHECK_INT(ptrace(PTRACE_SEIZE, thread, NULL, NULL), 0);
    CHECK_INT(ptrace(PTRACE_INTERRUPT, thread, NULL, NULL), 0);
    await_stop(thread);
    ring();
    const bool more = step(thread, count);
    const uint32_t bell = __atomic_load_n(&its_header->bell, __ATOMIC_SEQ_CST);
    CHECK(write(orders, "d", 1) == 1);
    UNTIL(__atomic_load_n(&its_header->bell, __ATOMIC_SEQ_CST) != bell);
    CHECK_INT(ptrace(PTRACE_DETACH, thread, NULL, NULL), 0);
    return more;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    int orders[2], answers[2], count = 0;
    peermap_segment *lasting;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "lasting", .initial_size = 4096, .reserve_size = 1 << 20 };
    CHECK_INT(peermap_create(seg(), &options, &lasting), 0);
    map_header();
    CHECK(pipe(orders) == 0 && pipe(answers) == 0);
    const pid_t passing = all_peers[0].pid = fork();
    if (passing == 0) {
        close(orders[1]);
        come_and_go(orders[0], answers[1]);
    }
    char attached, detached;
    do {
        CHECK(read(answers[0], &attached, 1) == 1 && attached == 'a');
        bool more = detach_after(count, agent_attached(passing), orders[1]);
        CHECK(read(answers[0], &detached, 1) == 1 && detached == 'd');
        if (!more)
            break;
        CHECK(write(orders[1], "a", 1) == 1);
    } while (++count < STEPS_MAX);
    CHECK(count > 10 && count < STEPS_MAX);
    return 0;
}
