/* SPDX-License-Identifier: MIT */
/* judge.c - one play with one fault: what must be true afterwards. */
#include "../maps.h"
#include "heap_layout.h"
#include "walk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENT_MS 20000u
#define WITNESS_MS 300u /* while the victim is stopped */

/* The judge's own.  What became of the order. */
struct outcome {
    bool answered;
    struct answer answer;
};

static struct script *victims(struct stage *stage) { return &stage->lane->scripts[VICTIM]; }
static bool alive(const struct stage *stage, enum role role) { return stage->people[role].pid != 0; }

static bool object_there(const struct stage *stage)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", stage->segment);
    return access(path, F_OK) == 0;
}

/* ---- the play ---- */

static struct order attaching(const struct stage *stage, enum role role)
{
    const struct play *play = stage->play;
    struct order order = { .what = ATTACH, .deadline_ms = PATIENT_MS };
    snprintf(order.name, sizeof order.name, "%s", role == VICTIM ? "victim" : "witness");
    order.flags = role == VICTIM ? play->victim_flags : play->witness_flags;
    if (role == VICTIM && play->deadline_ms)
        order.deadline_ms = play->deadline_ms;
    if (role == WITNESS && stage->lane->scripts[VICTIM].action == STOP)
        order.deadline_ms = WITNESS_MS;
    return order;
}

static void open_play(struct stage *stage)
{
    const struct play *play = stage->play;
    start_person(stage, WITNESS);
    start_person(stage, VICTIM);
    struct order order = attaching(stage, WITNESS);
    order.what = CREATE;
    order.flags |= play->flags;
    order.ahead = play->ahead;
    if (play->creates) {
        if (play->prepare)
            play->prepare(stage);
        return;
    }
    must(stage, WITNESS, order);
    must(stage, WITNESS, (struct order){ .what = FILL });
    if (!play->apart)
        must(stage, VICTIM, attaching(stage, VICTIM));
    if (play->prepare)
        play->prepare(stage);
    stage->before = must(stage, WITNESS, (struct order){ .what = SETTLE, .bytes = 1 }).size;
}

static void note_attachment(struct stage *stage, const struct outcome *outcome)
{
    enum what what = stage->play->order.what;
    struct person *actor = &stage->people[stage->play->actor];
    if (!outcome->answered || outcome->answer.rc < 0 || actor->pid == 0)
        return;
    if (what == CREATE || what == ATTACH) {
        actor->attached = true;
        actor->base = outcome->answer.base;
    } else if (what == DETACH) {
        actor->attached = false;
    }
}

/* The order, until the actor has answered or was struck; and the victim, if it was. */
static struct outcome perform(struct stage *stage)
{
    const struct play *play = stage->play;
    struct script *script = victims(stage);
    struct outcome outcome = { 0 };
    store32(&script->state, ARMED);
    tell(stage, play->actor, &play->order);
    enum heard heard = hear(stage, play->actor, &outcome.answer);
    outcome.answered = heard == ANSWERED;
    uint32_t armed = ARMED;
    cas32(&script->state, &armed, DISARMED);
    bool ended = script->action == KILL || script->action == VANISH;
    bool struck = was_struck(script) && (script->action == STOP || (ended && !load32(&script->in_hand)));
    if (struck && (heard == ANSWERED || play->actor != VICTIM))
        see_struck(stage, VICTIM); /* after its answer, or beside the actor's */
    note_attachment(stage, &outcome);
    return outcome;
}

/* ---- while the victim is stopped ---- */

/* The number that follows these words in the sentence is the process's, or one of its threads'. */
static bool sentence_names(const char *sentence, const char *words, pid_t pid)
{
    const char *at = strstr(sentence, words);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task/%d", (int)pid, at ? atoi(at + strlen(words)) : 0);
    return at && access(path, F_OK) == 0;
}

/* Where there is no report, or a process has no slot yet, the sentence does it. */
static bool names_stopped(const struct stage *stage, const struct answer *answer)
{
    for (int role = 0; role < ROLES; role++) {
        pid_t pid = stage->people[role].pid;
        if (stage->people[role].stopped && (answer->round.blocker_pid == pid || sentence_names(answer->sentence, "(pid ", pid) ||
                                            sentence_names(answer->sentence, "(its thread ", pid)))
            return true;
    }
    return false;
}

/* The agent, on a busy machine, was still at it when the deadline came: what it was at, it undoes. */
static bool is_given_up(const struct answer *answer)
{
    return answer->rc == PEERMAP_EBUSY && strstr(answer->sentence, "so nothing was changed") != NULL;
}

/* It works, or says who is in the way. */
static bool works_or_names(struct stage *stage, struct order order)
{
    struct answer answer;
    time_t end = time(NULL) + 20;
    do {
        tell(stage, WITNESS, &order);
        if (hear(stage, WITNESS, &answer) != ANSWERED)
            fail(stage, "the witness was struck");
    } while ((is_given_up(&answer) || (answer.rc == PEERMAP_EBUSY && strstr(answer.sentence, "until now; repeat"))) && time(NULL) < end); /* a busy machine */
    if (answer.rc >= 0)
        return true;
    if ((answer.rc != PEERMAP_EBUSY && answer.rc != PEERMAP_ETIMEDOUT) || !names_stopped(stage, &answer))
        fail(stage, "while the victim is stopped, order %d gets errno %d, blocker %d: %s", (int)order.what, answer.error,
             (int)answer.round.blocker_pid, answer.sentence);
    stage->lane->named++;
    return false;
}

/* An answer to the order that is allowed now. */
static void judge_answer(struct stage *stage, const struct answer *answer)
{
    const struct play *play = stage->play;
    const struct script *script = victims(stage);
    bool hasty = play->deadline_ms != 0 || (play->actor == WITNESS && script->action == STOP);
    bool failed = script->action == ERROR && was_struck(script);
    int rc = answer->rc;
    if (rc >= 0 || (play->deadline_ms != 0 && is_given_up(answer)) || (play->may_be_late && rc == PEERMAP_ETIMEDOUT) || (hasty && script->action == STOP && (rc == PEERMAP_ETIMEDOUT || rc == PEERMAP_EBUSY)))
        return;
    if (failed && (rc == PEERMAP_ENOSPC || rc == PEERMAP_ETIMEDOUT || (rc == PEERMAP_EOS && answer->error == script->error)))
        return;
    fail(stage, "the order is answered with errno %d, %s", answer->error, answer->sentence);
}

static void continue_all(struct stage *stage, struct outcome *outcome)
{
    bool victim_stopped = stage->people[VICTIM].stopped;
    for (int role = 0; role < ROLES; role++)
        continue_person(stage, (enum role)role);
    if (victim_stopped && !outcome->answered && stage->play->actor == VICTIM) {
        if (hear(stage, VICTIM, &outcome->answer) != ANSWERED)
            fail(stage, "continued, the victim was struck again");
        outcome->answered = true;
        note_attachment(stage, outcome);
    }
    struct answer answer;
    if (stage->owed && (hear(stage, THIRD, &answer) != ANSWERED || answer.rc != 0))
        fail(stage, "continued, the third answers errno %d, %s", answer.error, answer.sentence);
}

static void look_at_the_stopped(struct stage *stage)
{
    if (stage->people[WITNESS].attached && works_or_names(stage, (struct order){ .what = GROW, .bytes = PAGE })) {
        stage->before += PAGE;
        stage->other += stage->other ? PAGE : 0;
        if (works_or_names(stage, (struct order){ .what = SHRINK, .bytes = PAGE })) {
            stage->before -= PAGE;
            stage->other -= stage->other ? PAGE : 0;
        }
    }
    if (stage->people[WITNESS].attached)
        works_or_names(stage, (struct order){ .what = REAP });
}

/* ---- afterwards ---- */

/* Repeats what a short deadline made fail: nobody is stopped any more. */
static struct answer insist(struct stage *stage, enum role role, struct order order)
{
    struct answer answer;
    for (time_t end = time(NULL) + 20; time(NULL) < end;) {
        tell(stage, role, &order);
        if (hear(stage, role, &answer) != ANSWERED)
            fail(stage, "somebody was struck after the fault");
        bool hasty = victims(stage)->action == STOP || (role == VICTIM && stage->play->deadline_ms);
        if (answer.rc >= 0 || !hasty || (answer.rc != PEERMAP_ETIMEDOUT && answer.rc != PEERMAP_EBUSY))
            break;
    }
    if (answer.rc < 0)
        fail(stage, "afterwards, order %d gets errno %d, %s", (int)order.what, answer.error, answer.sentence);
    return answer;
}

/* What failed can be done now. */
static void repeat(struct stage *stage, struct outcome *outcome)
{
    const struct play *play = stage->play;
    if (!outcome->answered || outcome->answer.rc >= 0 || victims(stage)->action != ERROR || play->may_be_late || play->creates)
        return;
    outcome->answer = insist(stage, play->actor, play->order);
    note_attachment(stage, outcome);
}

/* After creating: the segment is there as a whole, or not at all. */
static void found(struct stage *stage)
{
    struct order order = attaching(stage, WITNESS);
    order.what = object_there(stage) ? ATTACH : CREATE;
    must(stage, WITNESS, order);
    must(stage, WITNESS, (struct order){ .what = FILL });
    stage->before = FIRST_PAGES * PAGE;
}

/* A heap grows to whole units, also where a witness had added a page and could not take it back; or by as much, where that came later. */
static bool is_changed(const struct stage *stage, uint64_t before, uint64_t size)
{
    const uint64_t after = before + (uint64_t)stage->play->pages * PAGE;
    const bool units = stage->play->pages > 0 && stage->play->order.what >= ALLOC;
    return size == after || (units && size == (after + PM_UNIT - 1) / PM_UNIT * PM_UNIT);
}

static void check_size(struct stage *stage, uint64_t size, const struct outcome *outcome)
{
    bool may_be_done = !outcome->answered || outcome->answer.rc >= 0, may_be_undone = !outcome->answered || outcome->answer.rc < 0;
    if (stage->play->order.what == TRIM && size <= stage->before)
        return;
    if (stage->play->order.what >= ALLOC) /* what grew for it stays when it fails */
        may_be_done = may_be_undone = true;
    if ((may_be_undone && (size == stage->before || size == stage->other)) ||
        (may_be_done && (is_changed(stage, stage->before, size) || (stage->other && is_changed(stage, stage->other, size)))))
        return;
    fail(stage, "the size is %llu; before it was %llu (or %llu), the order %s, and changes it by %lld", (unsigned long long)size,
         (unsigned long long)stage->before, (unsigned long long)stage->other,
         !outcome->answered ? "was not answered" : outcome->answer.rc < 0 ? "failed" : "succeeded", (long long)stage->play->pages * (long long)PAGE);
}

static uint64_t object_length(const struct stage *stage)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", stage->segment);
    return stat(path, &facts) == 0 ? (uint64_t)facts.st_size : 0;
}

static void check_maps(struct stage *stage, uint64_t size)
{
    struct view own = view_of(stage->segment, stage->people[WITNESS].pid, stage->people[WITNESS].base);
    if (object_length(stage) < own.header + size)
        fail(stage, "the object has %llu bytes; header %llu and active %llu", (unsigned long long)object_length(stage),
             (unsigned long long)own.header, (unsigned long long)size);
    for (int role = 0; role < ROLES; role++) {
        const struct person *person = &stage->people[role];
        if (!person->attached)
            continue;
        struct view view = view_of(stage->segment, person->pid, person->base);
        const bool exact = view.reads || stage->play->flags & PEERMAP_STRICT;
        if (view.header != own.header || view.whole < size || (exact && view.total != (view.reads ? RESERVE : size)))
            fail(stage, "role %d maps %llu bytes without a gap, and %llu in all; active are %llu", role, (unsigned long long)view.whole,
                 (unsigned long long)view.total, (unsigned long long)size);
    }
}

static void check_length(struct stage *stage, uint64_t size)
{
    struct view own = view_of(stage->segment, stage->people[WITNESS].pid, stage->people[WITNESS].base);
    if (object_length(stage) != own.header + size)
        fail(stage, "after a shrink the object has %llu bytes; header %llu and active %llu", (unsigned long long)object_length(stage),
             (unsigned long long)own.header, (unsigned long long)size);
}

/*
 * What a death left is mended by whoever next takes the lock, before anything else: a shrink that is refused does no more than that.  A growth
 * or a shrink would put things right even if it were not.
 */
static void check_mended(struct stage *stage)
{
    struct answer answer;
    struct order order = { .what = SHRINK, .bytes = 1 };
    if (alive(stage, VICTIM) || stage->play->deadline_ms || !object_there(stage))
        return;
    tell(stage, WITNESS, &order);
    if (hear(stage, WITNESS, &answer) != ANSWERED || answer.rc != PEERMAP_EINVAL)
        fail(stage, "after the death, a shrink by nothing gets errno %d, %s", answer.error, answer.sentence);
    check_maps(stage, answer.size);
}

/* The name is free, or the victim's own. */
static void name_again(struct stage *stage)
{
    if (!alive(stage, VICTIM))
        start_person(stage, VICTIM);
    if (stage->people[VICTIM].attached)
        must(stage, VICTIM, (struct order){ .what = DETACH });
    must(stage, VICTIM, attaching(stage, VICTIM));
}

static void check_registry(struct stage *stage)
{
    int expected = 0;
    must(stage, WITNESS, (struct order){ .what = REAP });
    for (int role = 0; role < ROLES; role++)
        expected += stage->people[role].attached;
    int count = must(stage, WITNESS, (struct order){ .what = PEERS }).rc;
    if (count != expected)
        fail(stage, "after a reap the registry has %d peers, and %d live", count, expected);
}

/* An object that was not handed over is taken back, but where the death came after the last instruction that could tell. */
static void check_objects(struct stage *stage)
{
    const struct play *play = stage->play;
    bool killed = (victims(stage)->action == KILL || victims(stage)->action == VANISH) && was_struck(victims(stage));
    bool had = killed && strcmp(place_names[victims(stage)->place], "heap.had") == 0;
    bool takes = play->order.what == ALLOC;
    int least = 1 + play->objects - (killed && takes && !had), most = 1 + play->objects + (killed ? play->more : 0);
    int count = must(stage, WITNESS, (struct order){ .what = AUDIT }).rc;
    if (count < least || count > most)
        fail(stage, "the heap has %d objects; %d to %d should be left", count, least, most);
}

static void check_everything(struct stage *stage, const struct outcome *outcome)
{
    check_mended(stage);
    insist(stage, WITNESS, (struct order){ .what = MAP });
    insist(stage, WITNESS, (struct order){ .what = GROW, .bytes = PAGE });
    uint64_t size = insist(stage, WITNESS, (struct order){ .what = SHRINK, .bytes = PAGE }).size;
    if (!stage->play->creates)
        check_size(stage, size, outcome);
    if (object_there(stage)) { /* or destroyed: who is attached keeps the memory */
        check_length(stage, size);
        check_maps(stage, size);
        name_again(stage);
    }
    for (int role = 0; role < ROLES; role++)
        if (stage->people[role].attached)
            must(stage, (enum role)role, (struct order){ .what = CHECK });
    check_registry(stage);
    if (stage->play->flags & PEERMAP_HEAP)
        check_objects(stage);
}

static void close_play(struct stage *stage)
{
    for (int role = 0; role < ROLES; role++) {
        int status = 0;
        if (!alive(stage, (enum role)role))
            continue;
        if (stage->people[role].attached)
            must(stage, (enum role)role, (struct order){ .what = DETACH });
        close(stage->people[role].fd);
        if (waitpid(stage->people[role].pid, &status, 0) < 0 || status != 0)
            fail(stage, "role %d ends with status 0x%x", role, status);
        stage->people[role].pid = 0;
    }
    peermap_unlink(stage->segment);
    if (object_there(stage))
        fail(stage, "the object is still there");
    pid_t left = 1;
    for (time_t end = time(NULL) + 10; left >= 0 && time(NULL) < end;) {
        left = waitpid(-1, NULL, __WALL | WNOHANG);
        if (left == 0)
            usleep(500);
    }
    if (left >= 0)
        fail(stage, "a process is left over");
}

void judge(const struct play *play, struct lane *lane, uint32_t number)
{
    struct stage stage = { .play = play, .lane = lane };
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    snprintf(stage.segment, sizeof stage.segment, "walk-%d-%u", (int)getppid(), number);
    open_play(&stage);
    struct outcome outcome = perform(&stage);
    if (!alive(&stage, VICTIM) || !stage.people[VICTIM].stopped) {
        if (outcome.answered)
            judge_answer(&stage, &outcome.answer);
    } else {
        look_at_the_stopped(&stage);
    }
    continue_all(&stage, &outcome);
    if (outcome.answered)
        judge_answer(&stage, &outcome.answer);
    repeat(&stage, &outcome);
    if (play->creates)
        found(&stage);
    check_everything(&stage, &outcome);
    close_play(&stage);
    bool missed = lane->scripts[VICTIM].action != NO_ACTION && !was_struck(&lane->scripts[VICTIM]);
    _exit(missed ? 3 : 0);
}
