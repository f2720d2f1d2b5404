/* SPDX-License-Identifier: MIT */
/* words.c - the words that stand for a segment's numbers. */
#include "words.h"

#include <stdio.h>
#include <string.h>

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

/* Longer ones before those that they begin with.  native/python/peermap/_segment.py has the same for Python. */
static const struct {
    const char *c, *face[2];
} options[] = {
    { "PEERMAP_OWNER and options.owner", { "--owner", "{ owner: uid }" } },
    { "options.owner", { "--owner", "options.owner" } },
    { "PEERMAP_FOREIGN", { "--foreign", "{ foreign: true }" } },
    { "PEERMAP_READ_ONLY", { "PEERMAP_READ_ONLY", "{ readOnly: true }" } },
    { "PEERMAP_ALLOW_LATE", { "--allow-late", "{ allowLate: true }" } },
    { "PEERMAP_HEAP", { "--heap", "{ heap: true }" } },
    { "PEERMAP_STRICT", { "--strict", "{ strict: true }" } },
    { "PEERMAP_HUGE", { "--huge", "{ huge: true }" } },
    { "PEERMAP_RELOCATABLE", { "PEERMAP_RELOCATABLE", "{ relocatable: true }" } },
    { "PEERMAP_NO_PTRACE in its environment", { "PEERMAP_NO_PTRACE in its environment", "PEERMAP_NO_PTRACE in its environment" } },
    { "PEERMAP_NO_PTRACE", { "PEERMAP_NO_PTRACE", "{ noPtrace: true }, or PEERMAP_NO_PTRACE in its environment" } },
    { "initial_size", { "--size", "initialSize" } },
    { "reserve_size", { "--reserve", "reserveSize" } },
    { "heap_step", { "heap_step", "heapStep" } },
    { "deadline_ms", { "--deadline", "deadlineMs" } },
    { "peer_name", { "peer_name", "peerName" } },
    { "max_peers", { "--max-peers", "maxPeers" } },
    { "max_roots", { "--max-roots", "maxRoots" } },
    { "peermap_reap()", { "peermap reap", "reap()" } },
    { "handle (peermap_segment_at() finds it)", { "handle", "handle" } },
    { "peermap_trim()", { "peermap trim", "trim()" } },
};

static bool is_of_a_word(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'; }

/* A segment may be called so; its name is left as it is. */
static bool is_a_name(const char *sentence, const char *at)
{
    static const char before[] = "segment ";
    const size_t length = sizeof before - 1;
    return (size_t)(at - sentence) >= length && memcmp(at - length, before, length) == 0;
}

/* The option that begins here, as the library calls it; COUNT(options): none. */
static size_t option_at(const char *sentence, const char *at)
{
    size_t i = 0;
    if ((at > sentence && is_of_a_word(at[-1])) || is_a_name(sentence, at))
        return COUNT(options);
    for (; i < COUNT(options); i++) {
        const size_t length = strlen(options[i].c);
        if (strncmp(at, options[i].c, length) == 0 && !is_of_a_word(at[length]))
            break;
    }
    return i;
}

struct pmo_sentence pmo_sentence_of(enum pmo_face face, const char *library_sentence)
{
    struct pmo_sentence sentence;
    size_t length = 0;
    for (const char *at = library_sentence; *at && length < sizeof sentence.text - 1;) {
        const size_t option = option_at(library_sentence, at);
        if (option == COUNT(options)) {
            sentence.text[length++] = *at++;
            continue;
        }
        for (const char *word = options[option].face[face]; *word && length < sizeof sentence.text - 1; word++)
            sentence.text[length++] = *word;
        at += strlen(options[option].c);
    }
    sentence.text[length] = '\0';
    return sentence;
}

void pmo_permissions(uint32_t flags, char text[5])
{
    text[0] = flags & PMO_READABLE ? 'r' : '-';
    text[1] = flags & PMO_WRITABLE ? 'w' : '-';
    text[2] = flags & PMO_EXECUTABLE ? 'x' : '-';
    text[3] = flags & PMO_SHARED ? 's' : 'p';
    text[4] = '\0';
}
