/* SPDX-License-Identifier: MIT */
/*
 * wait.c - waiting for a word of the segment to become another, and waking who does.
 *
 * Who waits trusts for a moment only that it is woken: whoever changed the word may have been killed before it came to that.
 */
#include "segment.h"
#include "touch.h"

void peermap_sleep_while(const uint32_t *word, uint32_t value, uint64_t until) { pm_futex_wait(word, value, UINT32_MAX, until); }

static int check_word(peermap_segment *segment, const uint32_t *word)
{
    if (!pm_attached(segment))
        return pm_fail_detached();
    if ((uintptr_t)word % sizeof *word == 0 && pm_is_active(segment, word, sizeof *word))
        return 0;
    if (pm_lost(segment))
        return pm_fail_lost(segment);
    return pm_fail(PEERMAP_EINVAL, "the word at %p is not in the active memory of segment %s, or not aligned to 4 bytes", (const void *)word, segment->name);
}

/* 1: it is; 0: it is not; or PEERMAP_ELOST. */
static int is_still(peermap_segment *segment, const uint32_t *word, uint32_t value)
{
    struct pm_thread *own = pm_own();
    if (!pm_is_mapped(segment, word, sizeof *word)) /* shrunk away meanwhile */
        return check_word(segment, word);
    const bool there = pm_touch(own, segment, word, sizeof *word);
    const uint32_t now = there ? order_load32(word) : 0;
    return there && pm_touched(own, segment) ? now == value : pm_torn(segment);
}

int peermap_wait(peermap_segment *segment, const uint32_t *word, uint32_t value, uint32_t deadline_ms)
{
    PM_UNCANCELLED;
    int rc = check_word(segment, word);
    if (rc != 0)
        return rc;
    for (const uint64_t until = pm_until(segment, deadline_ms);;) {
        rc = is_still(segment, word, value);
        if (rc != 1 || !pm_wait_a_while(word, value, until))
            return rc;
    }
}

int peermap_notify(peermap_segment *segment, const uint32_t *word, int count)
{
    const int rc = check_word(segment, word);
    if (rc != 0)
        return rc;
    if (count < 1)
        return pm_fail(PEERMAP_EINVAL, "count is %d; at least 1 can be woken", count);
    return pm_futex_wake(word, UINT32_MAX, count);
}
