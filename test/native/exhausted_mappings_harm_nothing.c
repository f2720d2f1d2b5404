/* SPDX-License-Identifier: MIT */
/* In a peer that has as many mappings as the system allows, a growth succeeds or names the peer and ENOMEM; the data stays as it is. */
#include "drive.h"

#include <sys/mman.h>

static size_t most_mappings(void)
{
    size_t most = 0;
    FILE *file = fopen("/proc/sys/vm/max_map_count", "r");
    CHECK(file && fscanf(file, "%zu", &most) == 1);
    fclose(file);
    return most;
}

/* Every other page of another protection: each is a mapping of its own, until the system refuses. */
static char *clutter(size_t pages)
{
    char *all = mmap(NULL, pages * 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(all != MAP_FAILED);
    size_t at = 1;
    while (at < pages && mprotect(all + at * 4096, 4096, PROT_READ) == 0)
        at += 2;
    CHECK(at < pages && errno == ENOMEM);
    while (mmap(NULL, 4096, at++ % 2 ? PROT_READ : PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {}
    return all;
}

int main(int argc, char **argv)
{
    (void)argc;
    NOT_WITH_THREAD_SANITIZER("it needs mappings itself");
    setup(argv);
    size_t pages = most_mappings() + 1024;
    if (pages > 1 << 20)
        SKIP("vm.max_map_count is %zu: too many to use up", pages - 1024);
    struct peer *a = ready_peer("a", "create 1048576");
    ok(a, "fill 0 1048576 5");
    peermap_options options = { .struct_size = sizeof options, .peer_name = "cluttered" };
    peermap_segment *segment;
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    uint64_t size = 1048576;
    char *all = clutter(pages);
    /* A hole behind the library's back makes the remap need mappings that there are not. */
    static const char *const commands[] = { "grow 65536", "shrink 65536", "grow 1048576", "remap" };
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strncmp(ask(a, "%s", commands[i]), "ok", 2) != 0) {
            CHECK(strncmp(a->line, "error PEERMAP_ETIMEDOUT ", 20) == 0);
            CHECK(strstr(a->line, "cluttered") != NULL && strstr(a->line, strerror(ENOMEM)) != NULL);
        }
        size = size_of(a);
        CHECK_INT(peermap_size(segment), size);
        const char *base = peermap_base(segment);
        for (size_t at = 0; at < size; at += 4096)
            CHECK(base[at] == (at < 1048576 ? 5 : 0));
    }
    munmap(all, pages * 4096);
    ok(a, "grow 65536");
    CHECK_INT(peermap_size(segment), size + 65536);
    ((char *)peermap_base(segment))[size + 65535] = 6;
    ok(a, "check %" PRIu64 " 1 6", size + 65535);
    ok(a, "check 0 1048576 5");
    peermap_detach(segment);
    return 0;
}
