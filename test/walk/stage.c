/* SPDX-License-Identifier: MIT */
/* stage.c - the judge's hold on its puppets: starting, telling, hearing, stopping, ending them. */
#include "walk.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define HANG_S 50

static const char *const role_names[] = { "the witness", "the victim", "the third" };

static void end_everybody(struct stage *stage)
{
    for (int role = 0; role < ROLES; role++) {
        if (stage->people[role].pid > 0) {
            kill(-stage->people[role].pid, SIGKILL);
            kill(stage->people[role].pid, SIGKILL);
        }
    }
    while (waitpid(-1, NULL, __WALL) > 0) {}
    peermap_unlink(stage->segment);
}

void fail(struct stage *stage, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(stage->lane->failure, sizeof stage->lane->failure, format, arguments);
    va_end(arguments);
    end_everybody(stage);
    _exit(1);
}

static struct script *script_of(struct stage *stage, enum role role) { return &stage->lane->scripts[role]; }

void start_person(struct stage *stage, enum role role)
{
    int fds[2];
    pid_t parent = getpid();
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) != 0)
        fail(stage, "no socket pair");
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        for (int other = 0; other < ROLES; other++)
            if (stage->people[other].pid != 0)
                close(stage->people[other].fd);
        close(fds[0]);
        puppet_run(stage->segment, fds[1], script_of(stage, role));
    }
    close(fds[1]);
    stage->people[role] = (struct person){ .pid = pid, .fd = fds[0] };
}

static void forget(struct stage *stage, enum role role)
{
    close(stage->people[role].fd);
    stage->people[role] = (struct person){ 0 };
}

/* The end of a puppet: by its script or by the judge, or a failure. */
static void gone(struct stage *stage, enum role role, int status)
{
    pid_t pid = stage->people[role].pid;
    forget(stage, role);
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
        fail(stage, "%s (pid %d) ended with status 0x%x: %s", role_names[role], (int)pid, status,
             WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "an exit");
    if ((script_of(stage, role)->action != KILL && script_of(stage, role)->action != VANISH) || !was_struck(script_of(stage, role)))
        fail(stage, "%s (pid %d) was killed, and not by its script", role_names[role], (int)pid);
}

void end_person(struct stage *stage, enum role role)
{
    kill(stage->people[role].pid, SIGKILL);
    while (waitpid(stage->people[role].pid, NULL, 0) < 0) {}
    forget(stage, role);
}

void tell(struct stage *stage, enum role role, const struct order *order)
{
    if (send(stage->people[role].fd, order, sizeof *order, MSG_NOSIGNAL) < 0)
        fail(stage, "%s cannot be told anything", role_names[role]);
}

static bool changed(struct stage *stage, enum role role, enum heard *heard)
{
    struct person *person = &stage->people[role];
    int status;
    if (waitpid(person->pid, &status, WNOHANG | WUNTRACED) != person->pid)
        return false;
    if (WIFSTOPPED(status)) {
        person->stopped = true;
        *heard = STOPPED;
        return true;
    }
    gone(stage, role, status);
    *heard = DIED;
    return true;
}

enum heard hear(struct stage *stage, enum role role, struct answer *answer)
{
    *answer = (struct answer){ .rc = 0 };
    for (time_t end = time(NULL) + HANG_S; time(NULL) < end;) {
        struct pollfd fd = { .fd = stage->people[role].fd, .events = POLLIN };
        enum heard heard;
        if (poll(&fd, 1, 1) > 0 && recv(fd.fd, answer, sizeof *answer, MSG_DONTWAIT) == (ssize_t)sizeof *answer)
            return ANSWERED;
        if (changed(stage, role, &heard))
            return heard;
    }
    fail(stage, "%s (pid %d) does not answer", role_names[role], (int)stage->people[role].pid);
}

void see_struck(struct stage *stage, enum role role)
{
    enum heard heard;
    for (time_t end = time(NULL) + HANG_S; time(NULL) < end; usleep(200))
        if (changed(stage, role, &heard))
            return;
    fail(stage, "%s (pid %d) neither stops nor ends", role_names[role], (int)stage->people[role].pid);
}

struct answer must(struct stage *stage, enum role role, struct order order)
{
    struct answer answer;
    tell(stage, role, &order);
    if (hear(stage, role, &answer) != ANSWERED)
        fail(stage, "%s was struck in the middle of another order, %d", role_names[role], (int)order.what);
    if (answer.rc < 0)
        fail(stage, "%s, told %d: errno %d, %s", role_names[role], (int)order.what, answer.error, answer.sentence);
    if (order.what == CREATE || order.what == ATTACH)
        stage->people[role].base = answer.base;
    if (order.what == CREATE || order.what == ATTACH || order.what == DETACH)
        stage->people[role].attached = order.what != DETACH;
    return answer;
}

void stop_person(struct stage *stage, enum role role)
{
    kill(stage->people[role].pid, SIGSTOP);
    see_struck(stage, role);
}

void continue_person(struct stage *stage, enum role role)
{
    if (stage->people[role].stopped)
        kill(-stage->people[role].pid, SIGCONT);
    stage->people[role].stopped = false;
}

void arm(struct stage *stage, enum role role, const char *place, enum action action)
{
    struct script *script = script_of(stage, role);
    *script = (struct script){ .place = place_number(place), .nth = 1, .action = action };
    store32(&script->state, ARMED);
}
