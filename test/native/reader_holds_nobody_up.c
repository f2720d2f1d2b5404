/* SPDX-License-Identifier: MIT */
/*
 * A peer that attached to read has every growth at once, and nobody waits for it: stopped, in a debugger, or past all that others map ahead.  What it pins, and what
 * is about its own mapping, is waited for.
 */
#include "drive.h"

#define KIB UINT64_C(1024)
#define MIB (KIB * KIB)
#define RESERVE (256 * MIB)

/* All of it, whatever is active. */
static void reads_everything(const struct peer *reader)
{
    CHECK_INT(bytes_mapped_as("r--s", reader->pid, reader->base, reader->base + RESERVE, header_length()), RESERVE);
    CHECK_INT(mapped_bytes(reader->pid, reader->base, reader->base + RESERVE, header_length()), 0);
}

static void counts(const struct peer *asker, unsigned peers)
{
    unsigned asked, acked, late;
    CHECK(sscanf(asker->line, "ok %*u %*u %u %u %u", &asked, &acked, &late) == 3);
    CHECK_INT(asked, peers);
    CHECK_INT(acked, peers);
    CHECK_INT(late, 0);
}

/* It has no time at all to answer: each of these would end by the deadline. */
static void changes_go_on_without(struct peer *writer, struct peer *other)
{
    const uint64_t size = size_of(writer);
    ok(writer, "grow %llu", (unsigned long long)MIB);
    counts(writer, 3);
    CHECK(strstr(ok(writer, "answers"), " reader:ahead:0") != NULL);
    ok(other, "fill %llu 4096 7", (unsigned long long)size);
    ok(other, "shrink %llu", (unsigned long long)(512 * KIB));
    counts(other, 3);
    ok(writer, "grow %llu", (unsigned long long)(128 * MIB)); /* past what anybody has ahead */
    counts(writer, 3);
    ok(writer, "shrink %llu", (unsigned long long)(128 * MIB));
    CHECK_INT(size_of(writer), size + 512 * KIB);
    CHECK_INT(object_length(), header_length() + size + 512 * KIB);
}

static void sees(struct peer *reader, uint64_t size)
{
    CHECK_INT(size_of(reader), size);
    ok(reader, "touch");
    ok(reader, "check %llu 4096 7", (unsigned long long)(size - 512 * KIB));
    reads_everything(reader);
}

static void is_not_waited_for(const char *words)
{
    struct peer *writer = ready_peer("writer", words), *other = ready_peer("other", "deadline 5000");
    struct peer *reader = ready_peer("reader", "read-only no-ptrace");
    reads_everything(reader);
    changes_go_on_without(writer, other);
    sees(reader, size_of(writer));

    stop_peer(reader);
    changes_go_on_without(writer, other);
    CHECK(strstr(ok(writer, "peers"), " reader:") != NULL && strstr(writer->line, ":late:") == NULL);
    continue_peer(reader);
    sees(reader, size_of(writer));

    hold_peer(reader);
    changes_go_on_without(writer, other);
    let_peer_go(reader);
    sees(reader, size_of(writer));

    /* What it pins stays, as with anybody. */
    ok(reader, "pin");
    ok(reader, "pin");
    CHECK(strstr(fails(writer, "PEERMAP_EBUSY", "shrink 65536"), "peer reader ") != NULL);
    ok(reader, "unpin");
    ok(reader, "unpin");
    ok(writer, "shrink 65536");

    /* What is about its mapping it does. */
    ok(writer, "remap %d", (int)reader->pid);
    CHECK(strstr(ok(writer, "answers"), " reader:agent:0") != NULL);
    reads_everything(reader);
    ok(writer, "remap");
    counts(writer, 3);
    ok(writer, "map");
    counts(writer, 3);
    reads_everything(reader);
    stop_peer(reader);
    fails(writer, "PEERMAP_ETIMEDOUT", "remap %d", (int)reader->pid);
    ok(writer, "grow 65536");
    continue_peer(reader);
    struct peer *viewer = ready_peer("viewer", "read-only");
    stop_peer(viewer);
    ok(writer, "remap %d", (int)viewer->pid);
    CHECK(strstr(ok(writer, "answers"), " viewer:unstop:0") != NULL);
    reads_everything(viewer);
    continue_peer(viewer);
    end_peer(viewer);

    /* Its death is known, and its place is free for a writer of its name. */
    kill_peer(reader);
    UNTIL(strstr(ok(writer, "peers"), " reader:") != NULL && strstr(writer->line, ":dead:") != NULL);
    struct peer *again = ready_peer("reader", "deadline 2000");
    CHECK_INT(mapped_bytes(again->pid, again->base, again->base + size_of(again), header_length()), size_of(again));
    ok(again, "grow 4096");
    CHECK_INT(end_peer(again), 0);
    end_peer(other);
    end_peer(writer);
    peermap_unlink(seg());
}

/* A peer that is late for a shrink holds up its end, a reader that never answers does not. */
static void late_shrink_ends_without_it(void)
{
    struct peer *writer = ready_peer("writer", "create 1048576 no-ptrace deadline 100 late");
    struct peer *sleeper = ready_peer("sleeper", NULL), *reader = ready_peer("reader", "read-only");
    stop_peer(reader);
    stop_peer(sleeper);
    ok(writer, "shrink 524288");
    CHECK_INT(object_length(), header_length() + 1048576);
    continue_peer(sleeper);
    UNTIL(object_length() == header_length() + 524288);
    ok(writer, "map %d", (int)sleeper->pid);
    continue_peer(reader);
    ok(reader, "touch");
    end_peer(reader);
    end_peer(sleeper);
    end_peer(writer);
    peermap_unlink(seg());
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    is_not_waited_for("create 1048576 reserve 268435456 deadline 5000");
    is_not_waited_for("create 1048576 reserve 268435456 deadline 5000 ahead 1048576");
    late_shrink_ends_without_it();
    return 0;
}
