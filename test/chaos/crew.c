/* SPDX-License-Identifier: MIT */
/* crew.c - actors are started, stopped, continued, killed, and restarted; whoever ends or hangs is noticed. */
#include "crew.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct known known[MOST_ACTORS];
int64_t low[ARENAS], high[ARENAS];
uint64_t dice;
const char *hang_of;

uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void send(struct known *it, int number) { syscall(SYS_pidfd_send_signal, it->pidfd, number, NULL, 0); }

char process_state(pid_t pid)
{
    char path[64], line[512] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    char *at = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (file)
        fclose(file);
    return at && at[1] ? at[2] : '?';
}

void wrong(uint32_t arena, const char *format, ...)
{
    uint32_t none = 0;
    if (!cas32(&control->failed, &none, 1))
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(control->failure, sizeof control->failure, format, arguments);
    va_end(arguments);
    control->failed_arena = arena;
    store32(&control->failed, 2);
}

/* ---- actors come and go ---- */

static void started(struct known *it, struct actor *actor)
{
    *it = (struct known){ .state = load64(&actor->state), .progress = now_ns(), .steps = load64(&actor->steps) };
    it->pidfd = (int)syscall(SYS_pidfd_open, actor->pid, 0);
}

static void start(uint32_t index)
{
    struct actor *actor = &control->actors[index];
    actor->life++;
    actor->ended = 0;
    if (actor->life == 1 || chance(&dice) % 4 == 0)
        snprintf(actor->name, sizeof actor->name, "actor-%u.%u", index, actor->life);
    /* Before there is a child, which goes by it when it executes itself, however early that is. */
    store64(&actor->state, (uint64_t)actor->life << 8 | RUNNING);
    pid_t pid = fork();
    if (pid == 0) {
        actor->pid = getpid();
        actor_run(actor);
    }
    if (pid < 0) {
        store64(&actor->state, (uint64_t)actor->life << 8 | EMPTY);
        wrong(actor->arena, "fork: %s", strerror(errno));
        return;
    }
    actor->pid = pid;
    started(&known[index], actor);
}

static void judge_end(const struct actor *actor, bool killed, int status)
{
    char words[128];
    int number = load_error(&actor->signal);
    ending_words(status, words, sizeof words);
    if (number != 0)
        wrong(actor->arena, "%s (pid %d) got signal %d (%s) at 0x%" PRIx64 " while it did %s", actor->name, (int)actor->pid, number, strsignal(number),
              actor->address, operation_names[actor->doing]);
    else if (!killed && !load32(&actor->ended))
        wrong(actor->arena, "%s (pid %d) ended while it did %s, and nobody killed it: %s", actor->name, (int)actor->pid, operation_names[actor->doing],
              words);
}

static void ended(uint32_t index)
{
    struct actor *actor = &control->actors[index];
    struct known *it = &known[index];
    judge_end(actor, it->killed, ending_keep(actor, it));
    int64_t pending = (int64_t)load64((uint64_t *)&actor->pending);
    if (pending > 0) /* done or not */
        high[actor->arena] += pending;
    else
        low[actor->arena] += pending;
    actor->pending = 0;
    store32(&actor->doing, DO_nothing);
    store32(&actor->attached, 0);
    store32(&actor->calm, 0);
    if (it->pidfd >= 0)
        close(it->pidfd);
    *it = (struct known){ .pidfd = -1, .restart = now_ns() + chance(&dice) % (10 * MS) };
    store64(&actor->state, (load64(&actor->state) & ~UINT64_C(0xff)) | EMPTY);
}

/* Of whoever is reaped before its end was noticed. */
static void keep_status(pid_t pid, int status)
{
    for (uint32_t i = 0; i < control->actor_count; i++) {
        if (known[i].pidfd >= 0 && control->actors[i].pid == pid) {
            known[i].reaped = true;
            known[i].status = status;
        }
    }
}

/* Waits a little, or until somebody ends. */
static void notice_ends(void)
{
    struct pollfd polls[MOST_ACTORS];
    uint32_t who[MOST_ACTORS];
    nfds_t count = 0;
    for (uint32_t i = 0; i < control->actor_count; i++) {
        if (known[i].pidfd < 0)
            continue;
        who[count] = i;
        polls[count++] = (struct pollfd){ .fd = known[i].pidfd, .events = POLLIN };
    }
    poll(polls, count, 1);
    for (nfds_t i = 0; i < count; i++)
        if (polls[i].revents)
            ended(who[i]);
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;)
        keep_status(pid, status);
}

/* Children that have become actors; and records of those who never did. */
static void notice_children(uint64_t now)
{
    for (uint32_t i = control->regulars; i < control->actor_count; i++) {
        struct known *it = &known[i];
        struct actor *actor = &control->actors[i];
        uint64_t state = load64(&actor->state);
        if (it->pidfd >= 0)
            continue;
        if (state != it->state) {
            it->state = state;
            it->progress = now;
        }
        if ((state & 0xff) == RUNNING) {
            started(it, actor);
            if (it->pidfd < 0)
                ended(i);
        } else if ((state & 0xff) == CLAIMED && now > it->progress + 300 * MS) {
            cas64(&actor->state, &state, (state & ~UINT64_C(0xff)) | EMPTY);
        }
    }
}

static void restart_due(uint64_t now)
{
    for (uint32_t i = 0; i < control->regulars; i++)
        if (known[i].pidfd < 0 && now >= known[i].restart)
            start(i);
}

/* ---- violence ---- */

void resume(uint32_t index)
{
    struct known *it = &known[index];
    if (it->sampled && load64(&control->actors[index].steps) != it->stopped_steps)
        wrong(control->actors[index].arena, "%s (pid %d) was stopped, and ran on", control->actors[index].name, (int)control->actors[index].pid);
    send(it, SIGCONT);
    it->stopped = it->until = 0;
    it->sampled = false;
    it->progress = now_ns();
}

static void tend_stopped(uint64_t now)
{
    for (uint32_t i = 0; i < control->actor_count; i++) {
        struct known *it = &known[i];
        if (it->pidfd < 0 || it->stopped == 0)
            continue;
        if (!it->sampled && now > it->stopped + 15 * MS && process_state(control->actors[i].pid) == 'T') {
            it->stopped = now; /* at least that long ago */
            it->stopped_steps = load64(&control->actors[i].steps);
            it->sampled = it->until > now + 15 * MS;
        }
        if (now >= it->until)
            resume(i);
    }
}

static void harm(uint64_t now)
{
    uint32_t index = (uint32_t)(chance(&dice) % control->actor_count);
    struct known *it = &known[index];
    if (it->pidfd < 0)
        return;
    uint64_t die = chance(&dice) % 100;
    if (die < 10) {
        it->killed = true;
        send(it, it->stopped == 0 && chance(&dice) % 100 < control->dumps ? SIGQUIT : SIGKILL); /* nobody handles it */
        counted(COUNT_kills, 1);
    } else if (die < 40 && it->stopped == 0) {
        send(it, SIGSTOP);
        uint64_t most = chance(&dice) % 20 == 0 ? 400 : chance(&dice) % 4 == 0 ? 60 : 8;
        it->stopped = now;
        it->until = now + chance(&dice) % (most * MS);
        counted(COUNT_stops, 1);
    }
}

static void find_hangs(uint64_t now)
{
    for (uint32_t i = 0; i < control->actor_count; i++) {
        struct known *it = &known[i];
        struct actor *actor = &control->actors[i];
        uint64_t steps = load64(&actor->steps);
        if (it->pidfd < 0)
            continue;
        if (steps != it->steps || it->stopped != 0 || load32(&actor->calm) != 0) {
            it->steps = steps;
            it->progress = now;
        } else if (now > it->progress + HANG_NS) {
            wrong(actor->arena, "%s (pid %d, state %c) hangs in %s%s", actor->name, (int)actor->pid, process_state(actor->pid),
                  operation_names[actor->doing], hang_of ? hang_of : "");
        }
    }
}

void turn(bool storm)
{
    notice_ends();
    uint64_t now = now_ns();
    notice_children(now);
    tend_stopped(now);
    find_hangs(now);
    if (storm) {
        restart_due(now);
        for (int i = 0; i < 2; i++)
            harm(now);
    }
}
