/* SPDX-License-Identifier: MIT */
/* view_event.c - events in words.  What each field means by kind is at enum pm_event_kind; the inspector's words: webview/event-text.ts. */
#include "view.h"

#include "peermap.h"
#include "reason.h"
#include "size.h"
#include "words.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define BYTES(value) figure_bytes(value).text

struct phrase {
    char text[256];
};
struct who {
    char text[PM_NAME_MAX];
};

void names_learn(struct names *names, const struct pmo_snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->peer_count; i++) {
        const struct pmo_peer *peer = &snapshot->peers[i];
        size_t at = 0;
        while (at < names->count && (names->list[at].slot != peer->index || names->list[at].pid != peer->slot.pid))
            at++;
        if (at == names->count) {
            names->list = need(realloc(names->list, (at + 1) * sizeof *names->list));
            names->count++;
        }
        names->list[at] = (struct name){ .slot = peer->index, .pid = peer->slot.pid };
        memcpy(names->list[at].text, peer->slot.name, sizeof names->list[at].text);
    }
}

void names_free(struct names *names)
{
    free(names->list);
    *names = (struct names){ 0 };
}

/* "" if it is nobody in particular. */
static struct who name_of(const struct names *names, uint16_t slot, uint32_t pid)
{
    struct who who = { "" };
    for (size_t i = 0; i < names->count; i++) {
        if (names->list[i].slot == slot && (names->list[i].pid == pid || pid == 0)) {
            snprintf(who.text, sizeof who.text, "%s", names->list[i].text);
            return who;
        }
    }
    if (pid != 0)
        snprintf(who.text, sizeof who.text, "pid %" PRIu32, pid);
    else if (slot != PM_NO_SLOT)
        snprintf(who.text, sizeof who.text, "slot %u", slot);
    return who;
}

static const char *event_sentence(const struct pm_event *event)
{
    static const char *const words[] = { "unknown event", "created", "attached", "restarted", "detached", "died", "reaped", "round begins",
                                         "asked to map", "mapped", "late", "round done", "rolled back", "memory cut", "refused", "root set",
                                         "lock taken over", "agent let run", "memory lost", "heap fault", "heap reclaimed" };
    static_assert(sizeof words / sizeof *words == PM_EV_LAST + 1, "one for each kind");
    if (event->kind == PM_EV_ROUND_END && event->method == PM_OP_INSIDE)
        return "grew";
    if (event->error != 0 && event->kind == PM_EV_UNSTOP)
        return "not reached";
    return words[event->kind <= PM_EV_LAST ? event->kind : 0];
}

static const char *op_noun(uint32_t op)
{
    static const char *const words[] = { "nothing", "growth", "shrinking", "remapping", "mapping call", "recovery", "mapping ahead", "growth" };
    static_assert(sizeof words / sizeof *words == PM_OP_LAST + 1, "one for each op");
    return words[op <= PM_OP_LAST ? op : 0];
}

const char *method_sentence(uint32_t method)
{
    static const char *const words[] = { "did not map it",
                                         "mapped it while attaching",
                                         "mapped it, by its agent",
                                         "mapped it itself",
                                         "was reached while stopped: its agent alone was let run",
                                         "had it mapped ahead" };
    static_assert(sizeof words / sizeof *words == PM_BY_LAST + 1, "one for each method");
    return words[method <= PM_BY_LAST ? method : 0];
}

static const char *ack_words(uint32_t method)
{
    static const char *const words[] = { "", " at attach", " by its agent", " by itself", " by its agent, though stopped", "" };
    static_assert(sizeof words / sizeof *words == PM_BY_LAST + 1, "one for each method");
    return words[method <= PM_BY_LAST ? method : 0];
}

/* Rounds. */
static bool round_detail(const struct pm_event *e, const struct names *names, struct phrase *p)
{
    const struct who blocker = name_of(names, e->slot, e->pid);
    const char *of = blocker.text[0] ? " because of " : "";
    switch (e->kind) {
    case PM_EV_ROUND_BEGIN:
        snprintf(p->text, sizeof p->text, "%s, %s -> %s", op_noun(e->method), figure_pages(e->ns).text, figure_pages(e->size).text);
        break;
    case PM_EV_ROUND_END:
        if (e->method == PM_OP_INSIDE)
            snprintf(p->text, sizeof p->text, "to %s in %s, asking nobody", figure_pages(e->size).text, figure_time(e->ns).text);
        else
            snprintf(p->text, sizeof p->text, "%s: %s after %s", op_noun(e->method), figure_pages(e->size).text, figure_time(e->ns).text);
        break;
    case PM_EV_ROLLBACK:
        snprintf(p->text, sizeof p->text, "%s%s%s, after %s", peermap_error_name(e->error), of, blocker.text, figure_time(e->ns).text);
        break;
    case PM_EV_REFUSE: snprintf(p->text, sizeof p->text, "%s: %s", op_noun(e->method), peermap_error_name(e->error)); break;
    case PM_EV_TAKEOVER:
        snprintf(p->text, sizeof p->text, "its holder died%s%s", e->method == PM_OP_NONE ? "" : " in the middle of a ",
                 e->method == PM_OP_NONE ? "" : op_noun(e->method));
        break;
    case PM_EV_CUT: snprintf(p->text, sizeof p->text, "past %s", BYTES(e->size)); break;
    default: return false;
    }
    return true;
}

static const char *fault_sentence(int kind)
{
    switch (kind) {
    case PEERMAP_FAULT_DOUBLE_FREE: return "an object was freed twice";
    case PEERMAP_FAULT_FOREIGN: return "what is no object was freed";
    case PEERMAP_FAULT_OVERFLOW: return "an object was written past its end";
    default: return "a bad pointer was freed";
    }
}

/* What one peer did, or was done to it. */
static void peer_detail(const struct pm_event *e, const struct names *names, struct phrase *p)
{
    const struct who by = name_of(names, e->by, e->by_pid);
    switch (e->kind) {
    case PM_EV_CREATE: snprintf(p->text, sizeof p->text, "%s", BYTES(e->size)); break;
    case PM_EV_ATTACH:
    case PM_EV_RESTART: snprintf(p->text, sizeof p->text, "%s after %s", BYTES(e->size), figure_time(e->ns).text); break;
    case PM_EV_MAP_REQUEST: snprintf(p->text, sizeof p->text, "%s, by %s", BYTES(e->size), by.text); break;
    case PM_EV_MAP_ACK:
        if (e->error != 0)
            snprintf(p->text, sizeof p->text, "failed: %s", strerror(e->error));
        else
            snprintf(p->text, sizeof p->text, "%s after %s%s", BYTES(e->size), figure_time(e->ns).text, ack_words(e->method));
        break;
    case PM_EV_MAP_LATE: snprintf(p->text, sizeof p->text, "no answer after %s: %s", figure_time(e->ns).text, pm_reason_text(e->error)); break;
    case PM_EV_PEER_DIED:
    case PM_EV_REAP: snprintf(p->text, sizeof p->text, "%s%s", by.text[0] ? e->kind == PM_EV_REAP ? "by " : "found by " : "", by.text); break;
    case PM_EV_ROOT: snprintf(p->text, sizeof p->text, "%s at 0x%" PRIx64, BYTES(e->ns), e->size); break;
    case PM_EV_UNSTOP:
        snprintf(p->text, sizeof p->text, "by %s%s%s", by.text, e->error ? ": " : "", e->error ? pm_reason_text(e->error) : "");
        break;
    case PM_EV_HEAP_FAULT: snprintf(p->text, sizeof p->text, "%s, at 0x%" PRIx64, fault_sentence(e->error), e->size); break;
    case PM_EV_HEAP_RECLAIM: snprintf(p->text, sizeof p->text, "%s that ended processes held", BYTES(e->size)); break;
    case PM_EV_LOST: snprintf(p->text, sizeof p->text, "cut short from outside, to %s", BYTES(e->size)); break;
    default: break;
    }
}

static enum style style_of(const struct pm_event *event)
{
    switch (event->kind) {
    case PM_EV_PEER_DIED:
    case PM_EV_ROLLBACK:
    case PM_EV_HEAP_FAULT:
    case PM_EV_LOST: return BAD;
    case PM_EV_MAP_LATE:
    case PM_EV_REFUSE:
    case PM_EV_TAKEOVER: return WARNING;
    case PM_EV_ROUND_END: return GOOD;
    default: return event->error != 0 ? WARNING : PLAIN;
    }
}

void view_event(const struct out *out, const struct pm_event *event, const struct names *names, uint64_t offset_ns, bool brief)
{
    struct phrase detail = { "" };
    struct who who = name_of(names, event->slot, event->pid);
    if (event->slot == PM_NO_SLOT || event->kind == PM_EV_ROLLBACK)
        who = name_of(names, event->by, event->by_pid);
    if (!round_detail(event, names, &detail))
        peer_detail(event, names, &detail);
    const struct figure when = figure_clock(event->time_ns + offset_ns);
    char *line = brief ? text_of("%.12s %-15s %-20.20s %s", when.text, event_sentence(event), who.text, detail.text) :
                         text_of("%6" PRIu64 " %s %-15s %-20s %s", event->seq, when.text, event_sentence(event), who.text, detail.text);
    size_t length = strlen(line);
    while (length > 0 && line[length - 1] == ' ')
        length--;
    out_line(out, style_of(event), "%.*s", (int)length, line);
    free(line);
}
