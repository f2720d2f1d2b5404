/* SPDX-License-Identifier: MIT */
/*
 * observed - growths that ask every peer, with and without an observer at the segment; taking turns.
 *
 * Tells the script that runs it what the next turn wants ("observe NAME" or "leave NAME" on its output), and waits for a line.
 *
 * observed PEERS BYTES TURNS SAMPLES [one-core]
 */
#include "common/bench.h"

static struct {
    size_t peers;
    size_t bytes;
    size_t turns;
    size_t samples; /* of a turn */
    bool pinned;
} options;

static void agree(const char *word, const struct bench_segment *named)
{
    char line[16];
    printf("%s %s\n", word, named->name);
    fflush(stdout);
    if (fgets(line, sizeof line, stdin) == NULL)
        bench_die("the script ended");
}

static struct bench_samples take_turn(peermap_segment *segment)
{
    struct bench_samples turn = { 0 };
    for (size_t i = 0; i < options.samples; i++) {
        double started = bench_us();
        bench_check(peermap_grow(segment, options.bytes, NULL), "grow");
        bench_add(&turn, bench_us() - started);
    }
    bench_check(peermap_shrink(segment, options.samples * options.bytes, NULL), "shrink");
    return turn;
}

static void compare(const struct bench_segment *named, peermap_segment *segment)
{
    struct bench_samples by[2] = { { 0 }, { 0 } }, ratios = { 0 };
    for (size_t turn = 0; turn <= options.turns; turn++) { /* the first is to warm up */
        double medians[2];
        for (size_t i = 0; i < 2; i++) {
            size_t observed = (i + turn) % 2;
            agree(observed ? "observe" : "leave", named);
            struct bench_samples samples = take_turn(segment);
            medians[observed] = bench_quantile(&samples, 0.5);
            for (size_t k = 0; turn > 0 && k < samples.length; k++)
                bench_add(&by[observed], samples.values[k]);
            free(samples.values);
        }
        if (turn > 0)
            bench_add(&ratios, medians[1] / medians[0]);
    }
    agree("leave", named);
    printf("{\"bench\":\"observed\",\"bytes\":%zu,\"peers\":%zu,\"pinned\":%s", options.bytes, options.peers,
           options.pinned ? "true" : "false");
    bench_print("unobserved", &by[0]);
    bench_print("observed", &by[1]);
    bench_print("ratio", &ratios);
    puts("}");
}

int main(int argc, char **argv)
{
    size_t *const numbers[] = { &options.peers, &options.bytes, &options.turns, &options.samples };
    for (int i = 1; i < argc && i <= 4; i++)
        *numbers[i - 1] = strtoul(argv[i], NULL, 10);
    options.pinned = argc > 5 && strcmp(argv[5], "one-core") == 0;
    bool some = options.peers > 0 && options.bytes > 0 && options.turns > 0 && options.samples > 0;
    if (!some || options.peers > BENCH_PEERS_MAX)
        return 2;
    if (options.pinned)
        bench_pin();
    struct bench_segment named = { .flags = PEERMAP_STRICT };
    struct bench_process peers[BENCH_PEERS_MAX];
    bench_name_segment(&named, "observed");
    for (size_t i = 0; i < options.peers; i++)
        peers[i] = bench_fork(bench_peer, &named);
    peermap_segment *segment = bench_create(&named);
    for (size_t i = 0; i < options.peers; i++)
        bench_start_peer(&peers[i]);
    compare(&named, segment);
    for (size_t i = 0; i < options.peers; i++)
        bench_end(&peers[i]);
    peermap_detach(segment);
    return 0;
}
