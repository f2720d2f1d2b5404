/* SPDX-License-Identifier: MIT */
/* A program that a peer starts, with fork() and exec or with vfork(), has no descriptor and no mapping of the segment, and disturbs nothing. */
#include "drive.h"

#define LOOK "cat /proc/self/maps; ls -l /proc/self/fd"

static void sees_nothing(FILE *in)
{
    char line[4096];
    int lines = 0;
    for (; fgets(line, sizeof line, in); lines++)
        if (strstr(line, "peermap.test"))
            FAIL("the program has %s", line);
    CHECK(lines > 5);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    peermap_options options = { .struct_size = sizeof options, .peer_name = "parent" };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    FILE *spawned = popen(LOOK, "r");
    CHECK(spawned != NULL);
    sees_nothing(spawned);
    CHECK_INT(pclose(spawned), 0);

    int out[2], status;
    CHECK(pipe(out) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl("/bin/sh", "sh", "-c", LOOK, NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *forked = fdopen(out[0], "r");
    sees_nothing(forked);
    fclose(forked);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK_INT(status, 0);

    ok(a, "grow 65536");
    ((char *)peermap_base(segment))[131071] = 2;
    ok(a, "check 131071 1 2");
    CHECK_INT(peermap_peers(segment, NULL, 0), 2);
    peermap_detach(segment);
    return 0;
}
