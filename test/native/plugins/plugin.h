/* SPDX-License-Identifier: MIT */
/* plugin.h - what a plugin that has a copy of the library inside offers of it. */
#ifndef TEST_PLUGIN_H
#define TEST_PLUGIN_H

#include "peermap.h"

/* Process-local.  A copy of the library: the program's own, or the plugin's. */
struct copy {
    int (*create)(const char *name, const peermap_options *options, peermap_segment **out);
    int (*attach)(const char *name, const peermap_options *options, peermap_segment **out);
    void (*detach)(peermap_segment *segment);
    void *(*base)(const peermap_segment *segment);
    size_t (*size)(const peermap_segment *segment);
    peermap_segment *(*of)(const void *address);
    int (*grow)(peermap_segment *segment, size_t by, peermap_round *round);
    int (*shrink)(peermap_segment *segment, size_t by, peermap_round *round);
    int (*peers)(peermap_segment *segment, peermap_peer *out, int capacity);
    void *(*alloc)(peermap_segment *segment, size_t size);
    void (*free)(peermap_segment *segment, void *ptr);
    int (*trim)(peermap_segment *segment, peermap_round *round);
    int (*reap)(peermap_segment *segment);
    const char *(*last_error)(void);
};

#define THIS_COPY \
    { peermap_create, peermap_attach, peermap_detach, peermap_base, peermap_size,  peermap_segment_at,  peermap_grow, \
      peermap_shrink, peermap_peers,  peermap_alloc,  peermap_free, peermap_trim,  peermap_reap, peermap_last_error }

#endif
