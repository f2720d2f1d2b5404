/* SPDX-License-Identifier: MIT */
/* Who dies in the middle of a removal leaves the object under a name that says what it was: the next removal ends it, or gives the name back if
 * somebody has it. */
#include "steps.h"

static struct object object;

static void die(void) { kill(getpid(), SIGKILL); }

/* The object, by what it is called afterwards. */
static struct object interrupt(void)
{
    struct object left = { .object = object.object };
    int status;
    const pid_t pid = fork();
    if (pid == 0) {
        meddle_at = BEFORE_UNLINK;
        meddle = die;
        remove_object(&object);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    CHECK(!exists(object.path));
    CHECK_INT(set_aside_count("/dev/shm", object.name), 1);

    struct pmo_census census;
    CHECK_INT(pmo_census_take(&census), 0);
    const struct pmo_memory *memory = pmo_census_find(&census, PMO_POSIX, object.object);
    CHECK(memory != NULL && memory->orphan == PMO_ORPHAN);
    CHECK(pmo_name_before(memory->name) && strcmp(pmo_name_before(memory->name), object.name) == 0);
    snprintf(left.name, sizeof left.name, "%s", memory->name);
    snprintf(left.path, sizeof left.path, "/dev/shm/%s", memory->name);
    pmo_census_free(&census);
    return left;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    object = make_object("interrupted", 0600, geteuid());
    struct object left = interrupt();
    struct pmo_removal removal = remove_object(&left);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
    CHECK_INT(set_aside_count("/dev/shm", object.name), 0);

    object = make_object("interrupted-again", 0600, geteuid());
    left = interrupt();
    const pid_t holder = holder_of(&left, have_mapped);
    removal = remove_object(&left);
    CHECK_OUTCOME(removal, PMO_REMOVAL_UNDONE);
    CHECK(strcmp(removal.name, object.name) == 0);
    CHECK(exists(object.path) && identity_of(object.path).inode == object.object.inode);
    CHECK_INT(set_aside_count("/dev/shm", object.name), 0);
    end_holder(holder);
    removal = remove_object(&object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_DONE);
    return 0;
}
