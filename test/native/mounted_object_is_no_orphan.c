/* SPDX-License-Identifier: MIT */
/* An object that is mounted by itself somewhere, as for a container, can be opened there at any time: it is no orphan, and is not removed, though no process has it. */
#include "beyond.h"

#include "budget.h"

static char place[] = "/tmp/peermap-mounted-XXXXXX";
static volatile bool *possible; /* shared */

static void have_mounted(const struct object *object)
{
    *possible = unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 && mount(object->path, place, NULL, MS_BIND, NULL) == 0;
}

static void remove_place(void) { unlink(place); }

static void is_mounted(const struct object *object)
{
    const pid_t holder = holder_of(object, have_mounted);
    if (!*possible)
        SKIP("needs a mount namespace of its own, as root");
    const struct verdict verdict = verdict_on(object);
    CHECK_REASON(verdict.reason, PMO_MOUNTED);
    CHECK_INT(verdict.orphan, PMO_ORPHAN_UNKNOWN);
    CHECK_INT(verdict.users, 0);
    const struct pmo_removal removal = remove_object(object);
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_MOUNTED);
    CHECK_INT(pmo_removal_code(&removal), PEERMAP_EBUSY);
    CHECK(exists(object->path));
    end_holder(holder);
    CHECK_REASON(verdict_on(object).reason, PMO_LEASED);
    const struct pmo_removal after = remove_object(object);
    CHECK_OUTCOME(after, PMO_REMOVAL_DONE);
}

/* There is no time to look for mounts. */
static void what_could_not_be_looked_for_stays(const struct object *object)
{
    const uint32_t stop = 1;
    pmo_budget_begin(0, &stop);
    const struct pmo_removal removal = remove_object(object);
    pmo_budget_end();
    CHECK_OUTCOME(removal, PMO_REMOVAL_REFUSED);
    CHECK_REASON(removal.reason, PMO_FAILED);
    CHECK(exists(object->path));
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    possible = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const int fd = mkstemp(place);
    CHECK(possible != MAP_FAILED && fd >= 0);
    close(fd);
    atexit(remove_place);
    const struct object plain = make_object("mounted", 0600, geteuid()), spaced = make_object("a name\\with blanks", 0600, geteuid());
    what_could_not_be_looked_for_stays(&plain);
    is_mounted(&plain);
    is_mounted(&spaced);
    return 0;
}
