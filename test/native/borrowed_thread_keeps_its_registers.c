/* SPDX-License-Identifier: MIT */
/* Whoever is killed while it has a thread of another process make a mapping: the thread goes on with all its registers, in its own code. */
#include "borrowed.h"

#ifdef __x86_64__

struct killer {
    const struct pm_hand *hand;
    uint32_t wait; /* µs */
    volatile uint32_t go;
};

/* Of a hand that lives: it is this process's child until it is waited for, so its number is nobody else's. */
__attribute__((no_sanitize("thread"))) static void *kill_it(void *argument)
{
    struct killer *killer = argument;
    pid_t pid = killer->hand->pid;
    while (!killer->go) {}
    for (uint64_t until = now_ns() + killer->wait * UINT64_C(1000); now_ns() < until;) {}
    syscall(SYS_kill, pid, SIGKILL);
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    static struct pm_hand hand;
    struct lender lender = lend();
    uint64_t dice = 88172645463325252u;
    int made = 0, not_made = 0;
    uint32_t usual = 0; /* µs that a call takes: the kills fall into it */
    lender_is_well(&lender);
    for (int i = 0; i < 600; i++) {
        CHECK(mmap(lender.room, lender.length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == lender.room);
        struct pm_hand_target *target = pm_hand_add(&hand, lender.words[3]);
        target->wanted = true;
        target->call = lender_call(&lender);
        CHECK_INT(pm_hand_start(&hand, pm_now() + UINT64_C(10000000000)), 0);
        if (i % 20 == 0) { /* this one lives */
            uint64_t since = now_ns();
            pm_hand_call(&hand);
            usual = (uint32_t)((now_ns() - since) / 1000);
            CHECK_INT(target->outcome, 0);
            CHECK(lender_has_it(&lender));
        } else {
            pthread_t thread;
            struct killer killer = { .hand = &hand, .wait = (uint32_t)(chance(&dice) % (usual + usual / 4 + 10)) };
            CHECK_INT(pthread_create(&thread, NULL, kill_it, &killer), 0);
            usleep(50);
            killer.go = 1;
            pm_hand_call(&hand);
            pthread_join(thread, NULL);
            *(target->outcome == 0 ? &made : &not_made) += 1;
        }
        pm_hand_end(&hand);
        lender_is_well(&lender);
    }
    printf("%d calls were made, %d hands were killed before they could tell\n", made, not_made);
    pm_hand_free(&hand);
    kill(lender.pid, SIGKILL);
    waitpid(lender.pid, NULL, 0);
    CHECK(waitpid(-1, NULL, __WALL | WNOHANG) < 0 && errno == ECHILD);
    return 0;
}

#else
int main(void) { SKIP("only on x86-64"); }
#endif
