/* SPDX-License-Identifier: MIT */
/* Processes attach and detach by the thousand while others grow and shrink: each has everything mapped when attach returns. */
#include "drive.h"

#define WORKERS 8
#if defined __SANITIZE_THREAD__ || defined __SANITIZE_ADDRESS__ /* with which each thread costs many times as much */
#define TIMES 60
#else
#define TIMES 400
#endif

static int come_and_go(int worker)
{
    uint64_t state = 1000 + (uint64_t)worker;
    for (int i = 0; i < TIMES; i++) {
        peermap_options options = { .struct_size = sizeof options, .deadline_ms = 20000 };
        char name[32];
        snprintf(name, sizeof name, "w%d", worker);
        options.peer_name = name;
        peermap_segment *segment;
        int rc = peermap_attach(seg(), &options, &segment);
        if (rc != 0)
            return fprintf(stderr, "attach: %s\n", peermap_last_error()), 1;
        size_t size = peermap_pin(segment);
        volatile char *base = peermap_base(segment);
        for (size_t at = 4095; at < size; at += at + 65536 < size ? 65536 : 4096) /* now and then, and the end */
            base[at] = (char)worker;
        peermap_unpin(segment);
        if (chance(&state) % 4 == 0)
            rc = peermap_grow(segment, 65536, NULL);
        else if (chance(&state) % 4 == 0 && peermap_size(segment) > 262144)
            rc = peermap_shrink(segment, 65536, NULL);
        if (rc != 0 && rc != PEERMAP_EINVAL)
            return fprintf(stderr, "round: %s\n", peermap_last_error()), 1;
        peermap_detach(segment);
    }
    return 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    alarm(165); /* on a machine that has other things to do */
    struct peer *a = ready_peer("a", "create 65536 deadline 20000");
    pid_t workers[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        if ((workers[i] = fork()) == 0)
            _exit(come_and_go(i));
    for (int i = 0; i < 50; i++) {
        ok(a, "grow 4096");
        ok(a, "touch");
    }
    for (int i = 0; i < WORKERS; i++) {
        int status;
        CHECK(waitpid(workers[i], &status, 0) == workers[i]);
        CHECK_INT(status, 0);
    }
    maps_exactly(a, size_of(a));
    const char *peers = ok(a, "peers");
    CHECK(strchr(peers + 1, ' ') == NULL);
    return 0;
}
