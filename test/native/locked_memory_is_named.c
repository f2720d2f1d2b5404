/* SPDX-License-Identifier: MIT */
/* A process that has locked its future memory (mlockall) without the right to lock that much is told so when it attaches. */
#include "drive.h"

#include <grp.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int ordinary_user(void)
{
    peermap_segment *segment;
    const peermap_options options = { .struct_size = sizeof options, .flags = PEERMAP_FOREIGN };
    struct rlimit limit = { 4 << 20, 4 << 20 };
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setgroups(0, NULL) != 0 || setgid(45679) != 0 || setuid(45679) != 0)
        return 2;
    if (mlockall(MCL_FUTURE) != 0)
        return 77;
    if (peermap_attach(seg(), &options, &segment) != PEERMAP_EOS || errno != EAGAIN || !strstr(peermap_last_error(), "mlockall"))
        return fprintf(stderr, "%s\n", peermap_last_error()), 3;
    munlockall();
    if (peermap_attach(seg(), &options, &segment) != 0)
        return 4;
    peermap_detach(segment);
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SKIP("the sanitizer makes mlockall() do nothing");
#endif
    if (geteuid() != 0)
        SKIP("needs root, to become an ordinary user");
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(chmod(path, 0666) == 0);
    pid_t pid = fork();
    if (pid == 0)
        _exit(ordinary_user());
    int status;
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        SKIP("an ordinary user may lock nothing here");
    CHECK_INT(WEXITSTATUS(status), 0);
    ok(a, "grow 65536");
    return 0;
}
