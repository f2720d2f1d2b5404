/* SPDX-License-Identifier: MIT */
/*
 * The supplementary groups of a process stand in its status before most of what there is to know, in a line of any length: a filter of its system calls is
 * seen all the same, and so is who it is in another pid namespace, and that it dumps its core.
 */
#include "dumps.h"

#include "elsewhere.h"
#include "os.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#define GROUPS 2000

static int ready[2];

static void be_in_many_groups(void)
{
    static gid_t groups[GROUPS];
    for (unsigned i = 0; i < GROUPS; i++)
        groups[i] = 1000000000u + i;
    if (setgroups(GROUPS, groups) != 0)
        SKIP("only root can be in groups of its choice");
    char status[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    CHECK(fd >= 0 && read(fd, status, sizeof status) == (ssize_t)sizeof status && memmem(status, sizeof status, "NSpid", 5) == NULL);
    close(fd);
}

static void sees_its_own_filter(void)
{
    struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
    struct sock_fprog program = { 1, &all };
    CHECK_INT(pm_process_sandbox(), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(0);
        _exit(pm_process_sandbox() == EPERM ? 0 : 1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static void be_a_peer(size_t bytes)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "one", .deadline_ms = 60000 };
    peermap_segment *segment;
    if (bytes)
        fill_memory(bytes);
    if (peermap_attach(seg(), &options, &segment) != 0 || write(ready[1], "", 1) != 1)
        _exit(4);
    while (bytes == 0)
        pause();
    abort();
}

static void be_elsewhere(void) { be_a_peer(0); }

/* The second slot's. */
static struct pm_process one(uint32_t *agent)
{
    const long slot = (long)(sizeof(struct pm_header) + sizeof(struct pm_slot));
    *agent = (uint32_t)header_word(slot + (long)offsetof(struct pm_slot, life)) & PM_FUTEX_TID;
    return (struct pm_process){ .pid = (uint32_t)header_word(slot + (long)offsetof(struct pm_slot, pid)),
                                .pidns = header_word(slot + (long)offsetof(struct pm_slot, pidns)) };
}

static void is_found_from_another_namespace(void)
{
    char byte;
    int status;
    uint32_t agent;
    struct pm_facts facts;
    pid_t pid = in_namespace(be_elsewhere, NULL);
    if (read(ready[0], &byte, 1) != 1)
        SKIP("no pid namespace can be made here");
    const struct pm_process who = one(&agent);
    CHECK_INT(who.pid, 1);
    CHECK_INT(pm_process_find(&who, agent, false, UINT64_MAX, &facts), 0);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid);
}

static bool is_dead(peermap_segment *segment, pid_t pid)
{
    peermap_peer rows[4];
    int count = peermap_peers(segment, rows, 4);
    for (int i = 0; i < count; i++)
        if (rows[i].pid == pid)
            return rows[i].state == PEERMAP_DEAD;
    return false;
}

/* False if the dump was over before anybody could look. */
static bool is_dead_while_it_dumps(peermap_segment *segment, size_t bytes)
{
    char byte;
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_a_peer(bytes);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    bool dumps = see_dump(pid), dead = false;
    for (int looks = 0; looks < 20 && !dead && is_dumping(pid); looks++) { /* its agent gets to it */
        dead = is_dead(segment, pid);
        usleep(1000);
    }
    bool whole = is_dumping(pid);
    CHECK(waitpid(pid, &status, 0) == pid);
    if (!dumps || !WCOREDUMP(status))
        SKIP("no core is written here, see ulimit -c and kernel.core_pattern");
    CHECK(dead || !whole);
    peermap_reap(segment);
    return whole;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("children go on after fork() without exec");
    char *program = realpath(argv[0], NULL);
    CHECK(program != NULL);
    argv[0] = program;
    setup(argv);
    CHECK(pipe(ready) == 0);
    be_in_many_groups();
    sees_its_own_filter();
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .initial_size = 65536, .deadline_ms = 60000 };
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    is_found_from_another_namespace();
    peermap_reap(segment);
#ifdef __SANITIZE_ADDRESS__
    bool whole = true; /* not tried: what the sanitizers reserve would be dumped, too */
#else
    bool whole = false;
#endif
    if (!whole)
        dump_here();
    for (size_t bytes = 256 * MIB; !whole && bytes <= 2048 * MIB; bytes *= 2)
        whole = is_dead_while_it_dumps(segment, bytes);
    if (!whole)
        SKIP("a core of two gigabytes is written before anybody can look");
    peermap_detach(segment);
    free(program);
    return 0;
}
