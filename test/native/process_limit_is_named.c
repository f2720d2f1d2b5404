/* SPDX-License-Identifier: MIT */
/* Where no process can be made to reach a stopped peer, because of a limit, the growth is late in time, and says which limits there are. */
#include "freezer.h"

static char mount_of_pids[256], folder[300];

static void forget_folder(void)
{
    for (int tries = 0; folder[0] && tries < 1000 && rmdir(folder) != 0 && errno == EBUSY; tries++)
        usleep(1000);
}

static bool find_pids(void)
{
    char line[4096], type[32], options[1024];
    bool found = false;
    FILE *mounts = fopen("/proc/self/mounts", "r");
    while (mounts && !found && fgets(line, sizeof line, mounts))
        found = sscanf(line, "%*s %255s %31s %1023s", mount_of_pids, type, options) == 3 && strcmp(type, "cgroup") == 0 && strstr(options, "pids");
    if (mounts)
        fclose(mounts);
    return found;
}

int main(int argc, char **argv)
{
    (void)argc;
    atexit(forget_folder); /* after the peers have ended */
    setup(argv);
    if (!find_pids())
        SKIP("needs the pids controller of the cgroups, version 1");
    snprintf(folder, sizeof folder, "%s/peermap-test-%d", mount_of_pids, (int)getpid());
    if (mkdir(folder, 0755) != 0)
        SKIP("needs to make a cgroup: %s", strerror(errno));
    /* Long enough for a try at the stopped peer where all cores are busy: what it shows is why that fails. */
    struct peer *a = ready_peer("a", "create 65536 deadline 1000");
    struct peer *stopped = ready_peer("stopped", NULL);
    char text[32];
    snprintf(text, sizeof text, "%d", (int)a->pid);
    CHECK(freezer_write(folder, "cgroup.procs", text) && freezer_write(folder, "pids.max", "2")); /* its two threads */
    stop_peer(stopped);
    fails(a, "PEERMAP_ETIMEDOUT", "grow 4096");
    if (!strstr(a->line, "peer stopped ") || !strstr(a->line, "pids.max"))
        FAIL("%s", a->line);
    CHECK(freezer_write(folder, "pids.max", "max"));
    ok(a, "grow 4096");
    maps_exactly(stopped, 65536 + 4096);
    return 0;
}
