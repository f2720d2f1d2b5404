/* SPDX-License-Identifier: MIT */
/*
 * patient.c - see patient.h.
 *
 * Each thread that looks has a reader, with the first thing that it asks, which ends with it.  They share an errand and one word:
 *
 *     IDLE -- asker --> ASKED -- reader --> DONE -- asker --> IDLE
 *                       ASKED -- asker  --> LEFT: the reader is nobody's any more, and clears itself away when it comes back
 */
#include "patient.h"

#include "attach.h"
#include "budget.h"
#include "order.h"
#include "os.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#define STACK (256u << 10)
#define SLICE_NS UINT64_C(10000000) /* between two looks at whether the look is over */

enum { IDLE, ASKED, DONE, LEFT, OVER };

/* Process-local. */
struct reader {
    uint32_t state;
    uint32_t thread; /* its id; 0: it has not begun */
    void (*run)(struct pmo_errand *errand);
    uint64_t start; /* of the process that it is at */
    uint32_t uid;   /* in whose share that is (share.h) */
    struct reader *next; /* in the list of those */
    struct pmo_errand errand;
};

/* Those that were left behind.  Process-local. */
static struct {
    pthread_mutex_t lock;
    struct reader *list;
    uint32_t count; /* of it; read without the lock */
} left = { .lock = PTHREAD_MUTEX_INITIALIZER };

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t own; /* each thread's reader */

/* ---- the reader ---- */

/* The file is the errand's of one that was left behind alone. */
static void clear_away(struct reader *reader)
{
    if (reader->errand.process.dir >= 0)
        close(reader->errand.process.dir);
    if (load32(&reader->state) == LEFT && reader->errand.fd >= 0)
        close(reader->errand.fd);
    free(reader);
}

static void come_back(struct reader *reader)
{
    pthread_mutex_lock(&left.lock);
    struct reader **at = &left.list;
    while (*at && *at != reader)
        at = &(*at)->next;
    if (*at) {
        *at = reader->next;
        poke32(&left.count, left.count - 1);
    }
    pthread_mutex_unlock(&left.lock);
}

static void *read_for_others(void *context)
{
    struct reader *reader = context;
    prctl(PR_SET_NAME, "observer"); /* not the name of an agent, which that of its maker may be */
    poke32(&reader->thread, pm_thread_id());
    for (;;) {
        const uint32_t state = load32(&reader->state);
        uint32_t expected = ASKED;
        if (state == OVER)
            break;
        if (state != ASKED) {
            pm_futex_wait(&reader->state, state, UINT32_MAX, 0);
            continue;
        }
        reader->run(&reader->errand);
        if (!cas32(&reader->state, &expected, DONE)) {
            come_back(reader);
            break;
        }
        pm_futex_wake(&reader->state, UINT32_MAX, 1);
    }
    clear_away(reader);
    return NULL;
}

/* At the end of its asker. */
static void dismiss(void *context)
{
    struct reader *reader = context;
    store32(&reader->state, OVER);
    pm_futex_wake(&reader->state, UINT32_MAX, 1);
}

/* A child of fork() has none of the threads. */
static void before_fork(void) { pthread_mutex_lock(&left.lock); }
static void after_fork(void) { pthread_mutex_unlock(&left.lock); }
static void in_child(void)
{
    struct reader *reader = pthread_getspecific(own);
    pthread_setspecific(own, NULL);
    if (reader)
        clear_away(reader);
    for (; left.list; left.list = reader) {
        reader = left.list->next;
        clear_away(left.list);
    }
    left.count = 0;
    pthread_mutex_unlock(&left.lock);
}

static void prepare(void)
{
    (void)pthread_key_create(&own, dismiss);
    (void)pthread_atfork(before_fork, after_fork, in_child);
}

/* No signal of the program is its business. */
static int start(struct reader *reader)
{
    pthread_attr_t attributes;
    pthread_t thread;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int error = pthread_create(&thread, &attributes, read_for_others, reader);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return error;
}

static struct reader *reader_of_this_thread(void)
{
    pthread_once(&once, prepare);
    struct reader *reader = pthread_getspecific(own);
    if (reader)
        return reader;
    reader = malloc(sizeof *reader);
    if (!reader)
        return NULL;
    *reader = (struct reader){ .state = IDLE, .errand = { .process.dir = -1, .fd = -1 } };
    if (pthread_setspecific(own, reader) == 0 && start(reader) == 0)
        return reader;
    pthread_setspecific(own, NULL);
    free(reader);
    return NULL;
}

/* ---- who is asked nothing more ---- */

static bool is_at(const struct reader *reader, uint32_t pid, uint64_t start_time) { return reader->errand.process.pid == pid && reader->start == start_time; }

/* 0; EBUSY: a reader is stuck at this very process; EAGAIN: as many are stuck as may be. */
static int may_ask(const struct pmo_process *process)
{
    if (peek32(&left.count) == 0)
        return 0;
    uint64_t start_time;
    uint32_t alike = 0, same = 0;
    const uint32_t uid = pmo_process_uids(process).payer;
    (void)pmo_process_state(process, &start_time);
    int error = 0;
    pthread_mutex_lock(&left.lock);
    for (const struct reader *one = left.list; one && error == 0; one = one->next) {
        error = is_at(one, process->pid, start_time) ? EBUSY : 0;
        alike += pmo_share_is_whole(one->uid) == pmo_share_is_whole(uid);
        same += one->uid == uid;
    }
    pthread_mutex_unlock(&left.lock);
    if (error == 0 && (alike >= PMO_LEFT_MAX || (!pmo_share_is_whole(uid) && same >= PMO_LEFT_OF_ONE_MAX)))
        error = EAGAIN;
    return error;
}

/* False: it has just come back. */
static bool leave(struct reader *reader)
{
    uint32_t expected = ASKED;
    (void)pmo_process_state(&reader->errand.process, &reader->start);
    reader->uid = pmo_process_uids(&reader->errand.process).payer;
    pthread_mutex_lock(&left.lock);
    const bool leaves = cas32(&reader->state, &expected, LEFT);
    if (leaves) {
        reader->next = left.list;
        left.list = reader;
        poke32(&left.count, left.count + 1);
    }
    pthread_mutex_unlock(&left.lock);
    if (leaves)
        pthread_setspecific(own, NULL);
    return leaves;
}

/* ---- asking ---- */

struct pmo_errand *pmo_patient_begin(const struct pmo_process *process)
{
    const int error = pmo_budget_left() ? may_ask(process) : ETIME;
    struct reader *reader = error == 0 ? reader_of_this_thread() : NULL;
    if (!reader) {
        errno = error ? error : EAGAIN;
        return NULL;
    }
    struct pmo_errand *errand = &reader->errand;
    if (errand->process.dir >= 0)
        close(errand->process.dir);
    errand->process = (struct pmo_process){ fcntl(process->dir, F_DUPFD_CLOEXEC, 0), process->pid };
    errand->fd = -1;
    errand->name[0] = '\0';
    errand->from = errand->size = errand->length = 0;
    errand->flags = 0;
    errand->error = 0;
    errand->ended = false;
    if (errand->process.dir >= 0)
        return errand;
    return NULL;
}

/* A reader that has had no core yet is not stuck: it is waited for as long as the look goes on. */
static int wait_for(struct reader *reader)
{
    const uint64_t patience = pm_now() + PMO_PATIENCE_NS;
    pm_yield_while(&reader->state, ASKED);
    while (load32(&reader->state) == ASKED) {
        pm_futex_wait(&reader->state, ASKED, UINT32_MAX, pm_now() + SLICE_NS);
        if (load32(&reader->state) != ASKED)
            break;
        if (!pmo_budget_left() && leave(reader))
            return ETIME;
        if (pm_now() >= patience && !pm_thread_wants_to_run(peek32(&reader->thread)) && leave(reader))
            return EBUSY;
    }
    store32(&reader->state, IDLE);
    return 0;
}

int pmo_patient_run(struct pmo_errand *errand, void (*run)(struct pmo_errand *errand))
{
    struct reader *reader = pthread_getspecific(own);
    reader->run = run;
    store32(&reader->state, ASKED);
    pm_futex_wake(&reader->state, UINT32_MAX, 1);
    const int error = wait_for(reader);
    return error ? error : errand->error;
}

/* ---- what is asked of files ---- */

static bool set_name(struct pmo_errand *errand, const char *name)
{
    return (size_t)snprintf(errand->name, sizeof errand->name, "%s", name) < sizeof errand->name;
}

static void read_piece(struct pmo_errand *errand)
{
    if (errand->fd < 0)
        errand->fd = openat(errand->process.dir, errand->name, O_RDONLY | O_CLOEXEC);
    const ssize_t length = errand->fd < 0 ? -1 : pmo_read(errand->fd, errand->from, errand->bytes, errand->size);
    errand->error = length < 0 ? errno : 0;
    errand->length = length < 0 ? 0 : (size_t)length;
}

static void read_at_once(struct pmo_errand *errand)
{
    read_piece(errand);
    if (errand->fd >= 0)
        close(errand->fd);
    errand->fd = -1;
}

ssize_t pmo_patient_text(const struct pmo_process *process, const char *file, char *text, size_t size)
{
    struct pmo_errand *errand = pmo_patient_begin(process);
    if (!errand)
        return -1;
    (void)set_name(errand, file);
    errand->size = size - 1;
    const int error = pmo_patient_run(errand, read_at_once);
    if (error != 0) {
        errno = error;
        return -1;
    }
    memcpy(text, errand->bytes, errand->length);
    text[errand->length] = '\0';
    return (ssize_t)errand->length;
}

static void ask_facts(struct pmo_errand *errand)
{
    const int folder = errand->fd >= 0 ? errand->fd : errand->process.dir;
    errand->error = fstatat(folder, errand->name, &errand->facts, 0) == 0 ? 0 : errno;
    if (errand->fd >= 0)
        close(errand->fd);
    errand->fd = -1;
}

int pmo_patient_stat(const struct pmo_process *process, int folder, const char *path, struct stat *facts)
{
    struct pmo_errand *errand = pmo_patient_begin(process);
    if (!errand)
        return errno;
    if (!set_name(errand, path))
        return ENAMETOOLONG;
    errand->fd = folder < 0 ? -1 : fcntl(folder, F_DUPFD_CLOEXEC, 0);
    if (folder >= 0 && errand->fd < 0)
        return errno;
    const int error = pmo_patient_run(errand, ask_facts);
    if (error == 0)
        *facts = errand->facts;
    return error;
}

int pmo_patient_file(const struct pmo_process *process, const char *file, uint64_t from, size_t limit, char **bytes, size_t *length)
{
    size_t room = 0;
    int fd = -1, error = 0;
    *bytes = NULL;
    *length = 0;
    for (size_t got = 1; got > 0 && *length < limit;) {
        struct pmo_errand *errand = pmo_patient_begin(process);
        error = errand ? 0 : errno;
        if (error != 0)
            break;
        errand->fd = fd;
        errand->from = from + *length;
        errand->size = limit - *length < PMO_PIECE ? limit - *length : PMO_PIECE;
        (void)set_name(errand, file);
        error = pmo_patient_run(errand, read_piece);
        const bool away = error == EBUSY || error == ETIME;
        fd = away ? -1 : errand->fd;
        got = error == 0 ? errand->length : 0;
        if (*length + got > room) {
            char *larger = realloc(*bytes, room = 2 * (*length + got));
            error = larger ? 0 : ENOMEM;
            *bytes = larger ? larger : *bytes;
            got = larger ? got : 0;
        }
        if (got > 0)
            memcpy(*bytes + *length, errand->bytes, got);
        *length += got;
    }
    if (fd >= 0)
        close(fd);
    if (error == 0)
        return 0;
    free(*bytes);
    *bytes = NULL;
    return error;
}

/* ---- telling ---- */

static bool is_told(const struct pmo_problems *problems, const struct pmo_place *where, const char *text)
{
    for (uint32_t i = 0; i < problems->count; i++)
        if (problems->list[i].code == PMO_LEFT_OUT && strcmp(problems->list[i].where, where->text) == 0 && strcmp(problems->list[i].text, text) == 0)
            return true;
    return false;
}

static void tell_once(struct pmo_problems *problems, struct pmo_place where, const char *text)
{
    if (!is_told(problems, &where, text))
        pmo_problem_add(problems, PMO_LEFT_OUT, where, "%s", text);
}

bool pmo_patient_tell(struct pmo_problems *problems, const struct pmo_process *process, int error)
{
    char name[64], text[192];
    if (error == EAGAIN) {
        tell_once(problems, pmo_at("/proc"), "processes are left out that may not be asked for now: too many others are stuck in the kernel, or there is no thread to ask by");
    } else if (error == EBUSY) {
        pm_process_name(process->pid, name, sizeof name);
        snprintf(text, sizeof text, "the memory of %.20s is held up: a process that is stuck in the kernel, as on a file system that does not answer; what it maps is not all seen", name);
        tell_once(problems, pmo_at("/proc/%" PRIu32, process->pid), text);
    }
    return error == EAGAIN || error == EBUSY;
}
