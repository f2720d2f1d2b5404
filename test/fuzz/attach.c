/* SPDX-License-Identifier: MIT */
/*
 * attach.c - target: a process attaches to an object of any bytes, calls everything, and detaches.  The input is an image.
 *
 * Whether the calls succeed does not matter: with such a header they seldom do.
 */
#include "fuzz.h"

#include "peermap.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char fuzz_target[] = "attach";
const bool fuzz_plays_scripts = false;

int peermap_results(peermap_segment *segment, peermap_result *out, int capacity) __attribute__((weak));

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    fuzz_object_name();
    canary_setup();
    return 0;
}

static void call_what_looks(peermap_segment *segment)
{
    peermap_peer peers[8];
    peermap_result answers[8];
    size_t size = 0;
    char *base = peermap_base(segment), *root = peermap_root(segment, "index", &size);
    if (root && (root < base || size > peermap_size(segment) || (size_t)(root - base) > peermap_size(segment) - size))
        fuzz_found("a root of %zu bytes is not in the active memory", size);
    int count = peermap_peers(segment, peers, 8);
    for (int i = 0; i < count && i < 8; i++)
        if (!memchr(peers[i].name, 0, sizeof peers[i].name))
            fuzz_found("the name of peer %d does not end", i);
    either_way(peermap_pid_of(segment, "grower"));
    (void)peermap_epoch(segment);
    if (peermap_results)
        either_way(peermap_results(segment, answers, 8));
    (void)peermap_pin(segment);
    peermap_unpin(segment);
}

static void call_what_changes(peermap_segment *segment, uint32_t calls)
{
    peermap_round round;
    if (calls & 1)
        either_way(peermap_grow(segment, 4096 + (calls & 0x7000), &round));
    if (calls & 2)
        either_way(peermap_shrink(segment, 4096, &round));
    if (calls & 4)
        either_way(peermap_remap(segment, 0, &round));
    if (calls & 8)
        either_way(peermap_map_peer(segment, calls & 64 ? getpid() : 0, &round));
    if (calls & 16)
        either_way(peermap_set_root(segment, "index", peermap_base(segment), 0, "words"));
    if (calls & 32)
        (void)peermap_reap(segment);
    if (calls & 128)
        either_way(peermap_grow(segment, (size_t)calls << 8, NULL));
}

static void use(const struct fuzz_image *head, uint64_t header_len)
{
    static const uint32_t flags[] = { 0, PEERMAP_RELOCATABLE, PEERMAP_ALLOW_LATE, PEERMAP_RELOCATABLE | PEERMAP_ALLOW_LATE };
    peermap_options options = { .struct_size = sizeof options, .peer_name = "fuzz", .deadline_ms = 2, .flags = flags[head->calls >> 16 & 3] };
    options.flags |= head->calls >> 18 & 1 ? PEERMAP_READ_ONLY : 0;
    peermap_segment *segment;
    struct stat facts;
    int fd = fuzz_object_open();
    fstat(fd, &facts);
    close(fd);
    if (peermap_attach(fuzz_name, &options, &segment) != 0)
        return;
    canary_allow(facts.st_dev, facts.st_ino, header_len);
    call_what_looks(segment);
    call_what_changes(segment, head->calls);
    call_what_looks(segment);
    peermap_detach(segment);
    canary_allow(0, 0, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    struct fuzz_image head;
    uint64_t header_len = 0;
    const size_t at = sizeof head + offsetof(struct pm_header, header_len);
    if (size < sizeof head || size > FUZZ_INPUT_MAX)
        return -1;
    memcpy(&head, input, sizeof head);
    if (size >= at + sizeof header_len)
        memcpy(&header_len, input + at, sizeof header_len);
    fuzz_object_write(&head, input + sizeof head, size - sizeof head);
    use(&head, header_len);
    canary_check();
    return 0;
}
