/* SPDX-License-Identifier: MIT */
/* When there is no room for another root, those that there are can still be replaced and removed. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    int count = 0;
    while (strncmp(ask(a, "root r%d %d 1 t", count, count), "ok", 2) == 0)
        count++;
    CHECK(strncmp(a->line, "error PEERMAP_EROOTS", 20) == 0);
    CHECK(count > 1);
    for (int i = 0; i < count; i++)
        ok(a, "root r%d %d 2 t", i, i + 1000);
    char wanted[64];
    for (int i = 0; i < count; i++) {
        snprintf(wanted, sizeof wanted, " %d 2", i + 1000);
        CHECK(strcmp(ok(a, "get r%d", i), wanted) == 0);
    }
    fails(a, "PEERMAP_EROOTS", "root another 0 1 t");
    return 0;
}
