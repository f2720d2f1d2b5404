/* SPDX-License-Identifier: MIT */
/*
 * cli.h - what the files of the command line tool share.  peermap.1 is its manual.
 *
 *     main.c           commands and options: the lists that --help, the manual and the completions are held against
 *     fail.c near.c    how it fails; what somebody meant who mistyped a word
 *     ls.c show.c watch.c events.c system.c memory.c      looking: the observer's side, which writes nothing
 *     round.c life.c   grow, shrink, remap, trim; create, destroy, reap: a peer for that moment
 *     objects.c        what lives in a heap: likewise, but that it only reads
 *     copy.c image.c target.c     dump, load, copy: of one moment, and whole or not at all
 *     ask.c loss.c     a question before something is lost; what a shrink takes from others
 *     out.c table.c text.c    for people        json.c model*.c    for programs, in the words of native/addon/model.d.ts
 *     wait.c terminal.c       sleeping until something happens; the screen of `watch`
 *
 * Nothing of a segment or of another process reaches the terminal as it is: see out.c.
 */
#ifndef CLI_H
#define CLI_H

#include "out.h"

#include <stdbool.h>
#include <stdint.h>

enum exit_code { EXIT_WELL = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_READONLY = 3, EXIT_NO_SEGMENT = 4 };

/* Every option of every command. */
enum option {
    OPTION_ALL,
    OPTION_ALLOW_LATE,
    OPTION_AHEAD,
    OPTION_DEAD,
    OPTION_DEADLINE,
    OPTION_DIRECTORY,
    OPTION_FOLLOW,
    OPTION_FORCE,
    OPTION_FOREIGN,
    OPTION_HEAP,
    OPTION_HELP,
    OPTION_HUGE,
    OPTION_JSON,
    OPTION_LAST,
    OPTION_LIVE,
    OPTION_MAX_PEERS,
    OPTION_MAX_ROOTS,
    OPTION_MODE,
    OPTION_NAMES,
    OPTION_NO_PTRACE,
    OPTION_ONCE,
    OPTION_ORPHANS,
    OPTION_OWNER,
    OPTION_READONLY,
    OPTION_RESERVE,
    OPTION_SINCE,
    OPTION_SIZE,
    OPTION_STRICT,
    OPTION_TO,
    OPTION_VERSION,
    OPTION_COUNT
};

/* One call of the tool, parsed. */
struct cli {
    const struct command *command;
    const char *words[2]; /* after the command: NAME, and SIZE or PID */
    int word_count;
    const char *given[OPTION_COUNT]; /* its value, "" for one that takes none; NULL: not given */
    struct out out;                  /* standard output */
};

static inline bool has(const struct cli *cli, enum option option) { return cli->given[option] != NULL; }

/* ---- fail.c: failures, each one line on the standard error output, and with --json {error {code, text}} on standard output.  All return the exit code ---- */

void fail_in_json(bool line); /* a document is one line */
void fail_with_help_of(const char *command);
__attribute__((format(printf, 1, 2))) int usage_error(const char *format, ...);
/* Something other than a code of the library. */
__attribute__((format(printf, 2, 3))) int failure(const char *name, const char *format, ...);
/* What would be done if somebody said so. */
__attribute__((format(printf, 2, 3))) int refusal(const char *name, const char *format, ...);
int readonly_refusal(const char *name, const char *by);
/* Nothing can be written there any more. */
int output_failure(const char *text);
/* A code of the library; `sentence` NULL: peermap_last_error(). */
int library_error(const char *name, int code, const char *sentence);
/* The same, of which the command's own document tells. */
int documented_error(const char *name, int code, const char *sentence);

/* ---- main.c ---- */

/* The number that an option has, `otherwise` if it was not given.  False: not a number from `least` to `most`, and said so. */
bool option_number(const struct cli *cli, enum option option, uint64_t least, uint64_t most, uint64_t *number, uint64_t otherwise);
/* The bytes that an option has, 0 if it was not given. */
bool option_size(const struct cli *cli, enum option option, uint64_t *bytes);
const char *option_name(enum option option);

/* ---- commands: each returns an exit code ---- */

int run_ls(struct cli *cli);
int run_show(struct cli *cli);
int run_watch(struct cli *cli);
int run_events(struct cli *cli);
int run_system(struct cli *cli);
int run_grow(struct cli *cli);
int run_shrink(struct cli *cli);
int run_remap(struct cli *cli);
int run_trim(struct cli *cli);
int run_create(struct cli *cli);
int run_destroy(struct cli *cli);
int run_reap(struct cli *cli);
int run_dump(struct cli *cli);
int run_load(struct cli *cli);
int run_copy(struct cli *cli);
int run_roots(struct cli *cli);
int run_hexdump(struct cli *cli);
int run_objects(struct cli *cli);

#endif
