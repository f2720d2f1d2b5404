/* SPDX-License-Identifier: MIT */
/* A process that gets the pid of a dead peer is not taken for it: each pid and name leads to the one that lives. */
#include "drive.h"

#include <sched.h>

static bool next_pid(pid_t pid)
{
    char text[16];
    snprintf(text, sizeof text, "%d", (int)pid - 1);
    return write_text("/proc/sys/kernel/ns_last_pid", text);
}

/* In a pid namespace of its own, where nobody else takes the number. */
static int inside(char **argv)
{
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536"), *first = ready_peer("first", NULL);
    pid_t pid = first->pid;
    kill_peer(first);
    if (!next_pid(pid))
        SKIP("the next pid cannot be chosen here: %s", strerror(errno));
    struct peer *second = ready_peer("second", NULL);
    CHECK_INT(second->pid, pid);

    char words[128];
    snprintf(words, sizeof words, " first:%d:dead:65536 second:%d:alive:", (int)pid, (int)pid);
    CHECK(strstr(ok(a, "peers"), words) != NULL);
    CHECK(strstr(ok(a, "map %d", (int)pid), " 1 1 0 0") != NULL);
    CHECK(strstr(ok(a, "grow 65536"), " 2 2 0 0") != NULL);
    ok(second, "hole 4096 8192");
    ok(a, "remap %d", (int)pid);
    ok(second, "fill 0 131072 3");
    ok(a, "check 0 131072 3");
    CHECK(strcmp(ok(a, "reap"), " 1") == 0);
    CHECK(strstr(ok(a, "grow 65536"), " 2 2 0 0") != NULL);

    /* Restarted under its name and with its pid, both of which it had before. */
    kill_peer(second);
    CHECK(next_pid(pid));
    second = ready_peer("second", NULL);
    CHECK_INT(second->pid, pid);
    CHECK(strstr(ok(a, "grow 65536"), " 2 2 0 0") != NULL);
    ok(second, "check 0 131072 3");
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (unshare(CLONE_NEWPID) != 0)
        SKIP("needs a pid namespace: %s", strerror(errno));
    int status;
    pid_t init = fork();
    CHECK(init >= 0);
    if (init == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        status = inside(argv);
        fflush(stdout);
        forget_everything();
        _exit(status); /* here, as below, the leak check at exit would find no threads: /proc is another namespace's */
    }
    CHECK(waitpid(init, &status, 0) == init);
    _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}
