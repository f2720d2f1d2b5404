/* SPDX-License-Identifier: MIT */
/*
 * A killed process's threads end one after the other, and what they hold of a heap is reclaimed after the last one: a mark on the object says when. It is
 * there also after the program has closed its descriptors, as daemons do, ours among them: the mapping of the header keeps it.
 */
#include "heap.h"
#include "places.h"
#include "os.h"

#include <fcntl.h>

static int be_a_daemon(char **argv)
{
    be_started(argv);
    open_heap("daemon", 0, 0, 0);
    CHECK(peermap_alloc(heap, 100) != NULL);
    for (int fd = 3; fd < 100; fd++)
        close(fd);
    CHECK(peermap_alloc(heap, 8 << 20) != NULL); /* it grows, so the object is opened anew */
    if (write(1, "x", 1) == 1)
        pause();
    return 1;
}

/* Of the daemon's first record. */
static uint64_t holder_of(int fd, uint32_t slot)
{
    struct pm_header header;
    struct pm_places places;
    struct pm_record records[8];
    CHECK(pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header);
    pm_places_find(&header, &places);
    CHECK(pread(fd, records, sizeof records, (off_t)places.heap.records) == (ssize_t)sizeof records);
    for (int i = 0; i < 8; i++)
        if (records[i].holder != 0 && pm_holder_index(records[i].holder) == slot)
            return records[i].holder;
    FAIL("the daemon has no record");
}

int main(int argc, char **argv)
{
    int out[2];
    char byte, path[128];
    if (argc > 1)
        return be_a_daemon(argv);
    setup(argv);
    open_heap("looks", 0, 0, 0);
    CHECK(pipe(out) == 0);
    int before = dup(1);
    CHECK(dup2(out[1], 1) == 1);
    pid_t daemon = start_self("daemon", 0);
    CHECK(dup2(before, 1) == 1);
    close(out[1]);
    CHECK(read(out[0], &byte, 1) == 1);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDWR | O_CLOEXEC);
    CHECK(fd >= 0);
    uint64_t holder = holder_of(fd, 1);
    CHECK(pm_object_is_marked(fd, holder));
    kill(daemon, SIGKILL);
    CHECK(waitpid(daemon, NULL, 0) == daemon);
    CHECK(!pm_object_is_marked(fd, holder));
    CHECK(peermap_reap(heap) >= 0);
    CHECK_INT(stats().lost_threads, 0);
    close_heap();
    return 0;
}
