/* SPDX-License-Identifier: MIT */
/*
 * However deep the cgroups of a process lie, and however many hierarchies there are before the freezer's, a freezer is seen, and its file is named by the end
 * of its path.  A limit of memory likewise.
 */
#include "freezer.h"

#include "os.h"

#define DEPTH 4
#define MOST 16

static char tops[MOST][320], deep[MOST][2048];
static int count;
static pid_t inside;

static void forget_folders(void)
{
    for (int i = 0; i < count; i++) {
        freezer_write(deep[i], "freezer.state", "THAWED");
        freezer_write(deep[i], "cgroup.freeze", "0");
    }
    if (inside > 0)
        kill(inside, SIGKILL);
    for (int i = 0; i < count; i++)
        for (char *end = NULL; strlen(deep[i]) >= strlen(tops[i]); *end = '\0') {
            for (int tries = 0; tries < 1000 && rmdir(deep[i]) != 0 && errno == EBUSY; tries++) /* the dead leave it in their time */
                usleep(1000);
            end = strrchr(deep[i], '/');
        }
}

/* A folder of nearly a thousand characters in every hierarchy. */
static void make_folders(void)
{
    char line[4096], mount[256], type[32], options[1024];
    FILE *mounts = fopen("/proc/self/mounts", "r");
    CHECK(mounts != NULL);
    atexit(forget_folders);
    while (count < MOST && fgets(line, sizeof line, mounts)) {
        if (sscanf(line, "%*s %255s %31s %1023s", mount, type, options) != 3 || strncmp(type, "cgroup", 6) != 0 || strstr(options, "cpuset"))
            continue;
        snprintf(tops[count], sizeof tops[count], "%s/peermap-test-%d", mount, (int)getpid());
        snprintf(deep[count], sizeof deep[count], "%s", tops[count]);
        if (mkdir(deep[count], 0755) != 0)
            continue;
        for (int i = 0; i < DEPTH; i++) {
            size_t length = strlen(deep[count]);
            deep[count][length] = '/';
            memset(deep[count] + length + 1, 'a' + i, 230);
            CHECK(mkdir(deep[count], 0755) == 0);
        }
        count++;
    }
    fclose(mounts);
}

/* The folder in the hierarchy whose files have this name. */
static const char *with(const char *file)
{
    char path[2300];
    for (int i = 0; i < count; i++) {
        snprintf(path, sizeof path, "%s/%s", deep[i], file);
        if (access(path, F_OK) == 0)
            return deep[i];
    }
    return NULL;
}

static void put_inside(pid_t pid)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)pid);
    inside = pid;
    for (int i = 0; i < count; i++)
        freezer_write(deep[i], "cgroup.procs", text);
}

static void freezers_are_seen(struct peer *peer)
{
    static const struct {
        const char *file, *on, *off;
    } ways[] = { { "freezer.state", "FROZEN", "THAWED" }, { "cgroup.freeze", "1", "0" } };
    struct pm_facts facts = { .agent = { .pid = (uint32_t)peer->pid, .thread = (uint32_t)agent_of(peer->pid) } };
    struct pm_freezer freezer;
    int tried = 0;
    for (int i = 0; i < 2; i++) {
        const char *folder = with(ways[i].file);
        if (!folder)
            continue;
        CHECK(!pm_process_is_frozen(&facts, NULL));
        CHECK(freezer_write(folder, ways[i].file, ways[i].on));
        UNTIL(pm_process_is_frozen(&facts, &freezer) && freezer.version == (uint32_t)i + 1);
        UNTIL(pm_process_is_frozen(&facts, NULL));
        CHECK(strncmp(freezer.path, "...", 3) == 0);
        CHECK(strstr(freezer.path, "ddddddddddd/") && strcmp(strrchr(freezer.path, '/') + 1, ways[i].file) == 0);
        CHECK(freezer_write(folder, ways[i].file, ways[i].off));
        tried++;
    }
    if (tried == 0)
        SKIP("needs to make a cgroup that can be frozen, as root");
}

static void limits_are_seen(void)
{
    struct pm_limit limit = { .kind = PM_LIMIT_NONE };
    const char *folder = with("memory.limit_in_bytes");
    const char *file = folder ? "memory.limit_in_bytes" : "memory.max";
    if (!folder)
        folder = with(file);
    if (!folder || !freezer_write(folder, file, "104857600"))
        return;
    pid_t pid = fork();
    if (pid == 0) {
        freezer_write(folder, "cgroup.procs", "0");
        pm_limit_cgroups("/proc/self/cgroup", "/sys/fs/cgroup", 0, &limit);
        _exit(limit.kind == PM_LIMIT_CGROUP && limit.whole == 104857600 && strstr(limit.path, "dddd/memory.") ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    if (geteuid() != 0)
        SKIP("cgroups want root");
    struct peer *peer = ready_peer("deep", "create 65536");
    make_folders();
    if (count == 0)
        SKIP("no cgroup can be made here");
    limits_are_seen();
    put_inside(peer->pid);
    freezers_are_seen(peer);
    inside = 0;
    kill_peer(peer);
    return 0;
}
