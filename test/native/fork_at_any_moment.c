/* SPDX-License-Identifier: MIT */
/* A process forks while other threads of it attach and detach: no child keeps the segment's descriptor, or a byte of its addresses. */
#include "drive.h"

#include <pthread.h>
#include <sys/mman.h>

#ifdef __SANITIZE_THREAD__ /* which makes each cost a hundred times as much */
#define FORKS 150
#else
#define FORKS 1500
#endif

static char *base;
static int stop;

static void *come_and_go(void *unused)
{
    (void)unused;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        peermap_options options = { .struct_size = sizeof options, .peer_name = "visitor", .deadline_ms = 20000 };
        peermap_segment *segment;
        CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
        peermap_detach(segment);
    }
    return NULL;
}

/* In the child: nothing here takes a lock that another thread may have held. */
static int look(const char *object)
{
    char path[64], target[256];
    for (int fd = 3; fd < 64; fd++) {
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(path, target, sizeof target - 1);
        if (length > 0 && (target[length] = '\0', strcmp(target, object) == 0))
            return 2;
    }
    return mmap(base, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == base ? 0 : 3;
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char object[128];
    snprintf(object, sizeof object, "/dev/shm/peermap.%s", seg());
    struct peer *owner = ready_peer("owner", "create 65536");
    base = (char *)owner->base;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, come_and_go, NULL) == 0);
    for (int i = 0; i < FORKS; i++) {
        pid_t child = fork();
        if (child == 0)
            _exit(look(object));
        int status;
        CHECK(waitpid(child, &status, 0) == child);
        if (status != 0)
            FAIL("fork %d: the child still has the segment's %s", i, WEXITSTATUS(status) == 2 ? "descriptor" : "addresses");
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    return 0;
}
