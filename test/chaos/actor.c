/* SPDX-License-Identifier: MIT */
/*
 * actor.c - a process that does one thing after another with its segment, and checks every answer.
 *
 * It knows only peermap.h.  What may go wrong is written down here: a full registry or a wrong answer never, a late peer or a busy lock only
 * where deadlines are short.  Half of the actors have a second thread, which only reads and writes.
 */
#include "control.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static struct actor *self;
static volatile sig_atomic_t second_leaves;

static struct arena *arena_of(const struct actor *me) { return &control->arenas[me->arena]; }

/* Says where, and then crashes all the same: the core has the rest. */
static void crashed(int number, siginfo_t *facts, void *context)
{
    (void)context;
    self->address = facts->si_code > 0 ? (uintptr_t)facts->si_addr : 0;
    store_error(&self->signal, number);
    signal(number, SIG_DFL);
    if (facts->si_code <= 0) /* sent, so that it does not come again by itself */
        raise(number);
}

/* For --crash: what ends here is to be told from what the storm finds. */
static void crash_on_purpose(struct actor *me, uint32_t how)
{
    store32(&me->doing, DO_crash);
    if (how < FIRST_EXIT_CODE)
        raise((int)how);
    _exit((int)how);
}

static void prepare(struct actor *me)
{
    self = me;
    struct sigaction action = { .sa_sigaction = crashed, .sa_flags = SA_SIGINFO };
    static const int crashes[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT };
    for (size_t i = 0; i < sizeof crashes / sizeof *crashes; i++)
        sigaction(crashes[i], &action, NULL);
    signal(SIGCHLD, SIG_IGN);
}

static void leave(struct actor *me)
{
    store32(&me->ended, 1);
    _exit(0);
}

/* ---- answers ---- */

static void blame(struct actor *me, int rc)
{
    fail(me->arena, "%s (pid %d): %s answered %s, errno %d: %s", me->name, (int)me->pid, operation_names[me->doing], peermap_error_name(rc), errno,
         peermap_last_error());
}

/* True if it was done; false if it could not be, as may happen here. */
static bool fine(struct actor *me, int rc)
{
    const struct arena *arena = arena_of(me);
    if (rc >= 0)
        return true;
    if (rc == PEERMAP_ETIMEDOUT && arena->hasty)
        counted(COUNT_late, 1);
    else if (rc == PEERMAP_EBUSY && arena->hasty)
        counted(COUNT_busy, 1);
    else if (rc == PEERMAP_ELIMIT && arena->tight)
        counted(COUNT_full, 1);
    else
        blame(me, rc);
    return false;
}

static void reported(const peermap_round *round)
{
    counted(COUNT_unstopped, round->unstopped);
    counted(COUNT_died, round->died);
}

/* ---- what an actor does ---- */

static void sweep(struct actor *me, peermap_segment *segment)
{
    size_t size = peermap_pin(segment);
    if (size < FLOOR_PAGES * PAGE)
        fail(me->arena, "%s (pid %d) sees %zu bytes: less than the %u pages that nobody gives back", me->name, (int)me->pid, size, FLOOR_PAGES);
    pages_check(arena_of(me), peermap_base(segment), size / PAGE);
    peermap_unpin(segment);
    counted(COUNT_sweeps, 1);
    counted(COUNT_pages, size / PAGE);
}

static void write_floor(struct actor *me, peermap_segment *segment, uint64_t *state)
{
    peermap_pin(segment);
    for (int i = 0; i < 16; i++)
        pages_write(arena_of(me), peermap_base(segment), state);
    peermap_unpin(segment);
    counted(COUNT_writes, 16);
}

static bool somebody_shrinks(uint32_t arena)
{
    for (uint32_t i = 0; i < control->actor_count; i++)
        if (control->actors[i].arena == arena && load32(&control->actors[i].doing) == DO_shrink)
            return true;
    return false;
}

static void grow(struct actor *me, peermap_segment *segment, uint64_t *state)
{
    struct arena *arena = arena_of(me);
    if (peermap_size(segment) > CAP_PAGES * PAGE)
        return;
    uint64_t pages = 1 + chance(state) % (chance(state) % 16 == 0 ? 300 : 16);
    uint64_t shrinks = load64(&arena->shrinks), ticket = load64(&arena->tickets);
    bool quiet = !somebody_shrinks(me->arena);
    peermap_round round = { 0 };
    store64((uint64_t *)&me->pending, pages);
    bool done = fine(me, peermap_grow(segment, pages * PAGE - chance(state) % PAGE, &round));
    if (done) {
        add64((uint64_t *)&arena->balance, pages);
        add64(&arena->room, pages);
        counted(COUNT_growths, 1);
        counted(COUNT_ahead, round.ahead > 0);
    }
    store64((uint64_t *)&me->pending, 0);
    reported(&round);
    uint64_t size = peermap_pin(segment) / PAGE, to = round.size / PAGE;
    if (done && to >= FLOOR_PAGES + pages && to <= size) {
        quiet = quiet && load64(&arena->shrinks) == shrinks;
        pages_take(arena, peermap_base(segment), to - pages, to, quiet ? ticket : 0);
    }
    peermap_unpin(segment);
}

static void shrink(struct actor *me, peermap_segment *segment, uint64_t *state)
{
    struct arena *arena = arena_of(me);
    uint64_t room = load64(&arena->room), pages;
    do {
        pages = 1 + chance(state) % (chance(state) % 4 == 0 ? 300 : 24);
        pages = pages < room ? pages : room;
        if (pages == 0)
            return;
    } while (!cas64(&arena->room, &room, room - pages));
    add64(&arena->shrinks, 1);
    peermap_round round = { 0 };
    store64((uint64_t *)&me->pending, (uint64_t)-(int64_t)pages);
    if (fine(me, peermap_shrink(segment, pages * PAGE, &round))) {
        add64((uint64_t *)&arena->balance, (uint64_t)-(int64_t)pages);
        counted(COUNT_shrinks, 1);
    } else {
        add64(&arena->room, pages);
    }
    store64((uint64_t *)&me->pending, 0);
    reported(&round);
}

/* A root of every actor, which lies on a page of the floor, and whose size tells which. */
static void root(struct actor *me, peermap_segment *segment, uint64_t *state)
{
    char name[32], *base = peermap_base(segment);
    snprintf(name, sizeof name, "root-%u", (unsigned)(me - control->actors) % 32);
    uint64_t page = chance(state) % FLOOR_PAGES;
    bool remove = chance(state) % 8 == 0;
    if (fine(me, peermap_set_root(segment, name, remove ? NULL : base + page * PAGE, 8 + page, "page")))
        counted(COUNT_roots, 1);
    snprintf(name, sizeof name, "root-%u", (unsigned)(chance(state) % 32));
    size_t size = 0;
    char *at = peermap_root(segment, name, &size);
    if (at && (size < 8 || at != base + (size - 8) * PAGE))
        fail(me->arena, "%s (pid %d) sees %s at %p with %zu bytes", me->name, (int)me->pid, name, (void *)at, size);
}

static void remap(struct actor *me, peermap_segment *segment, uint64_t *state)
{
    peermap_peer peers[MOST_ACTORS];
    peermap_round round = { 0 };
    int count = peermap_peers(segment, peers, MOST_ACTORS);
    if (!fine(me, count) || count == 0)
        return;
    const peermap_peer *peer = &peers[chance(state) % (uint64_t)count];
    pid_t pid = chance(state) % 4 == 0 ? 0 : peer->pid;
    int rc = chance(state) % 2 == 0 ? peermap_remap(segment, pid, &round) : peermap_map_peer(segment, pid, &round);
    reported(&round);
    if (rc == PEERMAP_ESRCH && pid != me->pid)
        return;
    if (fine(me, rc))
        counted(COUNT_remaps, 1);
}

static void look(struct actor *me, peermap_segment *segment)
{
    peermap_peer peers[MOST_ACTORS];
    int count = peermap_peers(segment, peers, MOST_ACTORS), own = 0;
    if (!fine(me, count))
        return;
    for (int i = 0; i < count; i++) {
        if (strcmp(peers[i].name, me->name) == 0 && peers[i].pid == me->pid && peers[i].state != PEERMAP_DEAD)
            own++;
        if (peers[i].base != peermap_base(segment) && peers[i].base)
            fail(me->arena, "%s sees %s at %p, itself at %p", me->name, peers[i].name, peers[i].base, peermap_base(segment));
    }
    if (own != 1)
        fail(me->arena, "%s (pid %d) finds itself %d times in the registry of %d", me->name, (int)me->pid, own, count);
    if (peermap_pid_of(segment, me->name) != me->pid)
        fail(me->arena, "%s has pid %d, not %d", me->name, (int)peermap_pid_of(segment, me->name), (int)me->pid);
}

static void reap(struct actor *me, peermap_segment *segment)
{
    int freed = peermap_reap(segment);
    if (fine(me, freed))
        counted(COUNT_reaps, (uint64_t)freed);
}

/* ---- coming, resting, going ---- */

int actor_attach(const struct arena *arena, const char *name, uint32_t flags, uint32_t deadline_ms, peermap_segment **segment)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = name, .flags = flags, .deadline_ms = deadline_ms };
    return peermap_attach(arena->name, &options, segment);
}

static peermap_segment *attach(struct actor *me, uint64_t *state)
{
    struct arena *arena = arena_of(me);
    peermap_segment *segment;
    bool special = arena->all_late || chance(state) % 2 == 0;
    me->reads = chance(state) % 6 == 0;
    const uint32_t flags = (special ? arena->peer_flags : 0) | (me->reads ? PEERMAP_READ_ONLY : 0);
    if (!fine(me, actor_attach(arena, me->name, flags, arena->hasty ? HASTY_MS : PATIENT_MS, &segment)))
        return NULL;
    counted(COUNT_attaches, 1);
    store32(&me->attached, 1);
    return segment;
}

static void detach(struct actor *me, peermap_segment *segment)
{
    peermap_detach(segment);
    store32(&me->attached, 0);
    counted(COUNT_detaches, 1);
}

/* Also the end of an actor whose supervisor was killed: not everybody is its child. */
static void rest(struct actor *me)
{
    uint32_t calm;
    if (peek64(&me->steps) % 64 == 0 && kill(control->supervisor, 0) != 0)
        _exit(0);
    while ((calm = load32(&control->calm)) != 0 && !load32(&control->ending)) {
        store32(&me->calm, calm);
        usleep(500);
        if (kill(control->supervisor, 0) != 0)
            _exit(0);
    }
    store32(&me->calm, 0);
}

/* Which operation next, out of 256: growers, shrinkers and readers differ. */
static enum operation choose(const struct actor *me, uint64_t *state)
{
    static const struct {
        enum operation what;
        uint8_t weight[3];
    } table[] = {
        { DO_grow, { 110, 30, 10 } }, { DO_shrink, { 30, 90, 10 } }, { DO_sweep, { 20, 40, 130 } }, { DO_write, { 30, 30, 50 } },
        { DO_root, { 16, 16, 16 } },  { DO_remap, { 6, 6, 6 } },     { DO_reap, { 5, 5, 5 } },      { DO_peers, { 10, 10, 10 } },
        { DO_detach, { 5, 5, 4 } },   { DO_fork, { 3, 3, 3 } },      { DO_exec, { 1, 1, 1 } },
    };
    uint64_t die = chance(state) % 256;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        uint8_t weight = table[i].weight[(size_t)(me - control->actors) / ARENAS % 3];
        if (die < weight)
            return table[i].what;
        die -= weight;
    }
    return DO_sweep;
}

/* Who only reads leaves the rest to others. */
static enum operation choose_of_its_own(const struct actor *me, uint64_t *state)
{
    const enum operation what = choose(me, state);
    const bool changes = what == DO_grow || what == DO_shrink || what == DO_write || what == DO_root || what == DO_remap || what == DO_reap;
    return me->reads && changes ? DO_sweep : what;
}

static void *second_thread(void *argument)
{
    peermap_segment *segment = argument;
    uint64_t state = mix(self->seed + 77) | 1;
    while (!second_leaves) {
        sweep(self, segment);
        if (!self->reads)
            write_floor(self, segment, &state);
        add64(&self->steps, 1);
        usleep(1000 + (useconds_t)(chance(&state) % 4000));
    }
    return NULL;
}

/* Until it detaches. */
static void attachment(struct actor **me, peermap_segment *segment, uint64_t *state)
{
    pthread_t second;
    second_leaves = 0;
    bool two = chance(state) % 2 == 0 && pthread_create(&second, NULL, second_thread, segment) == 0;
    struct actor *now = *me;
    while (segment && *me == now && !load32(&control->ending)) {
        rest(now);
        uint32_t how = peek32(&control->crash);
        if (how != 0 && now < &control->actors[control->regulars] && cas32(&control->crash, &how, 0))
            crash_on_purpose(now, how);
        enum operation what = choose_of_its_own(now, state);
        store32(&now->doing, what);
        switch (what) {
        case DO_grow: grow(now, segment, state); break;
        case DO_shrink: shrink(now, segment, state); break;
        case DO_sweep: sweep(now, segment); break;
        case DO_write: write_floor(now, segment, state); break;
        case DO_root: root(now, segment, state); break;
        case DO_remap: remap(now, segment, state); break;
        case DO_reap: reap(now, segment); break;
        case DO_peers: look(now, segment); break;
        case DO_fork: offspring_fork(me, &segment, state); break;
        case DO_exec: offspring_exec(now);
        case DO_detach:
            second_leaves = 1;
            if (two)
                pthread_join(second, NULL);
            detach(now, segment);
            store32(&now->doing, DO_nothing);
            return;
        default: break;
        }
        if (*me != now) /* a child by now, in which there is no second thread */
            return;
        store32(&now->doing, DO_nothing);
        add64(&now->steps, 1);
    }
    second_leaves = 1;
    if (two)
        pthread_join(second, NULL);
    if (chance(state) % 2 == 0) /* or not at all: then its slot stays, of a dead peer */
        detach(now, segment);
}

void actor_run(struct actor *me)
{
    for (;;) {
        uint64_t state = mix(me->seed + me->life) | 1;
        struct actor *now = me;
        prepare(me);
        while (me == now && !load32(&control->ending)) {
            if (getppid() == control->supervisor)
                prctl(PR_SET_PDEATHSIG, SIGKILL);
            rest(me);
            store32(&me->doing, DO_attach);
            peermap_segment *segment = attach(me, &state);
            store32(&me->doing, DO_nothing);
            add64(&me->steps, 1);
            if (segment)
                attachment(&me, segment, &state);
        }
        if (me == now)
            leave(me);
    }
}
