/* SPDX-License-Identifier: MIT */
/*
 * walk.c - every play, once without a fault to learn which places the victim comes past, then once for each place, time and fault.
 *
 *     walk                              everything, but that nobody vanishes
 *     walk PLAY [PLACE [NTH [FAULT]]]   what begins with these words; FAULT is kill, stop, or an errno's number
 *     walk --vanish [PLAY [PLACE [NTH]]] instead: deaths that the kernel does not tell
 *
 * Exit 0: in all of them all was well, and no place was left out.
 */
#include "walk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TRIES 4      /* of a fault whose place was not come past this time */
#define HANG_S 100u
#define SHOWN 12u    /* failures; the rest is counted */
#define CASES_MAX 16384u

/* Process-local.  One play with one fault, or with none. */
struct one {
    uint16_t play, place;
    uint32_t nth;
    enum action action;
    int error;
    uint32_t tries;
};

static struct one ones[CASES_MAX];
static uint32_t one_count, next_one, played[ERROR + 1], missed, failures, named, named_at[PLACES_MAX];
static struct at_work {
    pid_t pid;
    uint32_t one;
    time_t since;
} at_work[LANES];
static bool vanishing;
static char **words;
static int word_count;
static volatile sig_atomic_t interrupted;
static sigset_t ends; /* of judges: waited for, not handled */

static const char *fault_name(const struct one *one)
{
    static char text[32];
    if (one->action == KILL || one->action == VANISH || one->action == STOP)
        return one->action == KILL ? "kill" : one->action == STOP ? "stop" : "vanish";
    snprintf(text, sizeof text, "%d", one->error);
    return text;
}

static bool wanted(const struct one *one)
{
    char nth[16];
    snprintf(nth, sizeof nth, "%u", one->nth);
    const char *facts[] = { plays[one->play].name, place_names[one->place], nth, fault_name(one) };
    int known = one->action == NO_ACTION ? 1 : 4;
    for (int i = 0; i < word_count && i < known; i++)
        if (i == 0 ? strncmp(facts[i], words[i], strlen(words[i])) != 0 : strcmp(facts[i], words[i]) != 0)
            return false;
    return true;
}

static void add(struct one one)
{
    if (one_count == CASES_MAX) {
        fprintf(stderr, "walk: more than %u plays\n", CASES_MAX);
        exit(2);
    }
    if (wanted(&one))
        ones[one_count++] = one;
}

/* ---- what the trail gives ---- */

static bool is_call(uint32_t number)
{
    for (const struct pm_fault_place *place = __start_pm_faults; place < __stop_pm_faults; place++)
        if (strcmp(place->name, place_names[number]) == 0)
            return place->kind == PM_FAULT_CALL;
    return false;
}

static void add_faults(uint16_t play, uint16_t place, uint32_t nth)
{
    struct one one = { .play = play, .place = place, .nth = nth };
    if (vanishing) {
        one.action = VANISH;
        if (!is_call(place))
            add(one);
    } else if (is_call(place)) {
        one.action = ERROR;
        one.error = ENOMEM;
        add(one);
        one.error = ENOSPC;
        add(one);
    } else {
        one.action = KILL;
        add(one);
        one.action = STOP;
        if (nth == 1) /* whoever is stopped goes on from where it is: once is like another time */
            add(one);
    }
}

/* The first and the last time that each place was come past.  Of events the first: there are as many as of everything else. */
static void learn(uint16_t play, const struct script *script)
{
    uint32_t count[PLACES_MAX] = { 0 }, length = script->trail_count < TRAIL_MAX ? script->trail_count : TRAIL_MAX;
    for (uint32_t i = 0; i < length; i++)
        count[script->trail[i]]++;
    for (uint16_t place = 0; place < place_count; place++) {
        if (count[place] > 0)
            add_faults(play, place, 1);
        if (count[place] > 1 && strncmp(place_names[place], "journal.", 8) != 0)
            add_faults(play, place, count[place]);
    }
}

/* ---- judges at work ---- */

static void begin(uint32_t lane, uint32_t number)
{
    const struct one *one = &ones[number];
    struct lane *it = &walk->lanes[lane];
    *it = (struct lane){ .named = 0 };
    it->scripts[VICTIM] = (struct script){ .place = one->place, .nth = one->nth, .action = one->action, .error = one->error };
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_UNBLOCK, &ends, NULL);
        judge(&plays[one->play], it, number * TRIES + one->tries);
    }
    at_work[lane] = (struct at_work){ .pid = pid, .one = number, .since = time(NULL) };
}

static void tell_failure(const struct one *one, const char *why)
{
    if (failures++ >= SHOWN)
        return;
    if (one->action == NO_ACTION)
        printf("walk: \"%s\" without a fault: %s\n", plays[one->play].name, why);
    else
        printf("walk: \"%s\" %s %u %s: %s\n", plays[one->play].name, place_names[one->place], one->nth, fault_name(one), why);
}

static void end(uint32_t lane, int status)
{
    struct one *one = &ones[at_work[lane].one];
    struct lane *it = &walk->lanes[lane];
    at_work[lane].pid = 0;
    played[one->action]++;
    named += it->named != 0;
    named_at[one->place] += one->action == STOP && it->named != 0;
    if (WIFSIGNALED(status)) {
        tell_failure(one, WTERMSIG(status) == SIGKILL ? "it hangs" : strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) == 1) {
        tell_failure(one, it->failure);
    } else if (one->action == NO_ACTION) {
        learn(one->play, &it->scripts[VICTIM]);
    } else if (WEXITSTATUS(status) == 3 && ++one->tries < TRIES) {
        begin(lane, at_work[lane].one); /* it was not come past: not every time is alike */
    } else {
        missed += WEXITSTATUS(status) == 3;
    }
}

static void look_after(uint32_t lane)
{
    int status;
    if (at_work[lane].pid != 0 && waitpid(at_work[lane].pid, &status, WNOHANG) == at_work[lane].pid)
        end(lane, status);
    else if (at_work[lane].pid != 0 && time(NULL) > at_work[lane].since + HANG_S)
        kill(at_work[lane].pid, SIGKILL);
    if (at_work[lane].pid == 0 && next_one < one_count && !interrupted)
        begin(lane, next_one++);
}

static bool anybody_works(void)
{
    for (uint32_t lane = 0; lane < LANES; lane++)
        if (at_work[lane].pid != 0)
            return true;
    return false;
}

static void play_all(void)
{
    do {
        for (uint32_t lane = 0; lane < LANES; lane++)
            look_after(lane);
        const struct timespec pause = { .tv_nsec = 50000000 };
        sigtimedwait(&ends, NULL, &pause);
    } while (anybody_works() || (next_one < one_count && !interrupted));
}

/* ---- nothing is left out ---- */

static void demand(uint32_t place, enum action action, const char *what)
{
    if (walk->befallen[place][action] == 0) {
        failures++;
        printf("walk: %s: nobody %s here%s\n", place_names[place], what, walk->reached[place] ? "" : ", or ever came past");
    }
}

static void demand_all(void)
{
    for (uint32_t place = 0; place < place_count; place++) {
        if (vanishing && !is_call(place)) {
            demand(place, VANISH, "vanished");
        } else if (!vanishing && is_call(place)) {
            demand(place, ERROR, "failed");
        } else if (!vanishing) {
            demand(place, KILL, "was killed");
            demand(place, STOP, "was stopped");
        }
    }
}

static void tell_result(void)
{
    for (uint32_t place = 0; getenv("WALK_NAMED") && place < place_count; place++)
        if (named_at[place] != 0)
            printf("walk: stopped at %s, %u victims were in the way\n", place_names[place], named_at[place]);
    printf("walk: %u places, %u plays: kill %u, vanish %u, stop %u, fail %u, none %u; %u of the stopped were in the way and were named, %u faults were not come "
           "by, %u failures\n",
           place_count, played[KILL] + played[VANISH] + played[STOP] + played[ERROR] + played[NO_ACTION], played[KILL], played[VANISH], played[STOP],
           played[ERROR], played[NO_ACTION], named, missed, failures);
}

static void interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

int main(int argc, char **argv)
{
    vanishing = argc > 1 && strcmp(argv[1], "--vanish") == 0;
    words = argv + 1 + vanishing;
    word_count = argc - 1 - vanishing;
    places_find();
    walk = mmap(NULL, sizeof *walk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (walk == MAP_FAILED || place_count == 0)
        return 2;
    sigemptyset(&ends);
    sigaddset(&ends, SIGCHLD);
    sigprocmask(SIG_BLOCK, &ends, NULL);
    signal(SIGINT, interrupt);
    signal(SIGTERM, interrupt);
    for (uint16_t i = 0; i < play_count; i++)
        add((struct one){ .play = i, .action = NO_ACTION });
    play_all();
    if (word_count == 0 && !interrupted)
        demand_all();
    tell_result();
    return interrupted ? 130 : failures != 0;
}
