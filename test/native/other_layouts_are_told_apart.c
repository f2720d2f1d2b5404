/* SPDX-License-Identifier: MIT */
/* A segment of an older or a newer layout is PEERMAP_EVERSION, with both numbers, and is left as it is; the observer says so, too. */
#include "image.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct pmo_observer observer = observe();
    char path[128], words[64];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR);
    CHECK(fd >= 0);
    uint32_t right = PM_VERSION, others[] = { PM_VERSION - 1, PM_VERSION + 1, 0, UINT32_MAX };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        CHECK(pwrite(fd, &others[i], 4, 8) == 4);
        snprintf(words, sizeof words, "layout %" PRIu32 ", this library knows %" PRIu32, others[i], right);
        peermap_segment *segment;
        CHECK_INT(peermap_attach(seg(), NULL, &segment), PEERMAP_EVERSION);
        CHECK(strstr(peermap_last_error(), words) != NULL);
        CHECK_INT(peermap_open(seg(), NULL, &segment), PEERMAP_EVERSION);
        CHECK_INT(peermap_create(seg(), NULL, &segment), PEERMAP_EEXIST);
        struct pmo_snapshot s = look_at(&observer, 0);
        CHECK_PROBLEM(&s, PMO_OTHER_VERSION, "header.version");
        pmo_snapshot_free(&s);
        CHECK_INT(object_length(), header_length() + 65536);
    }
    CHECK(pwrite(fd, &right, 4, 8) == 4);
    close(fd);
    ready_peer("b", NULL);
    ok(a, "grow 4096");
    pmo_observer_close(&observer);
    return 0;
}
