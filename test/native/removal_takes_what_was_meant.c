/* SPDX-License-Identifier: MIT */
/* What is removed is the object that was meant: none that has its name by then, none behind a symbolic link, none in a folder that was exchanged, none
 * in a folder of another user. */
#include "steps.h"
#include "os.h"

static struct object meant;
static char aside[288], folder[128], other[128];

static void put_another_in_its_place(void)
{
    CHECK(rename(meant.path, aside) == 0);
    close(open(meant.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
}

static void when_its_name_is_anothers(void)
{
    meant = make_object("meant", 0600, geteuid());
    const struct pmo_target wrong = { PMO_POSIX, meant.name, { meant.object.device, meant.object.inode + 1 }, false, 0, NULL };
    struct pmo_removal removal;
    pmo_unlink(&wrong, &removal);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REPLACED);
    CHECK(exists(meant.path));

    snprintf(aside, sizeof aside, "%s", path_of("test-exchanged"));
    meddle_at = BEFORE_RENAME;
    meddle = put_another_in_its_place;
    removal = remove_object(&meant);
    CHECK_INT(meddle_at, NO_STEP);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REPLACED);
    CHECK(identity_of(aside).inode == meant.object.inode);
    CHECK(exists(meant.path) && identity_of(meant.path).inode != meant.object.inode);
    CHECK_INT(set_aside_count("/dev/shm", meant.name), 0);
    CHECK(unlink(aside) == 0);
}

/* Also where a person wants it destroyed whoever has it. */
static void when_it_is_destroyed_anyway(void)
{
    meant = make_object("destroyed", 0600, geteuid());
    const pid_t holder = holder_of(&meant, have_mapped);
    struct pmo_target target = { PMO_POSIX, meant.name, { meant.object.device, meant.object.inode + 1 }, true, 0, NULL };
    struct pmo_removal removal;
    pmo_unlink(&target, &removal);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REPLACED);
    target.object = meant.object;
    const uint64_t born = pm_object_born(AT_FDCWD, meant.path);
    if (born != 0) { /* its number, used again */
        target.born_ns = born - 1;
        pmo_unlink(&target, &removal);
        CHECK_OUTCOME(removal, PMO_REMOVAL_REPLACED);
    }
    target.born_ns = born;
    pmo_unlink(&target, &removal);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
    CHECK(!exists(meant.path) && process_state(holder) != 'Z');
    end_holder(holder);
}

static void exchange_the_folder(void)
{
    CHECK(renameat2(AT_FDCWD, folder, AT_FDCWD, other, RENAME_EXCHANGE) == 0);
}

/* An object "victim" in a folder of this test. */
static void make_in(const char *where)
{
    meant = (struct object){ .object = { 0, 0 } };
    snprintf(meant.path, sizeof meant.path, "%.128s/victim", where);
    snprintf(meant.name, sizeof meant.name, "%.200s", meant.path + strlen("/dev/shm/"));
    close(open(meant.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    meant.object = identity_of(meant.path);
}

static void when_its_folder_is_exchanged(void)
{
    char elsewhere[] = "/tmp/peermap-test-XXXXXX", victim[64], moved[192];
    CHECK(mkdtemp(elsewhere) != NULL);
    snprintf(victim, sizeof victim, "%s/victim", elsewhere);
    close(open(victim, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
    snprintf(folder, sizeof folder, "/dev/shm/test-%d-folder", (int)getpid());
    snprintf(other, sizeof other, "/dev/shm/test-%d-link", (int)getpid());
    CHECK(mkdir(folder, 0755) == 0 && symlink(elsewhere, other) == 0);
    make_in(folder);
    snprintf(moved, sizeof moved, "%s/victim", other);

    exchange_the_folder(); /* before it was entered: a link leads nowhere */
    struct pmo_removal removal = remove_object(&meant);
    CHECK_OUTCOME(removal, PMO_REMOVAL_GONE);
    CHECK(exists(victim) && exists(moved));
    exchange_the_folder(); /* back, and after it was entered: what was entered is what is removed from */
    meddle_at = BEFORE_UNLINK;
    meddle = exchange_the_folder;
    removal = remove_object(&meant);
    CHECK_INT(meddle_at, NO_STEP);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
    CHECK(exists(victim) && !exists(moved));
    CHECK(unlink(victim) == 0 && rmdir(elsewhere) == 0 && unlink(folder) == 0 && rmdir(other) == 0);
}

/* Also one that leads to the very object. */
static void when_it_is_behind_a_link(void)
{
    snprintf(folder, sizeof folder, "%s", path_of("test-behind"));
    snprintf(other, sizeof other, "%s", path_of("test-before"));
    CHECK(mkdir(folder, 0755) == 0 && symlink(folder, other) == 0);
    make_in(folder);
    struct object behind = meant;
    snprintf(behind.name, sizeof behind.name, "test-before/victim");
    struct pmo_removal removal = remove_object(&behind);
    CHECK_OUTCOME(removal, PMO_REMOVAL_GONE);
    CHECK(exists(meant.path));
    removal = remove_object(&meant);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
}

static void when_its_name_leads_away(void)
{
    const char *const names[] = { "../etc/hostname", "./x", "a//b", "..", "", "/etc/hostname" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct pmo_target target = { PMO_POSIX, names[i], identity_of("/etc/hostname"), false, 0, NULL };
        struct pmo_removal removal;
        pmo_unlink(&target, &removal);
        CHECK_OUTCOME(removal, PMO_REMOVAL_GONE);
    }
    CHECK(exists("/etc/hostname"));
}

static void when_another_user_owns_the_folder(void)
{
    snprintf(folder, sizeof folder, "%s", path_of("test-foreign"));
    CHECK(mkdir(folder, 0777) == 0);
    make_in(folder);
    CHECK(chown(folder, NOBODY, NOBODY) == 0);
    CHECK_REASON(verdict_on(&meant).reason, PMO_LEASED); /* to look harms nobody */
    const struct pmo_removal removal = remove_object(&meant);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_FOREIGN_FOLDER);
    CHECK_INT(pmo_removal_code(&removal), PEERMAP_EACCES);
    CHECK(exists(meant.path) && unlink(meant.path) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    when_its_name_is_anothers();
    when_it_is_destroyed_anyway();
    when_its_folder_is_exchanged();
    when_it_is_behind_a_link();
    when_its_name_leads_away();
    if (geteuid() == 0)
        when_another_user_owns_the_folder();
    return 0;
}
