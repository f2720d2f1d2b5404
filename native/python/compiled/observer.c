/* SPDX-License-Identifier: MIT */
/*
 * observer.c - looking at segments without taking part: the observer of native/observer, whose static library this is linked with.
 *
 * What comes out are tuples and dictionaries, which peermap/_observer.py gives names.
 */
#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>

#include <peermap.h>

#include "events.h"
#include "snapshot.h"
#include "system.h"
#include "watch.h"
#include "words.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <structmember.h>
#include <time.h>

typedef struct {
    PyObject_HEAD
    struct pmo_observer observer; /* fd -1: closed */
    PyObject *failure;            /* makes an exception of code, sentence and errno */
    struct pmo_watch *watch;      /* NULL: nobody has waited yet */
    pthread_mutex_t lock;         /* of what the watch's thread writes */
    pthread_cond_t told;
    bool changed;
    unsigned using; /* calls without the GIL: a close waits for none, and is refused */
} Observer;

static PyObject *observer_failure; /* of list(), which has no object */

/* The sentence is of the copy of the library's base that is linked in here. */
static PyObject *fail(int code, int error)
{
    PyObject *made = PyObject_CallFunction(observer_failure, "isi", code, peermap_last_error(), code == PEERMAP_EOS || code == PEERMAP_EACCES ? error : 0);
    if (made)
        PyErr_SetObject((PyObject *)Py_TYPE(made), made);
    Py_XDECREF(made);
    return NULL;
}

/* Names are of bytes that others wrote; the observer has made them printable, but for what is no UTF-8. */
static PyObject *text(const char *bytes) { return PyUnicode_DecodeUTF8(bytes, (Py_ssize_t)strlen(bytes), "replace"); }

/* A list of what `make` makes of each of `count` rows. */
static PyObject *list_of(const void *rows, size_t count, size_t size, PyObject *(*make)(const void *row))
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list && i < count; i++) {
        PyObject *one = make((const char *)rows + i * size);
        if (!one || PyList_Append(list, one) < 0)
            Py_CLEAR(list);
        Py_XDECREF(one);
    }
    return list;
}

static PyObject *problem_of(const void *row)
{
    const struct pmo_problem *problem = row;
    return Py_BuildValue("(sNN)", pmo_problem_word(problem->code), text(problem->where), text(problem->text));
}

static PyObject *problems_of(const struct pmo_problems *problems) { return list_of(problems->list, problems->count, sizeof *problems->list, problem_of); }

static PyObject *slot_of(uint16_t slot) { return slot == PM_NO_SLOT ? Py_NewRef(Py_None) : PyLong_FromLong(slot); }

static PyObject *event_of(const void *row)
{
    const struct pm_event *event = row;
    const bool has_op = pmo_event_has_op(event->kind);
    return Py_BuildValue("(KKKsssNINIiKK)", event->seq, event->time_ns, event->epoch, pmo_event_word(event->kind),
                         has_op ? pmo_op_word(event->method) : "none", has_op ? "none" : pmo_method_word(event->method), slot_of(event->slot), event->pid,
                         slot_of(event->by), event->by_pid, event->error, event->size, event->ns);
}

static PyObject *root_of(const void *row)
{
    const struct pm_root *root = row;
    return Py_BuildValue("(NNKKK)", text(root->name), text(root->type), root->off, root->size, root->version);
}

static PyObject *missing_of(const struct pmo_peer *peer)
{
    if (!peer->mappings_known)
        return Py_NewRef(Py_None);
    unsigned long long missing = 0;
    for (size_t i = 0; i < peer->missing.count; i++)
        missing += peer->missing.list[i].length;
    return PyLong_FromUnsignedLongLong(missing);
}

static PyObject *peer_of(const void *row)
{
    const struct pmo_peer *peer = row;
    const struct pm_slot *slot = &peer->slot;
    const char process[] = { peer->process_state, '\0' };
    const unsigned long long pins = pm_pin_count(slot->pin);
    return Py_BuildValue("(INNsssKKKKsiKKKKNNNN)", slot->pid, peer->uid == UINT32_MAX ? Py_NewRef(Py_None) : PyLong_FromUnsignedLong(peer->uid),
                         text(slot->name), pmo_state_word(peer->state), process, pmo_held_word(peer) ? pmo_held_word(peer) : "", slot->base,
                         slot->mapped, slot->requested, slot->acked, pmo_method_word(slot->method), slot->error, slot->latency_ns, pins,
                         pins ? (unsigned long long)pm_pin_bytes(slot->pin) : 0ULL, slot->attached_ns, PyBool_FromLong(peer->same_pid),
                         PyBool_FromLong(slot->flags & PM_SLOT_RELOCATED), PyBool_FromLong(slot->flags & PM_SLOT_READ_ONLY), missing_of(peer));
}

static PyObject *stranger_of(const void *row)
{
    const struct pmo_stranger *stranger = row;
    return Py_BuildValue("(IN)", stranger->pid, text(stranger->command));
}

static PyObject *flags_of(uint32_t flags)
{
    PyObject *list = PyList_New(0);
    uint32_t flag;
    const char *word;
    for (size_t i = 0; list && (word = pmo_flag_word(i, &flag)) != NULL; i++) {
        PyObject *one = flags & flag ? PyUnicode_FromString(word) : NULL;
        if ((flags & flag) && (!one || PyList_Append(list, one) < 0))
            Py_CLEAR(list);
        Py_XDECREF(one);
    }
    return list;
}

static PyObject *header_of(const struct pmo_snapshot *snapshot)
{
    const struct pm_header *header = &snapshot->header;
    if (!snapshot->readable)
        return Py_NewRef(Py_None);
    return Py_BuildValue("(KKKKKKNIIIKNIK)", pmo_active(header), header->horizon, header->target, header->reserved, header->base, header->epoch,
                         flags_of(header->flags), header->page_size, header->slot_count, header->creator_pid, header->created_ns,
                         text(header->creator_name), header->creator_uid, header->event_head);
}

static PyObject *snapshot_of(const struct pmo_snapshot *snapshot)
{
    return Py_BuildValue("(NKKKIINNNNN)", text(snapshot->name), snapshot->realtime_ns, (unsigned long long)snapshot->object.st_size,
                         (unsigned long long)snapshot->object.st_blocks * 512, (unsigned)snapshot->object.st_uid, (unsigned)snapshot->object.st_mode & 07777u,
                         header_of(snapshot), list_of(snapshot->peers, snapshot->peer_count, sizeof *snapshot->peers, peer_of),
                         list_of(snapshot->roots, snapshot->root_count, sizeof *snapshot->roots, root_of),
                         list_of(snapshot->strangers, snapshot->stranger_count, sizeof *snapshot->strangers, stranger_of), problems_of(&snapshot->problems));
}

/* ---- one segment ---- */

static int init(PyObject *object, PyObject *given, PyObject *words)
{
    static char *names[] = { "name", NULL };
    Observer *self = (Observer *)object;
    const char *name;
    if (self->failure || !PyArg_ParseTupleAndKeywords(given, words, "s", names, &name))
        return -1;
    self->observer.fd = -1;
    pthread_mutex_init(&self->lock, NULL);
    pthread_cond_init(&self->told, NULL);
    self->failure = Py_NewRef(observer_failure);
    const int rc = pmo_observer_open(name, &self->observer);
    if (rc != 0)
        fail(rc, errno);
    return rc == 0 ? 0 : -1;
}

static bool is_open(const Observer *self)
{
    if (self->failure && self->observer.fd >= 0)
        return true;
    PyErr_SetString(PyExc_ValueError, "the observer is closed");
    return false;
}

static PyObject *take_snapshot(PyObject *object, PyObject *strangers)
{
    Observer *self = (Observer *)object;
    struct pmo_snapshot snapshot;
    if (!is_open(self))
        return NULL;
    const enum pmo_depth depth = PyObject_IsTrue(strangers) ? PMO_STRANGERS : PMO_PROCESSES;
    int rc, error;
    self->using++;
    Py_BEGIN_ALLOW_THREADS
    rc = pmo_snapshot_take(&self->observer, depth, &snapshot);
    error = errno;
    Py_END_ALLOW_THREADS
    self->using--;
    if (rc != 0)
        return fail(rc, error);
    PyObject *made = snapshot_of(&snapshot);
    pmo_snapshot_free(&snapshot);
    return made;
}

static PyObject *read_events(PyObject *object, PyObject *given)
{
    Observer *self = (Observer *)object;
    unsigned long long after;
    Py_ssize_t limit;
    struct pmo_events events;
    if (!PyArg_ParseTuple(given, "Kn", &after, &limit) || !is_open(self))
        return NULL;
    const int rc = pmo_events_read(&self->observer, after, (size_t)limit, &events);
    if (rc != 0)
        return fail(rc, errno);
    /* If its writer died, nothing will change any more, and yet there is more to read then. */
    if (events.more_later && self->watch)
        pmo_watch_remind(self->watch, (uint32_t)(PMO_HOLE_NS / 1000000) + 1);
    PyObject *made = Py_BuildValue("(NKK)", list_of(events.list, events.count, sizeof *events.list, event_of), events.last, events.missed);
    pmo_events_free(&events);
    return made;
}

/* On the watch's thread. */
static void tell(void *context)
{
    Observer *self = context;
    pthread_mutex_lock(&self->lock);
    self->changed = true;
    pthread_cond_broadcast(&self->told);
    pthread_mutex_unlock(&self->lock);
}

static bool wait_told(Observer *self, unsigned ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += (long)(ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    pthread_mutex_lock(&self->lock);
    while (!self->changed && pthread_cond_timedwait(&self->told, &self->lock, &until) == 0)
        ;
    const bool changed = self->changed;
    self->changed = false;
    pthread_mutex_unlock(&self->lock);
    return changed;
}

static PyObject *wait_changed(PyObject *object, PyObject *given)
{
    Observer *self = (Observer *)object;
    const unsigned long ms = PyLong_AsUnsignedLong(given);
    if (PyErr_Occurred() || !is_open(self))
        return NULL;
    const int rc = self->watch ? 0 : pmo_watch_start(&self->observer, 1, tell, self, &self->watch);
    if (rc != 0)
        return fail(rc, errno);
    bool changed;
    self->using++;
    Py_BEGIN_ALLOW_THREADS
    changed = wait_told(self, (unsigned)ms);
    Py_END_ALLOW_THREADS
    self->using--;
    return PyBool_FromLong(changed);
}

static PyObject *read_data(PyObject *object, PyObject *given)
{
    Observer *self = (Observer *)object;
    Py_ssize_t offset, size;
    if (!PyArg_ParseTuple(given, "nn", &offset, &size) || !is_open(self))
        return NULL;
    const int64_t there = pmo_data_at(&self->observer, (uint64_t)offset);
    if (there < 0)
        return fail((int)there, errno);
    const size_t length = (size_t)(there < size ? there : size);
    char *bytes = PyMem_Malloc(length ? length : 1);
    if (!bytes)
        return PyErr_NoMemory();
    const ssize_t got = pmo_data_read(&self->observer, (uint64_t)offset, bytes, length);
    PyObject *made = got < 0 ? fail((int)got, errno) : PyBytes_FromStringAndSize(bytes, got);
    PyMem_Free(bytes);
    return made;
}

static void close_it(Observer *self)
{
    struct pmo_watch *watch = self->watch;
    self->watch = NULL;
    if (watch) {
        Py_BEGIN_ALLOW_THREADS
        pmo_watch_stop(watch);
        Py_END_ALLOW_THREADS
    }
    if (self->failure && self->observer.fd >= 0)
        pmo_observer_close(&self->observer);
    self->observer.fd = -1;
}

static PyObject *close_observer(PyObject *object, PyObject *nothing)
{
    (void)nothing;
    if (((Observer *)object)->using > 0) {
        PyErr_SetString(PyExc_BufferError, "another thread is in the middle of a look");
        return NULL;
    }
    close_it((Observer *)object);
    Py_RETURN_NONE;
}

static void dealloc(PyObject *object)
{
    Observer *self = (Observer *)object;
    PyTypeObject *type = Py_TYPE(object);
    close_it(self);
    if (self->failure) {
        pthread_cond_destroy(&self->told);
        pthread_mutex_destroy(&self->lock);
    }
    Py_CLEAR(self->failure);
    ((freefunc)PyType_GetSlot(type, Py_tp_free))(object);
    Py_DECREF(type);
}

static PyType_Spec spec = {
    .name = "peermap._native.Watcher",
    .basicsize = sizeof(Observer),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE,
    .slots =
        (PyType_Slot[]){
            { Py_tp_doc, "What Observer has." },
            { Py_tp_init, init },
            { Py_tp_dealloc, dealloc },
            { Py_tp_methods,
              (PyMethodDef[]){ { "snapshot", take_snapshot, METH_O, NULL },
                               { "events", read_events, METH_VARARGS, NULL },
                               { "wait", wait_changed, METH_O, NULL },
                               { "read", read_data, METH_VARARGS, NULL },
                               { "close", close_observer, METH_NOARGS, NULL },
                               { NULL, NULL, 0, NULL } } },
            { 0, NULL } },
};

/* ---- all segments ---- */

static PyObject *summary_of(const void *row)
{
    const struct pmo_summary *one = row;
    return Py_BuildValue("(NKKKKIIIIIN)", text(one->name), one->active, one->reserved, (unsigned long long)one->object.st_size,
                         (unsigned long long)one->object.st_blocks * 512, (unsigned)one->object.st_uid, (unsigned)one->object.st_mode & 07777u, one->alive,
                         one->late, one->dead, one->has_problem ? problem_of(&one->problem) : Py_NewRef(Py_None));
}

static PyObject *list_all(PyObject *module, PyObject *nothing)
{
    (void)module, (void)nothing;
    struct pmo_summary *list;
    size_t count, left_out;
    bool whole;
    int rc, error;
    Py_BEGIN_ALLOW_THREADS
    rc = pmo_list(&list, &count, &left_out, &whole);
    error = errno;
    Py_END_ALLOW_THREADS
    if (rc != 0)
        return fail(rc, error);
    PyObject *made = Py_BuildValue("(NKN)", list_of(list, count, sizeof *list, summary_of), (unsigned long long)left_out, PyBool_FromLong(whole));
    free(list);
    return made;
}

/* Before anything else. */
static PyObject *use(PyObject *module, PyObject *failure)
{
    (void)module;
    Py_XDECREF(observer_failure);
    observer_failure = Py_NewRef(failure);
    Py_RETURN_NONE;
}

PyObject *add_observer(PyObject *module);
PyObject *add_observer(PyObject *module)
{
    static PyMethodDef methods[] = { { "segments", list_all, METH_NOARGS, NULL }, { "use_failure", use, METH_O, NULL }, { NULL, NULL, 0, NULL } };
    PyObject *type = PyType_FromSpec(&spec);
    const bool added = type && PyModule_AddObjectRef(module, "Watcher", type) == 0 && PyModule_AddFunctions(module, methods) == 0;
    Py_XDECREF(type);
    return added ? module : NULL;
}
