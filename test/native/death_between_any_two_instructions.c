/* SPDX-License-Identifier: MIT */
/*
 * A peer is killed between two instructions of its agent, in the middle of attaching, growing, shrinking, detaching, wherever that makes a
 * difference: the next one takes over, sizes, maps and data are right, and neither its slot nor its name is lost.
 *
 * What a death leaves behind is the header, the kernel's own state, and the robust list, which the kernel reads when the agent dies.  One run is
 * recorded step by step: which instructions changed the header or that list, or entered the kernel for more than a wait.  Between two of them all
 * deaths are one and the same.  So a peer dies before each of these, and after the last; it runs to its death by a breakpoint of its agent's own.
 */
#include "os.h"
#include "stepped.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>

#define ACTIVE 65536u

static struct peer *witness;

static void act(const char *operation)
{
    peermap_options options = { .struct_size = sizeof options, .peer_name = "victim", .deadline_ms = 20000 };
    peermap_segment *segment;
    bool attaching = strcmp(operation, "attach") == 0;
    if (attaching)
        raise(SIGSTOP);
    CHECK_INT(peermap_attach(seg(), &options, &segment), 0);
    if (attaching)
        _exit(0);
    raise(SIGSTOP);
    if (strcmp(operation, "detach") == 0)
        peermap_detach(segment);
    else if (strcmp(operation, "grow") == 0)
        CHECK_INT(peermap_grow(segment, 8192, NULL), 0);
    else if (strcmp(operation, "shrink") == 0)
        CHECK_INT(peermap_shrink(segment, 8192, NULL), 0);
    _exit(0);
}

/* The other thread of the process. */
static pid_t agent_of(pid_t pid)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *tasks = opendir(path);
    pid_t found = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks)) != NULL;)
        if (atoi(entry->d_name) > 0 && atoi(entry->d_name) != pid)
            found = atoi(entry->d_name);
    closedir(tasks);
    return found;
}

/* ---- what a death leaves behind ---- */

#define EVENTS_WATCHED 64u
#define ENTRIES_WATCHED 4u

static const char *object; /* read-only */
static size_t watched;     /* of it, from its beginning: header and slots; */
static size_t roots, roots_watched; /* and where those are */
static uint64_t first_event;

struct left {
    char header[65536];
    struct pm_event events[EVENTS_WATCHED]; /* from `first_event` on */
    uintptr_t list[3 + ENTRIES_WATCHED];    /* the robust list's head, and where its entries lead to */
};

static void watch_object(void)
{
    char path[128];
    snprintf(path, sizeof path, "/dev/shm/peermap.%s", seg());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    object = mmap(NULL, header_length(), PROT_READ, MAP_SHARED, fd, 0);
    CHECK(object != MAP_FAILED);
    close(fd);
    const struct pm_header *header = (const void *)object;
    watched = header->events_off;
    roots = header->roots_off;
    roots_watched = header->root_count * sizeof(struct pm_root);
    CHECK(watched + roots_watched <= sizeof((struct left *)0)->header);
}

static bool read_from(pid_t pid, uintptr_t address, void *copy, size_t length)
{
    struct iovec to = { copy, length }, from = { (void *)address, length };
    return process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)length;
}

static uintptr_t list_of(pid_t agent)
{
    void *list = NULL;
    size_t length;
    return syscall(SYS_get_robust_list, agent, &list, &length) == 0 ? (uintptr_t)list : 0;
}

/* `list` is where the agent's robust list is; 0 if it has none yet. */
static void look(struct left *left, pid_t agent, uintptr_t list)
{
    const struct pm_header *header = (const void *)object;
    const struct pm_event *events = (const void *)(object + header->events_off);
    memcpy(left->header, object, watched);
    memcpy(left->header + watched, object + roots, roots_watched);
    for (uint64_t i = 0; i < EVENTS_WATCHED; i++)
        left->events[i] = events[(first_event + i) % header->event_count];
    memset(left->list, 0, sizeof left->list);
    if (list == 0 || !read_from(agent, list, left->list, 3 * sizeof *left->list))
        return;
    uintptr_t entry = left->list[0];
    for (uint32_t i = 0; i < ENTRIES_WATCHED && entry != list && read_from(agent, entry, &entry, sizeof entry); i++)
        left->list[3 + i] = entry;
}

static bool same(const struct left *a, const struct left *b)
{
    return memcmp(a->header, b->header, watched + roots_watched) == 0 && memcmp(a->events, b->events, sizeof a->events) == 0 &&
           memcmp(a->list, b->list, sizeof a->list) == 0;
}

/* ---- a victim ---- */

struct victim {
    pid_t pid, agent;
    bool ended;
};

/* A process that is about to begin with the operation; its agent stands. */
static struct victim victim_of(const char *operation)
{
    int status;
    struct victim victim = { .pid = fork() };
    CHECK(victim.pid >= 0);
    if (victim.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        act(operation);
    }
    CHECK(waitpid(victim.pid, &status, WUNTRACED) == victim.pid && WIFSTOPPED(status));
    victim.agent = agent_of(victim.pid);
    if (victim.agent != 0) {
        if (ptrace(PTRACE_SEIZE, victim.agent, 0, 0) != 0)
            SKIP("cannot trace: %s", strerror(errno));
        CHECK(ptrace(PTRACE_INTERRUPT, victim.agent, 0, 0) == 0);
        CHECK(waitpid(victim.agent, &status, __WALL) == victim.agent);
        CHECK(kill(victim.pid, SIGCONT) == 0);
        return victim;
    }
    /* Not yet: it stops when it begins. */
    if (ptrace(PTRACE_SEIZE, victim.pid, 0, PTRACE_O_TRACECLONE) != 0)
        SKIP("cannot trace: %s", strerror(errno));
    CHECK(kill(victim.pid, SIGCONT) == 0);
    while (victim.agent == 0) {
        pid_t who = waitpid(-1, &status, __WALL);
        if (who == victim.pid && WIFSTOPPED(status))
            CHECK(ptrace(PTRACE_CONT, victim.pid, 0, status >> 16 ? 0 : WSTOPSIG(status) == SIGCONT ? SIGCONT : 0) == 0);
        else if (who != victim.pid && WIFSTOPPED(status))
            victim.agent = who;
    }
    return victim;
}

/* Lets the agent go on for an instruction, or to its breakpoint.  After its answer the process ends when it likes, and the agent with it. */
static bool goes_on(struct victim *victim, enum __ptrace_request how)
{
    int status;
    CHECK(ptrace(how, victim->agent, 0, 0) == 0 || errno == ESRCH);
    CHECK(waitpid(victim->agent, &status, __WALL) == victim->agent);
    victim->ended = !WIFSTOPPED(status);
    return !victim->ended;
}

/* False if it has ended: it may do so while it stands, too. */
static bool stands(struct victim *victim, struct user_regs_struct *registers)
{
    int status;
    if (registers_of(victim->agent, registers))
        return true;
    CHECK(errno == ESRCH && waitpid(victim->agent, &status, __WALL) == victim->agent);
    victim->ended = !WIFSTOPPED(status);
    CHECK(victim->ended);
    return false;
}

static void die(struct victim *victim)
{
    int status;
    kill(victim->pid, SIGKILL);
    if (!victim->ended)
        while (waitpid(victim->agent, &status, __WALL) == victim->agent && WIFSTOPPED(status)) {}
    while (waitpid(victim->pid, &status, __WALL) == victim->pid && WIFSTOPPED(status)) {}
}

/* ---- where to die ---- */

#define MOST_PLACES 20000u
#define VISITS (1u << 16)

/* Before the instruction `at`, when the agent comes to it for the `nth` time; if it is one that stores over and over, after `stores` of them. */
struct place {
    uintptr_t at;
    uint32_t nth, stores;
};

static struct place places[MOST_PLACES];
static uint32_t place_count;

static struct visit {
    uintptr_t at;
    uint32_t times;
} visits[VISITS];

static uint32_t visited(uintptr_t at)
{
    size_t i = at * UINT64_C(0x9e3779b97f4a7c15) >> 48;
    while (visits[i].at != at && visits[i].at != 0)
        i = (i + 1) % VISITS;
    visits[i].at = at;
    return ++visits[i].times;
}

/* Stores that nobody else sees, many of them in one instruction: not worth a look at each. */
static bool clears_its_own(const struct user_regs_struct *registers)
{
    uintptr_t at = stores_at(registers), begin = witness->base - header_length();
    return stores_over_and_over(place_of(registers)) && (at < begin || at >= witness->base + ACTIVE);
}

/* The agent's next step, as a place. */
static void come_to(struct place *place, uintptr_t at)
{
    if (at == place->at && stores_over_and_over(at))
        place->stores++;
    else
        *place = (struct place){ .at = at, .nth = visited(at) };
}

/* What others do meanwhile is taken for the victim's: that costs some deaths more. */
static void record(const char *operation)
{
    static struct left before, after;
    struct victim victim = victim_of(operation);
    struct user_regs_struct registers;
    struct place here = { 0, 0, 0 };
    uintptr_t list = list_of(victim.agent);
    place_count = 0;
    memset(visits, 0, sizeof visits);
    first_event = header_word(offsetof(struct pm_header, event_head));
    look(&before, victim.agent, list);
    while (stands(&victim, &registers)) {
        bool kernel = enters_kernel(place_of(&registers)), uncounted = clears_its_own(&registers) || waits(&registers);
        if (!waits(&registers))
            come_to(&here, place_of(&registers));
        if (!goes_on(&victim, PTRACE_SINGLESTEP))
            break;
        if (uncounted)
            continue;
        if (kernel)
            list = list_of(victim.agent);
        look(&after, victim.agent, list);
        if (!kernel && same(&before, &after))
            continue;
        CHECK(place_count < MOST_PLACES);
        places[place_count++] = here;
        memcpy(before.header, after.header, watched + roots_watched);
        memcpy(before.events, after.events, sizeof before.events);
        memcpy(before.list, after.list, sizeof before.list);
    }
    die(&victim);
}

/* Has the agent come to `at` the next time. */
static bool come_again(struct victim *victim, uintptr_t at)
{
    struct user_regs_struct registers;
    bool quick = breakpoint(victim->agent, at);
    uintptr_t last = at;
    while (goes_on(victim, quick ? PTRACE_CONT : PTRACE_SINGLESTEP) && stands(victim, &registers)) {
        bool there = place_of(&registers) == at && (quick || last != at || !stores_over_and_over(at));
        last = place_of(&registers);
        if (there && !waits(&registers))
            return breakpoint(victim->agent, 0);
        if (there && quick && (!breakpoint(victim->agent, 0) || !goes_on(victim, PTRACE_SINGLESTEP) || !breakpoint(victim->agent, at)))
            return false;
    }
    return false;
}

/* False if the agent did not come there: it came past by another way, as happens where it waits for others. */
static bool die_at(const char *operation, const struct place *place)
{
    struct user_regs_struct registers;
    struct victim victim = victim_of(operation);
    bool there = stands(&victim, &registers);
    for (uint32_t times = there && place_of(&registers) == place->at && !waits(&registers); there && times < place->nth; times++)
        there = (times == 0 || goes_on(&victim, PTRACE_SINGLESTEP)) && come_again(&victim, place->at);
    for (uint32_t i = 0; there && i < place->stores; i++)
        there = goes_on(&victim, PTRACE_SINGLESTEP);
    die(&victim);
    return there;
}

static void all_is_well(const char *operation, uint32_t death)
{
    uint64_t size = size_of(witness);
    if (strncmp(ask(witness, "grow 4096"), "ok", 2) != 0 || strncmp(ask(witness, "shrink 4096"), "ok", 2) != 0)
        FAIL("after death %u in %s: %s", death, operation, witness->line);
    size = size_of(witness);
    CHECK(size == ACTIVE || size == ACTIVE + 8192 || size == ACTIVE - 8192);
    maps_exactly(witness, size);
    CHECK_INT(object_length(), header_length() + size);
    ok(witness, "check 0 %u 9", size < ACTIVE ? ACTIVE - 8192 : ACTIVE);
    struct peer *next = start_peer("victim", NULL);
    if (strncmp(next->line, "ready", 5) != 0)
        FAIL("after death %u in %s: %s", death, operation, next->line);
    CHECK_INT(end_peer(next), 0);
    ok(witness, "reap");
    const char *registry = ok(witness, "peers");
    if (strchr(registry + 1, ' '))
        FAIL("after death %u in %s the registry has%s", death, operation, registry);
    if (size > ACTIVE)
        ok(witness, "shrink %" PRIu64, size - ACTIVE);
    else if (size < ACTIVE)
        ok(witness, "grow %" PRIu64, ACTIVE - size);
    ok(witness, "fill 0 %u 9", ACTIVE);
}

/* The watchdog is one death's: how many there are is for the code to say, how long they take for the machine. */
static void die_everywhere(const char *operation)
{
    uint32_t missed = 0;
    alarm(120);
    record(operation);
    all_is_well(operation, 0);
    for (uint32_t i = 0; i < place_count; i++) {
        alarm(120);
        bool there = false;
        for (int attempt = 0; attempt < 3 && !there; attempt++) {
            there = die_at(operation, &places[i]);
            all_is_well(operation, i);
        }
        missed += !there;
    }
    printf("%s: %u deaths, %u places not come to again\n", operation, place_count, missed);
    if (place_count < 10 || missed * 2 > place_count)
        FAIL("of %u places in %s the agent did not come to %u again", place_count, operation, missed);
}

int main(int argc, char **argv)
{
    (void)argc;
#ifdef __SANITIZE_ADDRESS__
    SKIP("the sanitizers' own instructions are too many to step through");
#endif
    NOT_WITH_THREAD_SANITIZER("there are too many instructions");
    setup(argv);
    witness = ready_peer("witness", "create 65536 slots 3 deadline 20000");
    ok(witness, "fill 0 %u 9", ACTIVE);
    watch_object();
    die_everywhere("detach");
    die_everywhere("attach");
    die_everywhere("grow");
    die_everywhere("shrink");
    return 0;
}
