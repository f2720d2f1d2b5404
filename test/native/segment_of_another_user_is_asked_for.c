/* SPDX-License-Identifier: MIT */
/*
 * Whoever attaches to a segment of another user must have asked for that, root too, and root's too: otherwise it is refused with the segment, its owner and the
 * remedy, and nothing of the object is read or changed.  What counts is the effective user, and the owner at the moment of attaching.
 */
#include "drive.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/stat.h>

#define USER 45683
#define OTHER 45684

static const char *path_of_object(void)
{
    static char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    return path;
}

/* Runs `work` as another user. */
static void as_user(uid_t user, void (*work)(void))
{
    int status;
    fflush(NULL);
    const pid_t parent = getpid(), pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        if (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0)
            _exit(99);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(98);
        work();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
}

static peermap_options by_flags(uint32_t flags) { return (peermap_options){ .struct_size = sizeof(peermap_options), .flags = flags }; }

static peermap_options of_owner(uid_t owner)
{
    peermap_options options = by_flags(PEERMAP_OWNER);
    options.owner = owner;
    return options;
}

typedef int entry(const char *name, const peermap_options *options, peermap_segment **out);

static void refused(entry *enter, const peermap_options *options, const char *owner, const char *remedy)
{
    peermap_segment *segment;
    errno = 0;
    CHECK_INT(enter(seg(), options, &segment), PEERMAP_EACCES);
    CHECK_INT(errno, EREMOTE);
    if (!strstr(peermap_last_error(), seg()) || !strstr(peermap_last_error(), owner) || !strstr(peermap_last_error(), remedy))
        FAIL("\"%s\" does not name %s, %s and %s", peermap_last_error(), seg(), owner, remedy);
}

static void takes_part(entry *enter, peermap_options options)
{
    peermap_segment *segment;
    peermap_round round;
    if (enter(seg(), &options, &segment) != 0)
        FAIL("%s", peermap_last_error());
    const size_t before = peermap_size(segment);
    CHECK_INT(peermap_grow(segment, 4096, &round), 0);
    CHECK_INT(peermap_size(segment), before + 4096);
    CHECK_INT(peermap_shrink(segment, 4096, &round), 0);
    peermap_detach(segment);
}

static void make(void)
{
    peermap_segment *segment;
    peermap_options options = by_flags(0);
    options.mode = 0666;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    peermap_detach(segment);
}

static void make_rubbish(void)
{
    const int fd = open(path_of_object(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0 && fchmod(fd, 0666) == 0 && write(fd, "rubbish", 7) == 7);
    close(fd);
}

static void not_by_the_way(const char *owner)
{
    const peermap_options late = by_flags(PEERMAP_ALLOW_LATE | PEERMAP_RELOCATABLE);
    refused(peermap_attach, NULL, owner, "PEERMAP_FOREIGN");
    refused(peermap_attach, &late, owner, "PEERMAP_OWNER");
    refused(peermap_open, NULL, owner, "PEERMAP_FOREIGN");
}
static void roots_not_by_the_way(void) { not_by_the_way("root (uid 0)"); }
static void users_not_by_the_way(void) { not_by_the_way("uid 45683"); }

static void who_asks_takes_part(uid_t owner)
{
    const peermap_options another = of_owner(OTHER);
    takes_part(peermap_attach, by_flags(PEERMAP_FOREIGN));
    takes_part(peermap_open, by_flags(PEERMAP_FOREIGN));
    takes_part(peermap_attach, of_owner(owner));
    takes_part(peermap_open, of_owner(owner));
    refused(peermap_attach, &another, "uid 45684", "options.owner");
    refused(peermap_open, &another, "uid 45684", "options.owner");
}
static void who_asks_for_roots(void) { who_asks_takes_part(0); }
static void who_asks_for_the_users(void) { who_asks_takes_part(USER); }

/* Every byte, and when it was changed. */
static uint64_t state_of_object(void)
{
    struct stat facts;
    unsigned char bytes[4096];
    ssize_t length;
    const int fd = open(path_of_object(), O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &facts) == 0);
    uint64_t sum = (uint64_t)facts.st_mtim.tv_sec * 1000000007u + (uint64_t)facts.st_mtim.tv_nsec + (uint64_t)facts.st_size;
    while ((length = read(fd, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < length; i++)
            sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    close(fd);
    return sum;
}

static void roots_segment(void)
{
    make();
    const uint64_t before = state_of_object();
    as_user(USER, roots_not_by_the_way);
    CHECK_INT(state_of_object(), before);
    as_user(USER, who_asks_for_roots);
    takes_part(peermap_attach, by_flags(0));
    takes_part(peermap_attach, of_owner(0));
    CHECK_INT(peermap_unlink(seg()), 0);
}

static void a_users_segment(void)
{
    as_user(USER, make);
    const uint64_t before = state_of_object();
    users_not_by_the_way();
    as_user(OTHER, users_not_by_the_way);
    CHECK_INT(state_of_object(), before);
    who_asks_for_the_users();
    as_user(OTHER, who_asks_for_the_users);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* Not that it is no segment: nothing was read. */
static void a_users_rubbish(void)
{
    peermap_segment *segment;
    const peermap_options options = by_flags(PEERMAP_FOREIGN);
    as_user(USER, make_rubbish);
    users_not_by_the_way();
    CHECK_INT(peermap_attach(seg(), &options, &segment), PEERMAP_EFORMAT);
    CHECK(unlink(path_of_object()) == 0);
}

/* The user by whom permissions are judged, and to whom belongs what is made. */
static void the_effective_user_counts(void)
{
    as_user(USER, make);
    CHECK(seteuid(USER) == 0);
    takes_part(peermap_attach, by_flags(0));
    CHECK(seteuid(0) == 0);
    refused(peermap_attach, NULL, "uid 45683", "PEERMAP_FOREIGN");
    CHECK_INT(peermap_unlink(seg()), 0);
    make();
    CHECK(seteuid(USER) == 0);
    refused(peermap_attach, NULL, "root (uid 0)", "PEERMAP_FOREIGN");
    CHECK(seteuid(0) == 0);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* Whoever is attached when it is given away stays so, growth by a round and the opening anew of a lost descriptor included. */
static void given_away(void)
{
    peermap_segment *segment;
    peermap_options options = by_flags(PEERMAP_STRICT);
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK(chown(path_of_object(), USER, USER) == 0);
    for (int fd = 3; fd < 64; fd++) {
        char link[64], target[128];
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        const ssize_t length = readlink(link, target, sizeof target - 1);
        target[length > 0 ? length : 0] = '\0';
        if (strcmp(target, path_of_object()) == 0)
            close(fd);
    }
    CHECK_INT(peermap_grow(segment, 65536, NULL), 0);
    ((char *)peermap_base(segment))[65536] = 1;
    refused(peermap_attach, NULL, "uid 45683", "PEERMAP_FOREIGN");
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);
}

/* Nobody takes the name of the user that they look for. */
static void there_is_none(void)
{
    peermap_segment *segment;
    const peermap_options another = of_owner(USER);
    peermap_options without = by_flags(0);
    CHECK_INT(peermap_open(seg(), &another, &segment), PEERMAP_ENOENT);
    CHECK_INT(peermap_create(seg(), &another, &segment), PEERMAP_EINVAL);
    CHECK(strstr(peermap_last_error(), "options.owner") != NULL);
    without.owner = USER;
    CHECK_INT(peermap_open(seg(), &without, &segment), PEERMAP_EINVAL);
    CHECK(strstr(peermap_last_error(), "PEERMAP_OWNER") != NULL);
    CHECK(access(path_of_object(), F_OK) != 0);
    takes_part(peermap_open, of_owner(geteuid()));
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    there_is_none();
    if (geteuid() != 0)
        SKIP("needs root, to become somebody else");
    roots_segment();
    a_users_segment();
    a_users_rubbish();
    the_effective_user_counts();
    given_away();
    return 0;
}
