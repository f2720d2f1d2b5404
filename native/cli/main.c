/* SPDX-License-Identifier: MIT */
/* main.c - the commands of the tool, their options and help. */
#include "cli.h"

#include "near.h"
#include "os.h"
#include "peermap.h"
#include "size.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *name;
    const char *value; /* NULL: it takes none */
    const char *help;
} options[OPTION_COUNT] = {
    [OPTION_ALL] = { "all", NULL, "every process of each object, not the first few" },
    [OPTION_ALLOW_LATE] = { "allow-late", NULL, "go on without peers that do not answer in time" },
    [OPTION_AHEAD] = { "ahead", "SIZE", "bytes mapped past the active ones (default: as many, at least 64 MiB)" },
    [OPTION_DEAD] = { "dead", NULL, "only what nobody allocated who is known to live" },
    [OPTION_DEADLINE] = { "deadline", "MS", "give up after so many milliseconds, of all that it takes (default 1000)" },
    [OPTION_DIRECTORY] = { "directory", "DIR", "where segments are (default PEERMAP_DIR, or /dev/shm)" },
    [OPTION_FOLLOW] = { "follow", NULL, "go on, sleeping until something happens" },
    [OPTION_FORCE] = { "force", NULL, "do not ask" },
    [OPTION_FOREIGN] = { "foreign", NULL, "take part in a segment of another user, whoever that is" },
    [OPTION_HEAP] = { "heap", NULL, "the memory is a heap, laid out by peermap_alloc()" },
    [OPTION_HELP] = { "help", NULL, "this text" },
    [OPTION_HUGE] = { "huge", NULL, "huge pages where the system gives them" },
    [OPTION_JSON] = { "json", NULL, "for programs: see peermap(1) for the fields" },
    [OPTION_LAST] = { "last", "N", "the last N events of those there are" },
    [OPTION_LIVE] = { "live", NULL, "also if it changes whenever it is read: then it mixes moments" },
    [OPTION_MAX_PEERS] = { "max-peers", "N", "slots in the registry (default 128, at most 1024)" },
    [OPTION_MAX_ROOTS] = { "max-roots", "N", "roots that there can be (default 64; with --heap 1048576)" },
    [OPTION_MODE] = { "mode", "OCTAL", "permissions of the object (default 0600)" },
    [OPTION_NAMES] = { "names", NULL, "names only, one a line" },
    [OPTION_NO_PTRACE] = { "no-ptrace", NULL, "nobody uses ptrace on a peer" },
    [OPTION_ONCE] = { "once", NULL, "what is there now, then end" },
    [OPTION_ORPHANS] = { "orphans", NULL, "only what nobody has, for certain" },
    [OPTION_OWNER] = { "owner", "UID", "take part in a segment of this user, and of no other" },
    [OPTION_READONLY] = { "readonly", NULL, "refuse every command that changes something" },
    [OPTION_RESERVE] = { "reserve", "SIZE", "most bytes it can ever have (default 16 GiB)" },
    [OPTION_SINCE] = { "since", "SEQ", "events after the one of this number" },
    [OPTION_SIZE] = { "size", "SIZE", "bytes at the start (default 64 KiB)" },
    [OPTION_STRICT] = { "strict", NULL, "nobody maps past the active size" },
    [OPTION_TO] = { "to", "SIZE", "what there shall be at least, instead of what is added" },
    [OPTION_VERSION] = { "version", NULL, "the version of the tool" },
};

#define BIT(option) (UINT32_C(1) << OPTION_##option)
#define JOINING (BIT(DEADLINE) | BIT(OWNER) | BIT(FOREIGN))
#define EVERYWHERE (BIT(HELP) | BIT(VERSION) | BIT(READONLY) | BIT(JSON) | BIT(DIRECTORY))
static_assert(OPTION_COUNT <= 32, "a bit for each");

static const struct command {
    const char *name;
    const char *arguments;
    int least, most; /* of them */
    bool writes;
    uint32_t options;
    int (*run)(struct cli *cli);
    const char *summary;
    const char *help;
} commands[] = {
    { "ls", "", 0, 0, false, BIT(NAMES) | BIT(ORPHANS), run_ls, "all segments of this machine", "" },
    { "show", "NAME", 1, 1, false, 0, run_show, "one segment: header, peers, what the kernel maps, roots, problems", "" },
    { "watch", "NAME", 1, 1, false, BIT(ONCE), run_watch, "one segment as show has it, live, with the last events",
      "On a terminal it is redrawn with every change; q ends it.  Elsewhere each change is a block of text, with --json a line.\n" },
    { "events", "NAME", 1, 1, false, BIT(FOLLOW) | BIT(SINCE) | BIT(LAST), run_events, "the event ring, in words", "" },
    { "roots", "NAME", 1, 1, false, 0, run_roots, "all roots of a segment: where, how much, of what type, which version", "" },
    { "hexdump", "NAME [PLACE]", 1, 2, false, 0, run_hexdump, "the memory of a segment, byte by byte",
      "PLACE is OFFSET or the name of a root, and may have :LENGTH behind it: 0x1000, 64K:256, prices, prices:64.  Without a length it is all\nof the root, or of the active memory from there on.  Lines that are as the one before are one *.\n" },
    { "system", "", 0, 0, false, BIT(ALL) | BIT(ORPHANS), run_system, "all shared memory of this machine, and who has it",
      "POSIX objects, System V segments, memfds and shared anonymous memory, of whatever program.\n" },
    { "grow", "NAME [SIZE]", 1, 2, true, BIT(ALLOW_LATE) | BIT(TO) | JOINING, run_grow, "add memory, in every peer",
      "SIZE is what is added: 64K, 2 MiB, 0x10000, or +25% of what there is.  With --to it is what is missing to that, and may be nothing.\n" },
    { "shrink", "NAME SIZE", 2, 2, true, BIT(ALLOW_LATE) | BIT(FORCE) | JOINING, run_shrink, "take memory away, in every peer",
      "SIZE is what is taken from the end: 64K, 2 MiB, 0x10000, or 25% of what there is.  What is in it is lost: if anybody\nhas the segment, or a root lies in it, it asks first; where there is nobody to ask it refuses, unless --force is given.\n" },
    { "remap", "NAME [PID]", 1, 2, true, BIT(ALLOW_LATE) | JOINING, run_remap, "replace the mappings of one peer, or of all", "" },
    { "trim", "NAME", 1, 1, true, BIT(ALLOW_LATE) | JOINING, run_trim, "give a heap's free memory back to the system", "" },
    { "reap", "NAME", 1, 1, true, JOINING, run_reap, "free the slots of dead peers", "" },
    { "objects", "NAME", 1, 1, true, BIT(DEAD) | JOINING, run_objects, "what lives in a heap, and who allocated it", "" },
    { "create", "NAME", 1, 1, true,
      BIT(SIZE) | BIT(RESERVE) | BIT(AHEAD) | BIT(MAX_PEERS) | BIT(MAX_ROOTS) | BIT(MODE) | BIT(STRICT) | BIT(NO_PTRACE) | BIT(HUGE) | BIT(HEAP),
      run_create,
      "make a segment", "" },
    { "dump", "NAME FILE", 2, 2, true, BIT(FORCE) | BIT(LIVE), run_dump, "a segment as it is now, into a file",
      "FILE is written whole or not at all, with the segment's permissions.  If it is there, it asks first; where there is nobody to ask it refuses,\nunless --force is given.  It is the segment of one moment, as if all who have it had been killed in that.\n" },
    { "load", "FILE NAME", 2, 2, true, BIT(LIVE), run_load, "a segment from such a file",
      "FILE is what peermap dump wrote, or another copy of a segment's object.  A segment that is there is never written over.\n" },
    { "copy", "NAME NEW", 2, 2, true, BIT(LIVE), run_copy, "a segment as it is now, as another one",
      "It is the segment of one moment, as if all who have it had been killed in that.  A segment that is there is never written over.\n" },
    { "destroy", "NAME", 1, 1, true, BIT(FORCE), run_destroy, "remove a segment; who is attached keeps the memory",
      "While anybody has it, or may have it, it asks first; where there is nobody to ask it refuses, unless --force is given.\n" },
};
#define COMMANDS (sizeof commands / sizeof *commands)

static const char exit_codes[] = "exit codes: 0 well, 1 it failed, 2 usage, 3 refused by --readonly, 4 there is no such segment\n";

const char *option_name(enum option option) { return options[option].name; }

bool option_number(const struct cli *cli, enum option option, uint64_t least, uint64_t most, uint64_t *number, uint64_t otherwise)
{
    *number = otherwise;
    if (!has(cli, option))
        return true;
    if (parse_number(cli->given[option], number) && *number >= least && *number <= most)
        return true;
    usage_error("--%s takes a number from %llu to %llu, not %s", option_name(option), (unsigned long long)least, (unsigned long long)most,
                cli->given[option]);
    return false;
}

bool option_size(const struct cli *cli, enum option option, uint64_t *bytes)
{
    *bytes = 0;
    const char *wrong = has(cli, option) ? parse_size(cli->given[option], 0, bytes) : NULL;
    if (wrong)
        usage_error("--%s %s: %s", option_name(option), cli->given[option], wrong);
    return !wrong;
}

static void print_help(const struct command *command)
{
    if (!command) {
        printf("usage: peermap COMMAND [OPTIONS] [ARGUMENTS]\n\n");
        for (size_t i = 0; i < COMMANDS; i++)
            printf("  %-8s %-13s %s\n", commands[i].name, commands[i].arguments, commands[i].summary);
        printf("\nEvery command has --help.  PEERMAP_READONLY=1 in the environment is --readonly.\n%s", exit_codes);
        return;
    }
    printf("usage: peermap %s [OPTIONS]%s%s\n\n%s.\n%s\n", command->name, *command->arguments ? " " : "", command->arguments, command->summary, command->help);
    for (int i = 0; i < OPTION_COUNT; i++)
        if ((command->options | EVERYWHERE) & UINT32_C(1) << i)
            printf("  --%s%s%-*s %s\n", options[i].name, options[i].value ? " " : "",
                   16 - (int)strlen(options[i].name) - (options[i].value ? 1 : 0), options[i].value ? options[i].value : "",
                   options[i].help);
    printf("\n%s", exit_codes);
}

/* The option that `word`, without its dashes, names up to a "="; OPTION_COUNT: none. */
static enum option find_option(const char *word)
{
    const size_t length = strcspn(word, "=");
    for (int i = 0; i < OPTION_COUNT; i++)
        if (strlen(options[i].name) == length && strncmp(options[i].name, word, length) == 0)
            return (enum option)i;
    return OPTION_COUNT;
}

/* ", did you mean --json?" of a word that names none, if some option of the command is near; for free(). */
static char *meant_option(const struct cli *cli, const char *word)
{
    const char *name = word + strspn(word, "-");
    struct near near = { .word = name, .length = strcspn(name, "=") };
    for (int i = 0; i < OPTION_COUNT; i++)
        if (!cli->command || (cli->command->options | EVERYWHERE) & UINT32_C(1) << i)
            near_offer(&near, options[i].name);
    return near.best ? text_of(", did you mean --%s?", near.best) : text_of("%s", "");
}

static char *meant_command(const char *word)
{
    struct near near = { .word = word, .length = strlen(word) };
    for (size_t i = 0; i < COMMANDS; i++)
        near_offer(&near, commands[i].name);
    return near.best ? text_of(", did you mean %s?", near.best) : text_of("%s", "");
}

/* `kind` is option or command; `meant` is freed. */
static int unknown(const char *kind, const char *word, char *meant)
{
    const int rc = usage_error("there is no %s %s%s", kind, word, meant);
    free(meant);
    return rc;
}

/* 0, or an exit code. */
static int take_option(struct cli *cli, const char *word, char ***next)
{
    const enum option option = strcmp(word, "-h") == 0 ? OPTION_HELP : strncmp(word, "--", 2) == 0 ? find_option(word + 2) : OPTION_COUNT;
    const char *value = strchr(word, '=');
    if (option == OPTION_COUNT)
        return unknown("option", word, meant_option(cli, word));
    if (!options[option].value) {
        if (value)
            return usage_error("--%s takes no value", options[option].name);
        cli->given[option] = "";
        return 0;
    }
    cli->given[option] = value ? value + 1 : **next ? *(*next)++ : NULL;
    return cli->given[option] ? 0 : usage_error("--%s needs a value: %s", options[option].name, options[option].value);
}

static int take_word(struct cli *cli, const char *word)
{
    if (!cli->command) {
        for (size_t i = 0; i < COMMANDS && !cli->command; i++)
            cli->command = strcmp(commands[i].name, word) == 0 ? &commands[i] : NULL;
        if (!cli->command)
            return unknown("command", word, meant_command(word));
        fail_with_help_of(cli->command->name);
        return 0;
    }
    if (cli->word_count == cli->command->most)
        return usage_error("%s: %s is one argument too many", cli->command->name, word);
    cli->words[cli->word_count++] = word;
    return 0;
}

static int parse(struct cli *cli, char **next)
{
    bool words_only = false;
    int rc = 0;
    while (*next && rc == 0) {
        const char *word = *next++;
        if (!words_only && strcmp(word, "--") == 0)
            words_only = true;
        else if (!words_only && word[0] == '-' && word[1] && !isdigit((unsigned char)word[1])) /* a negative number is for the command to refuse */
            rc = take_option(cli, word, &next);
        else
            rc = take_word(cli, word);
    }
    return rc;
}

static bool is_readonly(const struct cli *cli)
{
    const char *environment = getenv("PEERMAP_READONLY");
    return has(cli, OPTION_READONLY) || (environment && *environment && strcmp(environment, "0") != 0);
}

/* For all that the tool looks at and makes.  A folder that is not there is no empty one. */
static int enter_directory(const struct cli *cli)
{
    struct stat facts;
    if (has(cli, OPTION_DIRECTORY)) {
        char *path = realpath(cli->given[OPTION_DIRECTORY], NULL);
        if (!path || setenv("PEERMAP_DIR", path, 1) != 0)
            return failure(cli->given[OPTION_DIRECTORY], "%s", strerror(errno));
        free(path);
    }
    if (pm_directory_fault())
        return usage_error("%s", pm_directory_fault());
    if (stat(pm_directory(), &facts) != 0)
        return failure(pm_directory(), "%s", strerror(errno));
    return S_ISDIR(facts.st_mode) ? 0 : failure(pm_directory(), "it is not a directory");
}

static int check(const struct cli *cli)
{
    const struct command *command = cli->command;
    if (!command)
        return usage_error("a command is missing");
    for (int i = 0; i < OPTION_COUNT; i++)
        if (cli->given[i] && !((command->options | EVERYWHERE) & UINT32_C(1) << i))
            return usage_error("%s has no option --%s", command->name, options[i].name);
    if (cli->word_count < command->least)
        return usage_error("an argument is missing: peermap %s %s", command->name, command->arguments);
    if (command->writes && is_readonly(cli))
        return readonly_refusal(command->name, has(cli, OPTION_READONLY) ? "--readonly" : "PEERMAP_READONLY");
    return enter_directory(cli);
}

/* A reader that has gone away is no failure of ours. */
static int finish(int rc)
{
    errno = 0;
    const bool written = fflush(stdout) == 0 && !ferror(stdout);
    return written || errno == EPIPE ? rc : output_failure(strerror(errno ? errno : EIO));
}

/* Among the words that may be options, before they are read: what is wrong with those is told in JSON, too. */
static bool asks_for(char **words, const char *word)
{
    for (; *words && strcmp(*words, "--") != 0; words++)
        if (strcmp(*words, word) == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    struct cli cli = { 0 };
    setlocale(LC_CTYPE, "");
    signal(SIGPIPE, SIG_DFL);
    char **words = argv + (argc > 0);
    if (asks_for(words, "--json"))
        fail_in_json(asks_for(words, "--follow") || asks_for(words, "watch"));
    int rc = parse(&cli, words);
    if (rc != 0)
        return rc;
    if (has(&cli, OPTION_VERSION)) {
        printf("peermap %s\n", PEERMAP_VERSION);
        return finish(EXIT_WELL);
    }
    if (has(&cli, OPTION_HELP)) {
        print_help(cli.command);
        return finish(EXIT_WELL);
    }
    rc = check(&cli);
    if (rc != 0)
        return rc;
    cli.out = out_open(stdout);
    return finish(cli.command->run(&cli));
}
