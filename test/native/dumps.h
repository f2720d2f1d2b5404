/* SPDX-License-Identifier: MIT */
/* dumps.h - processes that dump their core, into a folder of the test's own where the system's pattern is a plain file name. */
#ifndef DUMPS_H
#define DUMPS_H

#include "drive.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define MIB ((size_t)1 << 20)

static char folder[64];

static inline bool is_dumping(pid_t pid)
{
    char path[64], line[256];
    int dumping = 0;
    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    FILE *file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file))
        if (sscanf(line, "CoreDumping: %d", &dumping) == 1)
            break;
    if (file)
        fclose(file);
    return dumping != 0;
}

/* Until it dumps, or has ended.  False if it writes no core. */
static inline bool see_dump(pid_t pid)
{
    for (;;) {
        siginfo_t how = { 0 };
        if (is_dumping(pid))
            return true;
        if (waitid(P_PID, (id_t)pid, &how, WEXITED | WNOHANG | WNOWAIT) == 0 && how.si_pid == pid)
            return how.si_code == CLD_DUMPED;
    }
}

static inline void forget_folder(void)
{
    DIR *entries = opendir(folder);
    for (struct dirent *entry; entries && (entry = readdir(entries)) != NULL;)
        if (entry->d_name[0] != '.')
            unlinkat(dirfd(entries), entry->d_name, 0);
    if (entries)
        closedir(entries);
    rmdir(folder);
}

/* After setup(), for which the program's path must not depend on the folder it is in. */
static inline void dump_here(void)
{
    snprintf(folder, sizeof folder, "/tmp/peermap-test-%d", (int)getpid());
    CHECK(mkdir(folder, 0700) == 0 && chdir(folder) == 0);
    atexit(forget_folder);
}

/* Memory that takes a while to dump. */
static inline void fill_memory(size_t bytes)
{
    struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    if (setrlimit(RLIMIT_CORE, &all) != 0 || prctl(PR_SET_DUMPABLE, 1) != 0)
        _exit(3);
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (size_t i = 0; i < bytes; i += 4096)
        memory[i] = (char)(i >> 12 | 1);
}

#endif
