/* SPDX-License-Identifier: MIT */
/*
 * peer.c - a peer to be driven: attaches, then obeys one command a line and answers each with one line.
 *
 *     peer SEGMENT NAME [create BYTES] [ahead BYTES] [reserve BYTES] [deadline MS] [slots N] [late] [relocatable] [no-ptrace] [prefault] [huge] [read-only]
 *
 * It creates a strict segment, in which each growth asks everybody, unless told how much to map ahead (0: as the library likes).
 *
 * First line: "ready PID BASE SIZE", or "error CODE sentence" and exit 1.  Then "ok ..." or "error CODE sentence" for each of
 *
 *     grow N | grow-to N | shrink N | remap [PID] | map [PID]    ok EPOCH SIZE PEERS ACKED LATE DIED
 *     size | base | epoch | pin                      ok VALUE
 *     unpin | detach | reap                          ok [FREED]
 *     fill OFF LEN BYTE                              ok
 *     check OFF LEN BYTE                             ok, or error at the first byte that differs
 *     root NAME OFF SIZE TYPE | get NAME | unroot NAME    ok [OFF SIZE]
 *     peers                                          ok NAME:PID:STATE:MAPPED ...
 *     hole OFF LEN                                   unmaps it behind the library's back
 *     touch                                          reads every active page
 *     spin N                                         grows and shrinks by a page N times, then answers
 *     answers                                        ok NAME:METHOD:ERRNO ... of its last round
 *     report                                         ok UNSTOPPED AHEAD POPULATED of its last round
 *     resident OFF LEN                               ok PAGES, in its page tables
 *     crash                                          abort()
 *
 * Ends with its standard input.
 */
#include <peermap.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static peermap_segment *segment;
static peermap_round last;

static void answer_error(int rc) { printf("error %s %s\n", peermap_error_name(rc), peermap_last_error()); }

static void answer_round(int rc)
{
    if (rc != 0)
        answer_error(rc);
    else
        printf("ok %llu %zu %u %u %u %u\n", (unsigned long long)last.epoch, last.size, last.peers, last.acked, last.late, last.died);
}

static void check(const char *bytes, size_t off, size_t length, int byte)
{
    for (size_t i = off; i < off + length; i++) {
        if ((unsigned char)bytes[i] != byte) {
            printf("error DATA byte %zu is %d, not %d\n", i, (unsigned char)bytes[i], byte);
            return;
        }
    }
    printf("ok\n");
}

static void list_peers(void)
{
    static const char *const states[] = { "dead", "alive", "late" };
    peermap_peer peers[1024];
    int count = peermap_peers(segment, peers, 1024);
    printf("ok");
    for (int i = 0; i < count && i < 1024; i++)
        printf(" %s:%d:%s:%zu", peers[i].name, (int)peers[i].pid, states[peers[i].state], peers[i].mapped);
    printf("\n");
}

static void list_answers(void)
{
    static const char *const methods[] = { "none", "attach", "agent", "self", "unstop", "ahead" };
    peermap_result answers[1024];
    int count = peermap_results(segment, answers, 1024);
    printf("ok");
    for (int i = 0; i < count && i < 1024; i++)
        printf(" %s:%s:%d", answers[i].name, methods[answers[i].method], answers[i].error);
    printf("\n");
}

/* Field 1 of a page's word in pagemap is what this process has mapped, not what is in memory. */
static void resident(uintptr_t from, size_t length)
{
    size_t pages = 0;
    int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    for (uintptr_t at = from; at < from + length; at += 4096) {
        uint64_t word = 0;
        if (pread(fd, &word, sizeof word, (off_t)(at / 4096 * sizeof word)) == sizeof word)
            pages += word >> 63;
    }
    close(fd);
    printf("ok %zu\n", pages);
}

static void touch(void)
{
    size_t size = peermap_pin(segment);
    const volatile char *base = peermap_base(segment);
    unsigned sum = 0;
    for (size_t at = 0; at < size; at += 4096)
        sum += (unsigned char)base[at];
    peermap_unpin(segment);
    printf("ok %zu %u\n", size, sum);
}

static void spin(size_t times)
{
    int rc = 0;
    for (size_t i = 0; i < times && rc == 0; i++) {
        rc = peermap_grow(segment, 4096, NULL);
        if (rc == 0)
            rc = peermap_shrink(segment, 4096, NULL);
    }
    if (rc != 0)
        answer_error(rc);
    else
        printf("ok\n");
}

static void obey(const char *line)
{
    char word[32] = "", name[64] = "", type[64] = "";
    size_t a = 0, b = 0, c = 0;
    char *base = peermap_base(segment);
    int words = sscanf(line, "%31s %zu %zu %zu", word, &a, &b, &c);
    if (words < 1)
        return;
    if (strcmp(word, "grow") == 0)
        answer_round(peermap_grow(segment, a, &last));
    else if (strcmp(word, "grow-to") == 0)
        answer_round(peermap_grow_to(segment, a, &last));
    else if (strcmp(word, "shrink") == 0)
        answer_round(peermap_shrink(segment, a, &last));
    else if (strcmp(word, "remap") == 0)
        answer_round(peermap_remap(segment, (pid_t)a, &last));
    else if (strcmp(word, "map") == 0)
        answer_round(peermap_map_peer(segment, (pid_t)a, &last));
    else if (strcmp(word, "size") == 0)
        printf("ok %zu\n", peermap_size(segment));
    else if (strcmp(word, "base") == 0)
        printf("ok %p\n", peermap_base(segment));
    else if (strcmp(word, "epoch") == 0)
        printf("ok %llu\n", (unsigned long long)peermap_epoch(segment));
    else if (strcmp(word, "pin") == 0)
        printf("ok %zu\n", peermap_pin(segment));
    else if (strcmp(word, "unpin") == 0)
        peermap_unpin(segment), printf("ok\n");
    else if (strcmp(word, "reap") == 0)
        printf("ok %d\n", peermap_reap(segment));
    else if (strcmp(word, "fill") == 0)
        memset(base + a, (int)c, b), printf("ok\n");
    else if (strcmp(word, "check") == 0)
        check(base, a, b, (int)c);
    else if (strcmp(word, "root") == 0 && sscanf(line, "%*s %63s %zu %zu %63s", name, &a, &b, type) >= 3) {
        int rc = peermap_set_root(segment, name, base + a, b, type);
        if (rc != 0)
            answer_error(rc);
        else
            printf("ok\n");
    } else if (strcmp(word, "unroot") == 0 && sscanf(line, "%*s %63s", name) == 1) {
        int rc = peermap_set_root(segment, name, NULL, 0, NULL);
        if (rc != 0)
            answer_error(rc);
        else
            printf("ok\n");
    } else if (strcmp(word, "get") == 0 && sscanf(line, "%*s %63s", name) == 1) {
        char *at = peermap_root(segment, name, &b);
        if (at)
            printf("ok %zu %zu\n", (size_t)(at - base), b);
        else
            printf("error NONE no root %s\n", name);
    } else if (strcmp(word, "peers") == 0)
        list_peers();
    else if (strcmp(word, "hole") == 0)
        printf(munmap(base + a, b) == 0 ? "ok\n" : "error OS munmap\n");
    else if (strcmp(word, "answers") == 0)
        list_answers();
    else if (strcmp(word, "report") == 0)
        printf("ok %u %u %u\n", last.unstopped, last.ahead, last.populated);
    else if (strcmp(word, "resident") == 0)
        resident((uintptr_t)base + a, b);
    else if (strcmp(word, "touch") == 0)
        touch();
    else if (strcmp(word, "spin") == 0)
        spin(a);
    else if (strcmp(word, "detach") == 0)
        peermap_detach(segment), segment = NULL, printf("ok\n");
    else if (strcmp(word, "crash") == 0)
        abort();
    else
        printf("error COMMAND %s\n", word);
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return fprintf(stderr, "usage: peer SEGMENT NAME [WORDS]: see the head of peer.c\n"), 2;
    peermap_options options = { .struct_size = sizeof options, .peer_name = argv[2], .flags = PEERMAP_STRICT };
    bool create = false;
    for (int i = 3; i < argc; i++) {
        unsigned long long value = i + 1 < argc ? strtoull(argv[i + 1], NULL, 0) : 0;
        if (strcmp(argv[i], "create") == 0)
            create = true, options.initial_size = (size_t)value, i++;
        else if (strcmp(argv[i], "reserve") == 0)
            options.reserve_size = (size_t)value, i++;
        else if (strcmp(argv[i], "deadline") == 0)
            options.deadline_ms = (uint32_t)value, i++;
        else if (strcmp(argv[i], "slots") == 0)
            options.max_peers = (uint32_t)value, i++;
        else if (strcmp(argv[i], "ahead") == 0)
            options.flags &= ~(uint32_t)PEERMAP_STRICT, options.ahead = (size_t)value, i++;
        else if (strcmp(argv[i], "no-ptrace") == 0)
            options.flags |= PEERMAP_NO_PTRACE;
        else if (strcmp(argv[i], "read-only") == 0)
            options.flags |= PEERMAP_READ_ONLY;
        else if (strcmp(argv[i], "prefault") == 0)
            options.flags |= PEERMAP_PREFAULT;
        else if (strcmp(argv[i], "huge") == 0)
            options.flags |= PEERMAP_HUGE;
        else if (strcmp(argv[i], "late") == 0)
            options.flags |= PEERMAP_ALLOW_LATE;
        else if (strcmp(argv[i], "relocatable") == 0)
            options.flags |= PEERMAP_RELOCATABLE;
        else
            return fprintf(stderr, "peer: unknown word %s\n", argv[i]), 2;
    }
    if (!create) { /* what is there need not be so */
        options.flags &= ~(uint32_t)(PEERMAP_STRICT | PEERMAP_HUGE);
        options.ahead = options.reserve_size = options.max_peers = 0;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int rc = create ? peermap_create(argv[1], &options, &segment) : peermap_attach(argv[1], &options, &segment);
    if (rc != 0)
        return answer_error(rc), 1;
    printf("ready %d %p %zu\n", (int)getpid(), peermap_base(segment), peermap_size(segment));
    char *line = NULL;
    size_t capacity = 0;
    while (getline(&line, &capacity, stdin) > 0)
        obey(line);
    free(line);
    peermap_detach(segment);
    return 0;
}
