/* SPDX-License-Identifier: MIT */
/*
 * seeds.c - writes the corpus's first inputs: images of real segments in their different conditions, and scripts that use them.
 *
 *     seeds FOLDER        FOLDER/image and FOLDER/peer must exist
 *
 * A real header has 64 roots and 4096 events.  An image is made smaller: 4 roots, and the last 16 events, rearranged as layout.h would
 * for such counts.  Everything else is as the runtime wrote it.
 */
#include "fuzz.h"

#include "peermap.h"
#include "places.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROOTS 4u
#define EVENTS 16u
#define SLOTS 4u

static const char *folder;
static char name[64];
static peermap_segment *segment;

static void need(bool fact, const char *what)
{
    if (fact)
        return;
    fprintf(stderr, "seeds: %s: %s\n", what, peermap_last_error());
    peermap_unlink(name);
    exit(1);
}

/* ---- images ---- */

static char *read_object(size_t *length)
{
    char path[128];
    struct stat facts;
    snprintf(path, sizeof path, "%s/%s%s", PM_DIRECTORY, PM_PREFIX, name);
    int fd = open(path, O_RDONLY);
    need(fd >= 0 && fstat(fd, &facts) == 0, "the object cannot be opened");
    *length = (size_t)facts.st_size;
    char *bytes = malloc(*length);
    need(bytes && pread(fd, bytes, *length, 0) == (ssize_t)*length, "the object cannot be read");
    close(fd);
    return bytes;
}

/* The processes of today are gone when the image is looked at: the one that made it stands for whoever does. */
static void rename_processes(struct pm_header *h, struct pm_slot *slots)
{
    h->creator_pid = FUZZ_SELF_PID;
    h->created_ns = h->creator_start = 0;
    h->creator_uid = 0;
    h->generation = 42;
    for (uint32_t i = 0; i < SLOTS; i++) {
        if (slots[i].tag == 0)
            continue;
        slots[i].pid = slots[i].pid == (uint32_t)getpid() ? FUZZ_SELF_PID : FUZZ_SELF_PID + 1 + i;
        slots[i].uid = 0;
        slots[i].start_time = slots[i].pidns = slots[i].pidfd_ino = slots[i].attached_ns = slots[i].requested_ns = 0;
        if (slots[i].life & PM_FUTEX_TID)
            slots[i].life = (slots[i].life & ~PM_FUTEX_TID) | FUZZ_SELF_PID;
    }
}

/* Of a table that has fewer, each where it is looked for. */
static void reduce_roots(const struct pm_root *roots, struct pm_root *small)
{
    small[0] = roots[0];
    for (uint32_t i = 1; i <= PM_ROOTS_FIRST; i++) {
        uint32_t step = 0;
        while (step < ROOTS && small[1 + (roots[i].hash + step) % ROOTS].tag != 0)
            step++;
        if (roots[i].tag != 0 && step < ROOTS)
            small[1 + (roots[i].hash + step) % ROOTS] = roots[i];
    }
}

static size_t reduce(const char *object, uint8_t image[FUZZ_INPUT_MAX])
{
    struct pm_header h;
    memcpy(&h, object, sizeof h);
    struct pm_header small = h;
    small.root_count = ROOTS;
    small.event_count = EVENTS;
    struct pm_places places;
    pm_places_find(&small, &places);
    pm_places_write(&places, &small);
    const size_t end = small.roots_off + (1 + ROOTS) * sizeof(struct pm_root);
    small.base = UINT64_C(0x7e8000000000) + small.header_len;
    memset(image, 0, FUZZ_INPUT_MAX);
    memcpy(image + small.slots_off, object + h.slots_off, SLOTS * sizeof(struct pm_slot));
    reduce_roots((const struct pm_root *)(const void *)(object + h.roots_off), (struct pm_root *)(void *)(image + small.roots_off));
    for (uint64_t i = h.event_head > EVENTS ? h.event_head - EVENTS : 0; i < h.event_head; i++) {
        struct pm_event event;
        memcpy(&event, object + h.events_off + i % h.event_count * sizeof event, sizeof event);
        event.pid = event.by_pid = FUZZ_SELF_PID;
        memcpy(image + small.events_off + i % EVENTS * sizeof event, &event, sizeof event);
    }
    struct pm_slot *slots = (struct pm_slot *)(void *)(image + small.slots_off);
    for (uint32_t i = 0; i < SLOTS; i++)
        if (slots[i].base == h.base)
            slots[i].base = small.base;
    rename_processes(&small, slots);
    small.identity = (struct pm_identity){ 0 }; /* of whichever object it is written into: object.c */
    memcpy(image, &small, sizeof small);
    return end;
}

static void write_file(const char *part, const char *title, const void *head, size_t head_size, const void *bytes, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s/%s", folder, part, title);
    while (size > 0 && ((const char *)bytes)[size - 1] == 0)
        size--;
    FILE *file = fopen(path, "wb");
    need(file && fwrite(head, 1, head_size, file) == head_size && fwrite(bytes, 1, size, file) == size && fclose(file) == 0, path);
}

/* The segment as it is now: an image, and a script in which it replaces the header of another segment. */
static void keep(const char *title)
{
    static _Alignas(8) uint8_t image[FUZZ_INPUT_MAX];
    size_t length;
    char *object = read_object(&length);
    struct pm_header *h = (struct pm_header *)(void *)object;
    const size_t data = length - h->header_len, size = reduce(object, image);
    /* In all: what the observer has that takes long is done to one of them. */
    const struct fuzz_image head = { .length = (uint32_t)(4096 + data), .calls = strcmp(title, "three-peers") == 0 ? 0x7ff : 0xff };
    write_file("image", title, &head, sizeof head, image, size);
    const struct fuzz_step step = { .what = FUZZ_IMAGE };
    uint8_t script[1 + sizeof step] = { 0 };
    memcpy(script + 1, &step, sizeof step);
    write_file("peer", title, script, sizeof script, image, sizeof(struct pm_header) + SLOTS * sizeof(struct pm_slot));
    free(object);
}

/* ---- scripts ---- */

static void write_script(const char *title, uint8_t flags, const struct fuzz_step *steps, const uint64_t *values, size_t count)
{
    uint8_t script[512] = { flags };
    size_t size = 1;
    for (size_t i = 0; i < count; i++) {
        memcpy(script + size, &steps[i], sizeof steps[i]);
        memcpy(script + size + sizeof steps[i], &values[i], steps[i].length);
        size += sizeof steps[i] + steps[i].length;
    }
    write_file("peer", title, script, size, "", 0);
}

#define CALL(which) { .what = FUZZ_CALL, .argument = (which) }
#define LIVE(type, field, length_) { .what = FUZZ_WORD, .length = (length_), .argument = offsetof(struct type, field) / 4 }
#define SLOT(index, field) { .what = FUZZ_WORD, .length = 3, .argument = (sizeof(struct pm_header) + (index) * sizeof(struct pm_slot) + offsetof(struct pm_slot, field)) / 4 }

static void write_scripts(void)
{
    const struct fuzz_step work[] = { CALL(FUZZ_GROW), CALL(FUZZ_OTHER_GROW), CALL(FUZZ_SHRINK), CALL(FUZZ_REMAP), CALL(FUZZ_OTHER_SHRINK),
                                      CALL(FUZZ_PIN), CALL(FUZZ_ROOTS), CALL(FUZZ_MAP), CALL(FUZZ_OTHER_REMAP) };
    const uint64_t none[16] = { 0 };
    write_script("all-is-well", 0, work, none, 9);
    const struct fuzz_step stopped[] = { CALL(FUZZ_STOP_OTHER), CALL(FUZZ_GROW), CALL(FUZZ_MAP_OTHER), CALL(FUZZ_SHRINK), CALL(FUZZ_CONTINUE_OTHER),
                                         CALL(FUZZ_OTHER_LOOK) };
    write_script("a-peer-is-stopped", 0, stopped, none, 6);
    write_script("late-is-allowed", 1, stopped, none, 6);
    const struct fuzz_step target[] = { LIVE(pm_header, target, 3), CALL(FUZZ_OTHER_REMAP), CALL(FUZZ_RING) };
    const uint64_t targets[] = { FUZZ_LIVE_CANARY, 0, 0 };
    write_script("target-beyond", 0, target, targets, 3);
    /* A slot says that the bystander is the agent of the peer that is stopped. */
    const struct fuzz_step led[] = { CALL(FUZZ_STOP_OTHER), SLOT(1, life), SLOT(1, pid), CALL(FUZZ_GROW), CALL(FUZZ_FLICKER), CALL(FUZZ_SHRINK) };
    const uint64_t words[] = { 0, 1 << 16 | FUZZ_LIVE_BYSTANDER, 1 << 16 | FUZZ_LIVE_BYSTANDER, 0, 0, 0 };
    write_script("an-agent-elsewhere", 0, led, words, 6);
}

/* ---- conditions ---- */

static void begin(uint32_t flags, uint32_t deadline_ms)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "grower", .initial_size = 65536, .deadline_ms = deadline_ms };
    options.reserve_size = 1 << 20;
    options.max_peers = SLOTS;
    options.flags = flags;
    need(peermap_create(name, &options, &segment) == 0, "create");
    if (deadline_ms != 0)
        need(peermap_set_root(segment, "index", peermap_base(segment), 64, "struct entry") == 0, "root");
}

static void end(const char *title)
{
    keep(title);
    peermap_detach(segment);
    peermap_unlink(name);
}

/* A process that attaches, and then waits to be killed. */
static pid_t second(const char *peer_name)
{
    int ready[2];
    char byte = 0;
    need(pipe(ready) == 0, "pipe");
    pid_t pid = fork();
    if (pid == 0) {
        peermap_segment *own;
        peermap_options options = { .struct_size = sizeof options, .peer_name = peer_name };
        byte = peermap_attach(name, &options, &own) == 0;
        if (write(ready[1], &byte, 1) == 1)
            pause();
        _exit(1);
    }
    need(read(ready[0], &byte, 1) == 1 && byte == 1, "the second peer");
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void finish(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static void *grow(void *unused)
{
    (void)unused;
    either_way(peermap_grow(segment, 8192, NULL));
    return NULL;
}

static bool is_half_way(void)
{
    size_t length;
    char *object = read_object(&length);
    uint32_t op;
    memcpy(&op, object + offsetof(struct pm_header, intent.op), sizeof op);
    free(object);
    return op != PM_OP_NONE;
}

/* The image is of the moment when the round waits for a stopped peer. */
static void half_way(void)
{
    begin(PEERMAP_STRICT | PEERMAP_NO_PTRACE, 1000);
    pid_t pid = second("stopped");
    pthread_t thread;
    kill(pid, SIGSTOP);
    need(pthread_create(&thread, NULL, grow, NULL) == 0, "a thread");
    while (!is_half_way())
        usleep(1000);
    keep("half-way");
    pthread_join(thread, NULL);
    keep("rolled-back");
    finish(pid);
    end("stopped-and-dead");
}

int main(int argc, char **argv)
{
    if (argc != 2)
        return fprintf(stderr, "usage: seeds FOLDER\n"), 2;
    folder = argv[1];
    snprintf(name, sizeof name, "test-seeds-%d", (int)getpid());
    begin(0, 0);
    end("fresh");

    begin(0, 0);
    need(peermap_grow(segment, 40000, NULL) == 0, "grow");
    keep("grown");
    need(peermap_shrink(segment, 8192, NULL) == 0, "shrink");
    keep("shrunk");
    for (int i = 0; i < 2; i++)
        need(peermap_set_root(segment, i ? "index" : "words", (char *)peermap_base(segment) + 64 * i, 64, "struct entry") == 0, "root");
    keep("with-roots");
    for (int i = 0; i < 4200; i++)
        need(peermap_set_root(segment, "index", (char *)peermap_base(segment) + i, 8, "struct entry") == 0, "root");
    end("events-wrapped");

    begin(PEERMAP_ALLOW_LATE, 50);
    pid_t pid = second("reader"), another = second("writer");
    keep("three-peers");
    finish(pid);
    either_way(peermap_grow(segment, 4096, NULL));
    keep("one-is-dead");
    (void)peermap_reap(segment);
    finish(another);
    end("reaped");

    begin(PEERMAP_STRICT, 1000);
    (void)peermap_pin(segment);
    end("strict-and-pinned");
    half_way();
    write_scripts();
    return 0;
}
