/* SPDX-License-Identifier: MIT */
/* other.c - the second peer of a script: a process of its own, which can be stopped, and has canaries of its own. */
#include "peer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t pid;
static int tasks, answers;

/* ---- in the other process ---- */

static bool enter(peermap_segment **segment)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "other", .deadline_ms = FUZZ_DEADLINE_MS };
    if (peermap_attach(fuzz_name, &options, segment) != 0)
        return false;
    peer_fence(*segment);
    return true;
}

static bool leave(peermap_segment *segment)
{
    peermap_detach(segment);
    canary_allow(0, 0, 0);
    canary_check();
    return true;
}

static bool perform(peermap_segment **segment, enum other_task task)
{
    if (task == OTHER_ATTACH)
        return enter(segment);
    if (!*segment)
        return false;
    switch (task) {
    case OTHER_GROW: return peermap_grow(*segment, 8192, NULL) == 0;
    case OTHER_SHRINK: return peermap_shrink(*segment, 4096, NULL) == 0;
    case OTHER_REMAP: return peermap_remap(*segment, 0, NULL) == 0;
    case OTHER_REAP: return peermap_reap(*segment) == 0;
    case OTHER_LOOK: peer_look(*segment); return true;
    case OTHER_ATTACH: break;
    case OTHER_DETACH: leave(*segment); *segment = NULL; return true;
    }
    return false;
}

_Noreturn static void live(int in, int out)
{
    peermap_segment *segment = NULL;
    uint8_t task;
    while (read(in, &task, 1) == 1) {
        const uint8_t done = perform(&segment, (enum other_task)task);
        if (write(out, &done, 1) != 1)
            break;
    }
    _exit(0);
}

/* ---- in the process of the script ---- */

void other_start(void)
{
    int there[2], back[2];
    if (pipe(there) != 0 || pipe(back) != 0)
        fuzz_found("the harness has no pipe");
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        close(there[1]);
        close(back[0]);
        live(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    tasks = there[1];
    answers = back[0];
    signal(SIGPIPE, SIG_IGN);
}

void other_ask(enum other_task task)
{
    const uint8_t byte = (uint8_t)task;
    if (write(tasks, &byte, 1) != 1)
        fuzz_found("the other peer ended");
}

bool other_answer(void)
{
    uint8_t done;
    ssize_t got;
    do
        got = read(answers, &done, 1);
    while (got < 0 && errno == EINTR);
    if (got != 1)
        fuzz_found("the other peer ended");
    return done != 0;
}

bool other_do(enum other_task task)
{
    other_ask(task);
    return other_answer();
}

void other_stop(void)
{
    int status;
    kill(pid, SIGSTOP);
    if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status))
        fuzz_found("the other peer ended");
}

void other_continue(void) { kill(pid, SIGCONT); }

pid_t other_pid(void) { return pid; }
