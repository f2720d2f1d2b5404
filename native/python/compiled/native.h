/* SPDX-License-Identifier: MIT */
/*
 * native.h - the compiled module of the Python package: what is used most, as peermap/_pure.py has it in Python.
 *
 * It is for the stable ABI of Python 3.11 and later, so one file is for all of them.  It is linked with no libpeermap: it calls the one that
 * peermap/_library.py has loaded, so both see the same attachments.
 *
 * Everything here is process-local, and read and written by who holds the GIL, which is released only around calls of the library that may wait.
 */
#ifndef PEERMAP_PYTHON_NATIVE_H
#define PEERMAP_PYTHON_NATIVE_H

#define PY_SSIZE_T_CLEAN
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
#include <peermap.h>
#include <stdbool.h>
#include <stdint.h>
#include <structmember.h>

/* Memory that was handed out.  It lives as long as a memoryview, a slice or an array refers to it. */
typedef struct Export {
    PyObject_HEAD
    struct Attachment *owner; /* a reference */
    char *memory;
    size_t offset, size;
    struct Export *left, *right; /* of a treap, by where they begin */
    uint32_t priority;
} Export;

/* What Segment is made of. */
typedef struct Attachment {
    PyObject_HEAD
    peermap_segment *handle; /* NULL: no call begins yet, or any more */
    size_t calls;            /* under way without the GIL: a detach waits for them */
    Export *exports;
    size_t exported;
    size_t pinned; /* bytes that a pin keeps while anything is exported; 0: there is none */
    bool reads;
} Attachment;

/* The functions of the library that are called here. */
#define LIBRARY(X) \
    X(base) X(size) X(pin) X(unpin) X(alloc) X(calloc) X(aligned_alloc) X(realloc) X(free) X(read_root) X(on_heap_fault)

struct library {
#define X(name) __typeof__(peermap_##name) *name;
    LIBRARY(X)
#undef X
};
extern struct library library;

/* What the Python side has. */
struct python {
    PyObject *detached, *invalid;                 /* exceptions */
    PyObject *failure, *heap_failure, *fault;     /* make others */
    PyObject *whole, *name_of, *of_type;          /* judge arguments that are not plain */
    PyTypeObject *heap_object, *root;             /* the classes that are made */
};
extern struct python python;
extern PyTypeObject *attachment_type, *export_type, *object_type, *place_type;

/* exports.c */
extern PyType_Spec export_spec;
PyObject *export_all(Attachment *owner);
PyObject *export_memory(Attachment *owner, size_t offset, size_t size);
bool is_exported(const Attachment *owner, size_t offset, size_t size); /* then BufferError is set */

/* attachment.c */
extern PyType_Spec attachment_spec;
char *base_of(const Attachment *self); /* NULL, and EDETACHED is set */
int free_object(Attachment *self, size_t offset, size_t size);
void on_fault(const peermap_heap_fault *fault, void *context);

/* objects.c */
extern PyType_Spec object_spec, place_spec;
PyObject *new_object(Attachment *segment, size_t offset, size_t size);
PyObject *new_root(Attachment *segment, PyObject *name, size_t offset, const peermap_root_copy *found);

/* arguments.c: false, and an exception is set. */
bool arguments(const char *const *names, size_t required, PyObject *const *given, Py_ssize_t count, PyObject *words, PyObject **into);
bool whole(const char *what, PyObject *number, size_t *value);
const char *root_name(PyObject *name); /* NULL, and an exception is set */
PyObject *raise_made(PyObject *maker, const char *format, ...);

#endif
