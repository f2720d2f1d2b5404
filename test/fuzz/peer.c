/* SPDX-License-Identifier: MIT */
/*
 * peer.c - target: a segment lives, with two peers, and its header is written over from outside while they work.
 *
 * The two may come to disagree, and calls may fail.  None may be led outside its reservation, crash, or never return; and a bystander is
 * left alone.  The input is a script: which bytes are written and what is called, in which order.
 */
#include "peer.h"

#include "segment.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_STEPS 24u

const char fuzz_target[] = "peer";
const bool fuzz_plays_scripts = true;

/* Process-local.  One play. */
static struct stage {
    peermap_segment *segment;
    int object; /* a descriptor of the harness's own */
    bool other, stopped;
    off_t patch_at; /* the last patch */
    size_t patch_length;
    uint8_t patch[256], patched[256]; /* and what was there before */
} stage;

/* ---- flickering: the last patch comes and goes while calls run ---- */

static uint32_t flickering; /* futex */
static pthread_mutex_t flicker_lock = PTHREAD_MUTEX_INITIALIZER;

static void *flicker(void *unused)
{
    (void)unused;
    for (;;) {
        while (load32(&flickering) == 0)
            pm_futex_wait(&flickering, 0, UINT32_MAX, 0);
        pthread_mutex_lock(&flicker_lock);
        if (load32(&flickering) != 0) {
            (void)!pwrite(stage.object, stage.patched, stage.patch_length, stage.patch_at);
            sched_yield();
            (void)!pwrite(stage.object, stage.patch, stage.patch_length, stage.patch_at);
        }
        pthread_mutex_unlock(&flicker_lock);
        sched_yield();
    }
    return NULL;
}

static void let_flicker(bool on)
{
    pthread_mutex_lock(&flicker_lock);
    store32(&flickering, on && stage.patch_length > 0);
    pthread_mutex_unlock(&flicker_lock);
    pm_futex_wake(&flickering, UINT32_MAX, INT_MAX);
}

/* ---- writing from outside ---- */

static void patch(off_t at, const uint8_t *bytes, size_t length)
{
    if (at + (off_t)length > (off_t)stage.segment->shape.header_len)
        return;
    let_flicker(false);
    stage.patch_at = at;
    stage.patch_length = length;
    memcpy(stage.patch, bytes, length);
    (void)!pread(stage.object, stage.patched, length, at);
    (void)!pwrite(stage.object, bytes, length, at);
}

static uint32_t agent_of(uint32_t pid)
{
    const peermap_segment *segment = stage.segment;
    for (uint32_t i = 0; i < segment->shape.slot_count; i++)
        if (peek32(&segment->slots[i].pid) == pid)
            return peek32(&segment->slots[i].life) & PM_FUTEX_TID;
    return 0;
}

static uint64_t live_value(enum fuzz_live which)
{
    const peermap_segment *segment = stage.segment;
    switch (which) {
    case FUZZ_LIVE_BASE: return (uintptr_t)segment->base;
    case FUZZ_LIVE_RESERVED: return segment->shape.reserved;
    case FUZZ_LIVE_NO_HEADER: return -segment->shape.header_len;
    case FUZZ_LIVE_ACTIVE: return peek64(&segment->header->active);
    case FUZZ_LIVE_EPOCH: return peek64(&segment->header->epoch);
    case FUZZ_LIVE_OWN_PID: return (uint64_t)getpid();
    case FUZZ_LIVE_OWN_AGENT: return segment->tid;
    case FUZZ_LIVE_OTHER_PID: return (uint64_t)other_pid();
    case FUZZ_LIVE_OTHER_AGENT: return agent_of((uint32_t)other_pid());
    case FUZZ_LIVE_BYSTANDER: return (uint64_t)canary_bystander();
    case FUZZ_LIVE_CANARY: return canary_address() - (uintptr_t)segment->base;
    case FUZZ_LIVES: break;
    }
    return 0;
}

/* The low half alone where the next field shall stay. */
static void patch_live(off_t at, const uint8_t *bytes, size_t length)
{
    if (length < 3)
        return;
    const uint64_t value = live_value((enum fuzz_live)(bytes[0] % FUZZ_LIVES)) + (uint64_t)((int64_t)(int8_t)bytes[1] * 4096);
    patch(at, (const uint8_t *)&value, bytes[2] % 2 ? 4 : 8);
}

/* ---- calling ---- */

void peer_look(peermap_segment *segment)
{
    peermap_peer peers[8];
    peermap_result all[8];
    size_t size = 0;
    char *base = peermap_base(segment), *root = peermap_root(segment, "index", &size);
    if (root && (root < base || (size_t)(root - base) + size > segment->shape.reserved))
        fuzz_found("a root of %zu bytes is not in the segment", size);
    either_way(peermap_peers(segment, peers, 8));
    either_way(peermap_pid_of(segment, "other"));
    (void)peermap_epoch(segment);
    if (peermap_results)
        either_way(peermap_results(segment, all, 8));
    if (peermap_size(segment) > segment->shape.reserved || peermap_pin(segment) > segment->shape.reserved)
        fuzz_found("the size is larger than the reservation");
    peermap_unpin(segment);
}

void peer_fence(peermap_segment *segment)
{
    canary_around((uintptr_t)segment->start, (uintptr_t)segment->start + segment->reservation);
    canary_allow(segment->object.device, segment->object.inode, segment->shape.header_len);
}

static void ring(void)
{
    uint32_t *bell = &stage.segment->header->bell;
    add32(bell, 1);
    pm_futex_wake(bell, UINT32_MAX, INT_MAX);
    sched_yield();
}

static void stop_other(bool stop)
{
    if (stage.other && stop && !stage.stopped)
        other_stop();
    if (stage.stopped && !stop)
        other_continue();
    stage.stopped = stage.other && stop;
}

static void ask_other(enum other_task task)
{
    if (!stage.other)
        return;
    stop_other(false);
    (void)other_do(task);
}

static void call(enum fuzz_call which)
{
    peermap_segment *segment = stage.segment;
    peermap_round round;
    switch (which) {
    case FUZZ_GROW: either_way(peermap_grow(segment, 12288, &round)); break;
    case FUZZ_SHRINK: either_way(peermap_shrink(segment, 8192, &round)); break;
    case FUZZ_REMAP: either_way(peermap_remap(segment, 0, &round)); break;
    case FUZZ_MAP: either_way(peermap_map_peer(segment, 0, &round)); break;
    case FUZZ_MAP_OTHER: either_way(peermap_map_peer(segment, other_pid(), &round)); break;
    case FUZZ_PIN: (void)peermap_pin(segment); break;
    case FUZZ_ROOTS: either_way(peermap_set_root(segment, "index", peermap_base(segment), 0, "words")); break;
    case FUZZ_PEERS: peer_look(segment); break;
    case FUZZ_REAP: (void)peermap_reap(segment); break;
    case FUZZ_OTHER_GROW: ask_other(OTHER_GROW); break;
    case FUZZ_OTHER_SHRINK: ask_other(OTHER_SHRINK); break;
    case FUZZ_OTHER_REMAP: ask_other(OTHER_REMAP); break;
    case FUZZ_OTHER_LOOK: ask_other(OTHER_LOOK); break;
    case FUZZ_STOP_OTHER: stop_other(true); break;
    case FUZZ_CONTINUE_OTHER: stop_other(false); break;
    case FUZZ_RING: ring(); break;
    case FUZZ_FLICKER: let_flicker(true); break;
    case FUZZ_CALM: let_flicker(false); break;
    case FUZZ_CALLS: break;
    }
}

/* ---- a play ---- */

static bool set_stage(uint8_t flags)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "script", .deadline_ms = FUZZ_DEADLINE_MS };
    options.initial_size = 65536;
    options.reserve_size = 1 << 20;
    options.max_peers = 4;
    options.flags = (flags & 1 ? (uint32_t)PEERMAP_ALLOW_LATE : 0) | (flags & 2 ? (uint32_t)PEERMAP_STRICT : 0);
    stage = (struct stage){ .object = stage.object };
    if (peermap_create(fuzz_name, &options, &stage.segment) != 0)
        return false;
    int fd = fuzz_object_open();
    dup3(fd, stage.object, O_CLOEXEC);
    close(fd);
    peer_fence(stage.segment);
    stage.other = !(flags & 4) && other_do(OTHER_ATTACH);
    either_way(peermap_set_root(stage.segment, "index", peermap_base(stage.segment), 64, "words"));
    return true;
}

static void play(const uint8_t *script, size_t size)
{
    struct fuzz_step step;
    for (size_t at = 0, steps = 0; at + sizeof step <= size && steps < MOST_STEPS; steps++) {
        memcpy(&step, script + at, sizeof step);
        at += sizeof step;
        const enum fuzz_what what = (enum fuzz_what)(step.what % FUZZ_WHATS);
        const size_t length = what != FUZZ_IMAGE && step.length < size - at ? step.length : size - at;
        if (what == FUZZ_PATCH)
            patch((off_t)step.argument * 4, script + at, length < 256 ? length : 255);
        else if (what == FUZZ_WORD)
            patch_live((off_t)step.argument * 4, script + at, length);
        else if (what == FUZZ_CALL)
            call((enum fuzz_call)(step.argument % FUZZ_CALLS));
        else if (length <= stage.segment->shape.header_len)
            (void)!pwrite(stage.object, script + at, length, 0);
        at += length;
    }
}

/* Whatever was written is there when these are called. */
static void end_play(void)
{
    static const enum fuzz_call calls[] = { FUZZ_PEERS, FUZZ_GROW, FUZZ_SHRINK, FUZZ_REAP, FUZZ_OTHER_LOOK };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        call(calls[i]);
    let_flicker(false);
    stop_other(false);
    if (stage.other)
        other_do(OTHER_DETACH);
    peermap_detach(stage.segment);
    canary_allow(0, 0, 0);
    peermap_unlink(fuzz_name);
    canary_check();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    pthread_t thread;
    fuzz_object_name();
    canary_setup();
    other_start();
    stage.object = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (pthread_create(&thread, NULL, flicker, NULL) != 0)
        fuzz_found("the harness has no thread");
    pthread_detach(thread);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (size < 1 || size > FUZZ_INPUT_MAX)
        return -1;
    if (!set_stage(input[0]))
        return -1;
    play(input + 1, size - 1);
    end_play();
    return 0;
}
