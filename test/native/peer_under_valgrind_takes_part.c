/* SPDX-License-Identifier: MIT */
/* Under Valgrind a peer attaches at the segment's own addresses, grows, is grown for and leaves, and Valgrind finds nothing wrong. */
#include "drive.h"

#include <sys/stat.h>

static char script[] = "/tmp/peermap-valgrind-XXXXXX";

static void remove_script(void) { unlink(script); }

int main(int argc, char **argv)
{
    (void)argc;
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SKIP("Valgrind runs no sanitized program");
#endif
    if (access("/usr/bin/valgrind", X_OK) != 0)
        SKIP("there is no Valgrind here");
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 60000");
    int fd = mkstemp(script);
    CHECK(fd >= 0);
    atexit(remove_script);
    FILE *out = fdopen(fd, "w");
    fprintf(out, "#!/bin/sh\nexec /usr/bin/valgrind -q --error-exitcode=99 --leak-check=full --log-fd=2 '%s' \"$@\"\n", peer_program);
    CHECK(fchmod(fd, 0700) == 0 && fclose(out) == 0);
    snprintf(peer_program, sizeof peer_program, "%s", script);

    struct peer *v = ready_peer("v", "deadline 60000");
    CHECK_INT(v->base, a->base);
    ok(a, "grow 65536");
    ok(a, "fill 0 131072 7");
    ok(v, "check 0 131072 7");
    ok(v, "grow 65536");
    ok(v, "fill 131072 65536 8");
    ok(a, "check 131072 65536 8");
    ok(v, "root r 0 10 bytes");
    ok(a, "get r");
    ok(v, "shrink 131072");
    ok(v, "remap");
    ok(v, "peers");
    CHECK_INT(size_of(a), 65536);
    CHECK_INT(end_peer(v), 0);
    CHECK(strchr(ok(a, "peers") + 1, ' ') == NULL);
    return 0;
}
