/* SPDX-License-Identifier: MIT */
/* With PEERMAP_PREFAULT the new pages are in the page tables of every peer when the growth returns, also of those that are stopped or traced. */
#include "drive.h"

#define MORE 1048576u
#define MUCH ((130u << 20) + 4096) /* done by pieces, in a few peers at a time */
#define MANY 6

static void much_in_many(void)
{
    struct peer *a = ready_peer("a", "create 65536 ahead 0 prefault deadline 60000"), *stopped[MANY];
    for (int i = 0; i < MANY; i++)
        stopped[i] = ready_peer((char[]){ 's', (char)('0' + i), '\0' }, NULL);
    ok(a, "grow 268435456"); /* so that there is enough ahead */
    ok(a, "shrink 268435456");
    ok(a, "grow 4096");
    for (int i = 0; i < MANY; i++)
        stop_peer(stopped[i]);
    ok(a, "grow %u", MUCH);
    CHECK(strstr(ok(a, "report"), " 7") != NULL);
    for (int i = 0; i < MANY; i++) {
        continue_peer(stopped[i]);
        CHECK_INT(atoi(ok(stopped[i], "resident %u %u", 65536 + 4096, MUCH)), (int)(MUCH / 4096));
        CHECK_INT(end_peer(stopped[i]), 0);
    }
    CHECK_INT(end_peer(a), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    static const char *const ahead[] = { "", " ahead 0" };
    for (int i = 0; i < 2; i++) {
        struct peer *a = ready_peer("a", i ? "create 65536 ahead 0 prefault deadline 60000" : "create 65536 prefault deadline 60000");
        struct peer *runs = ready_peer("runs", NULL), *stopped = ready_peer("stopped", NULL);
        stop_peer(stopped);
        ok(a, "grow %u", MORE);
        CHECK(strstr(ok(a, "report"), " 3") != NULL);
        ok(runs, "grow 4096"); /* not prefaulted by this one */
        continue_peer(stopped);
        struct peer *all[] = { a, runs, stopped };
        for (int k = 0; k < 3; k++) {
            if (atoi(ok(all[k], "resident 65536 %u", MORE)) != (int)MORE / 4096)
                FAIL("%s%s has%s of the new pages", all[k]->name, ahead[i], all[k]->line);
            if (k > 0)
                CHECK_INT(atoi(ok(all[k], "resident %u 4096", 65536 + MORE)), 0);
        }
        if (i) { /* what is mapped ahead can be populated under a debugger */
            hold_peer(runs);
            ok(a, "grow %u", MORE);
            CHECK(strstr(ok(a, "report"), " 3") != NULL);
            let_peer_go(runs);
            CHECK_INT(atoi(ok(runs, "resident %u %u", 65536 + MORE + 4096, MORE)), (int)MORE / 4096);
        }
        CHECK_INT(end_peer(runs), 0);
        CHECK_INT(end_peer(stopped), 0);
        CHECK_INT(end_peer(a), 0);
        CHECK_INT(peermap_unlink(seg()), 0);
    }
    much_in_many();
    return 0;
}
