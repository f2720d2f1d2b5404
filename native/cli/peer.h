/* SPDX-License-Identifier: MIT */
/* peer.h - the tool as a peer, for as long as one command takes. */
#ifndef CLI_PEER_H
#define CLI_PEER_H

#include "cli.h"
#include "peermap.h"

/*
 * Attaches as "peermap-cli-PID", with --allow-late, --owner and --foreign, and from here on all of the command has one --deadline.  What would interrupt the program waits until peer_end(): a peer that
 * is killed leaves its slot behind.  0, or an exit code.
 */
int peer_begin(const struct cli *cli, peermap_segment **segment);
int peer_begin_as(const struct cli *cli, uint32_t flags, peermap_segment **segment); /* with these flags of the library, too */
void peer_end(peermap_segment *segment);

/* The options of a peer, and its deadline; false: said what is wrong with them.  `name` is what they point to. */
bool peer_options(const struct cli *cli, peermap_options *options, char name[PEERMAP_NAME_MAX]);
void peer_hold_signals(bool hold);

#endif
