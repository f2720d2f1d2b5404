/* SPDX-License-Identifier: MIT */
/*
 * A growth, a shrink and a remap reach a peer whose process is stopped: its agent alone runs, the process stays stopped, and no thread of the
 * application does anything.
 */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 deadline 60000");
    struct peer *b = ready_peer("b", NULL);
    struct peer *c = ready_peer("c", NULL);
    ok(a, "fill 0 65536 7");
    stop_peer(b);
    say(b, "size");
    CHECK(strstr(ok(a, "grow 65536"), " 3 3 0 0") != NULL);
    CHECK(strcmp(ok(a, "report"), " 1 0 0") == 0);
    CHECK(strstr(ok(a, "answers"), " b:unstop:0") != NULL && strstr(a->line, " c:agent:0") != NULL && strstr(a->line, " a:self:0") != NULL);
    CHECK_INT(process_state(b->pid), 'T');
    maps_exactly(b, 131072);
    for (int i = 0; i < 30; i++) {
        ok(c, "grow 4096");
        ok(a, "shrink 4096");
        ok(c, "remap");
        CHECK_INT(process_state(b->pid), 'T');
    }
    maps_exactly(b, 131072);
    continue_peer(b);
    CHECK(strcmp(expect_ok(__FILE__, __LINE__, b), " 131072") == 0); /* the answer it had not given: it has not run */
    ok(b, "check 0 65536 7");
    ok(b, "grow 4096");
    maps_exactly(a, 135168);
    return 0;
}
