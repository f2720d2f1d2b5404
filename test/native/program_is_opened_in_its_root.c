/* SPDX-License-Identifier: MIT */
/*
 * A file of another process is opened by the name that it has there; a link leads out of that process's root for nobody, and nothing but a file is opened, and none that
 * the kernel makes up.
 */
#include "check.h"

#include "../../native/observer/program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/peermap-root-XXXXXX", outside[] = "/tmp/peermap-outside-XXXXXX";

static void clear_away(void)
{
    static const char *const names[] = { "bin/library", "bin/link", "bin/far", "bin/up", "bin/pipe" };
    char path[128];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    snprintf(path, sizeof path, "%s/bin", folder);
    rmdir(path);
    rmdir(folder);
    unlink(outside);
}

static const char *inside(const char *name)
{
    static char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0644);
    CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static pid_t start(void)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (chroot(folder) != 0 || chdir("/") != 0 || write(ready[1], "", 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ready[1]);
    bool there = read(ready[0], &byte, 1) == 1;
    close(ready[0]);
    if (!there)
        SKIP("only root may change the root folder");
    return pid;
}

static void has(pid_t pid, const char *name, const char *text)
{
    char got[64] = "";
    int fd = pmo_program_open((uint32_t)pid, name);
    if (fd == -ENOSYS)
        SKIP("before Linux 5.6");
    if (fd < 0)
        FAIL("%s: %s", name, strerror(-fd));
    CHECK(read(fd, got, sizeof got - 1) >= 0);
    close(fd);
    CHECK(strcmp(got, text) == 0);
}

/* Reading it may wait for a process, or take away what others would read. */
static void nothing_made_up(void)
{
    static const char *const names[] = { "/proc/self/smaps", "/proc/version", "/sys/kernel/uevent_seqnum" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (access(names[i], F_OK) == 0 && pmo_program_open((uint32_t)getpid(), names[i]) != -ENOSYS)
            CHECK_INT(pmo_program_open((uint32_t)getpid(), names[i]), -EINVAL);
}

int main(void)
{
    nothing_made_up();
    CHECK(mkdtemp(folder) != NULL);
    int made = mkstemp(outside);
    CHECK(made >= 0);
    close(made);
    atexit(clear_away);
    put(outside, "ours");
    CHECK(mkdir(inside("bin"), 0755) == 0);
    put(inside("bin/library"), "its own");
    CHECK(symlink("/bin/library", inside("bin/link")) == 0);
    CHECK(symlink(outside, inside("bin/far")) == 0);
    char up[256];
    snprintf(up, sizeof up, "../../../../..%s", outside);
    CHECK(symlink(up, inside("bin/up")) == 0);
    CHECK(mkfifo(inside("bin/pipe"), 0644) == 0);
    pid_t pid = start();
    has(pid, "/bin/library", "its own");
    has(pid, "/bin/link", "its own");
    has(pid, "/../bin/library", "its own");
    CHECK_INT(pmo_program_open((uint32_t)pid, "/bin/far"), -ENOENT);
    CHECK_INT(pmo_program_open((uint32_t)pid, "/bin/up"), -ENOENT);
    CHECK_INT(pmo_program_open((uint32_t)pid, "/bin/pipe"), -EINVAL);
    CHECK_INT(pmo_program_open((uint32_t)pid, "/bin"), -EINVAL);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    CHECK(pmo_program_open((uint32_t)pid, "/bin/library") < 0);
    return 0;
}
