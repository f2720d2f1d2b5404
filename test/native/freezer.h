/* SPDX-License-Identifier: MIT */
/*
 * freezer.h - a cgroup of the test's own, of either version, that freezes who is put into it.  However the test ends, it is thawed and removed.
 *
 * Include it after drive.h, and call freezer_make() after setup(): what it has is given back before the peers are ended, whom nobody could wait
 * for while they are frozen.
 */
#ifndef FREEZER_H
#define FREEZER_H

#include "drive.h"

#include <fcntl.h>
#include <sys/stat.h>

struct freezer {
    int version; /* 0: there is none */
    char mount[256], folder[320];
};

static struct freezer freezers[2];

static inline bool freezer_write(const char *folder, const char *file, const char *text)
{
    char path[2300];
    snprintf(path, sizeof path, "%s/%s", folder, file);
    return write_text(path, text);
}

static inline bool freezer_says(const struct freezer *freezer, const char *file, const char *text)
{
    char path[512], got[256];
    snprintf(path, sizeof path, "%s/%s", freezer->folder, file);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 ? read(fd, got, sizeof got - 1) : 0;
    if (fd >= 0)
        close(fd);
    got[length > 0 ? length : 0] = '\0';
    return strstr(got, text) != NULL;
}

static inline bool freezer_put(const struct freezer *freezer, pid_t pid)
{
    char text[32];
    snprintf(text, sizeof text, "%d", (int)pid);
    return freezer_write(freezer->folder, "cgroup.procs", text);
}

static inline void freezer_freeze(const struct freezer *freezer)
{
    CHECK(freezer->version == 1 ? freezer_write(freezer->folder, "freezer.state", "FROZEN") : freezer_write(freezer->folder, "cgroup.freeze", "1"));
    while (!(freezer->version == 1 ? freezer_says(freezer, "freezer.state", "FROZEN\n") : freezer_says(freezer, "cgroup.events", "frozen 1")))
        usleep(1000);
}

static inline void freezer_thaw(const struct freezer *freezer)
{
    if (freezer->version == 1)
        freezer_write(freezer->folder, "freezer.state", "THAWED");
    else
        freezer_write(freezer->folder, "cgroup.freeze", "0");
}

/* The file that a sentence about it must name. */
static inline const char *freezer_key(const struct freezer *freezer)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", freezer->folder, freezer->version == 1 ? "freezer.state" : "cgroup.freeze");
    return path;
}

static inline void freezers_remove(void)
{
    for (int i = 0; i < 2; i++) {
        char path[512], text[4096];
        struct freezer *freezer = &freezers[i];
        if (freezer->version == 0)
            continue;
        freezer_thaw(freezer);
        for (int tries = 0; tries < 1000 && rmdir(freezer->folder) != 0; tries++) { /* the dead leave it in their time */
            snprintf(path, sizeof path, "%s/cgroup.procs", freezer->folder);
            int fd = open(path, O_RDONLY | O_CLOEXEC);
            ssize_t length = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
            if (fd >= 0)
                close(fd);
            text[length > 0 ? length : 0] = '\0';
            for (char *at = text; *at; at = strchr(at, '\n') ? strchr(at, '\n') + 1 : at + strlen(at)) {
                char number[32];
                snprintf(number, sizeof number, "%d", atoi(at));
                freezer_write(freezer->mount, "cgroup.procs", number);
            }
            usleep(1000);
        }
        freezer->version = 0;
    }
}

static inline void freezers_hung(int signal_number)
{
    freezers_remove();
    hung(signal_number);
}

static inline bool freezer_mount(int version, char mount[256])
{
    char line[4096], where[256], type[32], options[1024];
    bool found = false;
    FILE *mounts = fopen("/proc/self/mounts", "r");
    while (mounts && !found && fgets(line, sizeof line, mounts)) {
        if (sscanf(line, "%*s %255s %31s %1023s", where, type, options) != 3)
            continue;
        found = version == 2 ? strcmp(type, "cgroup2") == 0 : strcmp(type, "cgroup") == 0 && strstr(options, "freezer");
    }
    if (mounts)
        fclose(mounts);
    snprintf(mount, 256, "%s", found ? where : "");
    return found;
}

/* NULL where that cannot be had. */
static inline const struct freezer *freezer_make(int version)
{
    struct freezer *freezer = &freezers[version - 1];
    static bool registered;
    char mount[256];
    if (!freezer_mount(version, mount))
        return NULL;
    memcpy(freezer->mount, mount, sizeof mount);
    snprintf(freezer->folder, sizeof freezer->folder, "%s/peermap-test-%d", mount, (int)getpid());
    if (mkdir(freezer->folder, 0755) != 0)
        return NULL;
    freezer->version = version;
    if (!registered) {
        atexit(freezers_remove);
        signal(SIGALRM, freezers_hung);
        signal(SIGTERM, freezers_hung);
        signal(SIGINT, freezers_hung);
    }
    registered = true;
    return freezer;
}

/* Calls `test` with a freezer of each version that there is. */
static inline void freezer_each(void (*test)(const struct freezer *freezer))
{
    int count = 0;
    for (int version = 1; version <= 2; version++) {
        const struct freezer *freezer = freezer_make(version);
        if (!freezer)
            continue;
        count++;
        test(freezer);
    }
    if (count == 0)
        SKIP("needs to make a cgroup that can be frozen, as root");
}

/* ---- what a process costs, and has ---- */

/* Processor time of a process and of the children that it has reaped, in clock ticks. */
static inline unsigned long long ticks_of(pid_t pid)
{
    char path[64], line[1024] = "";
    unsigned long long user = 0, kernel = 0, children = 0, more = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && fgets(line, sizeof line, file));
    fclose(file);
    CHECK(sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %llu %llu", &user, &kernel, &children, &more) == 4);
    return user + kernel + children + more;
}

static inline int count_children(pid_t pid, bool ended)
{
    int count = 0;
    DIR *folder = opendir("/proc");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char path[300], line[1024] = "";
        char state = '\0';
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%.200s/stat", entry->d_name);
        FILE *file = atoi(entry->d_name) > 0 ? fopen(path, "r") : NULL;
        if (file && fgets(line, sizeof line, file) && strrchr(line, ')') && sscanf(strrchr(line, ')') + 1, " %c %d", &state, &parent) == 2)
            count += parent == pid && (ended || state != 'Z');
        if (file)
            fclose(file);
    }
    closedir(folder);
    return count;
}

static inline int children_of(pid_t pid) { return count_children(pid, true); }
/* A hand that was killed ends when a core is free, and is waited for by the next. */
static inline int live_children_of(pid_t pid) { return count_children(pid, false); }

/* Nothing of it works on: in half a second it uses less than a tenth of a processor. */
static inline void is_idle(pid_t pid)
{
    unsigned long long before = ticks_of(pid), second = (unsigned long long)sysconf(_SC_CLK_TCK);
    usleep(500000);
    CHECK(ticks_of(pid) - before <= second / 20);
}

/* The thread that is a peer's agent. */
static inline pid_t agent_of(pid_t pid)
{
    char path[300], name[32];
    pid_t agent = 0;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    CHECK(tasks != NULL);
    for (struct dirent *entry; (entry = readdir(tasks)) != NULL && agent == 0;) {
        snprintf(path, sizeof path, "/proc/%d/task/%.32s/comm", (int)pid, entry->d_name);
        FILE *file = atoi(entry->d_name) > 0 && atoi(entry->d_name) != pid ? fopen(path, "r") : NULL;
        if (file && fgets(name, sizeof name, file) && strcmp(name, "peermap\n") == 0)
            agent = (pid_t)atoi(entry->d_name);
        if (file)
            fclose(file);
    }
    closedir(tasks);
    CHECK(agent != 0);
    return agent;
}

#endif
