/* SPDX-License-Identifier: MIT */
/* words.c - the words that stand for a segment's numbers. */
#include "words.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *pmo_state_word(enum pmo_peer_state state)
{
    switch (state) {
    case PMO_ALIVE: return "alive";
    case PMO_LATE: return "late";
    case PMO_ATTACHING: return "attaching";
    default: return "dead";
    }
}

const char *pmo_method_word(uint32_t method)
{
    static const char *const words[] = { "none", "attach", "agent", "self", "unstop", "ahead" };
    static_assert(COUNT(words) == PM_BY_LAST + 1, "one word for each method");
    return method <= PM_BY_LAST ? words[method] : "none";
}

const char *pmo_op_word(uint32_t op)
{
    static const char *const words[] = { "none", "grow", "shrink", "remap", "map", "recover", "ahead", "inside" };
    static_assert(COUNT(words) == PM_OP_LAST + 1, "one word for each op");
    return op <= PM_OP_LAST ? words[op] : "none";
}

const char *pmo_event_word(uint32_t kind)
{
    static const char *const words[] = { "unknown",   "create",     "attach",      "restart", "detach",   "peer-died", "reap",
                                         "round-begin", "map-request", "map-ack",  "map-late", "round-end", "rollback",  "cut",
                                         "refuse",    "root",       "takeover",    "unstop",  "lost",     "heap-fault", "heap-reclaim" };
    static_assert(COUNT(words) == PM_EV_LAST + 1, "one word for each kind");
    return kind <= PM_EV_LAST ? words[kind] : "unknown";
}

bool pmo_event_has_op(uint32_t kind)
{
    return kind == PM_EV_ROUND_BEGIN || kind == PM_EV_ROUND_END || kind == PM_EV_ROLLBACK || kind == PM_EV_REFUSE ||
           kind == PM_EV_TAKEOVER;
}

const char *pmo_flag_word(size_t index, uint32_t *flag)
{
    static const struct {
        uint32_t flag;
        const char *word;
    } flags[] = { { PM_SEGMENT_STRICT, "strict" }, { PM_SEGMENT_NO_PTRACE, "noPtrace" }, { PM_SEGMENT_HUGE, "huge" }, { PM_SEGMENT_HEAP, "heap" } };
    if (index >= COUNT(flags))
        return NULL;
    *flag = flags[index].flag;
    return flags[index].word;
}

const char *pmo_held_word(const struct pmo_peer *peer)
{
    if (peer->frozen)
        return "frozen";
    switch (peer->process_state) {
    case 'T': return "stopped";
    case 't': return "held by a debugger";
    default: return NULL;
    }
}

const char *pmo_thaw_value(const struct pm_freezer *freezer) { return freezer->version == 1 ? "THAWED" : "0"; }

struct pmo_remedy pmo_thaw_remedy(const struct pm_freezer *freezer)
{
    struct pmo_remedy remedy;
    if (freezer->path[0])
        snprintf(remedy.text, sizeof remedy.text, "write %s to %s", pmo_thaw_value(freezer), freezer->path);
    else
        snprintf(remedy.text, sizeof remedy.text, "thaw its cgroup, or let its container go on");
    return remedy;
}

void pmo_permissions(uint32_t flags, char text[5])
{
    text[0] = flags & PMO_READABLE ? 'r' : '-';
    text[1] = flags & PMO_WRITABLE ? 'w' : '-';
    text[2] = flags & PMO_EXECUTABLE ? 'x' : '-';
    text[3] = flags & PMO_SHARED ? 's' : 'p';
    text[4] = '\0';
}
