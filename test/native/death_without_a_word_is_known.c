/* SPDX-License-Identifier: MIT */
/*
 * A killed process whose memory is reaped before it has exited, as the kernel's OOM reaper and earlyoom do it, has no robust list any more for the
 * kernel to go by.  It is dead all the same once it has ended, whatever it was doing: growing, with the lock, or nothing.  Who watches is told.
 */
#include "image.h"

#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>

#ifndef SYS_process_mrelease
#define SYS_process_mrelease 448
#endif
#define WANTED 3   /* deaths of either kind that the kernel did not tell */
#define TRIES 400

static volatile int over; /* not bool: UBSan would load that only once */
static peermap_segment *here; /* who looks, and grows nothing */
static struct pmo_observer observer;
static uint32_t told; /* the pid of the last one that the watch knew to be dead */

static void changed(void *unused)
{
    (void)unused;
    struct pmo_snapshot s = look_at(&observer, PMO_REGISTRY);
    for (size_t i = 0; i < s.peer_count; i++)
        if (s.peers[i].state == PMO_DEAD)
            __atomic_store_n(&told, s.peers[i].slot.pid, __ATOMIC_SEQ_CST);
    pmo_snapshot_free(&s);
}

static void *spin(void *unused)
{
    while (!over) {}
    return unused;
}

/* Its threads are many: they end slowly, once slow() has left them no core to do so on. */
static void victim(int ready, bool grows)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 60000 };
    peermap_segment *segment;
    pthread_t thread;
    if (peermap_attach(seg(), &options, &segment) != 0)
        _exit(4);
    for (int i = 0; i < 32; i++)
        pthread_create(&thread, NULL, (void *(*)(void *))(void (*)(void))pause, NULL);
    if (write(ready, "", 1) != 1)
        _exit(5);
    while (grows) {
        either_way(peermap_grow(segment, 4096, NULL));
        either_way(peermap_shrink(segment, 4096, NULL));
    }
    pause();
}

/* The only core that its threads may run on from now on is taken. */
static void slow(pid_t pid)
{
    cpu_set_t last;
    char path[64];
    CPU_ZERO(&last);
    CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    CHECK(tasks != NULL);
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;) {
        pid_t thread = (pid_t)atoi(task->d_name);
        if (thread > 0) {
            sched_setaffinity(thread, sizeof last, &last);
            sched_setscheduler(thread, SCHED_IDLE, &(struct sched_param){ 0 });
        }
    }
    closedir(tasks);
}

/* The life word of the third slot. */
static bool kernel_says_alive(void)
{
    return (header_word((long)(sizeof(struct pm_header) + 2 * sizeof(struct pm_slot) + offsetof(struct pm_slot, life))) & PM_FUTEX_TID) != 0;
}

/* True if the kernel did not tell. */
static bool dies_in_silence(struct peer *watcher, bool grows, unsigned delay)
{
    int ready[2], status;
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        victim(ready[1], grows);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    peermap_peer rows[8], row = { .pid = 0 };
    int count = peermap_peers(here, rows, 8);
    for (int i = 0; i < count; i++)
        if (rows[i].pid == pid)
            row = rows[i];
    CHECK(row.id != 0 && row.state != PEERMAP_DEAD);
    struct pmo_watch *watch;
    CHECK_INT(pmo_watch_start(&observer, 5, changed, NULL, &watch), 0);
    usleep(delay);
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    if (fd < 0)
        SKIP("no pidfds here: %s", strerror(errno));
    slow(pid);
    kill(pid, SIGKILL);
    long released = syscall(SYS_process_mrelease, fd, 0);
    if (released != 0 && errno != ESRCH)
        SKIP("no process_mrelease() here: %s", strerror(errno));
    CHECK(waitpid(pid, &status, 0) == pid);
    close(fd);
    bool silent = kernel_says_alive();
    UNTIL(__atomic_load_n(&told, __ATOMIC_SEQ_CST) == (uint32_t)pid); /* before anybody reaps */
    pmo_watch_stop(watch);
    const char *peers = strstr(ok(watcher, "peers"), "victim:");
    CHECK(peers && strstr(peers, ":dead:") != NULL);
    CHECK_INT(peermap_wait_ended(here, &row, 20000), 1);
    ok(watcher, "grow 4096");
    ok(watcher, "shrink 4096");
    CHECK_INT(atoi(ok(watcher, "reap")), 1);
    CHECK_INT(peermap_peer_ended(here, &row), 1); /* and so it stays */
    return silent;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("what is tried is a process's end");
    NOT_WITH_ADDRESS_SANITIZER("a child of several threads may be made with a lock of its allocator held, for ever");
    setup(argv);
    pthread_t busy;
    cpu_set_t last;
    CPU_ZERO(&last);
    CPU_SET((size_t)sysconf(_SC_NPROCESSORS_ONLN) - 1, &last);
    struct peer *watcher = ready_peer("watcher", "create 65536 deadline 5000");
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here" };
    CHECK_INT(peermap_attach(seg(), &options, &here), 0);
    observer = observe();
    pthread_create(&busy, NULL, spin, NULL);
    pthread_setaffinity_np(busy, sizeof last, &last);
    for (int grows = 0; grows < 2; grows++) {
        int silent = 0;
        for (unsigned i = 0; i < TRIES && silent < WANTED; i++)
            silent += dies_in_silence(watcher, grows, i * 37 % 3000);
        if (silent == 0)
            SKIP("the kernel told of each death: its memory was not reaped early enough");
    }
    pmo_observer_close(&observer);
    peermap_detach(here);
    over = 1;
    pthread_join(busy, NULL);
    return 0;
}
