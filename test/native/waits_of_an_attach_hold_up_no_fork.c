/* SPDX-License-Identifier: MIT */
/*
 * An attach waits for somebody else's lease on the object, or for who is making a copy a segment of its own; a creation waits for its memory.  Each ends at its
 * deadline, by the kernel's clock, and says what it waited for.  Meanwhile other threads fork as ever.
 */
#include "drive.h"

#include "os.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>

#define DEADLINE_MS 800u
#define ALLOWED_MS 1400u
#define FORK_MS 300u

static uint32_t slow;

int fallocate(int fd, int mode, off_t from, off_t length)
{
    if (__atomic_load_n(&slow, __ATOMIC_SEQ_CST) && mode == 0)
        syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 30000000 }, NULL);
    return (int)syscall(SYS_fallocate, fd, mode, from, length);
}

/* A library that bends the time would have it never end. */
int nanosleep(const struct timespec *unused, struct timespec *left)
{
    (void)unused, (void)left;
    for (;;)
        pause();
}

static int (*way)(const char *, const peermap_options *, peermap_segment **);
static const char *name;
static int result;
static char sentence[512];
static uint64_t took, fairly;
static uint32_t ended;

static void *wait_for_it(void *unused)
{
    (void)unused;
    peermap_options options = { .struct_size = sizeof options, .peer_name = "here", .deadline_ms = DEADLINE_MS, .initial_size = UINT64_C(1) << 30 };
    peermap_segment *segment;
    const struct stopwatch watch = stopwatch_of(getpid());
    result = way(name, &options, &segment);
    took = elapsed_ms(&watch);
    fairly = fair_ms(&watch);
    snprintf(sentence, sizeof sentence, "%s", peermap_last_error());
    __atomic_store_n(&ended, 1, __ATOMIC_RELEASE);
    return NULL;
}

static void waits(const char *what, int code, const char *said)
{
    pthread_t thread;
    uint64_t longest = 0;
    ended = 0;
    CHECK(pthread_create(&thread, NULL, wait_for_it, NULL) == 0);
    while (!__atomic_load_n(&ended, __ATOMIC_ACQUIRE)) {
        const struct stopwatch watch = stopwatch_of(getpid());
        pid_t child = fork();
        if (child == 0)
            _exit(0);
        const uint64_t forked = fair_ms(&watch);
        longest = forked > longest ? forked : longest;
        CHECK(waitpid(child, NULL, 0) == child);
        syscall(SYS_nanosleep, &(struct timespec){ .tv_nsec = 5000000 }, NULL);
    }
    pthread_join(thread, NULL);
    if (result != code || !strstr(sentence, said))
        FAIL("%s: %s, %s", what, peermap_error_name(result), sentence);
    if (fairly > ALLOWED_MS || took + 100 < DEADLINE_MS)
        FAIL("%s: after %u ms it should end, after %" PRIu64 " it did", what, DEADLINE_MS, took);
    if (longest > FORK_MS)
        FAIL("%s: a fork took %" PRIu64 " ms", what, longest);
}

/* Another process, which has a lease on the object, or the right to make it one of its own. */
static pid_t start_holder(bool leases)
{
    char path[128], byte = 0;
    int ready[2];
    CHECK(pipe(ready) == 0);
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", name);
    pid_t holder = fork();
    CHECK(holder >= 0);
    if (holder == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        signal(SIGIO, SIG_IGN);
        int fd = open(path, leases ? O_RDONLY : O_RDWR);
        byte = leases ? fcntl(fd, F_SETLEASE, F_WRLCK) == 0 : pm_object_reserve(fd, true) == 0;
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    if (!byte)
        SKIP("no %s can be had here", leases ? "lease" : "lock of an open file");
    return holder;
}

static void held_by_another(bool leases, const char *what, const char *said)
{
    pid_t holder = start_holder(leases);
    way = peermap_attach;
    waits(what, PEERMAP_EBUSY, said);
    way = peermap_open;
    waits(what, PEERMAP_EBUSY, said);
    kill(holder, SIGKILL);
    CHECK(waitpid(holder, NULL, 0) == holder);
}

/* As of another object. */
static void make_copy(void)
{
    char path[128];
    uint64_t boot = header_word(offsetof(struct pm_header, identity.boot)) ^ 1;
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    FILE *file = fopen(path, "r+");
    CHECK(file && fseek(file, offsetof(struct pm_header, identity.boot), SEEK_SET) == 0 && fwrite(&boot, sizeof boot, 1, file) == 1 && fclose(file) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    char object[128], other[64];
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), NULL, &segment), 0);
    peermap_detach(segment);
    name = seg();
    snprintf(object, sizeof object, "lease on /dev/shm/peermap.%s", seg());
    held_by_another(true, "an attach to what is leased", object);
    make_copy();
    held_by_another(false, "an attach to a copy", "is a copy of another object");
    CHECK_INT(peermap_attach(seg(), NULL, &segment), 0);
    peermap_detach(segment);

    snprintf(other, sizeof other, "test-%d.new", (int)getpid());
    name = other;
    slow = 1;
    way = peermap_create;
    waits("a creation", PEERMAP_EOS, "by the deadline");
    way = peermap_open;
    waits("a creation", PEERMAP_EOS, "by the deadline");
    slow = 0;
    return 0;
}
