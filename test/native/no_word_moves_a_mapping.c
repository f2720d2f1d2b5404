/* SPDX-License-Identifier: MIT */
/*
 * Every word that others can write - of the header, the registry, the first roots and events, what describes a heap - is made another, one after the other, by
 * one who may write the object and does nothing else, while peers of two users attach, grow, shrink, remap, set roots, allocate, stop, are let run by each other,
 * only read for a while, and are killed: in a segment that maps ahead, in one in which every growth asks everybody and populates, and in one with a heap.  Looked at from outside, each
 * peer has the object mapped inside its own reservation only, and everything else that it had mapped is where it was, with the rights that it had, and what
 * lies right before and behind its reservation holds what it held; no call goes on for ever, and nobody crashes.
 */
#include "header.h"

#include "../../native/runtime/segment.h"

#include <grp.h>
#include <sys/uio.h>

#define RESERVE UINT64_C(1048576)
#define WORKERS 4
#define USER 45681
#define SLOTS 8
#define CALLS_END_MS 10000
#define PAGE UINT64_C(4096)

static const struct kind {
    const char *what;
    uint32_t creation, flags; /* of who creates it, of who works in it */
    int lies;                 /* about each word, in `npm run test:long`; */
    int few;                  /* else, the next ones about the next word */
    useconds_t pause;
} kinds[] = {
    { "mapped ahead", 0, 0, 7, 2, 300 },
    { "strict", PEERMAP_STRICT, PEERMAP_PREFAULT, 3, 1, 2000 },
    { "a heap", PEERMAP_HEAP, 0, 3, 1, 300 },
};
#define KINDS (sizeof kinds / sizeof *kinds)
static const struct kind *now;
static uint64_t before, behind; /* the pages next to the reservation, by those who created the segment */

/* Of a worker, in memory that it shares with the test. */
struct work {
    uint64_t from, to; /* its reservation; 0: it has none, or not yet, or not any more */
    uint64_t entered;   /* so often: the next one has the same reservation */
    uint64_t words_end; /* of the words that it can write, where it only reads; else 0 */
    uint64_t turns;
    uint64_t unstopped, populated; /* by it: others */
};
static struct work *works;
static pid_t pids[WORKERS];
static size_t header_bytes;

static void become_user(int worker, pid_t test)
{
    const uid_t user = worker % 2 == 0 ? USER : USER + 1;
    if (geteuid() == 0 && (setgroups(0, NULL) != 0 || setgid(user) != 0 || setuid(user) != 0))
        _exit(99);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* which another user's id has taken away; */
    prctl(PR_SET_DUMPABLE, 1);        /* and that those of the same user may look at it, and let it run */
    if (getppid() != test)
        _exit(98);
}

/* None of these is told to succeed. */
static void do_something(struct work *own, peermap_segment *segment, uint64_t dice)
{
    peermap_round round;
    peermap_peer peers[SLOTS];
    memset(&round, 0, sizeof round);
    switch (dice % 8) {
    case 0:
    case 1: either_way(peermap_grow(segment, 1 + dice % 65536, &round)); break;
    case 2: either_way(peermap_shrink(segment, 4096, &round)); break;
    case 3: either_way(peermap_remap(segment, 0, &round)); break;
    case 4: either_way(peermap_set_root(segment, "root", peermap_base(segment), 8, "word")); break;
    case 5: either_way(peermap_peers(segment, peers, SLOTS)); break;
    case 6: peermap_reap(segment); break;
    default: peermap_pin(segment), peermap_unpin(segment); break;
    }
    own->unstopped += round.unstopped;
    own->populated += round.populated > 1;
}

static void allocate_something(peermap_segment *segment, uint64_t dice)
{
    static void *object[16];
    peermap_heap found;
    void **at = &object[dice >> 8 & 15];
    switch (dice % 8) {
    case 0:
    case 1: *at = peermap_alloc(segment, dice >> 16 & 16383); break;
    case 2: *at = peermap_calloc(segment, 1, dice >> 16 & 65535); break;
    case 3: *at = peermap_realloc(segment, *at, dice >> 16 & 32767); break;
    case 4: peermap_free(segment, *at); break;
    case 5: either_way(peermap_heap_stats(segment, &found)); break;
    case 6: peermap_trim(segment, NULL); break;
    default: (void)peermap_object_size(segment, *at); break;
    }
}

static void say_nothing(const peermap_heap_fault *fault, void *context)
{
    (void)fault;
    (void)context;
}

/* Memory of its own, where nothing of the segment has any business. */
static void map_beside(uint64_t address)
{
    uint64_t *at = mmap((void *)(uintptr_t)address, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    CHECK((uintptr_t)at == address);
    *at = address;
}

static void work(int worker, pid_t test)
{
    struct work *own = &works[worker];
    uint64_t dice = 88172645463325252u + (uint64_t)worker;
    munmap(its_header, header_bytes);
    map_beside(before);
    map_beside(behind);
    become_user(worker, test);
    peermap_on_heap_fault(say_nothing, NULL);
    for (;;) {
        peermap_options options = { .struct_size = sizeof options, .deadline_ms = 40, .flags = now->flags | PEERMAP_FOREIGN | (worker % 3 == 0 ? PEERMAP_ALLOW_LATE : 0) };
        options.flags |= chance(&dice) % 4 == 0 ? PEERMAP_READ_ONLY : 0;
        peermap_segment *segment;
        if (peermap_attach(seg(), &options, &segment) != 0) {
            own->turns++;
            usleep(1000);
            continue;
        }
        __atomic_add_fetch(&own->entered, 1, __ATOMIC_SEQ_CST);
        own->words_end = options.flags & PEERMAP_READ_ONLY ? (uintptr_t)segment->start + segment->shape.places.everybodys_end : 0;
        __atomic_store_n(&own->to, (uintptr_t)segment->start + segment->reservation, __ATOMIC_SEQ_CST);
        __atomic_store_n(&own->from, (uintptr_t)segment->start, __ATOMIC_SEQ_CST);
        for (uint64_t i = 0, times = chance(&dice) % 40; i < times; i++) {
            const uint64_t thrown = chance(&dice);
            if (now->creation & PEERMAP_HEAP && thrown >> 60 < 12)
                allocate_something(segment, thrown);
            else
                do_something(own, segment, thrown);
            own->turns++;
        }
        __atomic_store_n(&own->from, 0, __ATOMIC_SEQ_CST);
        peermap_detach(segment);
    }
}

static void start_worker(int worker)
{
    const pid_t test = getpid();
    works[worker].from = 0;
    pids[worker] = fork();
    CHECK(pids[worker] >= 0);
    if (pids[worker] == 0)
        work(worker, test);
}

static uint64_t sum_of(size_t counter)
{
    uint64_t sum = 0;
    for (int worker = 0; worker < WORKERS; worker++)
        sum += *(const uint64_t *)(const void *)((const char *)&works[worker] + counter);
    return sum;
}

/* ---- looking from outside ---- */

/* The programs and libraries that a worker has mapped, as the kernel lists them: those that it had before it attached to anything. */
static char programs[256][256];
static int program_count;

static void read_maps(pid_t pid, char *text, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *maps = fopen(path, "r");
    size_t length = maps ? fread(text, 1, size - 1, maps) : 0;
    if (maps)
        fclose(maps);
    text[length] = '\0';
}

static char *next_line(char **at)
{
    char *line = *at, *end = strchr(line, '\n');
    if (!end)
        return NULL;
    *end = '\0';
    *at = end + 1;
    return line;
}

static void note_programs(void)
{
    static char text[1 << 18];
    char *at = text, *line;
    read_maps(getpid(), text, sizeof text);
    while (program_count < 256 && (line = next_line(&at)) != NULL)
        if (strchr(line, '/') && !strstr(line, " /dev/"))
            snprintf(programs[program_count++], sizeof *programs, "%.255s", line);
    CHECK(program_count > 4);
}

/* It is the same memory: what it holds is what was written there. */
static void look_beside(int worker, uint64_t address)
{
    uint64_t word = 0;
    const struct iovec mine = { &word, sizeof word }, its = { (void *)(uintptr_t)address, sizeof word };
    if (process_vm_readv(pids[worker], &mine, 1, &its, 1, 0) == sizeof word && word != address)
        FAIL("%s: at %" PRIx64 ", beside the reservation, worker %d has %" PRIx64, now->what, address, worker, word);
}

static bool may_write(const struct work *work, uint64_t from, uint64_t to)
{
    return work->words_end == 0 || (from >= work->from + PM_EVERYBODYS && to <= work->words_end);
}

/* True if it has been lent a page, as a call of the library is that finds its data cut short (touch.h): for no longer than that call. */
static bool look(int worker)
{
    static char text[1 << 20];
    char object[128], *at = text, *line;
    const struct work then = works[worker];
    int there = 0, beside = 0, stacks = 0, loans = 0;
    snprintf(object, sizeof object, "/dev/shm/peermap.%s", seg());
    read_maps(pids[worker], text, sizeof text);
    if (then.from == 0 || __atomic_load_n(&works[worker].from, __ATOMIC_SEQ_CST) != then.from || __atomic_load_n(&works[worker].entered, __ATOMIC_SEQ_CST) != then.entered)
        return false; /* it was attaching or leaving */
    look_beside(worker, before);
    look_beside(worker, behind);
    while ((line = next_line(&at)) != NULL) {
        uint64_t from, to;
        char rights[8];
        if (there < program_count && strcmp(line, programs[there]) == 0)
            there++;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %7s", &from, &to, rights) != 3)
            continue;
        const bool is_object = strstr(line, object) != NULL, inside = from >= then.from && to <= then.to, own = strcmp(rights, "rw-p") == 0;
        if (is_object ? !inside : !inside && to > then.from && from < then.to)
            FAIL("%s: reservation %" PRIx64 "-%" PRIx64 " of worker %d, but: %s", now->what, then.from, then.to, worker, line);
        if (inside && own && now->creation & PEERMAP_HEAP)
            loans++;
        else if (inside && strcmp(rights, !is_object ? "---p" : may_write(&then, from, to) ? "rw-s" : "r--s") != 0)
            FAIL("%s: worker %d has in its reservation: %s", now->what, worker, line);
        beside += own && ((from <= before && to >= before + PAGE) || (from <= behind && to >= behind + PAGE));
        stacks += own && strstr(line, "[stack]") != NULL;
    }
    if (beside != 2 || stacks != 1)
        FAIL("%s: worker %d has not mapped any more what it had beside its reservation, or its stack", now->what, worker);
    if (there != program_count)
        FAIL("worker %d has not mapped any more: %s", worker, programs[there]);
    return loans > 0;
}

static bool look_at(int worker)
{
    int status;
    if (waitpid(pids[worker], &status, WNOHANG) == 0)
        return look(worker);
    FAIL("worker %d ended: %s %d", worker, WIFSIGNALED(status) ? "signal" : "code", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
}

static void keep_going(uint64_t *turns, uint64_t *since)
{
    for (int worker = 0; worker < WORKERS; worker++) {
        if (works[worker].turns != turns[worker] || since[worker] == 0) {
            turns[worker] = works[worker].turns;
            since[worker] = now_ns();
        } else if (now_ns() - since[worker] > CALLS_END_MS * UINT64_C(1000000)) {
            FAIL("worker %d is in one call for more than %d ms", worker, CALLS_END_MS);
        }
    }
}

/* ---- the writer ---- */

static uint64_t lie_about(uint64_t word, int kind, uint64_t *dice)
{
    switch (kind) {
    case 0: return 0;
    case 1: return UINT64_MAX;
    case 2: return UINT64_C(1) << 40;
    case 3: return word + 4096;
    case 4: return word ^ UINT64_C(1) << chance(dice) % 64;
    case 5: return (uintptr_t)&works; /* an address */
    default: return chance(dice);
    }
}
#define LIES 7

/* Some words are put back by whoever finds them wrong, or never: so all of them are, now and then. */
static void put_all_back(const void *pristine, uint64_t length)
{
    memcpy(its_header, pristine, length);
    const uint64_t active = its_header->active & PM_ACTIVE_BYTES;
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    if (truncate(path, (off_t)(its_header->header_len + active)) != 0)
        FAIL("%s: %s at %" PRIu64 " + %" PRIu64, path, strerror(errno), its_header->header_len, active);
}

static void end_worker(int worker)
{
    kill(pids[worker], SIGKILL);
    waitpid(pids[worker], NULL, 0);
}

static void restart(int worker, uint64_t *turns, uint64_t *since)
{
    end_worker(worker);
    start_worker(worker);
    turns[worker] = since[worker] = 0;
}

/* Runs of words, by where they begin and end in the header. */
struct words {
    uint64_t from, to;
};

static int words_of(struct words *words)
{
    const struct pm_header *header = its_header;
    int count = 0;
    words[count++] = (struct words){ 0, offsetof(struct pm_header, identity) + sizeof header->identity };
    words[count++] = (struct words){ PM_EVERYBODYS, sizeof *header };
    words[count++] = (struct words){ header->slots_off, header->slots_off + SLOTS * sizeof(struct pm_slot) };
    if (now == kinds) {
        words[count++] = (struct words){ header->roots_off, header->roots_off + 2 * sizeof(struct pm_root) };
        words[count++] = (struct words){ header->events_off, header->events_off + 2 * sizeof(struct pm_event) };
    }
    if (now->creation & PEERMAP_HEAP) {
        struct pm_places places;
        pm_places_find(header, &places);
        const struct pm_heap_places heap = places.heap;
        words[count++] = (struct words){ heap.hints, heap.hints + 256 };
        words[count++] = (struct words){ heap.summary, heap.summary + 16 };
        words[count++] = (struct words){ heap.records, heap.records + 8 * sizeof(struct pm_record) };
        words[count++] = (struct words){ heap.words, heap.words + pm_heap_units(RESERVE) * sizeof(uint64_t) };
        words[count++] = (struct words){ heap.bits, heap.bits + 4 * sizeof(struct pm_bits) };
    }
    return count;
}
#define WORDS_MAX 10

static void lie_once(uint64_t *at, int lie, uint64_t *dice, int looked_at, uint64_t *turns, uint64_t *since)
{
    const int chosen = (int)(chance(dice) % WORKERS);
    const uint64_t fate = chance(dice) % 16, was = __atomic_load_n(at, __ATOMIC_SEQ_CST);
    if (fate < 4)
        kill(pids[chosen], SIGSTOP);
    __atomic_store_n(at, lie_about(was, lie, dice), __ATOMIC_SEQ_CST);
    if (fate == 4)
        restart(chosen, turns, since);
    usleep(now->pause);
    look_at(looked_at);
    if (lie % 2 == 0)
        __atomic_store_n(at, was, __ATOMIC_SEQ_CST);
    if (fate < 4)
        kill(pids[chosen], SIGCONT);
    keep_going(turns, since);
}

static bool is_unstopping_possible(void)
{
    char scope = '0';
    FILE *file = fopen("/proc/sys/kernel/yama/ptrace_scope", "r");
    if (file) {
        scope = (char)fgetc(file);
        fclose(file);
    }
    return scope == '0';
}

/* Where the lies left no time for that: so that it is known to have been possible here. */
static void climb_the_rungs(const void *pristine, uint64_t length)
{
    if (!(now->creation & PEERMAP_STRICT))
        return;
    while (sum_of(offsetof(struct work, populated)) == 0)
        put_all_back(pristine, length), usleep(20000);
    if (!is_unstopping_possible()) {
        printf("nobody can be let run here (kernel.yama.ptrace_scope)\n");
        return;
    }
    for (int worker = 0; sum_of(offsetof(struct work, unstopped)) == 0; worker = (worker + 1) % WORKERS) {
        kill(pids[worker], SIGSTOP);
        usleep(30000);
        kill(pids[worker], SIGCONT);
        put_all_back(pristine, length);
        usleep(30000);
    }
}

static void create(void)
{
    peermap_options options = { .struct_size = sizeof options, .reserve_size = RESERVE, .initial_size = 65536, .mode = 0666, .max_peers = SLOTS, .flags = now->creation };
    peermap_segment *segment;
    CHECK_INT(peermap_create(seg(), &options, &segment), 0);
    map_header();
    header_bytes = header_length();
    before = (uintptr_t)segment->start - PAGE;
    behind = (uintptr_t)segment->start + segment->reservation;
    peermap_detach(segment);
}

static void lie_about_all(void)
{
    alarm(120);
    create();
    struct words words[WORDS_MAX];
    const char *word = getenv("PEERMAP_LONG");
    const int runs = words_of(words), lies = word && strcmp(word, "1") == 0 ? now->lies : now->few;
    void *pristine = malloc(header_bytes);
    memcpy(pristine, its_header, header_bytes);
    uint64_t turns[WORKERS] = { 0 }, since[WORKERS] = { 0 }, dice = 362436069u, count = 0;
    memset(works, 0, WORKERS * sizeof *works);
    for (int worker = 0; worker < WORKERS; worker++)
        start_worker(worker);
    for (int run = 0; run < runs; run++) {
        for (uint64_t off = words[run].from; off < words[run].to; off += sizeof(uint64_t), count++) {
            for (int i = 0; i < lies; i++) /* each worker is looked at with some lie about each word, or about the next */
                lie_once((uint64_t *)(void *)((char *)its_header + off), (int)((count * (uint64_t)lies + (uint64_t)i) % LIES), &dice,
                         (int)((count + (uint64_t)i) % WORKERS), turns, since);
            if (count % 4 != 0)
                continue;
            for (int worker = 0; worker < WORKERS; worker++) {
                look_at(worker);
                restart(worker, turns, since);
            }
            put_all_back(pristine, header_bytes);
        }
    }
    climb_the_rungs(pristine, header_bytes);
    for (int worker = 0; worker < WORKERS; worker++)
        UNTIL(!look_at(worker)); /* nobody keeps a loan */
    for (int worker = 0; worker < WORKERS; worker++)
        end_worker(worker);
    printf("%s: %" PRIu64 " words, %" PRIu64 " calls, %" PRIu64 " were let run, %" PRIu64 " times others were populated\n", now->what, count,
           sum_of(offsetof(struct work, turns)), sum_of(offsetof(struct work, unstopped)), sum_of(offsetof(struct work, populated)));
    free(pristine);
    munmap(its_header, header_bytes);
    CHECK_INT(peermap_unlink(seg()), 0);
}

int main(int argc, char **argv)
{
    (void)argc;
    setup(argv);
    works = mmap(NULL, WORKERS * sizeof *works, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    note_programs();
    for (now = kinds; now < kinds + KINDS; now++)
        lie_about_all();
    return 0;
}
