/* SPDX-License-Identifier: MIT */
/*
 * Somebody who may write the object, and nothing else, makes a peer take every request for one that it has seen, and has the next peer believe in a larger
 * reservation, which then grows far past that of the first.  Nothing of the first one's own memory is replaced.
 */
#include "header.h"

#define RESERVE (UINT64_C(1) << 20)
#define SPAN (UINT64_C(32) << 20)

static const char own_words[] = "the victim's own";

/* What lies behind its reservation, in memory of its own. */
static char *own_memory(const struct peermap_segment *segment)
{
    char *at = (char *)peermap_base(segment) + (SPAN / 2);
    CHECK(mmap(at, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at);
    memcpy(at, own_words, sizeof own_words);
    return at;
}

static pid_t start_victim(uint64_t *base)
{
    int ready[2];
    CHECK(pipe(ready) == 0);
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .reserve_size = RESERVE, .initial_size = 65536, .max_peers = 8 };
        peermap_segment *segment;
        CHECK_INT(peermap_create(seg(), &options, &segment), 0);
        const uint64_t at = (uintptr_t)peermap_base(segment);
        char *own = own_memory(segment);
        CHECK(write(ready[1], &at, sizeof at) == sizeof at);
        while (memcmp(own, own_words, sizeof own_words) == 0)
            usleep(1000);
        _exit(9);
    }
    CHECK(read(ready[0], base, sizeof *base) == sizeof *base);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void lie(void)
{
    struct pm_slot *victim = slots();
    const uint64_t far = UINT64_C(1) << 40;
    CHECK(strcmp(victim->name, "victim") == 0);
    its_header->epoch = victim->requested = far;
    ring();
    usleep(50000);
    victim->requested = victim->acked = victim->mapped = its_header->horizon = 0;
    its_header->epoch = 1;
    its_header->target = SPAN;
    its_header->base = (UINT64_C(1) << 32) + (UINT64_C(4) << 20);
    its_header->reserved = UINT64_C(1) << 46;
    its_header->flags |= PM_SEGMENT_STRICT;
}

static void lengthen(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    CHECK(truncate(path, (off_t)(its_header->header_len + SPAN)) == 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
    SKIP("not under the sanitizers: the addresses that the next peer is to believe in are theirs");
#endif
    uint64_t base;
    pid_t victim = start_victim(&base);
    map_header();
    lie();
    struct peer *grower = start_peer("grower", "deadline 400");
    CHECK(grower->base != 0);
    say(grower, "grow 4096");
    for (int i = 0; i < 200; i++) {
        lengthen(); /* a growth cuts what is past its end */
        usleep(5000);
    }
    printf("%s\n", answer(grower));
    CHECK_INT(waitpid(victim, NULL, WNOHANG), 0);
    CHECK(mapped_bytes(victim, base, base + RESERVE, its_header->header_len) <= RESERVE);
    CHECK_INT(mapped_bytes(victim, base + RESERVE, base + SPAN, its_header->header_len), 0);
    kill(victim, SIGKILL);
    waitpid(victim, NULL, 0);
    return 0;
}
