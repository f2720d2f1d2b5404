/* SPDX-License-Identifier: MIT */
/* Whoever opens a segment with an option that it contradicts is told so at once, by the name of the option; and what it has besides is no contradiction. */
#include "drive.h"

static void make(uint32_t flags, size_t ahead)
{
    const peermap_options options = {
        .struct_size = sizeof options, .flags = flags, .reserve_size = 1 << 20, .max_peers = 8, .max_roots = 10, .ahead = ahead, .mode = 0600
    };
    peermap_segment *segment;
    (void)peermap_unlink(seg());
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    peermap_detach(segment);
}

static void refused(const char *option, peermap_options options)
{
    peermap_segment *segment;
    options.struct_size = sizeof options;
    CHECK_INT(peermap_open(seg(), &options, &segment), PEERMAP_EINVAL);
    CHECK(segment == NULL);
    if (!strstr(peermap_last_error(), option) || !strstr(peermap_last_error(), seg()))
        FAIL("%s does not name %s", peermap_last_error(), option);
    CHECK_INT(peermap_attach(seg(), &options, &segment), PEERMAP_EINVAL);
}

static void taken(peermap_options options)
{
    peermap_segment *segment;
    options.struct_size = sizeof options;
    if (peermap_open(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    peermap_detach(segment);
}

#define WITH(...) ((peermap_options){ __VA_ARGS__ })

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    make(0, 8192);
    refused("PEERMAP_HEAP", WITH(.flags = PEERMAP_HEAP));
    refused("PEERMAP_STRICT", WITH(.flags = PEERMAP_STRICT));
    refused("PEERMAP_HUGE", WITH(.flags = PEERMAP_HUGE));
    refused("reserve_size", WITH(.reserve_size = (1 << 20) + 1));
    refused("max_peers", WITH(.max_peers = 9));
    refused("max_roots", WITH(.max_roots = 11));
    refused("ahead", WITH(.ahead = 4096));
    refused("mode", WITH(.mode = 0640));
    taken(WITH(.reserve_size = 1 << 20, .max_peers = 8, .max_roots = 10, .ahead = 8192, .mode = 0600));
    taken(WITH(.reserve_size = 4096, .max_peers = 1, .max_roots = 1, .initial_size = 1 << 19));
    make(PEERMAP_HEAP | PEERMAP_STRICT, 0);
    taken(WITH(.flags = PEERMAP_HEAP));
    taken(WITH(.flags = PEERMAP_STRICT));
    taken(WITH(.flags = 0));
    refused("PEERMAP_HUGE", WITH(.flags = PEERMAP_HEAP | PEERMAP_HUGE));
    return 0;
}
