/* SPDX-License-Identifier: MIT */
/* Being observed in every way leaves no trace: every byte of the object, its times and its size are what they were. */
#include "image.h"

static char *bytes_of(size_t length)
{
    char path[128], *bytes = malloc(length);
    object_path(seg(), path);
    int fd = open(path, O_RDONLY | O_NOATIME);
    CHECK(fd >= 0 && bytes);
    CHECK_INT(read(fd, bytes, length), length);
    close(fd);
    return bytes;
}

static bool maps_writable(void)
{
    char line[4096], path[128];
    bool writable = false;
    object_path(seg(), path);
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps != NULL);
    while (fgets(line, sizeof line, maps))
        writable = writable || (strstr(line, path) && !strstr(line, " r--s "));
    fclose(maps);
    return writable;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    ready_peer("b", NULL);
    ok(a, "root r 0 8 t");
    const size_t length = object_length();
    char *before = bytes_of(length);
    struct stat facts, later;
    char path[128];
    object_path(seg(), path);
    CHECK(stat(path, &facts) == 0);

    struct pmo_observer observer = observe();
    CHECK_INT(fcntl(observer.fd, F_GETFL) & O_ACCMODE, O_RDONLY);
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    CHECK(!maps_writable());
    for (int i = 0; i < 20; i++) {
        struct pmo_snapshot s = look_at(&observer, PMO_STRANGERS);
        CHECK_NO_PROBLEMS(&s);
        pmo_snapshot_free(&s);
        struct pmo_events events;
        CHECK_INT(pmo_events_read(&observer, 0, 4096, &events), 0);
        CHECK(events.count > 3);
        pmo_events_free(&events);
        pmo_watch_remind(watch, 0);
    }
    UNTIL(calls_of(&calls) > 0);
    pmo_watch_stop(watch);
    pmo_observer_close(&observer);

    char *after = bytes_of(length);
    CHECK_INT(memcmp(before, after, length), 0);
    CHECK(stat(path, &later) == 0);
    CHECK_INT(later.st_size, facts.st_size);
    CHECK(later.st_mtim.tv_sec == facts.st_mtim.tv_sec && later.st_mtim.tv_nsec == facts.st_mtim.tv_nsec);
    free(before);
    free(after);
    return 0;
}
