/* SPDX-License-Identifier: MIT */
/*
 * os_linux_hand_memory.c - hand_memory.h on Linux: /proc/PID/task/TID/maps and mem.
 *
 * Like all that runs in the hand it calls no C library, and sanitizers keep out of it: so it reads the lines itself, not by maps_line.h.
 */
#include "hand_memory.h"

#include "os_linux_call.h"

#include <errno.h>

#define QUIET PM_UNSANITIZED __attribute__((noinline))

QUIET static void step(uint32_t *steps) { __atomic_fetch_add(steps, 1, __ATOMIC_SEQ_CST); }

/* ---- what is mapped ---- */

/* Of the hand. */
struct text {
    int file;
    uint32_t *steps;
    long length, at;
    char bytes[4096];
};

/* '\0' at the end. */
QUIET static char look(struct text *text)
{
    if (text->at >= text->length) {
        step(text->steps);
        text->length = pm_call(SYS_read, text->file, (long)text->bytes, sizeof text->bytes, 0, 0, 0);
        text->at = 0;
    }
    return text->at < text->length ? text->bytes[text->at] : '\0';
}

QUIET static char next(struct text *text)
{
    char letter = look(text);
    text->at += letter != '\0';
    return letter;
}

/* And the character after it. */
QUIET static uint64_t number(struct text *text, unsigned base)
{
    uint64_t value = 0;
    for (char letter = next(text);; letter = next(text)) {
        unsigned digit = letter >= '0' && letter <= '9' ? (unsigned)(letter - '0') : letter >= 'a' && letter <= 'f' ? (unsigned)(letter - 'a') + 10 : 16;
        if (digit >= base)
            return value;
        value = value * base + digit;
    }
}

/* What a peer has of its segment is mapped so: "rw-s ", or "r--s " what it only reads. */
QUIET static bool shared(struct text *text, bool *writable)
{
    bool reads = next(text) == 'r', writes = next(text) == 'w', executes = next(text) != '-', all = next(text) == 's';
    *writable = writes;
    return next(text) == ' ' && reads && !executes && all;
}

/* As the kernel writes it: from-to access offset major:minor inode path. */
struct line {
    uint64_t from, to, offset, inode, device;
    bool shared, writable;
};

QUIET static bool read_line(struct text *text, struct line *line)
{
    line->from = number(text, 16);
    line->to = number(text, 16);
    line->shared = shared(text, &line->writable);
    line->offset = number(text, 16);
    const unsigned major = (unsigned)number(text, 16), minor = (unsigned)number(text, 16);
    /* makedev() */
    line->device = (uint64_t)(major & 0xfffff000u) << 32 | (uint64_t)(major & 0xfffu) << 8 | (uint64_t)(minor & 0xffffff00u) << 12 | (minor & 0xffu);
    line->inode = 0;
    for (char letter; (letter = look(text)) >= '0' && letter <= '9'; text->at++)
        line->inode = line->inode * 10 + (uint64_t)(letter - '0');
    for (char letter; (letter = next(text)) != '\n';)
        if (letter == '\0')
            return false;
    return true;
}

/* The lines ascend: whatever is there instead ends it. */
QUIET int pm_hand_asks(const struct pm_hand_target *target, uint32_t *steps)
{
    const struct pm_hand_view *view = &target->view;
    const uint64_t end = view->start + view->length, own = view->start + PM_EVERYBODYS; /* a word that every peer writes */
    struct text text;
    struct line line;
    text.file = target->maps;
    text.steps = steps;
    text.length = text.at = 0;
    for (uint64_t at = view->start; at < end;) {
        if (!read_line(&text, &line))
            return ESRCH;
        if (line.to <= at)
            continue;
        if (line.from > at || !line.shared || line.device != view->backing.device || line.inode != view->backing.inode ||
            line.offset + (at - line.from) != at - view->start || (!line.writable && line.from <= own && own < line.to))
            return ESRCH;
        at = line.to;
    }
    return end < view->start ? ESRCH : 0;
}

/* ---- populating ---- */

/* Reading a byte makes the kernel map its page there, and with it most of those around it that are in memory, but not all, so each is read. */
#define PAGE UINT64_C(4096)
#define BATCH 4096 /* between two looks at the time */

/* By a read that SIGKILL ends, also where it waits for the lock; process_vm_readv does not end. */
QUIET int pm_hand_populates(const struct pm_hand_target *target, uint64_t until, uint32_t *steps)
{
    char byte;
    unsigned count = 0;
    for (uint64_t at = target->view.from; at < target->view.to; at += PAGE - at % PAGE) {
        if (++count % BATCH == 0 && pm_call_now() >= until)
            return ETIMEDOUT;
        step(steps);
        long got = pm_call(SYS_pread64, target->mem, (long)&byte, 1, (long)at, 0, 0);
        if (got != 1)
            return got < 0 ? (int)-got : EFAULT;
    }
    return 0;
}
