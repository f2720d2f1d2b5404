/* SPDX-License-Identifier: MIT */
/*
 * search - tells which files contain a word, by following the indexer's pointers in the segment, also while it is at work.
 *
 * It never re-opens anything: when the index grows into new memory, that memory is mapped here already.
 */
#include "index/session.h"
#include "index/words.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: search [--segment NAME] [--json] [--limit N] [--follow] [WORD...]\n"
    "\n"
    "Tells which files contain all the WORDs, and how often.  Without WORDs it asks for them, a line each time.\n"
    "\n"
    "  --segment NAME   the indexer's segment (default: " SESSION_SEGMENT ")\n"
    "  --follow         repeat the answer each second until Ctrl+C\n"
    "  --limit N        list this many files, those with most occurrences first; 0: all (default: 10)\n"
    "  --json           one line of JSON for each answer\n";

#define WORDS_MAX 64

struct arguments {
    const char *segment;
    size_t limit;
    bool follow;
    bool json;
};

/* A file that contains the first `words` words of the query. */
struct hit {
    const struct index_version *version;
    uint64_t count;
    uint32_t words;
};

struct hits {
    struct hit *hits;
    size_t length;
    size_t capacity;
    uint32_t word; /* the query's word that is being looked up */
    bool out_of_memory;
};

static int by_version(const void *a, const void *b)
{
    const struct hit *one = a, *other = b;
    return (one->version > other->version) - (one->version < other->version);
}

static int by_count(const void *a, const void *b)
{
    const struct hit *one = a, *other = b;
    if (one->count != other->count)
        return one->count < other->count ? 1 : -1;
    return by_version(a, b);
}

static void first_word(void *context, const struct index_version *version, uint64_t count)
{
    struct hits *hits = context;
    if (hits->length == hits->capacity) {
        size_t capacity = hits->capacity == 0 ? 256 : hits->capacity * 2;
        struct hit *more = realloc(hits->hits, capacity * sizeof *more);
        if (more == NULL) {
            hits->out_of_memory = true;
            return;
        }
        hits->hits = more;
        hits->capacity = capacity;
    }
    hits->hits[hits->length++] = (struct hit){ .version = version, .count = count, .words = 1 };
}

static void further_word(void *context, const struct index_version *version, uint64_t count)
{
    struct hits *hits = context;
    struct hit key = { .version = version };
    struct hit *hit = hits->length == 0 ? NULL : bsearch(&key, hits->hits, hits->length, sizeof key, by_version);
    if (hit == NULL || hit->words != hits->word)
        return;
    hit->count += count;
    hit->words++;
}

struct query {
    struct index_count words[WORDS_MAX];
    size_t length;
};

static void answer(const struct index_view *view, const struct query *query, struct hits *hits)
{
    hits->length = 0;
    hits->out_of_memory = false;
    for (hits->word = 0; hits->word < query->length; hits->word++) {
        const struct index_word *word = index_find(view, query->words[hits->word].text, query->words[hits->word].length);
        if (word != NULL)
            index_postings(view, word, hits->word == 0 ? first_word : further_word, hits, NULL);
        if (hits->word == 0 && hits->length > 0)
            qsort(hits->hits, hits->length, sizeof *hits->hits, by_version);
    }
    size_t kept = 0;
    for (size_t i = 0; i < hits->length; i++)
        if (hits->hits[i].words == query->length)
            hits->hits[kept++] = hits->hits[i];
    hits->length = kept;
    if (kept > 0)
        qsort(hits->hits, kept, sizeof *hits->hits, by_count);
}

/* A path below the current folder is shown from there. */
static int shown_from(const struct index_key *path)
{
    static char folder[4096];
    if (folder[0] == 0 && getcwd(folder, sizeof folder - 1) == NULL)
        return 0;
    size_t length = strlen(folder);
    bool below = length + 1 < path->length && memcmp(path->text, folder, length) == 0 && path->text[length] == '/';
    return below ? (int)length + 1 : 0;
}

static void print_text(const struct query *query, const struct hits *hits, uint64_t total, double seconds, size_t shown)
{
    for (size_t i = 0; i < query->length; i++)
        printf("%s%.*s", i == 0 ? "" : " ", (int)query->words[i].length, query->words[i].text);
    printf(": %zu files, %llu times, %.0f us\n", hits->length, (unsigned long long)total, seconds * 1e6);
    for (size_t i = 0; i < shown; i++) {
        const struct index_key *path = &hits->hits[i].version->file->key;
        int from = shown_from(path);
        printf("%8llu  %.*s\n", (unsigned long long)hits->hits[i].count, (int)path->length - from, path->text + from);
    }
    if (shown < hits->length)
        printf("          and %zu more\n", hits->length - shown);
}

static void print_json(const struct query *query, const struct hits *hits, uint64_t total, double seconds, size_t shown)
{
    fputs("{\"words\":[", stdout);
    for (size_t i = 0; i < query->length; i++) {
        fputs(i == 0 ? "" : ",", stdout);
        session_json_string(stdout, query->words[i].text, query->words[i].length);
    }
    printf("],\"files\":%zu,\"count\":%llu,\"microseconds\":%.1f", hits->length, (unsigned long long)total, seconds * 1e6);
    fputs(",\"top\":[", stdout);
    for (size_t i = 0; i < shown; i++) {
        const struct index_key *path = &hits->hits[i].version->file->key;
        fputs(i == 0 ? "{\"file\":" : ",{\"file\":", stdout);
        session_json_string(stdout, path->text, path->length);
        printf(",\"count\":%llu}", (unsigned long long)hits->hits[i].count);
    }
    puts("]}");
}

/* False: the answer could not be given or written; the reason has been told. */
static bool ask(peermap_segment *segment, const struct arguments *arguments, const struct query *query, struct hits *hits)
{
    double started = session_clock();
    struct index_view view;
    if (index_enter(segment, &view) != INDEX_READY) {
        session_say("the index in segment '%s' was cut off by a shrink", arguments->segment);
        return false;
    }
    answer(&view, query, hits);
    double seconds = session_clock() - started;
    uint64_t total = 0;
    for (size_t i = 0; i < hits->length; i++)
        total += hits->hits[i].count;
    size_t shown = arguments->limit == 0 || arguments->limit > hits->length ? hits->length : arguments->limit;
    (arguments->json ? print_json : print_text)(query, hits, total, seconds, shown);
    index_leave(segment);
    if (hits->out_of_memory)
        session_say("out of memory");
    return fflush(stdout) == 0 && !hits->out_of_memory;
}

/* Splits a line as the indexer splits a file.  The words stay in the line. */
static void read_query(char *line, struct query *query)
{
    query->length = 0;
    char *end = line + strlen(line);
    char *word;
    for (size_t n; query->length < WORDS_MAX && (n = words_next(&line, end, &word)) != 0;) {
        bool again = false;
        for (size_t i = 0; i < query->length; i++)
            again |= query->words[i].length == n && memcmp(query->words[i].text, word, n) == 0;
        if (!again)
            query->words[query->length++] = (struct index_count){ .text = word, .length = (uint32_t)n };
    }
}

static int prompt(peermap_segment *segment, const struct arguments *arguments, struct hits *hits)
{
    bool tty = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (tty)
        puts("Words to look for; several: files that contain them all.  Ctrl+D or Ctrl+C ends.");
    for (;;) {
        if (tty)
            fputs("search> ", stdout);
        fflush(stdout);
        char *line;
        if (session_wait_line(&line) || line == NULL)
            break;
        struct query query;
        read_query(line, &query);
        if (query.length == 0) {
            if (!tty || *line != 0)
                session_say("no word in that: a word has 2 to 63 letters, digits or '_'");
            continue;
        }
        if (!ask(segment, arguments, &query, hits))
            return SESSION_FAILED;
    }
    if (tty)
        putchar('\n');
    return SESSION_OK;
}

static int run(peermap_segment *segment, const struct arguments *arguments, const struct query *query)
{
    struct hits hits = { 0 };
    int result = SESSION_OK;
    if (query->length == 0)
        result = prompt(segment, arguments, &hits);
    else
        do
            if (!ask(segment, arguments, query, &hits))
                result = SESSION_FAILED;
        while (result == SESSION_OK && arguments->follow && !session_wait(1));
    free(hits.hits);
    return result;
}

static int parse(int argc, char **argv, struct arguments *arguments, struct query *query)
{
    static const struct option options[] = {
        { "segment", required_argument, NULL, 's' },
        { "limit", required_argument, NULL, 'l' },
        { "follow", no_argument, NULL, 'f' },
        { "json", no_argument, NULL, 'j' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        char *end = NULL;
        switch (c) {
        case 's': arguments->segment = optarg; break;
        case 'l':
            arguments->limit = strtoul(optarg, &end, 10);
            if (*optarg < '0' || *optarg > '9' || *end != 0) {
                session_say("--limit wants a number of files, not '%s'", optarg);
                return SESSION_USAGE;
            }
            break;
        case 'f': arguments->follow = true; break;
        case 'j': arguments->json = true; break;
        case 'h': fputs(usage, stdout); exit(SESSION_OK);
        default: return session_usage(usage);
        }
    }
    static char line[65536];
    size_t length = 0;
    for (; optind < argc; optind++) {
        int n = snprintf(line + length, sizeof line - length, "%s ", argv[optind]);
        if (n < 0 || (size_t)n >= sizeof line - length)
            break;
        length += (size_t)n;
    }
    read_query(line, query);
    if (length > 0 && query->length == 0) {
        session_say("no word in that: a word has 2 to 63 letters, digits or '_'");
        return SESSION_USAGE;
    }
    return arguments->follow && query->length == 0 ? session_usage(usage) : SESSION_OK;
}

static bool has_index(peermap_segment *segment)
{
    return peermap_root(segment, INDEX_ROOT, NULL) != NULL;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .segment = SESSION_SEGMENT, .limit = 10 };
    struct query query = { .length = 0 };
    session_begin("search");
    int result = parse(argc, argv, &arguments, &query);
    if (result != SESSION_OK)
        return result;
    peermap_segment *segment;
    int rc = session_attach(arguments.segment, has_index, &segment);
    if (rc != 0)
        return rc > 0 ? SESSION_OK : session_failed(arguments.segment, rc);
    struct index_view view;
    enum index_state state = index_enter(segment, &view);
    if (state == INDEX_READY) {
        index_leave(segment);
        result = run(segment, &arguments, &query);
    } else {
        session_say(state == INDEX_FOREIGN ? "segment '%s' holds something else than an index"
                                           : "the index in segment '%s' was cut off by a shrink; start indexer --fresh",
                    arguments.segment);
        result = SESSION_FAILED;
    }
    peermap_detach(segment);
    return result;
}
