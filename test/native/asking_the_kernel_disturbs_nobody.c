/* SPDX-License-Identifier: MIT */
/* To ask the kernel whether anybody has an object ends no process, keeps nobody from the object, and takes no lease away from who has one. */
#include "beyond.h"

#include <pthread.h>

static struct object segment;

static struct pmo_lease hold(void)
{
    struct pmo_entry entry;
    struct pmo_lease lease;
    enum pmo_reason why;
    CHECK(pmo_folder_open(NULL, segment.name, true, &entry, &why));
    CHECK_REASON(pmo_lease_take(&entry, segment.object, false, &lease), PMO_LEASED);
    close(entry.folder);
    return lease;
}

static void *let_go(void *lease)
{
    UNTIL(!pmo_lease_is_whole(lease));
    pmo_lease_end(lease);
    return NULL;
}

/* The kernel's signal to who has a lease ends the process, by default. */
static void who_attaches_meanwhile_gets_in(void)
{
    pthread_t thread;
    struct pmo_lease lease = hold();
    CHECK(pmo_lease_is_whole(&lease));
    CHECK(pthread_create(&thread, NULL, let_go, &lease) == 0);
    struct peer *b = ready_peer("b", NULL);
    pthread_join(thread, NULL);
    ok(b, "detach");
    end_peer(b);
}

/* While censuses are taken without a rest. */
static void peers_come_and_go(void)
{
    const pid_t parent = getpid(), census = fork();
    if (census == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        for (struct pmo_census taken; getppid() == parent;) {
            CHECK_INT(pmo_census_take(&taken), 0);
            pmo_census_free(&taken);
        }
        _exit(0);
    }
    for (int i = 0; i < 40; i++) {
        peermap_segment *own;
        const int rc = peermap_attach(seg(), NULL, &own);
        if (rc != 0)
            FAIL("attach %d: %s", i, peermap_last_error());
        peermap_detach(own);
    }
    CHECK(process_state(census) != 'Z');
    end_holder(census);
}

/* Another program's. */
static void have_leased(const struct object *object)
{
    int fd = open(object->path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0 && fcntl(fd, F_SETSIG, SIGUSR1) == 0 && fcntl(fd, F_SETLEASE, F_WRLCK) == 0); /* SIGUSR1 ends it */
}

static void is_in_use(const void *context) { CHECK_INT(verdict_on(context).orphan, PMO_IN_USE); }

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("a child goes on after fork() without exec");
    setup(argv);
    kill_peer(ready_peer("a", "create 65536"));
    snprintf(segment.name, sizeof segment.name, PM_PREFIX "%s", seg());
    snprintf(segment.path, sizeof segment.path, PM_DIRECTORY "/%s", segment.name);
    segment.object = identity_of(segment.path);
    who_attaches_meanwhile_gets_in();
    peers_come_and_go();

    const struct object object = make_object("leased", 0644, geteuid());
    const pid_t holder = holder_of(&object, have_leased);
    is_in_use(&object);
    look_from(AS_NOBODY, is_in_use, &object); /* who may not ask the holder what it has */
    CHECK(process_state(holder) != 'Z');
    end_holder(holder);
    CHECK_REASON(verdict_on(&object).reason, PMO_LEASED);
    return 0;
}
