/* SPDX-License-Identifier: MIT */
/*
 * beyond.h - looking from elsewhere: from a pid namespace of its own, as another user, with another file system at /dev/shm; objects below
 * /dev/shm, and processes that have them in ways that cannot be seen.
 */
#ifndef BEYOND_H
#define BEYOND_H

#include "image.h"

#include "census.h"
#include "unlink.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/socket.h>

#define NOBODY 65534

enum from { HERE, FROM_A_PID_NAMESPACE, AS_NOBODY, WITHOUT_TMPFS };

static inline void become_nobody(void)
{
    if (geteuid() != 0)
        _exit(77);
    CHECK(setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0);
}

/* `folder` is what /dev/shm is WITHOUT_TMPFS: one of its own, since a look takes no more than so many objects, and /tmp may have more. */
static inline void go(enum from from, const char *folder)
{
    if (from == AS_NOBODY)
        become_nobody();
    if (from != FROM_A_PID_NAMESPACE && from != WITHOUT_TMPFS)
        return;
    if (unshare(CLONE_NEWNS | (from == FROM_A_PID_NAMESPACE ? CLONE_NEWPID : 0)) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        _exit(77);
    if (from == WITHOUT_TMPFS) {
        if (mount(folder, "/dev/shm", NULL, MS_BIND, NULL) != 0)
            _exit(77);
        return;
    }
    const pid_t first = fork();
    if (first != 0) {
        int status;
        waitpid(first, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (mount("proc", "/proc", "proc", 0, NULL) != 0)
        _exit(77);
}

/* Runs `look` in a process that is elsewhere.  False: one cannot go there here. */
static inline bool look_from(enum from from, void (*look)(const void *context), const void *context)
{
    int status;
    char folder[] = "/tmp/peermap-beyond-XXXXXX";
    CHECK(mkdtemp(folder) != NULL);
    fflush(NULL);
    const pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        go(from, folder);
        look(context);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    rmdir(folder);
    if (WEXITSTATUS(status) == 77)
        return false;
    if (WEXITSTATUS(status) != 0)
        FAIL("what was seen from elsewhere was not so");
    return true;
}

/* ---- objects ---- */

static char made[16][288];
static int made_count;

static inline void clear_objects(void)
{
    for (int i = made_count; i-- > 0;)
        if (unlink(made[i]) != 0)
            rmdir(made[i]);
}

/* The path of a name of this test's below /dev/shm, removed with it. */
static inline const char *path_of(const char *name)
{
    if (made_count == 0)
        atexit(clear_objects);
    CHECK(made_count < 16);
    snprintf(made[made_count], sizeof made[0], "/dev/shm/%s", name);
    return made[made_count++];
}

struct object {
    char name[256]; /* below /dev/shm */
    char path[288];
    struct pmo_object object;
};

static inline struct pmo_object identity_of(const char *path)
{
    struct stat facts;
    CHECK(lstat(path, &facts) == 0);
    return (struct pmo_object){ facts.st_dev, facts.st_ino };
}

static inline bool exists(const char *path)
{
    struct stat facts;
    return lstat(path, &facts) == 0;
}

/* 64 KiB, which nobody has. */
static inline struct object make_object(const char *what, mode_t mode, uid_t owner)
{
    struct object object;
    snprintf(object.name, sizeof object.name, "test-%d-%s", (int)getpid(), what);
    snprintf(object.path, sizeof object.path, "%s", path_of(object.name));
    int fd = open(object.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    CHECK(fd >= 0 && ftruncate(fd, 65536) == 0 && fchmod(fd, mode) == 0);
    CHECK(owner == geteuid() || fchown(fd, owner, owner) == 0);
    close(fd);
    object.object = identity_of(object.path);
    return object;
}

static inline struct pmo_removal remove_object(const struct object *object)
{
    struct pmo_removal removal;
    const struct pmo_target target = { PMO_POSIX, object->name, object->object, false, 0, NULL };
    pmo_unlink(&target, &removal);
    return removal;
}

/* What a census says of it. */
struct verdict {
    enum pmo_orphan orphan;
    enum pmo_reason reason;
    size_t users;
    uint32_t hidden_own;
    bool whole;
};

static inline struct verdict verdict_on(const struct object *object)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    const struct pmo_memory *memory = pmo_census_find(&census, PMO_POSIX, object->object);
    if (!memory)
        FAIL("the census has no %s", object->name);
    const struct verdict verdict = { memory->orphan, memory->reason, memory->user_count, census.hidden_own, census.whole };
    pmo_census_free(&census);
    return verdict;
}

#define CHECK_REASON(got, wanted)                                                                                      \
    do {                                                                                                               \
        if ((got) != (wanted))                                                                                         \
            FAIL("the reason is \"%s\", not \"%s\"", pmo_reason_word(got), pmo_reason_word(wanted));                   \
    } while (0)

#define CHECK_OUTCOME(removal, wanted)                                                                                 \
    do {                                                                                                               \
        char text_[1536];                                                                                              \
        pmo_removal_text(&(removal), text_, sizeof text_);                                                             \
        if ((removal).outcome != (wanted))                                                                             \
            FAIL("%s: %s; not %s", pmo_outcome_word((removal).outcome), text_, pmo_outcome_word(wanted));              \
    } while (0)

/* ---- who has them ---- */

/* A child that has it as `have` says, and lives with it until the test ends. */
static inline pid_t holder_of(const struct object *object, void (*have)(const struct object *object))
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    const pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        have(object);
        CHECK(write(ready[1], "r", 1) == 1);
        for (;;)
            pause();
    }
    close(ready[1]);
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    return pid;
}

static inline void end_holder(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static inline void map_and_close(const struct object *object, int flags, int protection)
{
    int fd = open(object->path, flags | O_CLOEXEC);
    CHECK(fd >= 0 && mmap(NULL, 4096, protection, MAP_SHARED, fd, 0) != MAP_FAILED);
    close(fd);
}

static inline void have_mapped(const struct object *object) { map_and_close(object, O_RDWR, PROT_READ | PROT_WRITE); }
static inline void have_mapped_read_only(const struct object *object) { map_and_close(object, O_RDONLY, PROT_READ); }
static inline void have_open(const struct object *object) { CHECK(open(object->path, O_RDONLY | O_CLOEXEC) >= 0); }

/* On its way through a socket, and open in no process. */
static inline void have_sent(const struct object *object)
{
    int ends[2], fd = open(object->path, O_RDWR | O_CLOEXEC);
    char byte = 0, room[CMSG_SPACE(sizeof(int))] = { 0 };
    struct iovec piece = { &byte, 1 };
    struct msghdr message = { .msg_iov = &piece, .msg_iovlen = 1, .msg_control = room, .msg_controllen = sizeof room };
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(fd >= 0 && socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0 && sendmsg(ends[0], &message, 0) == 1);
    close(fd);
}

#endif
