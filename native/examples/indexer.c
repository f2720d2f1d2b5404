/* SPDX-License-Identifier: MIT */
/*
 * indexer - reads every text file below a folder and keeps an index of its words in a segment that grows as it goes.
 *
 * Start `search` and `stats` beside it: they follow the same pointers while it works.  Kill it and start it again: it goes on.
 * What a word is: index/words.h.  What a text file is: index/folder.h.  How the index is built: index/index.h.
 */
#include "index/folder.h"
#include "index/session.h"
#include "index/words.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char usage[] =
    "usage: indexer [--segment NAME] [--pace FILES] [--once] [--fresh] [--strict] [--no-ptrace] [FOLDER]\n"
    "\n"
    "Indexes the words of every text file below FOLDER (default: node_modules of the current folder) in shared\n"
    "memory, where search and stats find them while it works.  Files that are in the index already and have not\n"
    "changed are not read again.  When all is indexed it stays attached until Ctrl+C.\n"
    "\n"
    "  --segment NAME   segment to use, created if there is none (default: " SESSION_SEGMENT ")\n"
    "  --pace FILES     read at most this many files a second, to watch it (default: as fast as it goes)\n"
    "  --once           end when all is indexed\n"
    "  --fresh          remove the segment first, and begin anew\n"
    "\n"
    "Where the segment is created:\n"
    "\n"
    "  --strict         map nothing ahead: every growth asks every process, and waits for all of them\n"
    "  --no-ptrace      reach into no process that is stopped\n"
    "\n"
    "Without them a process that is stopped holds nobody up: it has the memory mapped already, or is reached through\n"
    "the library's thread in it.  With both, the indexer waits for it, and says so.\n"
    "\n"
    "Skipped: symbolic links, files of more than 16 MiB, files with a NUL byte in the first 8 KiB.\n";

#define GROW_MIN ((size_t)256 << 10)

struct arguments {
    const char *segment;
    const char *folder;
    double pace;
    bool once;
    bool fresh;
    uint32_t flags; /* of the segment, if it is created */
};

/* Process-local: one run over a folder. */
struct run {
    struct index_writer writer;
    struct folder folder;
    struct words_tally tally;
    char *text;
    size_t text_capacity;
    double pace;
    double started;
    double told;
    bool tty;
    bool asked_to_end;
    size_t at; /* files looked at */
    size_t indexed;
    size_t unchanged;
    size_t removed;
    size_t binary;
    size_t large;
    size_t unreadable;
    uint64_t occurrences;
    size_t growths;
};

static uint64_t used(const struct run *run)
{
    return atomic_load_explicit(&run->writer.index->used, memory_order_relaxed);
}

/* A quarter more each time: steps that can be seen, and not too many of them.  A peer that can neither map the memory nor be reached (held
 * by a debugger past what is mapped ahead, or stopped where nobody may reach into it) holds the growth up, as it must; the indexer says
 * whom it waits for and tries again. */
static int grow(struct index_writer *writer, size_t by)
{
    struct run *run = writer->context;
    size_t step = peermap_size(writer->segment) / 4;
    if (step < GROW_MIN)
        step = GROW_MIN;
    if (step < by)
        step = by;
    bool said = false;
    for (;;) {
        peermap_round round = { 0 };
        int rc = peermap_grow(writer->segment, step, &round);
        if (rc == 0)
            run->growths++;
        if (rc != PEERMAP_ETIMEDOUT && rc != PEERMAP_EBUSY)
            return rc;
        if (!said)
            session_say("%s; trying until it answers", peermap_last_error());
        said = true;
        if (session_wait(0.2)) {
            run->asked_to_end = true;
            return rc;
        }
    }
}

static void tell_progress(struct run *run)
{
    double now = session_clock();
    if (now - run->told < (run->tty ? 0.1 : 1.0))
        return;
    run->told = now;
    char have[16], size[16];
    fprintf(stderr, "%sindexer: %zu of %zu files, %s of %s used, grown %zu times%s", run->tty ? "\r" : "", run->at,
            run->folder.length, session_bytes(have, (double)used(run)),
            session_bytes(size, (double)peermap_size(run->writer.segment)), run->growths, run->tty ? "\033[K" : "\n");
}

static void end_progress(const struct run *run)
{
    if (run->tty)
        fputs("\r\033[K", stderr);
}

static int index_file(struct run *run, struct folder_file *file)
{
    const struct index_version *known = index_known(&run->writer, file->path);
    if (known != NULL && known->bytes == file->bytes && known->mtime_ns == file->mtime_ns) {
        run->unchanged++;
        return 0;
    }
    size_t length = 0;
    enum folder_kind kind = folder_read(file, &run->text, &run->text_capacity, &length);
    if (kind != FOLDER_TEXT) {
        ++*(kind == FOLDER_BINARY ? &run->binary : kind == FOLDER_LARGE ? &run->large : &run->unreadable);
        if (known != NULL)
            index_forget(&run->writer, file->path);
        return 0;
    }
    if (!words_count(&run->tally, run->text, length)) {
        errno = ENOMEM;
        return PEERMAP_EOS;
    }
    struct index_reading reading = { .path = file->path,
                                     .bytes = file->bytes,
                                     .mtime_ns = file->mtime_ns,
                                     .occurrences = run->tally.occurrences,
                                     .counts = run->tally.counts,
                                     .words = run->tally.length };
    int rc = index_put(&run->writer, &reading);
    if (rc == 0) {
        run->indexed++;
        run->occurrences += run->tally.occurrences;
    }
    return rc;
}

/* Files that the index knows below the folder, and the folder no longer has. */
static void forget_removed(void *context, const struct index_key *key, unsigned depth)
{
    (void)depth;
    struct run *run = context;
    const struct index_file *file = (const struct index_file *)key;
    if (atomic_load_explicit(&file->current, memory_order_relaxed) == NULL)
        return;
    char *path = strndup(key->text, key->length);
    size_t folder = strlen(run->folder.path);
    if (path != NULL && strncmp(path, run->folder.path, folder) == 0 && (path[folder] == '/' || folder == 1) &&
        folder_find(&run->folder, path) == NULL) {
        index_forget(&run->writer, path);
        run->removed++;
    }
    free(path);
}

static int index_folder(struct run *run)
{
    struct index_view view;
    if (index_enter(run->writer.segment, &view) == INDEX_READY) {
        index_walk(&view, &view.index->files, forget_removed, run);
        index_leave(run->writer.segment);
    }
    int rc = 0;
    while (rc == 0 && run->at < run->folder.length && !run->asked_to_end) {
        size_t before = run->unchanged;
        rc = index_file(run, &run->folder.files[run->at++]);
        tell_progress(run);
        bool read = run->unchanged == before;
        double wait = read && run->pace > 0 ? run->started + (double)(run->at - run->unchanged) / run->pace - session_clock() : 0;
        run->asked_to_end |= session_wait(wait > 0 ? wait : 0);
    }
    end_progress(run);
    return run->asked_to_end ? 0 : rc;
}

static void tell_result(const struct run *run)
{
    char have[16], size[16];
    if (run->folder.unreadable > 0)
        session_say("%zu folders cannot be read, the first is %s: %s", run->folder.unreadable, run->folder.unreadable_path,
                    strerror(run->folder.unreadable_errno));
    if (run->indexed == 0 && run->removed == 0)
        printf("nothing to do: the %zu files are in the index already", run->unchanged);
    else
        printf("indexed %zu files, %llu words; %zu unchanged, %zu gone", run->indexed, (unsigned long long)run->occurrences,
               run->unchanged, run->removed);
    printf("\nskipped %zu binary, %zu larger than 16 MiB, %zu unreadable, %zu links\n", run->binary, run->large, run->unreadable,
           run->folder.links);
    printf("%s of %s used, grown %zu times, %.1f s\n", session_bytes(have, (double)used(run)),
           session_bytes(size, (double)peermap_size(run->writer.segment)), run->growths, session_clock() - run->started);
}

/* The default is worth a sentence of its own: a newcomer starts the program without arguments, anywhere. */
static bool find_folder(const char *given, struct folder *folder)
{
    const char *path = given == NULL ? "node_modules" : given;
    if (folder_list(folder, path))
        return true;
    if (given == NULL && errno == ENOENT)
        session_say("there is no node_modules in the current folder; name the folder to index: indexer FOLDER");
    else if (errno == ENOENT)
        session_say("there is no folder %s", path);
    else
        session_say("cannot read the folder %s: %s", path, strerror(errno));
    return false;
}

static int tell_state(const char *segment, enum index_state state)
{
    if (state == INDEX_FOREIGN)
        session_say("segment '%s' holds something else than an index; choose another with --segment NAME", segment);
    else
        session_say("the index in segment '%s' was cut off by a shrink; begin anew with --fresh", segment);
    return SESSION_FAILED;
}

static int run_attached(struct run *run, const struct arguments *arguments)
{
    int rc;
    enum index_state state = index_begin(&run->writer, &rc);
    if (rc != 0)
        return session_failed(arguments->segment, rc);
    if (state != INDEX_READY)
        return tell_state(arguments->segment, state);
    session_say("segment '%s' at %p; %zu files in %s", arguments->segment, peermap_base(run->writer.segment), run->folder.length,
                run->folder.path);
    rc = index_folder(run);
    int result = rc == 0 ? SESSION_OK : session_failed(arguments->segment, rc);
    if (run->asked_to_end)
        session_say("ended with %zu of %zu files looked at; start again to go on", run->at, run->folder.length);
    else if (rc == 0)
        tell_result(run);
    if (rc == 0 && !run->asked_to_end && !arguments->once) {
        puts("done; Ctrl+C ends, the index stays");
        fflush(stdout);
        while (!session_wait(3600))
            ;
    }
    index_end(&run->writer);
    return result;
}

/* --fresh: removes the segment, if it is an index and nobody is writing it. */
static int remove_segment(const char *name)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "indexer" };
    peermap_segment *segment;
    int rc = peermap_attach(name, &options, &segment);
    if (rc == PEERMAP_ENOENT)
        return 0;
    if (rc != 0 && rc != PEERMAP_EFORMAT && rc != PEERMAP_EVERSION)
        return rc;
    if (rc == 0) {
        struct index_view view;
        enum index_state state = index_enter(segment, &view);
        if (state == INDEX_READY)
            index_leave(segment);
        peermap_detach(segment);
        if (state == INDEX_FOREIGN)
            return 0; /* told when the indexer opens it */
    }
    return peermap_unlink(name);
}

static int open_and_run(struct run *run, const struct arguments *arguments)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "indexer", .flags = arguments->flags };
    int rc = arguments->fresh ? remove_segment(arguments->segment) : 0;
    if (rc == 0)
        rc = peermap_open(arguments->segment, &options, &run->writer.segment);
    if (rc == PEERMAP_EPEERNAME) {
        session_say("an indexer is at work on segment '%s' already; choose another with --segment NAME", arguments->segment);
        return SESSION_FAILED;
    }
    if (rc != 0)
        return session_failed(arguments->segment, rc);
    int result = run_attached(run, arguments);
    peermap_detach(run->writer.segment);
    return result;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
    static const struct option options[] = {
        { "segment", required_argument, NULL, 's' },
        { "pace", required_argument, NULL, 'p' },
        { "once", no_argument, NULL, 'o' },
        { "fresh", no_argument, NULL, 'f' },
        { "strict", no_argument, NULL, 't' },
        { "no-ptrace", no_argument, NULL, 'n' },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) != -1;) {
        char *end = NULL;
        switch (c) {
        case 's': arguments->segment = optarg; break;
        case 'p':
            arguments->pace = strtod(optarg, &end);
            if (*optarg == 0 || *end != 0 || !(arguments->pace > 0)) {
                session_say("--pace wants files per second, more than 0, not '%s'", optarg);
                return SESSION_USAGE;
            }
            break;
        case 'o': arguments->once = true; break;
        case 'f': arguments->fresh = true; break;
        case 't': arguments->flags |= PEERMAP_STRICT; break;
        case 'n': arguments->flags |= PEERMAP_NO_PTRACE; break;
        case 'h': fputs(usage, stdout); exit(SESSION_OK);
        default: return session_usage(usage);
        }
    }
    if (argc - optind > 1)
        return session_usage(usage);
    arguments->folder = argv[optind];
    return SESSION_OK;
}

int main(int argc, char **argv)
{
    struct arguments arguments = { .segment = SESSION_SEGMENT };
    session_begin("indexer");
    int result = parse(argc, argv, &arguments);
    if (result != SESSION_OK)
        return result;
    struct run run = { .pace = arguments.pace,
                       .tty = isatty(STDERR_FILENO),
                       .started = session_clock(),
                       .writer = { .grow = grow } };
    run.told = run.started;
    run.writer.context = &run;
    if (!find_folder(arguments.folder, &run.folder))
        return SESSION_FAILED;
    result = open_and_run(&run, &arguments);
    folder_free(&run.folder);
    words_free(&run.tally);
    free(run.text);
    return result;
}
