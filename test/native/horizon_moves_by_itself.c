/* SPDX-License-Identifier: MIT */
/* The horizon is moved in the background, so that growths in small steps go on without asking anybody; also where one peer cannot answer it. */
#include "drive.h"

static void wait_until_far(struct peer *a, uint64_t far)
{
    while (header_word(offsetof(struct pm_header, horizon)) < size_of(a) + far)
        usleep(1000);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536 ahead 1048576 deadline 60000");
    struct peer *b = ready_peer("b", NULL);
    for (int i = 0; i < 100; i++) {
        ok(i % 2 ? a : b, "grow 65536");
        CHECK(strcmp(ok(i % 2 ? a : b, "report"), " 0 2 0") == 0);
        wait_until_far(a, 524288);
    }
    maps_all(b, size_of(a) + 524288);
    stop_peer(b); /* the background leaves it alone; a growth that needs it lets it run */
    for (int i = 0; i < 100; i++)
        ok(a, "grow 65536");
    maps_all(b, size_of(a));
    CHECK_INT(process_state(b->pid), 'T');
    continue_peer(b);
    ok(b, "touch");
    return 0;
}
