/* SPDX-License-Identifier: MIT */
/* life.c - `peermap create`, `destroy` and `reap`. */
#include "ask.h"
#include "json.h"
#include "os.h"
#include "peer.h"
#include "size.h"
#include "snapshot.h"
#include "unlink.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- create ---- */

static bool parse_mode(const char *text, uint32_t *mode)
{
    char *end;
    const unsigned long value = strtoul(text, &end, 8);
    *mode = (uint32_t)value;
    return *text >= '0' && *text <= '7' && *end == '\0' && value > 0 && value <= 0777;
}

/* Into the options of a peer.  False: said what is wrong. */
static bool creation_options(const struct cli *cli, peermap_options *options)
{
    static const struct {
        enum option option;
        uint32_t flag;
    } flags[] = { { OPTION_STRICT, PEERMAP_STRICT }, { OPTION_NO_PTRACE, PEERMAP_NO_PTRACE }, { OPTION_HUGE, PEERMAP_HUGE }, { OPTION_HEAP, PEERMAP_HEAP } };
    uint64_t size, reserve, ahead, peers, roots;
    if (!option_size(cli, OPTION_SIZE, &size) || !option_size(cli, OPTION_RESERVE, &reserve) || !option_size(cli, OPTION_AHEAD, &ahead) ||
        !option_number(cli, OPTION_MAX_PEERS, 1, 1024, &peers, 0) || !option_number(cli, OPTION_MAX_ROOTS, 1, PM_ROOTS_MAX, &roots, 0))
        return false;
    if (has(cli, OPTION_MODE) && !parse_mode(cli->given[OPTION_MODE], &options->mode)) {
        usage_error("--mode takes octal digits such as 0660, not %s", cli->given[OPTION_MODE]);
        return false;
    }
    options->initial_size = (size_t)size;
    options->reserve_size = (size_t)reserve;
    options->ahead = (size_t)ahead;
    options->max_peers = (uint32_t)peers;
    options->max_roots = (uint32_t)roots;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        options->flags |= has(cli, flags[i].option) ? flags[i].flag : 0;
    return true;
}

/* `asked`: 0, nothing. */
static void print_created(const struct cli *cli, uint64_t asked, uint64_t size, uint64_t base, uint64_t page)
{
    if (!has(cli, OPTION_JSON)) {
        char *rounded = rounding_of(asked, size, page);
        out_line(&cli->out, PLAIN, "%s created: %s%s at 0x%" PRIx64, cli->words[0], figure_pages(size).text, rounded, base);
        free(rounded);
        return;
    }
    struct json json = { .file = stdout };
    json_open(&json, NULL, '{');
    json_string(&json, "segment", cli->words[0]);
    json_number(&json, "size", size);
    json_hex(&json, "base", base);
    json_number(&json, "pageSize", page);
    json_close(&json, '}');
}

int run_create(struct cli *cli)
{
    peermap_options options;
    char name[PEERMAP_NAME_MAX];
    peermap_segment *segment;
    if (!peer_options(cli, &options, name) || !creation_options(cli, &options))
        return EXIT_USAGE;
    peer_hold_signals(true);
    const int rc = peermap_create(cli->words[0], &options, &segment);
    if (rc != 0) {
        peer_hold_signals(false);
        return library_error(cli->words[0], rc, NULL);
    }
    const uint64_t size = peermap_size(segment), base = (uintptr_t)peermap_base(segment), page = peermap_page_size(segment);
    peer_end(segment);
    print_created(cli, options.initial_size, size, base, page);
    return EXIT_WELL;
}

/* ---- destroy ---- */

/* What is to be destroyed.  Process-local. */
struct doomed {
    char name[NAME_MAX + 1]; /* of the object, below pm_directory() */
    struct stat facts;
    uint64_t born_ns;
};

static bool is_there(struct doomed *doomed)
{
    char path[PM_DIRECTORY_MAX + 1 + sizeof doomed->name];
    snprintf(path, sizeof path, "%s/%s", pm_directory(), doomed->name);
    doomed->born_ns = pm_object_born(AT_FDCWD, path);
    return lstat(path, &doomed->facts) == 0;
}

/* By the name of a segment; or what is left of it by a removal that was interrupted.  A code of the library. */
static int find_doomed(const char *segment, struct doomed *doomed)
{
    struct pmo_observer observer;
    const int rc = pmo_observer_open(segment, &observer);
    pmo_observer_close(&observer);
    if (rc == PEERMAP_ENAME)
        return rc;
    snprintf(doomed->name, sizeof doomed->name, PM_PREFIX "%s", segment);
    bool there = is_there(doomed);
    for (unsigned int i = 0; i < PMO_MOST_ASIDE && !there; i++) {
        snprintf(doomed->name, sizeof doomed->name, PMO_ASIDE "%u." PM_PREFIX "%s", i, segment);
        there = is_there(doomed);
    }
    return there ? 0 : PEERMAP_ENOENT; /* the sentence is the observer's */
}

static struct pmo_target target_of(const struct doomed *doomed, bool anyway)
{
    return (struct pmo_target){ PMO_POSIX, doomed->name, { doomed->facts.st_dev, doomed->facts.st_ino }, anyway, doomed->born_ns, pm_directory() };
}

/* Those of its peers and others who map it, by name; for free().  NULL: nobody was seen. */
static char *seen(const char *name)
{
    struct pmo_observer observer;
    struct pmo_snapshot snapshot;
    if (pmo_observer_open(name, &observer) != 0)
        return NULL;
    const int rc = pmo_snapshot_take(&observer, PMO_STRANGERS, &snapshot);
    pmo_observer_close(&observer);
    if (rc != 0)
        return NULL;
    char *who = who_has_it(&snapshot), *why = NULL;
    if (*who)
        why = text_of("%s %s it, and would keep the memory", who, strchr(who, ',') ? "have" : "has");
    free(who);
    pmo_snapshot_free(&snapshot);
    return why;
}

/* Removes what nobody has, for certain.  Otherwise why it should not go without a question; for free().  NULL: it is gone. */
static char *remove_unused(const char *name, const struct doomed *doomed, struct pmo_removal *removal)
{
    char text[1536], *why = seen(name);
    const struct pmo_target target = target_of(doomed, false);
    *removal = (struct pmo_removal){ .outcome = PMO_REMOVAL_REFUSED };
    if (why)
        return why;
    if (!S_ISREG(doomed->facts.st_mode))
        return text_of("it is not a regular file, so somebody may use it");
    pmo_unlink(&target, removal);
    if (removal->outcome == PMO_REMOVAL_DONE)
        return NULL;
    pmo_removal_text(removal, text, sizeof text);
    return text_of("%s", text);
}

static bool confirm(const char *name, const char *why)
{
    char *question = text_of("Destroy %s?", name);
    const bool yes = ask(name, why, question);
    free(question);
    return yes;
}

/* `links`: how many names the object had.  One of several that goes leaves the memory to the others. */
static int print_destroyed(const struct cli *cli, nlink_t links)
{
    struct json json = { .file = stdout };
    if (!has(cli, OPTION_JSON)) {
        out_line(&cli->out, PLAIN, "%s destroyed%s", cli->words[0], links > 1 ? "; its memory stays, under another name (a hard link)" : "");
        return EXIT_WELL;
    }
    json_open(&json, NULL, '{');
    json_string(&json, "segment", cli->words[0]);
    json_bool(&json, "destroyed", true);
    json_close(&json, '}');
    return EXIT_WELL;
}

/* Whoever has it.  An exit code. */
static int destroy_anyway(const char *name, const struct doomed *doomed)
{
    char text[1536];
    struct pmo_removal removal;
    const struct pmo_target target = target_of(doomed, true);
    if (!S_ISREG(doomed->facts.st_mode)) {
        const int rc = peermap_unlink(name);
        return rc == 0 ? EXIT_WELL : library_error(name, rc, NULL);
    }
    pmo_unlink(&target, &removal);
    pmo_removal_text(&removal, text, sizeof text);
    return removal.outcome == PMO_REMOVAL_DONE ? EXIT_WELL : library_error(name, pmo_removal_code(&removal), text);
}

/* A person who is asked may say that it goes all the same; a removal that was tried and cannot be is no question. */
static bool is_question(const struct pmo_removal *removal) { return removal->outcome == PMO_REMOVAL_REFUSED; }

int run_destroy(struct cli *cli)
{
    const char *name = cli->words[0];
    struct doomed doomed;
    struct pmo_removal removal = { .outcome = PMO_REMOVAL_REFUSED };
    int rc = find_doomed(name, &doomed);
    if (rc != 0)
        return library_error(name, rc, NULL);
    char *why = has(cli, OPTION_FORCE) ? NULL : remove_unused(name, &doomed, &removal);
    if (removal.outcome == PMO_REMOVAL_DONE)
        return print_destroyed(cli, doomed.facts.st_nlink);
    const struct pmo_target anyway = target_of(&doomed, true);
    const bool helps = pmo_may_unlink(&anyway);
    if (why && !is_question(&removal)) {
        rc = library_error(name, pmo_removal_code(&removal), why);
        free(why);
        return rc;
    }
    if (why && !helps) {
        const struct figure owner = figure_user(doomed.facts.st_uid);
        char *sentence = text_of("%s; and this user may not remove it: only %s%s can", why, owner.text, doomed.facts.st_uid ? ", or root," : "");
        rc = library_error(name, PEERMAP_EACCES, sentence);
        free(sentence);
        free(why);
        return rc;
    }
    const bool asks = why && can_ask();
    const bool goes = !why || (asks && confirm(name, why));
    if (!goes)
        refusal(name, "%s%s", asks ? "not destroyed" : why, asks ? "" : "; --force destroys it all the same");
    free(why);
    if (!goes)
        return EXIT_FAILED;
    rc = destroy_anyway(name, &doomed);
    return rc == EXIT_WELL ? print_destroyed(cli, doomed.facts.st_nlink) : rc;
}

/* ---- reap ---- */

int run_reap(struct cli *cli)
{
    peermap_segment *segment;
    const int begun = peer_begin(cli, &segment);
    if (begun != 0)
        return begun;
    const int freed = peermap_reap(segment);
    char *sentence = freed < 0 ? text_of("%s", peermap_last_error()) : NULL;
    peer_end(segment);
    if (freed < 0) {
        const int rc = library_error(cli->words[0], freed, sentence);
        free(sentence);
        return rc;
    }
    struct json json = { .file = stdout };
    if (!has(cli, OPTION_JSON)) {
        out_line(&cli->out, PLAIN, "%s: %s freed", cli->words[0], freed == 0 ? "no slot" : figure_count((uint64_t)freed, "slot").text);
        return EXIT_WELL;
    }
    json_open(&json, NULL, '{');
    json_string(&json, "segment", cli->words[0]);
    json_signed(&json, "freed", freed);
    json_close(&json, '}');
    return EXIT_WELL;
}
