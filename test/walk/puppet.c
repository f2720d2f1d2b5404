/* SPDX-License-Identifier: MIT */
/* puppet.c - a peer that does what it is told, and comes to harm where its script says. */
#include "os.h"
#include "places.h"
#include "walk.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct walk *walk;
const char *place_names[PLACES_MAX];
uint32_t place_count;

static uint16_t numbers[4 * PLACES_MAX]; /* of the names of the linker's places */
static struct script *own;
static pid_t leader;

/* ---- places ---- */

static uint32_t number_of(const char *name)
{
    uint32_t number = 0;
    while (number < place_count && strcmp(place_names[number], name) != 0)
        number++;
    return number;
}

void places_find(void)
{
    for (const struct pm_fault_place *place = __start_pm_faults; place < __stop_pm_faults; place++) {
        uint32_t number = number_of(place->name);
        if (number == place_count)
            place_names[place_count++] = place->name;
        numbers[place - __start_pm_faults] = (uint16_t)number;
    }
}

uint32_t place_number(const char *name)
{
    uint32_t number = number_of(name);
    if (number == place_count)
        fprintf(stderr, "walk: there is no place %s\n", name);
    return number;
}

/* What this thread holds, the kernel does not know any more. */
static void forget_list(void)
{
    static struct pm_robust none;
    none.list.next = &none.list;
    pm_robust_use(&none);
}

/* This thread, at once.  The hand of an agent (hand.h) is a process of its own: it dies alone, and stops with the whole group. */
static void strike(int number)
{
    pid_t self = getpid();
    if (number == SIGSTOP && self != leader)
        kill(0, SIGSTOP);
    else
        syscall(SYS_tgkill, self, syscall(SYS_gettid), number);
}

int pm_fault(const struct pm_fault_place *place)
{
    uint32_t number = numbers[place - __start_pm_faults];
    if (!walk)
        return 0;
    store32(&walk->reached[number], 1);
    if (!own || load32(&own->state) != ARMED)
        return 0;
    uint32_t at = add32(&own->trail_count, 1);
    if (at < TRAIL_MAX)
        own->trail[at] = (uint16_t)number;
    if (own->action == NO_ACTION || own->place != number || add32(&own->passes, 1) + 1 != own->nth)
        return 0;
    uint32_t armed = ARMED;
    store32(&own->in_hand, getpid() != leader);
    if (!cas32(&own->state, &armed, STRUCK))
        return 0; /* the judge does not expect it any more */
    store32(&walk->befallen[number][own->action], 1);
    if (own->action == ERROR)
        return own->error;
    if (own->action == VANISH)
        forget_list();
    strike(own->action == STOP ? SIGSTOP : SIGKILL);
    return 0;
}

/* ---- orders ---- */

static peermap_segment *segment;

static int create_or_attach(const char *name, const struct order *order)
{
    peermap_options options = { .struct_size = sizeof options,
                                .peer_name = order->name,
                                .initial_size = FIRST_PAGES * PAGE,
                                .reserve_size = RESERVE,
                                .ahead = order->ahead,
                                .deadline_ms = order->deadline_ms,
                                .max_peers = 4,
                                .flags = order->flags };
    return order->what == CREATE ? peermap_create(name, &options, &segment) : peermap_attach(name, &options, &segment);
}

static unsigned char byte_of(size_t at) { return (unsigned char)(at / PAGE * 37 + at % 251 + 1); }

static bool has_heap(void)
{
    return peermap_heap_peers(segment, NULL, 0) >= 0;
}

static int fill(void)
{
    if (has_heap())
        return heap_fill(segment);
    unsigned char *base = peermap_base(segment);
    for (size_t at = 0; at < KEPT_PAGES * PAGE; at += 61)
        base[at] = byte_of(at);
    return peermap_set_root(segment, "kept", base + PAGE, PAGE, "bytes");
}

/* The bytes of fill() are there, every active page can be read, and the root leads to its place. */
static int check(void)
{
    if (has_heap())
        return heap_check(segment);
    size_t size = peermap_pin(segment), place = 0;
    const unsigned char *base = peermap_base(segment);
    unsigned sum = 0;
    for (size_t at = 0; at < size; at += PAGE)
        sum += *(const volatile unsigned char *)(base + at);
    int rc = size >= KEPT_PAGES * PAGE ? 0 : PEERMAP_EINVAL;
    for (size_t at = 0; rc == 0 && at < KEPT_PAGES * PAGE; at += 61)
        rc = base[at] == byte_of(at) ? 0 : PEERMAP_EINVAL;
    (void)sum;
    peermap_unpin(segment);
    return peermap_root(segment, "kept", &place) == (const void *)(base + PAGE) && place == PAGE ? rc : PEERMAP_EINVAL;
}

/* All places of the first region that the root `other` may be in. */
static int fill_places(void)
{
    char name[16];
    int rc = 0;
    for (uint64_t step = 0, number = 0; step < PM_ROOTS_WINDOW && rc == 0; step++) {
        do
            snprintf(name, sizeof name, "r%llu", (unsigned long long)number++);
        while (pm_root_hash(name) % PM_ROOTS_FIRST != (pm_root_hash("other") + step) % PM_ROOTS_FIRST);
        rc = peermap_set_root(segment, name, (char *)peermap_base(segment) + PAGE, 8, NULL);
    }
    return rc;
}

static int detach(void)
{
    peermap_detach(segment);
    segment = NULL;
    return 0;
}

static int obey(const char *name, const struct order *order, peermap_round *round)
{
    switch (order->what) {
    case CREATE:
    case ATTACH: return create_or_attach(name, order);
    case DETACH: return detach();
    case DESTROY: return peermap_unlink(name);
    case GROW: return peermap_grow(segment, order->bytes, round);
    case SHRINK: return peermap_shrink(segment, order->bytes, round);
    case REMAP: return peermap_remap(segment, 0, round);
    case MAP: return peermap_map_peer(segment, 0, round);
    case REAP: return peermap_reap(segment);
    case SET_ROOT: return peermap_set_root(segment, "other", (char *)peermap_base(segment) + order->bytes, 8, "word");
    case DROP_ROOT: return peermap_set_root(segment, "other", NULL, 0, NULL);
    case MANY_ROOTS: return fill_places();
    case FILL: return fill();
    case CHECK: return check();
    case SETTLE: return usleep((useconds_t)order->bytes);
    case PEERS: return peermap_peers(segment, NULL, 0);
    default: return heap_obey(segment, name, order);
    }
}

/* What this process has mapped, by the registry. */
static uint64_t mapped_here(void)
{
    peermap_peer row;
    return segment && peermap_self(segment, &row) == 0 ? row.mapped : 0;
}

/* What the agent does after the answer: it maps more, and a little later lets go.  With a fault it may never. */
static void await_background(uint64_t before, uint32_t most_ms)
{
    for (uint32_t ms = 0; ms < most_ms && mapped_here() == before; ms++)
        usleep(1000);
    usleep(20000);
}

void puppet_run(const char *name, int fd, struct script *script)
{
    struct order order;
    own = script;
    leader = getpid();
    setpgid(0, 0);
    while (recv(fd, &order, sizeof order, 0) == (ssize_t)sizeof order) {
        struct answer answer = { 0 };
        uint64_t before = mapped_here();
        errno = 0;
        answer.rc = obey(name, &order, &answer.round);
        answer.error = errno;
        if (order.what == GROW && order.deadline_ms)
            await_background(before, order.deadline_ms);
        if (answer.rc < 0)
            snprintf(answer.sentence, sizeof answer.sentence, "%s: %.250s", peermap_error_name(answer.rc), peermap_last_error());
        answer.size = segment ? peermap_size(segment) : 0;
        answer.base = segment ? (uintptr_t)peermap_base(segment) : 0;
        if (send(fd, &answer, sizeof answer, MSG_NOSIGNAL) < 0)
            break;
    }
    _exit(0);
}
