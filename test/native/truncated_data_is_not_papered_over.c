/* SPDX-License-Identifier: MIT */
/* Where the file was cut short behind the header, every change of size and every attach says how much is left, and changes nothing; what
 * is left can be read. */
#include "drive.h"

#define SIZE (1 << 20)

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 1048576"), *b = ready_peer("b", NULL);
    ok(a, "fill 0 %d 3", SIZE);
    uint64_t left = header_length() + SIZE / 2;
    char path[128], words[64];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    snprintf(words, sizeof words, "%" PRIu64 " of %" PRIu64 " bytes are left", left, left + SIZE / 2);
    CHECK(truncate(path, (off_t)left) == 0);
    CHECK(strstr(fails(b, "PEERMAP_ELOST", "grow 4096"), words) != NULL);
    CHECK(strstr(fails(a, "PEERMAP_ELOST", "shrink 4096"), words) != NULL);
    fails(a, "PEERMAP_ELOST", "shrink %d", SIZE * 3 / 4);
    fails(a, "PEERMAP_ELOST", "remap");
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_ELOST);
    CHECK(strstr(peermap_last_error(), words) != NULL);
    CHECK_INT(object_length(), left);
    CHECK_INT(size_of(a), SIZE);
    ok(b, "check 0 %d 3", SIZE / 2);
    ok(a, "peers");

    /* The application's own touch of what is gone is its own fault. */
    CHECK(strcmp(ask(b, "check %d 1 3", SIZE - 1), "died") == 0);
    int status;
    CHECK(waitpid(b->pid, &status, 0) == b->pid);
    b->pid = 0;
    CHECK(!WIFEXITED(status) || WEXITSTATUS(status) != 0); /* SIGBUS, or what a sanitizer makes of it */
    fails(a, "PEERMAP_ELOST", "grow 4096");

    /* Somebody who makes the file long again knows what he does. */
    CHECK(truncate(path, (off_t)(left + SIZE / 2)) == 0);
    ok(a, "grow 4096");
    ok(a, "check %d %d 0", SIZE / 2, SIZE / 2);
    ok(a, "check 0 %d 3", SIZE / 2);
    return 0;
}
