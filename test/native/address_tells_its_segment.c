/* SPDX-License-Identifier: MIT */
/* An address tells the handle that it belongs to; and a handle its own row of the registry. */
#include "drive.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char other_name[80];
    snprintf(other_name, sizeof other_name, "%s-other", seg());
    peermap_segment *segment, *other;
    peermap_peer self;
    CHECK(peermap_segment_at(&segment) == NULL);
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    CHECK_INT(peermap_create(other_name, NULL, &other), 0);
    peermap_unlink(other_name);

    char *base = peermap_base(segment);
    CHECK(peermap_segment_at(base) == segment && peermap_segment_at(base + peermap_size(segment) - 1) == segment);
    CHECK(peermap_segment_at(base + (UINT64_C(16) << 30) - 1) == segment && peermap_segment_at(base + (UINT64_C(16) << 30)) != segment);
    CHECK(peermap_segment_at(peermap_base(other)) == other);
    CHECK(peermap_segment_at(&segment) == NULL && peermap_segment_at(NULL) == NULL);

    CHECK_INT(peermap_self(segment, &self), 0);
    CHECK_INT(self.pid, getpid());
    CHECK(self.base == base && self.state == PEERMAP_ALIVE && strcmp(self.name, "address_tells_its_segment") == 0);

    void *gone = peermap_base(other);
    peermap_detach(other);
    CHECK(peermap_segment_at(gone) == NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(peermap_segment_at(base) == NULL ? 0 : 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(peermap_segment_at(base) == segment);
    peermap_detach(segment);
    return 0;
}
