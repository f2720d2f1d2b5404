/* SPDX-License-Identifier: MIT */
/*
 * stats - walks the whole index from its root, also while the indexer is at work, and prints what there is.
 */
#include "index/index.h"
#include "index/session.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static const char usage[] = "usage: stats [--segment NAME] [--follow] [--json]\n"
                            "\n"
                            "Walks the index that the indexer builds and prints its counts and the segment's peers.\n"
                            "\n"
                            "  --segment NAME   the indexer's segment (default: " SESSION_SEGMENT ")\n"
                            "  --follow         again each second until Ctrl+C\n"
                            "  --json           one line of JSON each time\n";

struct arguments {
    const char *segment;
    bool follow;
    bool json;
};

struct counts {
    const struct index_view *view;
    uint64_t files;
    uint64_t bytes; /* of the files' text */
    uint64_t words; /* in at least one file */
    uint64_t postings;
    uint64_t stale; /* postings of superseded or unfinished versions */
    uint64_t occurrences;
    unsigned depth; /* steps to the word that is farthest from the root */
    uint64_t used;
    size_t size;
    double seconds;
};

static void count_posting(void *context, const struct index_version *version, uint64_t count)
{
    (void)version;
    struct counts *counts = context;
    counts->postings++;
    counts->occurrences += count;
}

static void count_word(void *context, const struct index_key *key, unsigned depth)
{
    struct counts *counts = context;
    uint64_t before = counts->postings;
    index_postings(counts->view, (const struct index_word *)key, count_posting, counts, &counts->stale);
    counts->words += counts->postings > before;
    if (depth > counts->depth)
        counts->depth = depth;
}

static void count_file(void *context, const struct index_key *key, unsigned depth)
{
    (void)depth;
    struct counts *counts = context;
    const struct index_version *version = index_current(counts->view, (const struct index_file *)key);
    if (version == NULL)
        return;
    counts->files++;
    counts->bytes += version->bytes;
}

static void count_all(const struct index_view *view, struct counts *counts)
{
    double started = session_clock();
    *counts = (struct counts){ .view = view, .size = view->pinned };
    counts->used = atomic_load_explicit(&view->index->used, memory_order_relaxed);
    index_walk(view, &view->index->files, count_file, counts);
    index_walk(view, &view->index->words, count_word, counts);
    counts->seconds = session_clock() - started;
}

static const char *const states[] = { [PEERMAP_DEAD] = "dead", [PEERMAP_ALIVE] = "alive", [PEERMAP_LATE] = "late" };

static void print_json(peermap_segment *segment, const struct arguments *arguments, const struct counts *counts,
                       const peermap_peer *peers, int peer_count)
{
    printf("{\"segment\":\"%s\",\"base\":\"%p\",\"size\":%zu,\"used\":%llu,\"epoch\":%llu,\"files\":%llu,\"bytes\":%llu,"
           "\"words\":%llu,\"postings\":%llu,\"stale\":%llu,\"occurrences\":%llu,\"depth\":%u,\"microseconds\":%.0f,\"peers\":[",
           arguments->segment, peermap_base(segment), counts->size, (unsigned long long)counts->used,
           (unsigned long long)peermap_epoch(segment), (unsigned long long)counts->files, (unsigned long long)counts->bytes,
           (unsigned long long)counts->words, (unsigned long long)counts->postings, (unsigned long long)counts->stale,
           (unsigned long long)counts->occurrences, counts->depth, counts->seconds * 1e6);
    for (int i = 0; i < peer_count; i++) {
        fputs(i == 0 ? "{\"name\":" : ",{\"name\":", stdout);
        session_json_string(stdout, peers[i].name, strlen(peers[i].name));
        printf(",\"pid\":%ld,\"state\":\"%s\",\"base\":\"%p\",\"mapped\":%zu}", (long)peers[i].pid, states[peers[i].state],
               peers[i].base, peers[i].mapped);
    }
    puts("]}");
}

static void print_text(peermap_segment *segment, const struct arguments *arguments, const struct counts *counts,
                       const peermap_peer *peers, int peer_count)
{
    char used[16], size[16], text[16];
    printf("segment      %s at %p, epoch %llu\n", arguments->segment, peermap_base(segment),
           (unsigned long long)peermap_epoch(segment));
    printf("memory       %s of %s used\n", session_bytes(used, (double)counts->used), session_bytes(size, (double)counts->size));
    printf("files        %llu, %s of text\n", (unsigned long long)counts->files, session_bytes(text, (double)counts->bytes));
    printf("words        %llu different, %llu in all\n", (unsigned long long)counts->words,
           (unsigned long long)counts->occurrences);
    printf("postings     %llu, and %llu superseded\n", (unsigned long long)counts->postings, (unsigned long long)counts->stale);
    printf("deepest      %u steps from the root to a word\n", counts->depth);
    printf("walked in    %.1f ms\n", counts->seconds * 1e3);
    for (int i = 0; i < peer_count; i++)
        printf("%-12s %-12s pid %-8ld %-6s %s at %p\n", i == 0 ? "peers" : "", peers[i].name, (long)peers[i].pid,
               states[peers[i].state], session_bytes(size, (double)peers[i].mapped), peers[i].base);
    if (arguments->follow)
        putchar('\n');
}

static int show(peermap_segment *segment, const struct arguments *arguments)
{
    struct index_view view;
    enum index_state state = index_enter(segment, &view);
    if (state != INDEX_READY) {
        session_say(state == INDEX_FOREIGN ? "segment '%s' holds something else than an index"
                                           : "the index in segment '%s' was cut off by a shrink; start indexer --fresh",
                    arguments->segment);
        return SESSION_FAILED;
    }
    struct counts counts;
    count_all(&view, &counts);
    index_leave(segment);

    static peermap_peer peers[1024]; /* the most a segment can have */
    int peer_count = peermap_peers(segment, peers, 1024);
    if (peer_count < 0)
        return session_failed(arguments->segment, peer_count);
    (arguments->json ? print_json : print_text)(segment, arguments, &counts, peers, peer_count < 1024 ? peer_count : 1024);
    return fflush(stdout) == 0 ? SESSION_OK : SESSION_FAILED;
}

static bool has_index(peermap_segment *segment)
{
    return peermap_root(segment, INDEX_ROOT, NULL) != NULL;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = { { "segment", required_argument, NULL, 's' }, { "follow", no_argument, NULL, 'f' },
                                             { "json", no_argument, NULL, 'j' },          { "help", no_argument, NULL, 'h' },
                                             { 0 } };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;)
        switch (c) {
        case 's': arguments->segment = optarg; break;
        case 'f': arguments->follow = true; break;
        case 'j': arguments->json = true; break;
        case 'h': fputs(usage, stdout); exit(SESSION_OK);
        default: return session_usage(usage);
        }
    return optind < argc ? session_usage(usage) : SESSION_OK;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .segment = SESSION_SEGMENT };
    session_begin("stats");
    int result = parse(argc, argv, &arguments);
    if (result != SESSION_OK)
        return result;
    peermap_segment *segment;
    int rc = session_attach(arguments.segment, has_index, &segment);
    if (rc != 0)
        return rc > 0 ? SESSION_OK : session_failed(arguments.segment, rc);
    do
        result = show(segment, &arguments);
    while (result == SESSION_OK && arguments.follow && !session_wait(1));
    peermap_detach(segment);
    return result;
}
