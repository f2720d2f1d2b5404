/* SPDX-License-Identifier: MIT */
/*
 * A shrink that is to be undone - by its deadline, or after the death of who made it - while a peer that had given the memory up already cannot come back to it: the
 * size is never one that somebody who lives has not mapped.  Whoever resizes meanwhile is told for whom that waits; when that peer goes on, it is undone.
 */
#include "header.h"

#define BEFORE 1048576u
#define AFTER (BEFORE / 2)

static struct peer *one, *shrinks, *quick, *late;

/* What may be touched now, everybody has. */
static void is_there_for_all(uint64_t size)
{
    CHECK_INT(__atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_BYTES, size);
    for (uint32_t i = 0; i < its_header->slot_count; i++)
        if ((slots()[i].tag & PM_TAG_STATE) == PM_LIVE && (slots()[i].life & PM_FUTEX_TID) != 0)
            CHECK(slots()[i].mapped >= size);
}

/* One who is stopped where nobody may reach it, before a shrink; one who is, after it has done its part of it. */
static void begin(const char *options, const char *deadline)
{
    char words[64];
    snprintf(words, sizeof words, "create %u deadline 400%s", BEFORE, options);
    one = ready_peer("one", words);
    snprintf(words, sizeof words, "deadline %s", deadline);
    shrinks = ready_peer("shrinks", words);
    quick = ready_peer("quick", "no-ptrace");
    late = ready_peer("late", "no-ptrace");
    map_header();
    stop_peer(late);
    shrink_halfway(shrinks, quick, BEFORE, AFTER);
}

/* Not before it has the memory again, and by itself then. */
static void end(void)
{
    struct peer *all[] = { one, quick, late };
    is_there_for_all(AFTER);
    fails(one, "PEERMAP_ETIMEDOUT", "grow 65536");
    CHECK(strstr(one->line, "peer quick") != NULL && strstr(one->line, "a shrink before is undone when it has the memory again") != NULL);
    is_there_for_all(AFTER);
    continue_peer(quick);
    UNTIL((__atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_CLOSED) == 0);
    is_there_for_all(BEFORE);
    continue_peer(late);
    ok(one, "grow 65536");
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        maps_all(all[i], BEFORE + 65536);
    is_there_for_all(BEFORE + 65536);
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        forget(all[i]);
    peermap_unlink(seg());
}

static void after_a_death(const char *options)
{
    begin(options, "100000");
    kill_peer(shrinks);
    end();
}

static void by_the_deadline(const char *options)
{
    begin(options, "300");
    expect_error(__FILE__, __LINE__, "PEERMAP_ETIMEDOUT", shrinks);
    /* Until quick runs, or one that has not been given a core yet. */
    if (!strstr(shrinks->line, "peer late (pid ") || !strstr(shrinks->line, "it is stopped") || !strstr(shrinks->line, "is undone when peer "))
        FAIL("%s", shrinks->line);
    forget(shrinks);
    end();
}

/* It never has it again: who reaps it undoes the shrink. */
static void after_two_deaths(const char *options)
{
    begin(options, "100000");
    kill_peer(shrinks);
    fails(one, "PEERMAP_ETIMEDOUT", "grow 65536");
    kill_peer(quick);
    is_there_for_all(AFTER);
    ok(one, "reap");
    UNTIL((__atomic_load_n(&its_header->active, __ATOMIC_SEQ_CST) & PM_ACTIVE_CLOSED) == 0);
    is_there_for_all(BEFORE);
    continue_peer(late);
    ok(one, "grow 65536");
    forget(one);
    forget(late);
    peermap_unlink(seg());
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    after_a_death("");
    after_a_death(" ahead 4194304");
    by_the_deadline("");
    by_the_deadline(" ahead 4194304");
    after_two_deaths("");
    after_two_deaths(" ahead 4194304");
    return 0;
}
