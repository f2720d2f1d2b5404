/* SPDX-License-Identifier: MIT */
/* Whoever dies in the middle of setting or removing a root, before it could tell of it, has changed it: who waits hears of that, and no version comes twice. */
#include "places.h"

static peermap_segment *segment;

static void die(void) { kill(getpid(), SIGKILL); }

/* Another process does so, and dies there. */
static void die_at(const char *place, bool removes)
{
    int status;
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        peermap_segment *own;
        if (peermap_attach(seg(), &(peermap_options){ .struct_size = sizeof(peermap_options), .peer_name = "dying" }, &own) != 0)
            _exit(1);
        at_place(place, die);
        (void)!peermap_set_root(own, "r", removes ? NULL : (char *)peermap_base(own) + 64, removes ? 0 : 8, NULL);
        _exit(2);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
}

static void is_told(const char *place, bool removes)
{
    uint64_t changes = 0;
    peermap_root_copy before, after;
    CHECK_INT(peermap_set_root(segment, "r", peermap_base(segment), 8, NULL), 0);
    CHECK_INT(peermap_read_root(segment, "r", &before), 0);
    while (peermap_wait_roots(segment, &changes, 1) == 0) {}
    die_at(place, removes);
    CHECK_INT(peermap_wait_roots(segment, &changes, 10000), 0);
    CHECK_INT(peermap_wait_root(segment, "r", before.version, 10000, &after), 0);
    CHECK((after.pointer == NULL) == removes && after.version != before.version);
    CHECK_INT(peermap_roots(segment, NULL, 0), removes ? 0 : 1);
    die_at("root.told", true);
    CHECK_INT(peermap_roots(segment, NULL, 0), 0);
    CHECK_INT(peermap_set_root(segment, "r", peermap_base(segment), 8, NULL), 0);
    peermap_root_copy again;
    CHECK_INT(peermap_read_root(segment, "r", &again), 0);
    CHECK(again.version != before.version && (after.version == 0 || again.version > after.version));
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    static const char *const setting[] = { "root.staged", "root.others_freed", "root.told" }, *const removing[] = { "root.removing", "root.others_freed", "root.told" };
    for (int i = 0; i < 3; i++) {
        is_told(setting[i], false);
        is_told(removing[i], true);
    }
    peermap_detach(segment);
    return 0;
}
