/* SPDX-License-Identifier: MIT */
/*
 * That every user may write an object is a problem in the snapshot, with the mode and the remedy, and in the list where there is nothing worse; and the census says so of
 * whatever can be reached by a name or an id.  That a group may is none.
 */
#include "image.h"

#include "census.h"

#include <sys/shm.h>

static int sysv = -1;

static void clear_away(void) { shmctl(sysv, IPC_RMID, NULL); }

static const struct pmo_problem *told(const struct pmo_snapshot *snapshot)
{
    for (uint32_t i = 0; i < snapshot->problems.count; i++)
        if (snapshot->problems.list[i].code == PMO_WORLD_WRITABLE)
            return &snapshot->problems.list[i];
    return NULL;
}

static struct pmo_summary summary_of(const char *name)
{
    struct pmo_summary *list, found = { .readable = false };
    size_t count, left_out;
    bool whole;
    CHECK_INT(pmo_list(&list, &count, &left_out, &whole), 0);
    for (size_t i = 0; i < count; i++)
        if (strcmp(list[i].name, name) == 0)
            found = list[i];
    free(list);
    CHECK(found.readable);
    return found;
}

static bool in_census(enum pmo_memory_kind kind, const char *name, uint64_t number)
{
    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    for (size_t i = 0; i < census.count; i++) {
        const struct pmo_memory *memory = &census.list[i];
        if (memory->kind == kind && (name ? strcmp(memory->name, name) == 0 : memory->sysv.id == number)) {
            const bool all = pmo_memory_is_world_writable(memory);
            pmo_census_free(&census);
            return all;
        }
    }
    FAIL("the census has no %s %s", pmo_memory_word(kind), name ? name : "");
}

static void segments(void)
{
    struct pmo_observer observer;
    char path[128], object[100];
    struct peer *a = ready_peer("a", "create 65536");
    object_path(seg(), path);
    snprintf(object, sizeof object, PM_PREFIX "%s", seg());
    CHECK_INT(pmo_observer_open(seg(), &observer), 0);
    static const mode_t modes[] = { 0600, 0660, 0644, 0664, 0606, 0666, 0622 };
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char mode[8];
        CHECK(chmod(path, modes[i]) == 0);
        struct pmo_snapshot snapshot = look_at(&observer, PMO_REGISTRY);
        const struct pmo_problem *problem = told(&snapshot);
        snprintf(mode, sizeof mode, "%04o", (unsigned)modes[i]);
        CHECK_INT(problem != NULL, (modes[i] & 2) != 0);
        CHECK(!problem || (strstr(problem->text, mode) && strstr(problem->text, "chmod o-w") && strstr(problem->text, path)));
        CHECK_INT(in_census(PMO_POSIX, object, 0), problem != NULL);
        const struct pmo_summary summary = summary_of(seg());
        CHECK_INT(summary.has_problem && summary.problem.code == PMO_WORLD_WRITABLE, problem != NULL);
        pmo_snapshot_free(&snapshot);
    }
    CHECK_INT(peermap_unlink(seg()), 0);
    struct pmo_snapshot gone = look_at(&observer, PMO_REGISTRY);
    CHECK(!told(&gone)); /* nobody can reach it any more */
    pmo_snapshot_free(&gone);
    pmo_observer_close(&observer);
    kill_peer(a);
}

/* What is damaged is worse, and no damage leaves it out. */
static void a_damaged_one(void)
{
    struct image image = make_image(256, 4, 16, 65536);
    struct pmo_observer observer = observe();
    CHECK(fchmod(image.fd, 0666) == 0);
    for (uint32_t i = 0; i < 256; i++)
        put_slot(&image, i, "\n", 1);
    struct pmo_snapshot snapshot = look_at(&observer, PMO_REGISTRY);
    CHECK(told(&snapshot) && snapshot.problems.left_out > 0);
    CHECK_INT(summary_of(seg()).problem.code, PMO_BAD_SLOT);
    pmo_snapshot_free(&snapshot);
    pmo_observer_close(&observer);
    drop_image(&image);
}

static void other_memory(void)
{
    sysv = shmget(IPC_PRIVATE, 4096, IPC_CREAT | 0666);
    CHECK(sysv >= 0);
    atexit(clear_away);
    CHECK(in_census(PMO_SYSV, NULL, (uint64_t)sysv));
    CHECK(shmctl(sysv, IPC_SET, &(struct shmid_ds){ .shm_perm = { .uid = geteuid(), .gid = getegid(), .mode = 0660 } }) == 0);
    CHECK(!in_census(PMO_SYSV, NULL, (uint64_t)sysv));
    char name[80];
    snprintf(name, sizeof name, "%s-memfd", seg());
    const int fd = memfd_create(name, MFD_CLOEXEC);
    CHECK(fd >= 0 && ftruncate(fd, 4096) == 0 && fchmod(fd, 0777) == 0);
    CHECK(!in_census(PMO_MEMFD, name, 0)); /* but through a process that has it */
    close(fd);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    segments();
    a_damaged_one();
    other_memory();
    return 0;
}
