/* SPDX-License-Identifier: MIT */
/* Who waits for a lock that a frozen process holds, the segment's or the registry's, is told of the freezer in time; so is who attaches. */
#include "freezer.h"

#define DEADLINE_MS 200u

static void in_time(uint64_t since)
{
    uint64_t took = (now_ns() - since) / 1000000, most = DEADLINE_MS * 11 / 10 + 50;
    printf("%" PRIu64 " ms\n", took);
    CHECK(took <= 3 * most);
}

static void names_the_freezer(const char *text, const struct freezer *freezer)
{
    if (!strstr(text, "holder") || !strstr(text, "is frozen") || !strstr(text, freezer_key(freezer)))
        FAIL("%s", text);
}

static void put_word(long offset, uint32_t word)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, &word, sizeof word, offset) == sizeof word);
    close(fd);
}

/* The holder waits for the sleeper, with the lock. */
static void segment_lock(const struct freezer *freezer, bool stopped)
{
    char words[64];
    snprintf(words, sizeof words, "deadline %u", DEADLINE_MS);
    struct peer *holder = ready_peer("holder", "create 65536 no-ptrace deadline 100000");
    struct peer *sleeper = ready_peer("sleeper", NULL);
    struct peer *other = ready_peer("other", words);
    CHECK(freezer_put(freezer, holder->pid));
    stop_peer(sleeper);
    say(holder, "grow 4096");
    while (strncmp(ask(other, "map"), "error PEERMAP_EBUSY", 19) != 0) {}
    if (stopped)
        stop_peer(holder);
    freezer_freeze(freezer);
    uint64_t since = now_ns();
    fails(other, "PEERMAP_EBUSY", "grow 4096");
    in_time(since);
    names_the_freezer(other->line, freezer);
    UNTIL(live_children_of(other->pid) == 0);
    is_idle(other->pid);
    freezer_thaw(freezer);
    continue_peer(holder);
    continue_peer(sleeper);
    expect_ok(__FILE__, __LINE__, holder);
    while (strncmp(ask(other, "grow 4096"), "ok", 2) != 0)
        CHECK(strstr(other->line, "PEERMAP_EBUSY") != NULL || strstr(other->line, "PEERMAP_ETIMEDOUT") != NULL);
    maps_exactly(sleeper, 65536 + 8192);
    kill_peer(holder);
    kill_peer(sleeper);
    kill_peer(other);
    peermap_unlink(seg());
}

/* It is held for microseconds, so the word is written here as its agent would have written it. */
static void registry_lock(const struct freezer *freezer)
{
    char words[64];
    snprintf(words, sizeof words, "deadline %u", DEADLINE_MS);
    struct peer *holder = ready_peer("holder", "create 65536");
    CHECK(freezer_put(freezer, holder->pid));
    freezer_freeze(freezer);
    put_word(offsetof(struct pm_header, registry_lock), (uint32_t)agent_of(holder->pid));
    uint64_t since = now_ns();
    struct peer *late = start_peer("late", words);
    in_time(since);
    CHECK(strncmp(late->line, "error PEERMAP_EBUSY", 19) == 0);
    names_the_freezer(late->line, freezer);
    put_word(offsetof(struct pm_header, registry_lock), 0);
    freezer_thaw(freezer);
    struct peer *next = ready_peer("next", NULL);
    ok(next, "grow 4096");
    kill_peer(late);
    kill_peer(next);
    kill_peer(holder);
    peermap_unlink(seg());
}

static void each(const struct freezer *freezer)
{
    segment_lock(freezer, false);
    segment_lock(freezer, true);
    registry_lock(freezer);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    freezer_each(each);
    return 0;
}
