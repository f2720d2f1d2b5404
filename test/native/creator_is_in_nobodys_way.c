/* SPDX-License-Identifier: MIT */
/* In the moment a new segment has its name, another peer may attach, or destroy it and create it anew: nothing of that peer's is lost. */
#include "drive.h"

#include <pthread.h>
#include <semaphore.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static void (*once_published)(void);
static sem_t go, gone;

/* Peers end with the thread that started them: it must not be one of the library's. */
static void *act(void *unused)
{
    (void)unused;
    while (sem_wait(&go) == 0) {
        void (*then)(void) = once_published;
        once_published = NULL;
        then();
        sem_post(&gone);
    }
    return NULL;
}

/* The library's last step of publishing, followed by what others may do then. */
int linkat(int from_directory, const char *from, int to_directory, const char *to, int flags)
{
    int rc = (int)syscall(SYS_linkat, from_directory, from, to_directory, to, flags);
    if (rc == 0 && once_published) {
        sem_post(&go);
        sem_wait(&gone);
    }
    return rc;
}

static struct peer *other;

static void attach_of_the_same_name(void) { other = start_peer("same", NULL); }

static void another_segment(void)
{
    CHECK_INT(peermap_unlink(seg()), 0);
    other = ready_peer("other", "create 131072");
}

static uint64_t object(void)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    return stat(path, &facts) == 0 ? facts.st_ino : 0;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    peermap_options options = { .struct_size = sizeof options, .peer_name = "same" };
    peermap_segment *segment;
    pthread_t thread;
    CHECK(sem_init(&go, 0, 0) == 0 && sem_init(&gone, 0, 0) == 0 && pthread_create(&thread, NULL, act, NULL) == 0);

    once_published = attach_of_the_same_name;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    CHECK(strstr(other->line, "PEERMAP_EPEERNAME") != NULL);
    CHECK(object() != 0);
    peermap_detach(segment);
    CHECK_INT(peermap_unlink(seg()), 0);

    once_published = another_segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), PEERMAP_ENOENT);
    CHECK(object() != 0);
    CHECK_INT(size_of(other), 131072);
    CHECK_INT(peermap_unlink(seg()), 0);

    once_published = another_segment;
    CHECK_INT(peermap_open(seg(), &options, &segment), 0);
    CHECK_INT(peermap_size(segment), 131072);
    ok(other, "grow 4096");
    CHECK_INT(peermap_size(segment), 135168);
    peermap_detach(segment);
    return 0;
}
