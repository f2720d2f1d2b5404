/* SPDX-License-Identifier: MIT */
/* peer.c - the tool as a peer, for as long as one command takes. */
#include "peer.h"

#include <signal.h>
#include <unistd.h>

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
    uint64_t deadline;
    if (!option_number(cli, OPTION_DEADLINE, 1, UINT32_MAX, &deadline, 0))
        return false;
    snprintf(name, PEERMAP_NAME_MAX, "peermap-cli-%d", (int)getpid());
    *options = (peermap_options){ .struct_size = sizeof *options, .peer_name = name, .deadline_ms = (uint32_t)deadline };
    if (has(cli, OPTION_ALLOW_LATE))
        options->flags |= PEERMAP_ALLOW_LATE;
    return true;
}

int peer_begin(const struct cli *cli, peermap_segment **segment)
{
    peermap_options options;
    char name[PEERMAP_NAME_MAX];
    if (!peer_options(cli, &options, name))
        return EXIT_USAGE;
    peer_hold_signals(true);
    const int rc = peermap_attach(cli->words[0], &options, segment);
    if (rc == 0)
        return 0;
    peer_hold_signals(false);
    return library_error(cli->words[0], rc, NULL);
}

void peer_end(peermap_segment *segment)
{
    peermap_detach(segment);
    peer_hold_signals(false);
}
