/* SPDX-License-Identifier: MIT */
/* The room that memory cgroups leave is the least of a group's and all its ancestors', in both versions; reclaimable cache counts as room. */
#include "check.h"
#include "os.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MIB (UINT64_C(1) << 20)

static char root[] = "/tmp/peermap-cgroups-XXXXXX";

static void put(const char *file, const char *text)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", root, file);
    for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(path, 0700);
        *slash = '/';
    }
    FILE *out = fopen(path, "w");
    CHECK(out != NULL);
    CHECK(fputs(text, out) >= 0 && fclose(out) == 0);
}

static void remove_tree(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", root);
    if (system(command) != 0)
        fprintf(stderr, "%s is left\n", root);
}

static struct pm_limit look(const char *membership, uint64_t swap)
{
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    char path[128];
    put("membership", membership);
    snprintf(path, sizeof path, "%s/membership", root);
    pm_limit_cgroups(path, root, swap, &limit);
    return limit;
}

/* Between `least` and `most`: what the library keeps back for its own bookkeeping is its own affair. */
static void leaves(struct pm_limit limit, uint64_t least, uint64_t most, const char *path)
{
    CHECK_INT(limit.kind, PM_LIMIT_CGROUP);
    if (limit.room < least || limit.room > most)
        FAIL("room is %" PRIu64 ", not %" PRIu64 " to %" PRIu64, limit.room, least, most);
    CHECK(strstr(limit.path, path) != NULL);
}

static void version_2(void)
{
    put("memory.stat", "anon 1\ninactive_file 0\nactive_file 0\n"); /* the root has no limit */
    put("box/memory.max", "209715200\n");
    put("box/memory.current", "104857600\n");
    put("box/memory.stat", "anon 99\nfile 8\ninactive_file 20971520\nactive_file 0\n");
    put("box/app/memory.max", "max\n");
    put("box/app/memory.current", "104857600\n");
    leaves(look("0::/box/app\n", 0), 110 * MIB, 120 * MIB, "/box/memory.max");
    put("box/app/memory.max", "136314880\n"); /* 130 MiB, 100 in use */
    leaves(look("0::/box/app\n", 0), 25 * MIB, 30 * MIB, "/box/app/memory.max");
    put("box/app/memory.swap.max", "10485760\n");
    put("box/app/memory.swap.current", "0\n");
    leaves(look("0::/box/app\n", 100 * MIB), 35 * MIB, 40 * MIB, "/box/app/memory.max");
    put("box/app/memory.current", "999999999\n");
    leaves(look("0::/box/app\n", 0), 0, 0, "/box/app/memory.max");
    /* A container that sees its own group as the root, under the host's path. */
    put("memory.max", "52428800\n");
    put("memory.current", "0\n");
    leaves(look("0::/docker/0123456789ab\n", 0), 45 * MIB, 50 * MIB, "/memory.max");
}

static void version_1(void)
{
    put("memory/memory.limit_in_bytes", "9223372036854771712\n");
    put("memory/memory.usage_in_bytes", "1073741824\n");
    put("memory/box/memory.limit_in_bytes", "104857600\n");
    put("memory/box/memory.usage_in_bytes", "104857600\n");
    put("memory/box/memory.stat", "inactive_file 7\ntotal_inactive_file 31457280\ntotal_active_file 20971520\n");
    leaves(look("5:cpu:/elsewhere\n4:memory:/box/app\n0::/\n", 0), 35 * MIB, 40 * MIB, "memory/box/memory.limit_in_bytes");
    leaves(look("4:cpuset,memory:/box\n", 0), 35 * MIB, 40 * MIB, "memory/box/memory.limit_in_bytes");
    put("memory/box/memory.memsw.limit_in_bytes", "115343360\n"); /* 110 MiB with swap */
    put("memory/box/memory.memsw.usage_in_bytes", "104857600\n");
    leaves(look("4:memory:/box\n", 500 * MIB), 45 * MIB, 50 * MIB, "memory/box/memory.limit_in_bytes");
    CHECK_INT(look("4:memoryless:/box\n", 0).kind, PM_LIMIT_NONE);
}

int main(void)
{
    CHECK(mkdtemp(root) != NULL);
    atexit(remove_tree);
    CHECK_INT(look("", 0).kind, PM_LIMIT_NONE);
    CHECK_INT(look("0::/nowhere\nnonsense\n4:memory\n", 0).kind, PM_LIMIT_NONE);
    version_1();
    version_2();
    return 0;
}
