/* SPDX-License-Identifier: MIT */
/*
 * idle - what peers cost while nothing happens: context switches and processor time of all their threads.
 *
 * idle PEERS SECONDS
 */
#include "common/bench.h"

#include <dirent.h>

struct cost {
    unsigned long switches; /* voluntary and not */
    unsigned long ticks;
    unsigned threads;
};

static void add_switches(struct cost *cost, const char *path)
{
    char line[256];
    FILE *file = fopen(path, "r");
    if (file == NULL)
        bench_die(path);
    while (fgets(line, sizeof line, file) != NULL) {
        unsigned long n;
        if (sscanf(line, "voluntary_ctxt_switches: %lu", &n) == 1 || sscanf(line, "nonvoluntary_ctxt_switches: %lu", &n) == 1)
            cost->switches += n;
    }
    fclose(file);
}

static void add_ticks(struct cost *cost, const char *path)
{
    unsigned long user, system;
    FILE *file = fopen(path, "r");
    if (file == NULL || fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2)
        bench_die(path);
    fclose(file);
    cost->ticks += user + system;
}

static struct cost cost_of(const struct bench_process *peers, size_t count)
{
    struct cost cost = { 0 };
    for (size_t i = 0; i < count; i++) {
        char path[64], of[512];
        snprintf(path, sizeof path, "/proc/%ld/task", (long)peers[i].pid);
        DIR *dir = opendir(path);
        if (dir == NULL)
            bench_die(path);
        for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(of, sizeof of, "%s/%s/status", path, entry->d_name);
            add_switches(&cost, of);
            snprintf(of, sizeof of, "%s/%s/stat", path, entry->d_name);
            add_ticks(&cost, of);
            cost.threads++;
        }
        closedir(dir);
    }
    return cost;
}

int main(int argc, char **argv)
{
    size_t count = argc > 1 ? strtoul(argv[1], NULL, 10) : 8;
    unsigned seconds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2;
    if (count == 0 || count > BENCH_PEERS_MAX)
        return 2;
    struct bench_process peers[BENCH_PEERS_MAX];
    struct bench_segment named = { 0 };
    bench_name_segment(&named, "idle");
    for (size_t i = 0; i < count; i++)
        peers[i] = bench_fork(bench_peer, &named);
    peermap_segment *segment = bench_create(&named);
    for (size_t i = 0; i < count; i++)
        bench_start_peer(&peers[i]);
    bench_check(peermap_grow(segment, 64 << 10, NULL), "grow");
    sleep(1); /* until everybody has gone back to sleep */
    struct cost before = cost_of(peers, count);
    sleep(seconds);
    struct cost after = cost_of(peers, count);
    printf("{\"bench\":\"idle\",\"peers\":%zu,\"threads\":%u,\"seconds\":%u,\"switches\":%lu,\"ticks\":%lu}\n", count,
           after.threads, seconds, after.switches - before.switches, after.ticks - before.ticks);
    for (size_t i = 0; i < count; i++)
        bench_end(&peers[i]);
    peermap_detach(segment);
    return 0;
}
