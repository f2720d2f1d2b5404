/* SPDX-License-Identifier: MIT */
/* A process that maps the data and is not registered is a stranger; peers, and other observers' watches, are not. */
#include "image.h"

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    struct peer *a = ready_peer("a", "create 65536");
    struct pmo_observer observer = observe();
    uint32_t calls = 0;
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 1, count_call, &calls, &watch), 0);
    struct pmo_snapshot s = look_at(&observer, PMO_STRANGERS);
    CHECK_INT(s.stranger_count, 0);
    pmo_snapshot_free(&s);

    char path[128];
    object_path(seg(), path);
    int fd = open(path, O_RDONLY);
    const size_t length = object_length();
    void *map = mmap(NULL, length, PROT_READ, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    s = look_at(&observer, PMO_STRANGERS);
    CHECK_INT(s.stranger_count, 1);
    CHECK_INT(s.strangers[0].pid, getpid());
    CHECK(strstr(s.strangers[0].command, "observer_finds_strangers") != NULL);
    bool found = false;
    for (size_t i = 0; i < s.strangers[0].mappings.count; i++) {
        const struct pmo_mapping *m = &s.strangers[0].mappings.list[i];
        found = found || (m->address == (uintptr_t)map && m->length == length && m->flags == (PMO_READABLE | PMO_SHARED));
    }
    CHECK(found);
    pmo_snapshot_free(&s);

    struct pmo_user *users;
    size_t count, peers = 0, strangers = 0;
    bool whole;
    struct pmo_problems problems;
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    CHECK(whole);
    for (size_t i = 0; i < count; i++) {
        for (size_t u = 0; u < users[i].use_count; u++) {
            if (strcmp(users[i].uses[u].segment, seg()) != 0)
                continue;
            peers += users[i].uses[u].registered && (pid_t)users[i].pid == a->pid && strcmp(users[i].uses[u].peer_name, "a") == 0;
            strangers += !users[i].uses[u].registered && (pid_t)users[i].pid == getpid();
            CHECK_INT(users[i].uid, getuid());
        }
    }
    CHECK_INT(peers, 1);
    CHECK_INT(strangers, 1);
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    munmap(map, length);
    close(fd);
    pmo_watch_stop(watch);
    pmo_observer_close(&observer);
    return 0;
}
