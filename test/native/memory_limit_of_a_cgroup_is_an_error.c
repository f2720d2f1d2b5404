/* SPDX-License-Identifier: MIT */
/* A growth past the limit of the memory cgroup is PEERMAP_ENOSPC, which says so; without the look before, the kernel kills the grower. */
#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

#define LIMIT (48 << 20)

static char group[1024];

static bool put(const char *file, long value)
{
    char path[1100];
    snprintf(path, sizeof path, "%s/%s", group, file);
    FILE *out = fopen(path, "w");
    bool written = out && fprintf(out, "%ld\n", value) > 0;
    return (out ? fclose(out) == 0 : false) && written;
}

static void remove_group(void)
{
    forget_everything();
    for (int i = 0; i < 200 && rmdir(group) != 0; i++)
        usleep(10000);
}

/* A group of our own below ours, with a limit: in the hierarchy that has the memory controller here. */
static bool make_group(void)
{
    char line[1024];
    FILE *in = fopen("/proc/self/cgroup", "r");
    while (in && fgets(line, sizeof line, in)) {
        char *controllers = strchr(line, ':'), *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path)
            continue;
        *path++ = '\0';
        path[strcspn(path, "\n")] = '\0';
        bool first = strcmp(controllers, ":memory") == 0, second = controllers[1] == '\0';
        if (!first && !second)
            continue;
        snprintf(group, sizeof group, "/sys/fs/cgroup%s%s/peermap-test-%d", first ? "/memory" : "", strcmp(path, "/") == 0 ? "" : path, (int)getpid());
        if (mkdir(group, 0700) != 0)
            continue;
        if (put(first ? "memory.limit_in_bytes" : "memory.max", LIMIT)) {
            put(first ? "memory.memsw.limit_in_bytes" : "memory.swap.max", first ? LIMIT : 0);
            fclose(in);
            return true;
        }
        rmdir(group);
    }
    if (in)
        fclose(in);
    return false;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    if (!make_group())
        SKIP("needs a memory cgroup to make another one below");
    atexit(remove_group);
    struct peer *outside = ready_peer("outside", "create 65536");
    struct peer *inside = ready_peer("inside", NULL);
    CHECK(put("cgroup.procs", (long)inside->pid));
    ok(outside, "fill 0 65536 5");
    const char *text = fails(inside, "PEERMAP_ENOSPC", "grow %d", 2 * LIMIT);
    CHECK(strstr(text, group) != NULL && strstr(text, "of 48 MiB") != NULL && strstr(text, "96 MiB are wanted") != NULL);
    CHECK_INT(size_of(outside), 65536);
    ok(inside, "check 0 65536 5");

    /* In pieces, until there is no room: it lives, and all that it got can be used. */
    uint64_t size = 65536;
    while (strncmp(ask(inside, "grow 1048576"), "ok", 2) == 0)
        size += 1048576;
    CHECK(strncmp(inside->line, "error PEERMAP_ENOSPC", 20) == 0);
    CHECK(size > LIMIT / 2 && size < LIMIT);
    ok(outside, "fill 0 %" PRIu64 " 6", size);
    ok(inside, "check %" PRIu64 " 4096 6", size - 4096);
    /* The limit is the grower's: another's group pays for what it allocates. */
    ok(outside, "grow %d", 2 * LIMIT);
    ok(outside, "fill %" PRIu64 " %d 7", size, 2 * LIMIT);
    ok(inside, "check %" PRIu64 " 4096 7", size);
    return 0;
}
