/* SPDX-License-Identifier: MIT */
/* peer.c - the tool as a peer, for as long as one command takes. */
#include "peer.h"

#include "attach.h"
#include "size.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define DEFAULT_DEADLINE_MS 1000 /* the library's, too */

void peer_hold_signals(bool hold)
{
    static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
    sigset_t signals;
    sigemptyset(&signals);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        sigaddset(&signals, numbers[i]);
    sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &signals, NULL);
}

bool peer_options(const struct cli *cli, peermap_options *options, char name[PEERMAP_NAME_MAX])
{
    uint64_t deadline, owner;
    if (!option_number(cli, OPTION_DEADLINE, 1, UINT32_MAX, &deadline, DEFAULT_DEADLINE_MS) ||
        !option_number(cli, OPTION_OWNER, 0, UINT32_MAX - 1, &owner, 0))
        return false;
    peermap_set_thread_deadline(peermap_now() + deadline * 1000000);
    snprintf(name, PEERMAP_NAME_MAX, "peermap-cli-%d", (int)getpid());
    *options = (peermap_options){ .struct_size = sizeof *options, .peer_name = name, .deadline_ms = (uint32_t)deadline, .owner = (uint32_t)owner };
    if (has(cli, OPTION_ALLOW_LATE))
        options->flags |= PEERMAP_ALLOW_LATE;
    if (has(cli, OPTION_FOREIGN))
        options->flags |= PEERMAP_FOREIGN;
    if (has(cli, OPTION_OWNER))
        options->flags |= PEERMAP_OWNER;
    return true;
}

/* "alice (uid 1002)", "uid 1002"; for free().  `nobodys`: the number is this process's own, and the user is not. */
static char *owner_words(uint32_t uid, bool nobodys)
{
    const struct figure name = figure_user(uid);
    if (nobodys)
        return text_of("a user who has no number of their own here (uid %" PRIu32 ")", uid);
    return name.text[0] >= '0' && name.text[0] <= '9' ? text_of("uid %" PRIu32, uid) : text_of("%s (uid %" PRIu32 ")", name.text, uid);
}

/* With the owner's name, and the tool's own remedy.  An exit code. */
static int refuse_foreign(const struct cli *cli)
{
    const char *segment = cli->words[0];
    struct pmo_observer observer;
    struct stat object;
    const bool known = pmo_observer_open(segment, &observer) == 0 && fstat(observer.fd, &object) == 0;
    pmo_observer_close(&observer);
    if (!known)
        return library_error(segment, PEERMAP_EACCES, NULL);
    char *owner = owner_words(object.st_uid, object.st_uid == geteuid() && !has(cli, OPTION_OWNER));
    const char *this = figure_user((uint32_t)geteuid()).text;
    char *sentence = has(cli, OPTION_OWNER)
                         ? text_of("it belongs to %s, not to uid %s, as --owner demands: somebody else has made an object of this name", owner, cli->given[OPTION_OWNER])
                         : text_of("it belongs to %s, and this is %s: its owner can write it and cut it short at any time; if you trust that user, %s--foreign", owner, this,
                                   object.st_uid == geteuid() ? "" : "--owner with that uid, or ");
    const int rc = library_error(segment, PEERMAP_EACCES, sentence);
    free(owner);
    free(sentence);
    return rc;
}

int peer_begin(const struct cli *cli, peermap_segment **segment) { return peer_begin_as(cli, 0, segment); }

int peer_begin_as(const struct cli *cli, uint32_t flags, peermap_segment **segment)
{
    peermap_options options;
    char name[PEERMAP_NAME_MAX];
    if (!peer_options(cli, &options, name))
        return EXIT_USAGE;
    options.flags |= flags;
    peer_hold_signals(true);
    const int rc = peermap_attach(cli->words[0], &options, segment);
    const bool foreign = rc == PEERMAP_EACCES && errno == EREMOTE;
    if (rc == 0)
        return 0;
    peer_hold_signals(false);
    return foreign ? refuse_foreign(cli) : library_error(cli->words[0], rc, NULL);
}

void peer_end(peermap_segment *segment)
{
    peermap_detach(segment);
    peer_hold_signals(false);
}
