/* SPDX-License-Identifier: MIT */
/*
 * events - a peer that writes events at a steady rate, for whoever watches: it sets a root, over and over.
 *
 * events SEGMENT PER_SECOND SECONDS     prints what it managed: {"written":..,"seconds":..}
 */
#include "common/bench.h"

int main(int count, char **words)
{
    if (count != 4)
        return 2;
    const double per_us = atof(words[2]) / 1e6, end = atof(words[3]) * 1e6;
    peermap_segment *segment;
    bench_check(peermap_attach(words[1], &(peermap_options){ .struct_size = sizeof(peermap_options), .peer_name = "events" }, &segment), "attach");
    const double began = bench_us();
    double now = 0;
    unsigned long written = 0;
    while (now < end) {
        for (; (double)written < now * per_us; written++)
            bench_check(peermap_set_root(segment, "bench", peermap_base(segment), 8, NULL), "root");
        usleep(500);
        now = bench_us() - began;
    }
    printf("{\"written\":%lu,\"seconds\":%.3f}\n", written, now / 1e6);
    peermap_detach(segment);
    return 0;
}
