/* SPDX-License-Identifier: MIT */
/*
 * A process that maps the data and is not registered is a stranger; peers, other observers' watches, and the library's own tracer, which is in a peer's memory,
 * are not.
 */
#include "image.h"

static size_t strangers(const struct pmo_observer *observer)
{
    struct pmo_snapshot s = look_at(observer, PMO_STRANGERS);
    const size_t count = s.stranger_count;
    pmo_snapshot_free(&s);
    return count;
}

static size_t users_of_segment(void)
{
    struct pmo_user *users;
    size_t count, found = 0;
    bool whole;
    struct pmo_problems problems;
    CHECK_INT(pmo_users_find(&users, &count, &whole, &problems), 0);
    for (size_t i = 0; i < count; i++)
        for (size_t u = 0; u < users[i].use_count; u++)
            found += strcmp(users[i].uses[u].segment, seg()) == 0;
    pmo_users_free(users, count);
    pmo_problems_free(&problems);
    return found;
}

static bool has_child(pid_t pid)
{
    char path[64], line[256];
    bool found = false;
    DIR *processes = opendir("/proc");
    CHECK(processes != NULL);
    for (struct dirent *entry; !found && (entry = readdir(processes)) != NULL;) {
        int parent = 0;
        snprintf(path, sizeof path, "/proc/%d/stat", atoi(entry->d_name));
        FILE *file = atoi(entry->d_name) > 0 ? fopen(path, "re") : NULL;
        const char *end = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
        found = end && sscanf(end, ") %*c %d", &parent) == 1 && parent == pid;
        if (file)
            fclose(file);
    }
    closedir(processes);
    return found;
}

/* One that is stopped is let run by a tracer, which stays while another is late. */
static void while_a_tracer_works(const struct pmo_observer *observer)
{
    struct peer *runner = ready_peer("runner", "deadline 1500"), *stopped = ready_peer("stopped", NULL), *late = ready_peer("late", "no-ptrace");
    const size_t before = users_of_segment();
    stop_peer(stopped);
    stop_peer(late);
    say(runner, "remap");
    while (!has_child(runner->pid)) {}
    const size_t seen = strangers(observer), users = users_of_segment();
    const bool still = has_child(runner->pid); /* or it was not looked at */
    CHECK(strncmp(answer(runner), "error PEERMAP_ETIMEDOUT", 19) == 0);
    if (still) {
        CHECK_INT(seen, 0);
        CHECK_INT(users, before);
    }
    continue_peer(late);
    continue_peer(stopped);
    end_peer(late);
    end_peer(stopped);
    end_peer(runner);
}

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
    while_a_tracer_works(&observer);
    close(fd);
    pmo_watch_stop(watch);
    pmo_observer_close(&observer);
    return 0;
}
