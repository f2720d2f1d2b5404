/* SPDX-License-Identifier: MIT */
/* Who opens an object while it is being removed keeps it, by its name: whoever had looked that up before, at any moment until it goes. */
#include "steps.h"

static struct object object;
static int held_folder; /* of who had looked the name up: the object by its inode, whatever it is called */
static pid_t opener;
static int pipe_opened[2];

/* An open() that waits for who has the lease, in a process of its own, as one that had the path in hand. */
static void open_it(void)
{
    opener = fork();
    CHECK(opener >= 0);
    if (opener == 0) {
        char path[64], byte = 'o';
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(path, sizeof path, "/proc/self/fd/%d", held_folder);
        const int fd = open(path, O_RDWR | O_CLOEXEC);
        if (fd < 0 || mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) == MAP_FAILED || write(pipe_opened[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    UNTIL(process_state(opener) == 'S'); /* it waits for the lease, or for nothing more */
}

/* Of an object of this name, at one step of which somebody does that. */
static struct pmo_removal meddled_removal(const char *name, enum step step, void (*what)(void))
{
    object = make_object(name, 0600, geteuid());
    held_folder = open(object.path, O_PATH | O_CLOEXEC);
    CHECK(held_folder >= 0 && pipe(pipe_opened) == 0);
    meddle_at = step;
    meddle = what;
    const struct pmo_removal removal = remove_object(&object);
    CHECK_INT(meddle_at, NO_STEP);
    CHECK_OUTCOME(removal, PMO_REMOVAL_OPENED);
    return removal;
}

static void at(enum step step)
{
    char byte;
    const struct pmo_removal removal = meddled_removal("opened", step, open_it);
    CHECK_INT(pmo_removal_code(&removal), PEERMAP_EBUSY);
    CHECK(read(pipe_opened[0], &byte, 1) == 1);
    CHECK(identity_of(object.path).inode == object.object.inode);
    CHECK_INT(set_aside_count("/dev/shm", object.name), 0);
    CHECK_REASON(verdict_on(&object).reason, PMO_SEEN);
    end_holder(opener);
    const struct pmo_removal again = remove_object(&object);
    CHECK_OUTCOME(again, PMO_REMOVAL_DONE);
    close(held_folder);
}

/* By then another program has made an object of the name. */
static void open_it_and_take_its_name(void)
{
    open_it();
    const int fd = open(object.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    close(fd);
}

static void when_its_name_is_taken(void)
{
    char path[1100];
    object = make_object("taken", 0600, geteuid());
    held_folder = open(object.path, O_PATH | O_CLOEXEC);
    CHECK(held_folder >= 0 && pipe(pipe_opened) == 0);
    meddle_at = AFTER_RENAME;
    meddle = open_it_and_take_its_name;
    const struct pmo_removal removal = remove_object(&object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_RENAMED);
    snprintf(path, sizeof path, "/dev/shm/%s", removal.name);
    CHECK(identity_of(path).inode == object.object.inode);
    CHECK(identity_of(object.path).inode != object.object.inode);
    CHECK(pmo_name_before(removal.name) && strcmp(pmo_name_before(removal.name), object.name) == 0);
    end_holder(opener);
    CHECK(unlink(path) == 0);
}

/* Which the kernel does not count, so the lease is granted all the same, and stays whole. */
static void name_it(void)
{
    opener = fork();
    CHECK(opener >= 0);
    if (opener == 0) {
        char byte = 'n', path[64];
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(path, sizeof path, "/proc/self/fd/%d", held_folder);
        if (open(path, O_PATH | O_CLOEXEC) < 0 || write(pipe_opened[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    char byte;
    CHECK(read(pipe_opened[0], &byte, 1) == 1);
}

static void when_it_is_named(enum step step)
{
    (void)meddled_removal("named", step, name_it);
    CHECK(identity_of(object.path).inode == object.object.inode);
    end_holder(opener);
    const struct pmo_removal again = remove_object(&object);
    CHECK_OUTCOME(again, PMO_REMOVAL_DONE);
    close(held_folder);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    at(BEFORE_RENAME);
    at(AFTER_RENAME);
    when_its_name_is_taken();
    when_it_is_named(BEFORE_RENAME);
    when_it_is_named(AFTER_RENAME);
    return 0;
}
