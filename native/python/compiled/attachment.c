/* SPDX-License-Identifier: MIT */
/* attachment.c - one attachment: its sizes, its memory, its roots, and the objects that are allocated and freed. */
#include "native.h"

#include <errno.h>
#include <stdio.h>

/* What this thread's free or resize found wrong with its object: it is raised, not printed. */
static _Thread_local char *found_fault;
enum { SENTENCE = 512 };

void on_fault(const peermap_heap_fault *fault, void *context)
{
    (void)context;
    if (found_fault)
        snprintf(found_fault, SENTENCE, "%s", fault->sentence);
    else
        fprintf(stderr, "%s\n", fault->sentence);
}

char *base_of(const Attachment *self)
{
    char *base = self->handle ? library.base(self->handle) : NULL;
    if (!base)
        PyErr_SetNone(python.detached);
    return base;
}

static PyObject *get_base(PyObject *self, void *closure)
{
    (void)closure;
    const char *base = base_of((Attachment *)self);
    return base ? PyLong_FromSize_t((uintptr_t)base) : NULL;
}

static PyObject *get_size(PyObject *self, void *closure)
{
    (void)closure;
    const Attachment *attachment = (Attachment *)self;
    return base_of(attachment) ? PyLong_FromSize_t(library.size(attachment->handle)) : NULL;
}

static PyObject *get_memory(PyObject *self, void *closure)
{
    (void)closure;
    return export_all((Attachment *)self);
}

static PyObject *view(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *words)
{
    static const char *const names[] = { "offset", "size", NULL };
    PyObject *into[2];
    size_t offset, size;
    if (!arguments(names, 2, given, count, words, into) || !whole("offset", into[0], &offset) || !whole("size", into[1], &size))
        return NULL;
    return export_memory((Attachment *)self, offset, size);
}

/* ---- roots ---- */

static PyObject *read_root(Attachment *attachment, PyObject *given)
{
    const char *base = base_of(attachment), *name = base ? root_name(given) : NULL;
    if (!name)
        return NULL;
    peermap_root_copy found;
    const int result = library.read_root(attachment->handle, name, &found);
    if (result < 0)
        return raise_made(python.failure, "(ii)", result, errno);
    if (!found.pointer)
        Py_RETURN_NONE;
    return new_root(attachment, given, (size_t)((char *)found.pointer - base), &found);
}

static PyObject *root(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *words)
{
    static const char *const names[] = { "name", "type", NULL };
    PyObject *into[2];
    if (count == 1 && !words)
        return read_root((Attachment *)self, given[0]);
    if (!arguments(names, 1, given, count, words, into))
        return NULL;
    PyObject *found = read_root((Attachment *)self, into[0]);
    if (!found || found == Py_None || !into[1] || into[1] == Py_None)
        return found;
    PyObject *judged = PyObject_CallFunctionObjArgs(python.of_type, found, into[1], NULL);
    Py_DECREF(found);
    return judged;
}

/* ---- the heap: while a call of it is under way without the GIL, a detach waits ---- */

enum kind { PLAIN, ALIGNED, ZEROES };

static PyObject *allocate(Attachment *self, enum kind kind, size_t size, size_t alignment)
{
    const char *base = base_of(self);
    if (!base)
        return NULL;
    peermap_segment *handle = self->handle;
    char *object;
    int error;
    self->calls++;
    Py_BEGIN_ALLOW_THREADS
    object = kind == PLAIN ? library.alloc(handle, size) : kind == ZEROES ? library.calloc(handle, 1, size) : library.aligned_alloc(handle, alignment, size);
    error = errno;
    Py_END_ALLOW_THREADS
    self->calls--;
    if (!object)
        return raise_made(python.heap_failure, "(i)", error);
    return new_object(self, (size_t)(object - base), size);
}

static PyObject *alloc(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *words)
{
    static const char *const names[] = { "size", "alignment", NULL };
    PyObject *into[2];
    size_t size, alignment = 0;
    if (!arguments(names, 1, given, count, words, into) || !whole("size", into[0], &size) || (into[1] && !whole("alignment", into[1], &alignment)))
        return NULL;
    return allocate((Attachment *)self, alignment ? ALIGNED : PLAIN, size, alignment);
}

static PyObject *zeroed(PyObject *self, PyObject *const *given, Py_ssize_t count, PyObject *words)
{
    static const char *const names[] = { "size", NULL };
    PyObject *into[1];
    size_t size;
    if (!arguments(names, 1, given, count, words, into) || !whole("size", into[0], &size))
        return NULL;
    return allocate((Attachment *)self, ZEROES, size, 0);
}

int free_object(Attachment *self, size_t offset, size_t size)
{
    char sentence[SENTENCE] = "";
    char *base = base_of(self);
    if (!base || is_exported(self, offset, size))
        return -1;
    peermap_segment *handle = self->handle;
    int error;
    self->calls++;
    Py_BEGIN_ALLOW_THREADS
    found_fault = sentence;
    errno = 0;
    library.free(handle, base + offset);
    error = errno;
    found_fault = NULL;
    Py_END_ALLOW_THREADS
    self->calls--;
    if (sentence[0])
        raise_made(python.fault, "(s)", sentence);
    else if (error == EBADF || error == ENODATA || error == EROFS)
        raise_made(python.heap_failure, "(i)", error);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *resize(PyObject *object, PyObject *given)
{
    Attachment *self = (Attachment *)object;
    Py_ssize_t offset, before, size;
    char sentence[SENTENCE] = "";
    if (!PyArg_ParseTuple(given, "nnn", &offset, &before, &size))
        return NULL;
    char *base = base_of(self);
    if (!base || is_exported(self, (size_t)offset, (size_t)before))
        return NULL;
    peermap_segment *handle = self->handle;
    const char *moved;
    int error;
    self->calls++;
    Py_BEGIN_ALLOW_THREADS
    found_fault = sentence;
    moved = library.realloc(handle, base + offset, (size_t)size);
    error = errno;
    found_fault = NULL;
    Py_END_ALLOW_THREADS
    self->calls--;
    if (sentence[0])
        return raise_made(python.fault, "(s)", sentence);
    return moved ? PyLong_FromSsize_t(moved - base) : raise_made(python.heap_failure, "(i)", error);
}

/* ---- for Segment ---- */

static PyObject *get_handle(PyObject *self, void *closure)
{
    (void)closure;
    peermap_segment *handle = ((Attachment *)self)->handle;
    return handle ? PyLong_FromVoidPtr(handle) : Py_NewRef(Py_None);
}

static int set_handle(PyObject *self, PyObject *value, void *closure)
{
    (void)closure;
    void *handle = value && value != Py_None ? PyLong_AsVoidPtr(value) : NULL;
    if (PyErr_Occurred())
        return -1;
    ((Attachment *)self)->handle = handle;
    return 0;
}

/* No call begins any more; or false, and all is as it was, if anything is in use that is not to linger. */
static PyObject *shut(PyObject *self, PyObject *lingering)
{
    Attachment *attachment = (Attachment *)self;
    if (attachment->exported > 0 && lingering != Py_True)
        Py_RETURN_FALSE;
    attachment->handle = NULL;
    Py_RETURN_TRUE;
}

static PyObject *reset(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    ((Attachment *)self)->calls = 0;
    Py_RETURN_NONE;
}

#define CALL(function) ((PyCFunction)(void (*)(void))(function))

PyType_Spec attachment_spec = {
    .name = "peermap._native.Attachment",
    .basicsize = sizeof(Attachment),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_IMMUTABLETYPE,
    .slots =
        (PyType_Slot[]){
            { Py_tp_doc, "What Segment is made of." },
            { Py_tp_getset,
              (PyGetSetDef[]){ { "base", get_base, NULL, "Where the data begins: the same address in every peer, unless `relocatable` moved it.", NULL },
                               { "size", get_size, NULL, "Active bytes.", NULL },
                               { "memory", get_memory, NULL,
                                 "All active memory, writable unless this attachment only reads; after a growth, ask again.  While it is in use nobody can shrink or detach "
                                 "the segment.",
                                 NULL },
                               { "_handle", get_handle, set_handle, NULL, NULL },
                               { NULL, NULL, NULL, NULL, NULL } } },
            { Py_tp_members,
              (PyMemberDef[]){ { "_reads", T_BOOL, offsetof(Attachment, reads), 0, NULL },
                               { "_calls", T_PYSSIZET, offsetof(Attachment, calls), READONLY, NULL },
                               { "_exported", T_PYSSIZET, offsetof(Attachment, exported), READONLY, NULL },
                               { NULL, 0, 0, 0, NULL } } },
            { Py_tp_methods,
              (PyMethodDef[]){
                  { "view", CALL(view), METH_FASTCALL | METH_KEYWORDS, "view(offset, size): the memory [offset, offset + size) itself." },
                  { "root", CALL(root), METH_FASTCALL | METH_KEYWORDS,
                    "root(name, type=None): what it names; None if there is none.  With a type: ETYPE if it was set with another one." },
                  { "alloc", CALL(alloc), METH_FASTCALL | METH_KEYWORDS,
                    "alloc(size, alignment=0): a new object of `size` bytes.  Grows the segment when it must, and then waits until every peer has it mapped." },
                  { "calloc", CALL(zeroed), METH_FASTCALL | METH_KEYWORDS, "calloc(size): the same, of zeroes." },
                  { "_realloc", resize, METH_VARARGS, NULL },
                  { "_shut", shut, METH_O, NULL },
                  { "_reset", reset, METH_NOARGS, NULL },
                  { NULL, NULL, 0, NULL } } },
            { 0, NULL } },
};
