/* SPDX-License-Identifier: MIT */
/* While nothing changes, the threads of a watch do not run at all: not one wake-up in three seconds, which no timer would survive. */
#include "image.h"

#include <dirent.h>

struct account {
    int threads;
    unsigned long long switches; /* voluntary and not: each is a time that a thread ran */
    unsigned long long ticks;
};

static struct account of_watch_threads(void)
{
    struct account total = { 0 };
    DIR *tasks = opendir("/proc/self/task");
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL;) {
        char path[512], line[1024];
        snprintf(path, sizeof path, "/proc/self/task/%s/status", entry->d_name);
        FILE *file = entry->d_name[0] == '.' ? NULL : fopen(path, "r");
        if (!file)
            continue;
        bool counts = false;
        while (fgets(line, sizeof line, file)) {
            unsigned long long number;
            counts = counts || strncmp(line, "Name:\tpeermap-", 14) == 0;
            if (counts && (sscanf(line, "voluntary_ctxt_switches: %llu", &number) == 1 ||
                           sscanf(line, "nonvoluntary_ctxt_switches: %llu", &number) == 1))
                total.switches += number;
        }
        fclose(file);
        total.threads += counts;
    }
    closedir(tasks);
    return total;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    ready_peer("b", NULL);
    struct pmo_observer observer = observe();
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    ok(a, "grow 4096");
    UNTIL(calls_of(&calls) > 0);
    /* Until they have fallen asleep: two equal accounts a while apart. */
    UNTIL(of_watch_threads().threads == 2);
    struct account before = of_watch_threads(), after;
    for (;;) {
        usleep(50000);
        after = of_watch_threads();
        if (after.switches == before.switches)
            break;
        before = after;
    }
    const uint32_t told = calls_of(&calls);
    sleep(3);
    after = of_watch_threads();
    CHECK_INT(after.switches, before.switches);
    CHECK_INT(calls_of(&calls), told);
    ok(a, "grow 4096"); /* it did not sleep for good */
    UNTIL(calls_of(&calls) > told);
    CHECK(of_watch_threads().switches > before.switches);
    pmo_watch_stop(watch);
    CHECK_INT(of_watch_threads().threads, 0);
    pmo_observer_close(&observer);
    return 0;
}
