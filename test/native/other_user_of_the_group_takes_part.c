/* SPDX-License-Identifier: MIT */
/* A process of another user, to whom the object's group and mode give access, and who says whose it is to be, is a peer like any other; without access it is told why. */
#include "drive.h"

#include <grp.h>
#include <sys/stat.h>

#define GROUP 45678
#define USER 45679

static void become(uid_t user, gid_t group)
{
    if (setgroups(0, NULL) != 0 || setgid(group) != 0 || setuid(user) != 0)
        _exit(99);
}

static int member(int turn)
{
    char byte;
    become(USER, GROUP);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "member", .flags = PEERMAP_OWNER, .owner = 0 };
    peermap_segment *segment;
    peermap_round round;
    if (peermap_attach(seg(), &options, &segment) != 0)
        return fprintf(stderr, "%s\n", peermap_last_error()), 2;
    if (peermap_grow(segment, 65536, &round) != 0 || round.acked != 2)
        return 3;
    ((char *)peermap_base(segment))[131071] = 4;
    if (read(turn, &byte, 1) != 1)
        return 4;
    if (peermap_size(segment) != 262144 || ((char *)peermap_base(segment))[262143] != 5)
        return 5;
    peermap_peer peers[2];
    if (peermap_peers(segment, peers, 2) != 2 || peers[0].uid != 0 || peers[1].uid != USER)
        return 6;
    peermap_detach(segment);
    return 0;
}

static int stranger(void)
{
    become(USER, USER);
    peermap_segment *segment;
    peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_FOREIGN };
    int rc = peermap_attach(seg(), &options, &segment);
    if (rc != PEERMAP_EACCES || errno != EACCES || !strstr(peermap_last_error(), "owner and mode"))
        return 2;
    return peermap_unlink(seg()) == PEERMAP_EACCES ? 0 : 3;
}

int main(int argc, char **argv)
{
    (void)argc;
    if (geteuid() != 0)
        SKIP("needs root, to become somebody else");
    setup(argv);
    int turn[2], status;
    CHECK(pipe(turn) == 0);
    struct peer *a = ready_peer("a", "create 65536");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(chown(path, 0, GROUP) == 0 && chmod(path, 0660) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(member(turn[0]));
    while (size_of(a) != 131072)
        usleep(1000);
    while (strncmp(ask(a, "check 131071 1 4"), "ok", 2) != 0)
        usleep(1000);
    CHECK(strstr(ok(a, "grow 131072"), " 2 2 0 0") != NULL);
    ok(a, "fill 262143 1 5");
    CHECK(write(turn[1], "x", 1) == 1);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(WEXITSTATUS(status), 0);
    CHECK(WIFEXITED(status));

    pid = fork();
    if (pid == 0)
        _exit(stranger());
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    CHECK_INT(WEXITSTATUS(status), 0);
    ok(a, "grow 4096");
    return 0;
}
