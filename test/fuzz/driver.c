/* SPDX-License-Identifier: MIT */
/*
 * driver.c - a small coverage-guided fuzzer, for machines that have gcc and no libFuzzer.
 *
 *     TARGET [--seconds N] [--runs N] [--seed N] [--findings FOLDER] [--keep FOLDER] [FILE | FOLDER]...
 *
 * Runs the inputs given, then makes others from those that reached something new.  A worker does that; this process watches it, and
 * whatever it was at when it died or hung is the finding.  Writes what happened to standard error, and one line of JSON at the end.
 */
#include "fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MOST_INPUTS 4096u
#define HANG_S 20 /* no input takes a second, even on a busy machine */

static struct {
    double seconds;
    uint64_t runs;
    uint64_t seed;
    const char *findings, *keep;
} options = { .runs = UINT64_MAX, .seed = 1 };

/* Shared by the two processes. */
static struct report {
    uint64_t executions, edges, inputs;
    uint32_t size;
    uint8_t input[FUZZ_INPUT_MAX]; /* the one that runs */
    uint8_t edge[FUZZ_EDGES];
} *report;

static struct input {
    uint8_t *bytes;
    size_t size;
} inputs[MOST_INPUTS];
static uint8_t known[FUZZ_EDGES]; /* how often each edge was taken: one bit for each class */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t random_number(void)
{
    options.seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t mixed = (options.seed ^ options.seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

size_t LLVMFuzzerMutate(uint8_t *bytes, size_t size, size_t most)
{
    (void)most;
    if (size < 8)
        return size;
    const size_t at = random_number() % size;
    const uint64_t word = random_number();
    switch (random_number() % 4) {
    case 0: bytes[at] ^= (uint8_t)(1u << word % 8); break;
    case 1: bytes[at] = (uint8_t)word; break;
    case 2: memcpy(bytes + at / 8 * 8, &word, at / 8 * 8 + 8 <= size ? 8 : 1); break;
    default: memmove(bytes + at / 8 * 8, bytes + word % size / 8 * 8, at / 8 * 8 + 8 <= size && word % size / 8 * 8 + 8 <= size ? 8 : 0); break;
    }
    return size;
}

/* ---- leaks ---- */

int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t), void (*on_free)(const volatile void *));
int __lsan_do_recoverable_leak_check(void);
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    /* Clearing shadow by mapping it anew costs more faults than it saves time. */
    return "handle_abort=1:allocator_may_return_null=1:quarantine_size_mb=4:clear_shadow_mmap_threshold=100000000";
}

static int64_t unfreed;
static void on_malloc(const volatile void *block, size_t size) { (void)block, (void)size, __atomic_fetch_add(&unfreed, 1, __ATOMIC_RELAXED); }
static void on_free(const volatile void *block) { __atomic_fetch_sub(&unfreed, block != NULL, __ATOMIC_RELAXED); }

/* Looking for leaks takes long: only after an input that freed less than it took, and not for ever. */
static void check_leaks(int64_t before)
{
    static int checks;
    if (__atomic_load_n(&unfreed, __ATOMIC_RELAXED) > before && checks++ < 50 && __lsan_do_recoverable_leak_check() != 0)
        fuzz_found("memory was leaked");
}

/* ---- the worker ---- */

/* True if it reached an edge that none before did, or one much more often. */
static bool is_new(void)
{
    bool found = false;
    for (size_t i = 0; i < FUZZ_EDGES; i++) {
        const uint8_t count = fuzz_edges[i];
        if (count == 0)
            continue;
        /* Where threads take part, how often says nothing. */
        const uint8_t class = fuzz_plays_scripts || count == 1 ? 1 : count < 4 ? 2 : count < 32 ? 4 : 8;
        report->edges += known[i] == 0;
        found = found || (known[i] & class) == 0;
        known[i] |= class;
    }
    return found;
}

static bool run(const uint8_t *bytes, size_t size)
{
    memcpy(report->input, bytes, size);
    report->size = (uint32_t)size;
    __atomic_add_fetch(&report->executions, 1, __ATOMIC_SEQ_CST);
    fuzz_coverage_begin();
    const int64_t before = __atomic_load_n(&unfreed, __ATOMIC_RELAXED);
    const bool counts = LLVMFuzzerTestOneInput(bytes, size) == 0;
    check_leaks(before);
    return counts && is_new();
}

static uint64_t hash(const uint8_t *bytes, size_t size)
{
    uint64_t sum = UINT64_C(14695981039346656037);
    for (size_t i = 0; i < size; i++)
        sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
    return sum;
}

static void write_input(const char *folder, const char *prefix, const uint8_t *bytes, size_t size, char path[512])
{
    snprintf(path, 512, "%s/%s%016" PRIx64, folder, prefix, hash(bytes, size));
    FILE *file = fopen(path, "wb");
    if (!file || fwrite(bytes, 1, size, file) != size)
        fprintf(stderr, "cannot write %s: %s\n", path, strerror(errno));
    if (file)
        fclose(file);
}

static void add(const uint8_t *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    const uint64_t at = report->inputs < MOST_INPUTS ? report->inputs++ : random_number() % MOST_INPUTS;
    if (!copy)
        return;
    memcpy(copy, bytes, size);
    free(inputs[at].bytes);
    inputs[at] = (struct input){ copy, size };
}

static void read_inputs(const char *path)
{
    static uint8_t bytes[FUZZ_INPUT_MAX];
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char inside[512];
        snprintf(inside, sizeof inside, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.')
            read_inputs(inside);
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
        return;
    }
    FILE *file = fopen(path, "rb");
    size_t size = file ? fread(bytes, 1, sizeof bytes, file) : 0;
    if (file)
        fclose(file);
    if (size > 0) {
        add(bytes, size);
        (void)run(bytes, size);
    }
}

static size_t make_input(uint8_t out[FUZZ_INPUT_MAX])
{
    const struct input *one = &inputs[random_number() % report->inputs], *two = &inputs[random_number() % report->inputs];
    size_t size = one->size;
    if (random_number() % 8 == 0)
        size = LLVMFuzzerCustomCrossOver(one->bytes, one->size, two->bytes, two->size, out, FUZZ_INPUT_MAX, (unsigned int)random_number());
    else
        memcpy(out, one->bytes, size);
    return LLVMFuzzerCustomMutator(out, size, FUZZ_INPUT_MAX, (unsigned int)random_number());
}

static void work(int count, char **paths)
{
    static uint8_t bytes[FUZZ_INPUT_MAX];
    char kept[512];
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    fuzz_edges = report->edge;
    LLVMFuzzerInitialize(NULL, NULL);
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
    for (int i = 0; i < count; i++)
        read_inputs(paths[i]);
    if (report->inputs == 0)
        add((const uint8_t *)"", 1);
    for (const double until = now() + options.seconds; now() < until && report->executions < options.runs;) {
        const size_t size = make_input(bytes);
        if (!run(bytes, size))
            continue;
        add(bytes, size);
        if (options.keep)
            write_input(options.keep, "", bytes, size, kept);
    }
    for (size_t i = 0; i < MOST_INPUTS; i++)
        free(inputs[i].bytes);
}

/* ---- the watch over it ---- */

static pid_t worker;

static void interrupted(int signal_number)
{
    (void)signal_number;
    char path[128];
    kill(worker, SIGKILL);
    snprintf(path, sizeof path, "%s/%stest-fuzz-%d", PM_DIRECTORY, PM_PREFIX, (int)worker);
    unlink(path);
    _exit(130);
}

/* Its wait status.  One that hangs is ended by SIGABRT, for the trace. */
static int watch_worker(bool *hung)
{
    const struct timespec slice = { .tv_nsec = 200000000 };
    sigset_t child;
    uint64_t seen = 0;
    double since = now();
    int status;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    for (*hung = false; waitpid(worker, &status, WNOHANG) == 0; sigtimedwait(&child, NULL, &slice)) {
        const uint64_t executions = __atomic_load_n(&report->executions, __ATOMIC_SEQ_CST);
        if (executions != seen) {
            seen = executions;
            since = now();
        } else if (now() - since > HANG_S * (*hung ? 2 : 1)) {
            kill(worker, *hung ? SIGKILL : SIGABRT);
            *hung = true;
        }
    }
    return status;
}

static int tell(int status, bool hung)
{
    char path[512] = "";
    const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !hung;
    snprintf(path, sizeof path, "%s/%stest-fuzz-%d", PM_DIRECTORY, PM_PREFIX, (int)worker);
    unlink(path);
    path[0] = '\0';
    if (!good && options.findings)
        write_input(options.findings, "", report->input, report->size, path);
    /* A thread that blocks all signals is killed by a fault before any handler can tell of it. */
    if (hung)
        fprintf(stderr, "%s: execution %" PRIu64 " did not come to an end\n", fuzz_target, report->executions);
    else if (!good)
        fprintf(stderr, "%s: execution %" PRIu64 " ended the process: %s\n", fuzz_target, report->executions,
                WIFSIGNALED(status) ? strsignal(WTERMSIG(status)) : "see above");
    printf("{\"target\":\"%s\",\"executions\":%" PRIu64 ",\"edges\":%" PRIu64 ",\"inputs\":%" PRIu64 ",\"good\":%s,\"finding\":\"%s\"}\n",
           fuzz_target, report->executions, report->edges, report->inputs, good ? "true" : "false", path);
    return good ? 0 : 1;
}

static int read_options(int argc, char **argv)
{
    int at = 1;
    for (; at + 1 < argc && strncmp(argv[at], "--", 2) == 0; at += 2) {
        const char *name = argv[at] + 2, *value = argv[at + 1];
        if (strcmp(name, "seconds") == 0)
            options.seconds = strtod(value, NULL);
        else if (strcmp(name, "runs") == 0)
            options.runs = strtoull(value, NULL, 10);
        else if (strcmp(name, "seed") == 0)
            options.seed = strtoull(value, NULL, 10);
        else if (strcmp(name, "findings") == 0)
            options.findings = value;
        else if (strcmp(name, "keep") == 0)
            options.keep = value;
        else {
            fprintf(stderr, "%s: there is no option --%s\n", fuzz_target, name);
            exit(2);
        }
    }
    return at;
}

int main(int argc, char **argv)
{
    const int first = read_options(argc, argv);
    bool hung;
    sigset_t child;
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (report == MAP_FAILED)
        return 2;
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    worker = fork();
    if (worker == 0) {
        sigprocmask(SIG_UNBLOCK, &child, NULL);
        work(argc - first, argv + first);
        exit(0);
    }
    signal(SIGINT, interrupted);
    signal(SIGTERM, interrupted);
    const int status = watch_worker(&hung);
    return tell(status, hung);
}
