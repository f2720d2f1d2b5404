/* SPDX-License-Identifier: MIT */
/*
 * peer.h - what the peers of this folder, each in a language of its own, agree on: commands, answers, and these bytes.
 *
 *     PEER SEGMENT NAME [heap]      opens the segment; "ready PID BASE PIECES", with the pieces that a table of its name had already
 *
 * Then one line a command, and one answer: "ok ..." or "error ...".
 *
 *     grow BYTES SEED    grows, writes the pattern there, and adds that to its table    ok START
 *     check NAME         every byte of what another one's table says                   ok PIECES BYTES
 *     peers              ok NAME:STATE ... in the order of the names
 *     make COUNT SEED    allocates a chain of objects, hung into its table              ok
 *     take NAME          goes along another one's chain, checks it, frees it            ok OBJECTS BYTES
 *     stats              ok OBJECTS FAULTS
 *
 * Each peer's table is what the root of its name leads to.  Addresses in it hold in every process.  Byte i of a pattern is (seed + i) % 251.
 */
#ifndef PEERMAP_LANGUAGES_H
#define PEERMAP_LANGUAGES_H

#include <stdint.h>

#define PIECES_MAX 62

struct piece {
    uint64_t address;
    uint64_t length;
    uint64_t seed;
};

struct table {
    uint64_t count;
    uint64_t chain; /* address of a struct object, or 0 */
    struct piece pieces[PIECES_MAX];
};

/* Its pattern follows it. */
struct object {
    uint64_t next;
    uint64_t length;
    uint64_t seed;
};

/* Length of the pattern of object `k` of a chain. */
#define LENGTH_OF(seed, k) (((seed) + (k)) * 53 % 3000)

#endif
