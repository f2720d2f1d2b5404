/* SPDX-License-Identifier: MIT */
/* The list has every object named peermap.*, what is not a segment with its problem; nothing of that kind holds the observer up. */
#include "image.h"

static char names[4][100];

static void clean(void)
{
    for (int i = 0; i < 4; i++) {
        char path[128];
        object_path(names[i], path);
        if (unlink(path) != 0)
            rmdir(path);
    }
}

static const struct pmo_summary *find(const struct pmo_summary *list, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        CHECK(i == 0 || strcmp(list[i - 1].name, list[i].name) < 0);
        if (strcmp(list[i].name, name) == 0)
            return &list[i];
    }
    FAIL("%s is not in the list", name);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    static const char *const kinds[] = { "link", "folder", "fifo", "noise" };
    char path[4][128];
    for (int i = 0; i < 4; i++) {
        snprintf(names[i], sizeof names[i], "%s-%s", seg(), kinds[i]);
        object_path(names[i], path[i]);
    }
    atexit(clean);
    struct peer *a = ready_peer("a", "create 65536");
    struct peer *b = ready_peer("b", NULL);
    kill_peer(b);
    char segment_path[128];
    object_path(seg(), segment_path);
    CHECK(symlink(segment_path, path[0]) == 0); /* to one that could be shown */
    CHECK(mkdir(path[1], 0700) == 0);
    CHECK(mkfifo(path[2], 0600) == 0);
    int fd = open(path[3], O_WRONLY | O_CREAT, 0640);
    CHECK_INT(write(fd, "not a segment at all", 20), 20);
    close(fd);

    struct pmo_summary *list;
    size_t count, left_out;
    bool whole;
    CHECK_INT(pmo_list(&list, &count, &left_out, &whole), 0);
    CHECK(left_out == 0 && whole);
    const struct pmo_summary *segment = find(list, count, seg());
    CHECK(segment->readable && !segment->has_problem);
    CHECK_INT(segment->active, 65536);
    CHECK_INT(segment->alive, 1);
    CHECK_INT(segment->dead, 1);
    CHECK_INT(segment->object.st_size, object_length());
    CHECK_INT(segment->object.st_mode & 07777, 0600);
    for (int i = 0; i < 4; i++) {
        const struct pmo_summary *other = find(list, count, names[i]);
        CHECK(!other->readable && other->has_problem);
        CHECK_INT(other->problem.code, PMO_NOT_A_SEGMENT);
        struct pmo_observer observer;
        CHECK_INT(pmo_observer_open(names[i], &observer), i == 3 ? 0 : PEERMAP_EFORMAT);
        if (i == 3)
            pmo_observer_close(&observer);
    }
    CHECK_INT(find(list, count, names[3])->object.st_size, 20);
    free(list);
    ok(a, "touch");

    struct pmo_observer observer;
    static const char *const bad[] = { "", ".x", "a/b", "../x", "a b" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        CHECK_INT(pmo_observer_open(bad[i], &observer), PEERMAP_ENAME);
    char longest[65];
    memset(longest, 'x', 64);
    longest[64] = '\0';
    CHECK_INT(pmo_observer_open(longest, &observer), PEERMAP_ENAME);
    CHECK_INT(pmo_observer_open(longest + 1, &observer), PEERMAP_ENOENT);
    return 0;
}
