/* SPDX-License-Identifier: MIT */
/*
 * reach.c - peers that cannot answer because their process is stopped.
 *
 * The rung of the ladder below the bell, *unstop*: the agent's thread of a stopped peer, and no other, is let run by ptrace, does its own work and
 * falls back into the stop.  The same for a stopped peer that has the lock.  Not tried on a peer that forbids it, or that another tracer holds.  Nobody
 * who is frozen is reached: a freezer holds a thread that is continued or traced as well.  Why the rung could not be climbed is an errno, in words in
 * base/reason.h:
 *
 *     EACCES  PEERMAP_NO_PTRACE forbids it            EBUSY        a debugger holds it
 *     EPERM   the system forbids it                   ESRCH        the process cannot be seen from here, or is no peer
 *     EL2HLT  its cgroup is frozen                    EINPROGRESS  its agent is in the middle of something
 *     ETIME   it is in another pid namespace, and was not found in time
 *     EAGAIN  no hand could be made                   ENOSYS       not on this kind of processor
 *     EREMOTE it is of a user whom this is no business of
 *     ECANCELED  PEERMAP_NO_PTRACE forbids it to this process   EMFILE  it cannot be looked at, for want of a descriptor
 *     EDEADLK its memory map is locked, by a thread that waits in the kernel
 *
 * The registry, which every peer can write, says whom to look at, and nothing else.  What that process is, the kernel says: a thread that the library
 * made, which may be traced; a user who is ours, or to whom the segment belongs; and the segment's header mapped where the slot claims.  The last of
 * these it may never say, so a hand asks for it.  Nor does anybody here read the command line, the maps or the memory of another process.
 */
#include "round.h"

#include "reason.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define AGAIN_MS 100u                /* after which one is tried again that the kernel did not let be held: others come first */
#define EXPLAIN_NS UINT64_C(10000000) /* for finding out why peers are late, when they are */
#define WORDS_NS UINT64_C(5000000)    /* for finding the one who is named again, for more words */

static uint32_t ms_asked(const struct pm_awaited *who) { return (uint32_t)((pm_now() - who->asked) / 1000000u); }

static bool is_stopped(const struct pm_facts *facts) { return facts->state == 'T' || facts->state == 't'; }

/* 0 if nobody's wish is against it. */
static int find_wish(const peermap_segment *segment, const struct pm_facts *facts)
{
    if ((segment->shape.flags & PM_SEGMENT_NO_PTRACE) || facts->forbids)
        return EACCES;
    return segment->traces_nobody ? ECANCELED : 0;
}

static int find_process(const struct pm_slot *slot, bool if_stopped, uint64_t until, struct pm_facts *facts)
{
    const struct pm_process who = { .pid = slot->pid, .start_time = slot->start_time, .pidns = slot->pidns };
    return pm_process_find(&who, slot->life & PM_FUTEX_TID, if_stopped, until, facts);
}

/* 0 if it is of a user whom this is the business of, and nobody's wish is against it. */
static int find_permission(const peermap_segment *segment, const struct pm_facts *facts)
{
    if (facts->uid != (uint32_t)geteuid() && facts->uid != segment->object.owner)
        return EREMOTE;
    return find_wish(segment, facts);
}

/* What its process has, if it is a peer that has so many bytes of data; 0 or errno. */
static int find_view(peermap_segment *segment, const struct pm_slot *slot, uint64_t data, struct pm_hand_view *view)
{
    const uint64_t header = segment->shape.header_len;
    errno = 0;
    if (slot->base < header || (segment->backing.inode == 0 && !pm_process_backing(segment->start, &segment->backing)))
        return errno == EMFILE || errno == ENFILE ? EMFILE : ESRCH;
    *view = (struct pm_hand_view){ .backing = segment->backing, .start = slot->base - header, .length = header + data };
    return 0;
}

/* 0 if it may be reached into, and it is of use. */
static int find(peermap_segment *segment, const struct pm_slot *slot, bool if_stopped, uint64_t until, struct pm_facts *facts, struct pm_hand_view *view)
{
    int error = find_process(slot, if_stopped, until, facts);
    if (error == 0 && facts->traced)
        return EBUSY;
    if (error == 0)
        error = find_permission(segment, facts);
    if (error == 0)
        error = find_view(segment, slot, 0, view);
    return error == 0 && pm_process_is_frozen(facts, NULL) ? EL2HLT : error;
}

/* What can be seen to keep it from answering, whatever was tried; 0: nothing. */
static int find_hindrance(const peermap_segment *segment, const struct pm_slot *slot, uint64_t until, struct pm_facts *facts, struct pm_freezer *freezer)
{
    int error = find_process(slot, false, until, facts);
    if (error != 0)
        return error;
    if (pm_process_is_frozen(facts, freezer))
        return EL2HLT;
    if (!is_stopped(facts))
        return facts->state == 'D' ? EINPROGRESS : 0;
    return facts->traced ? EBUSY : find_permission(segment, facts);
}

static void tell(peermap_segment *segment, enum pm_event_kind kind, uint64_t epoch, uint32_t index, uint64_t size, int error)
{
    pm_journal(segment, (struct pm_event){ .kind = (uint16_t)kind, .epoch = epoch, .slot = (uint16_t)index, .size = size, .error = error });
}

static int start(peermap_segment *segment, uint64_t deadline)
{
    int error = pm_process_sandbox();
    if (error == 0)
        return pm_hand_start(&segment->hand, deadline);
    segment->hand.count = 0;
    return error;
}

/* ---- unstop ---- */

/* Whether the peer's agent is to be let run, because it is stopped, and may be. */
static void look(const struct pm_running *round, struct pm_awaited *who, uint64_t until)
{
    peermap_segment *segment = round->segment;
    struct pm_slot slot;
    struct pm_facts facts;
    who->agent.thread = 0;
    if (ms_asked(who) < who->again || who->index == segment->index || !pm_slot_read(segment, who->index, &slot) || slot.tag != who->tag)
        return;
    int error = find(segment, &slot, true, until, &facts, &who->view);
    if (error == 0) /* what was in the way the last time may be so still */
        who->agent = facts.agent;
    else
        who->error = error == EAGAIN ? 0 : error; /* it runs: its answer is on its way */
}

static void take(struct pm_running *round, struct pm_awaited *who)
{
    peermap_segment *segment = round->segment;
    if (who->target) /* by the hand before, which let it fall back into its stop, or it was continued since */
        look(round, who, round->deadline);
    who->target = NULL;
    if (who->agent.thread == 0)
        return;
    store64(&segment->slots[who->index].unstopped, round->epoch);
    who->target = pm_hand_add(&segment->hand, &who->agent);
    if (who->target)
        who->target->view = who->view;
}

/* Whom a hand held that is no more is to be reached again; but not for ever, for it may have been ended for what it does. */
static void forget_lost(struct pm_running *round)
{
    if (!round->reached || round->lost == PM_HANDS || pm_hand_works(&round->segment->hand))
        return;
    round->lost++;
    for (uint32_t i = 0; i < round->count; i++)
        round->awaited[i].target = NULL;
}

/* Whether there is anybody to be let run: of those who have not held up a hand yet, or of those who have. */
static bool look_at(struct pm_running *round, bool again, uint64_t deadline)
{
    bool news = false;
    for (uint32_t i = 0; i < round->count; i++) {
        struct pm_awaited *who = &round->awaited[i];
        if (who->target)
            continue;
        who->agent.thread = 0;
        if ((who->again != 0) == again && pm_now() < deadline)
            look(round, who, deadline);
        news = news || who->agent.thread != 0;
    }
    return news;
}

void pm_reach(struct pm_running *round, uint64_t deadline)
{
    peermap_segment *segment = round->segment;
    forget_lost(round);
    if (pm_now() < round->look)
        return;
    const uint64_t before = pm_now_spent();
    /* A hand that is held up costs tens of milliseconds: a few for whom that is so would leave no time for whom it is not. */
    const bool news = round->reaches && (look_at(round, false, deadline) || look_at(round, true, deadline));
    round->look = pm_look_again(pm_now_spent() - before, deadline);
    if (!news)
        return;
    pm_hand_end(&segment->hand);
    for (uint32_t i = 0; i < round->count; i++)
        take(round, &round->awaited[i]);
    int error = start(segment, deadline);
    round->reached = error != 0 || segment->hand.pid != 0; /* not if it was stuck: the others are tried again at once */
    if (!round->reached)
        round->look = 0;
    for (uint32_t i = 0; i < round->count; i++) {
        struct pm_awaited *who = &round->awaited[i];
        if (!who->target)
            continue;
        bool again = error == 0 && who->target->error == EAGAIN;
        if (!again)
            who->error = error != 0 ? error : who->target->error;
        if (who->error == EINPROGRESS || who->error == EDEADLK)
            who->again = ms_asked(who) + AGAIN_MS;
        if (!round->reached || again)
            who->target = NULL;
        if (!again)
            tell(segment, PM_EV_UNSTOP, round->epoch, who->index, 0, who->error);
    }
}

/* Those who still do not answer are late: why, as far as can be seen now, and before it takes too long. */
void pm_reach_end(struct pm_running *round)
{
    peermap_segment *segment = round->segment;
    if (round->reaches)
        pm_hand_end(&segment->hand);
    const uint64_t until = pm_now() + EXPLAIN_NS;
    for (uint32_t i = 0; i < round->count && pm_now() < until; i++) {
        struct pm_awaited *who = &round->awaited[i];
        struct pm_slot slot;
        struct pm_facts facts;
        struct pm_freezer freezer;
        who->target = NULL;
        if (who->index == segment->index || !pm_slot_read(segment, who->index, &slot) || slot.tag != who->tag)
            continue;
        int error = find_hindrance(segment, &slot, until, &facts, &freezer);
        if (error != 0)
            who->error = error;
    }
}

/* ---- populate ---- */

#define PIECE (UINT64_C(64) << 20) /* of a peer's new memory, */
#define AT_ONCE 4u                 /* of so many peers: some tens of milliseconds in which nobody else is answered */

static uint64_t end_of(const struct pm_running *round, uint32_t piece)
{
    const uint64_t end = round->from + piece * PIECE;
    return end < round->needs ? end : round->needs;
}

/* True if the hand is to do it. */
static bool add_bare(struct pm_running *round, uint32_t index, uint32_t piece)
{
    peermap_segment *segment = round->segment;
    struct pm_slot slot;
    struct pm_facts facts;
    struct pm_hand_view view;
    pm_round_bare(round, index, 0);
    if (!pm_slot_read(segment, index, &slot) || find_process(&slot, false, round->deadline, &facts) != 0 || find_permission(segment, &facts) != 0 ||
        find_view(segment, &slot, round->needs, &view) != 0) /* reading in it needs the right to trace it */
        return false;
    view.from = slot.base + round->from + (piece - 1) * PIECE;
    view.to = slot.base + end_of(round, piece);
    pm_hand_add(&segment->hand, &facts.agent)->view = view;
    return true;
}

/* True if it has got on. */
static bool learn_bare(struct pm_running *round, uint32_t index, uint32_t piece, int error)
{
    const bool whole = error == 0 && end_of(round, piece) == round->needs;
    round->report->populated += whole;
    pm_round_bare(round, index, error == EAGAIN ? piece : error == 0 && !whole ? piece + 1 : 0);
    return error != EAGAIN;
}

/* A piece of a few of them.  True if it has got on with any. */
static bool populate_some(struct pm_running *round)
{
    struct pm_hand *hand = &round->segment->hand;
    uint32_t indices[AT_ONCE], pieces[AT_ONCE];
    bool any = false;
    pm_hand_end(hand);
    for (uint32_t i = 0; i < round->segment->shape.slot_count && hand->count < AT_ONCE; i++) {
        const uint32_t at = hand->count, piece = round->bare[i];
        if (piece == 0 || !add_bare(round, i, piece))
            continue;
        indices[at] = i;
        pieces[at] = piece;
    }
    if (hand->count == 0 || start(round->segment, round->deadline) != 0)
        return false;
    for (uint32_t i = 0; i < hand->count; i++)
        any = learn_bare(round, indices[i], pieces[i], hand->targets[i].error) || any;
    pm_hand_end(hand);
    return any;
}

/* Each who holds up a hand costs tens of milliseconds: in between others have their turn, and after the deadline nobody is tried any more. */
void pm_reach_populate(struct pm_running *round)
{
    while (round->bares > 0 && round->from < round->needs && round->segment->hand.pid == 0 && populate_some(round) && pm_now() < round->deadline)
        pm_agent_serve_meanwhile(round->segment);
}

/* ---- the holder of a lock ---- */

int pm_reach_holder(peermap_segment *segment, uint32_t word, uint64_t deadline)
{
    struct pm_slot slot;
    struct pm_facts facts;
    struct pm_hand_view view;
    uint32_t index;
    if (segment->hand.pid != 0 || !pm_slot_of_holder(segment, word & PM_FUTEX_TID, &index, &slot) ||
        find(segment, &slot, true, deadline, &facts, &view) != 0)
        return 0;
    pm_hand_add(&segment->hand, &facts.agent)->view = view;
    int error = start(segment, deadline);
    if (error == 0)
        error = segment->hand.targets[0].error;
    if (error != 0)
        pm_hand_end(&segment->hand); /* which holds nobody; for want of a descriptor, perhaps, that is there at the next look */
    pm_journal(segment, (struct pm_event){ .kind = PM_EV_UNSTOP,
                                           .epoch = peek64(&segment->header->epoch),
                                           .slot = (uint16_t)index,
                                           .pid = slot.pid,
                                           .error = error });
    return error;
}

/* ---- in words ---- */

/* Where in the kernel, if it waits there. */
static bool find_kernel_wait(int reason, const struct pm_facts *facts, struct pm_phrase *phrase)
{
    struct pm_kernel_wait wait;
    const bool agent = reason == EINPROGRESS && facts->state == 'D';
    if (!(agent || reason == EDEADLK) || facts->agent.pid == 0 || !pm_process_waits(facts->agent.pid, &wait))
        return false;
    snprintf(phrase->text, sizeof phrase->text, "%s waits in the kernel (%s)%s", agent ? "it" : "its memory map is locked: it", wait.text,
             agent ? ", where nothing interrupts it; repeat when it goes on" : ", as for a file system that does not answer; end that wait, or the process");
    return true;
}

/* Which freezer, which debugger, which wait. */
static struct pm_phrase details(int reason, const struct pm_facts *facts, const struct pm_freezer *freezer)
{
    struct pm_phrase phrase = { "" };
    if (find_kernel_wait(reason, facts, &phrase))
        return phrase;
    char tracer[32] = "", by[64] = "";
    if (facts->tracer != 0) {
        pm_process_name(facts->tracer, tracer, sizeof tracer);
        snprintf(by, sizeof by, "%s (pid %u)", tracer[0] ? tracer : "a tracer", facts->tracer);
    }
    if (reason == EBUSY && by[0])
        snprintf(phrase.text, sizeof phrase.text, "%s holds it, as a debugger does; let it go on", by);
    else if (reason == EL2HLT && (freezer->path[0] || by[0]))
        snprintf(phrase.text, sizeof phrase.text, "its cgroup is frozen%s%s%s%s%s; thaw it", freezer->path[0] ? " (" : "", freezer->path,
                 freezer->path[0] ? ")" : "", by[0] ? ", and held by " : "", by);
    else
        snprintf(phrase.text, sizeof phrase.text, "%s", pm_reason_text(reason));
    return phrase;
}

/* Of one that could be let run, as far as that is known. */
static struct pm_phrase stopped(const struct pm_facts *facts)
{
    struct pm_phrase phrase;
    struct pm_kernel_wait wait;
    if (!pm_process_waits(facts->agent.pid, &wait))
        return (struct pm_phrase){ "it is stopped; continue it" };
    snprintf(phrase.text, sizeof phrase.text, "it is stopped, and waits in the kernel (%s); end that wait, or continue it", wait.text);
    return phrase;
}

static bool find_blocker(const struct pm_running *round, struct pm_slot *slot)
{
    for (uint32_t i = 0; i < round->segment->shape.slot_count; i++)
        if (pm_slot_read(round->segment, i, slot) && (pid_t)slot->pid == round->report->blocker_pid &&
            strncmp(slot->name, round->report->blocker, sizeof slot->name) == 0)
            return true;
    return false;
}

struct pm_phrase pm_reach_words(const struct pm_running *round)
{
    struct pm_slot slot;
    struct pm_facts facts = { 0 };
    struct pm_freezer freezer = { 0 };
    if (find_blocker(round, &slot) && find_hindrance(round->segment, &slot, pm_now() + WORDS_NS, &facts, &freezer) != round->reason)
        facts.tracer = 0, freezer.path[0] = '\0'; /* it is not so any more */
    else if (round->reason == 0 && is_stopped(&facts)) /* there was no time to let it run */
        return stopped(&facts);
    return details(round->reason, &facts, &freezer);
}

struct pm_phrase pm_reach_holder_words(const peermap_segment *segment, const struct pm_slot *holder)
{
    struct pm_facts facts;
    struct pm_freezer freezer;
    int reason = find_hindrance(segment, holder, pm_now() + WORDS_NS, &facts, &freezer);
    if (reason != 0)
        return details(reason, &facts, &freezer);
    if (!is_stopped(&facts))
        return (struct pm_phrase){ "it is at work; repeat" };
    return stopped(&facts);
}
