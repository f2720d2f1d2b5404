/* SPDX-License-Identifier: MIT */
/*
 * exports.c - memory that is handed out, as memoryviews of an Export each.
 *
 * What counts is how long the Export lives, not how long its buffer is taken: numpy gives the buffer back at once, and goes on with the memory and a
 * reference.  They are in a treap by where they begin, so that those of one object are found without a look at all.
 */
#include "native.h"

static bool before(const Export *one, const Export *other)
{
    return one->offset != other->offset ? one->offset < other->offset : (uintptr_t)one < (uintptr_t)other;
}

static void split(Export *tree, const Export *at, Export **left, Export **right)
{
    while (tree) {
        if (before(tree, at)) {
            *left = tree;
            left = &tree->right;
            tree = tree->right;
        } else {
            *right = tree;
            right = &tree->left;
            tree = tree->left;
        }
    }
    *left = *right = NULL;
}

static void put_in(Export **tree, Export *one)
{
    while (*tree && (*tree)->priority > one->priority)
        tree = before(*tree, one) ? &(*tree)->right : &(*tree)->left;
    split(*tree, one, &one->left, &one->right);
    *tree = one;
}

static void take_out(Export **tree, const Export *one)
{
    while (*tree != one)
        tree = before(*tree, one) ? &(*tree)->right : &(*tree)->left;
    Export *left = one->left, *right = one->right;
    while (left && right) {
        if (left->priority > right->priority) {
            *tree = left;
            tree = &left->right;
            left = left->right;
        } else {
            *tree = right;
            tree = &right->left;
            right = right->left;
        }
    }
    *tree = left ? left : right;
}

/* How many lie in [offset, offset + size).  As deep as the tree, which is flat. */
static size_t inside(const Export *tree, size_t offset, size_t size)
{
    if (!tree)
        return 0;
    size_t count = tree->offset >= offset && tree->offset + tree->size <= offset + size;
    if (tree->offset >= offset)
        count += inside(tree->left, offset, size);
    if (tree->offset <= offset + size)
        count += inside(tree->right, offset, size);
    return count;
}

bool is_exported(const Attachment *owner, size_t offset, size_t size)
{
    const size_t count = inside(owner->exports, offset, size);
    if (count > 0)
        PyErr_Format(PyExc_BufferError, "the object at offset %zu is in use: %zu memoryviews or arrays of it exist", offset, count);
    return count > 0;
}

/* Pins count, and reach as far as the furthest: one is enough.  What it reaches is there also while a shrink waits for it. */
static bool pin(Attachment *owner, size_t offset, size_t *size)
{
    const size_t now = library.pin(owner->handle);
    const size_t active = now > owner->pinned ? now : owner->pinned;
    if (*size == SIZE_MAX)
        *size = active;
    const bool fits = offset + *size <= active;
    if (owner->pinned || !fits)
        library.unpin(owner->handle);
    if (fits)
        owner->pinned = active;
    else
        PyErr_Format(python.invalid, "offset %zu and size %zu are outside the active memory of %zu bytes", offset, *size, active);
    return fits;
}

static PyObject *export(Attachment *owner, size_t offset, size_t size)
{
    static uint32_t random = 1;
    char *base = base_of(owner);
    if (!base)
        return NULL;
    if ((size == SIZE_MAX || offset + size > owner->pinned || owner->pinned == 0) && !pin(owner, offset, &size))
        return NULL;
    Export *one = PyObject_GC_New(Export, export_type);
    if (!one) {
        if (owner->exported == 0) {
            library.unpin(owner->handle);
            owner->pinned = 0;
        }
        return NULL;
    }
    random = random * 1664525u + 1013904223u;
    one->priority = random;
    one->memory = base + offset;
    one->offset = offset;
    one->size = size;
    one->owner = (Attachment *)Py_NewRef((PyObject *)owner);
    put_in(&owner->exports, one);
    owner->exported++;
    PyObject_GC_Track((PyObject *)one);
    PyObject *view = PyMemoryView_FromObject((PyObject *)one);
    Py_DECREF(one);
    return view;
}

PyObject *export_all(Attachment *owner) { return export(owner, 0, SIZE_MAX); }
PyObject *export_memory(Attachment *owner, size_t offset, size_t size) { return export(owner, offset, size); }

static int get_buffer(PyObject *self, Py_buffer *view, int flags)
{
    const Export *one = (Export *)self;
    return PyBuffer_FillInfo(view, self, one->memory, (Py_ssize_t)one->size, one->owner->reads, flags);
}

/* Nothing is in use any more. */
static void forget(Attachment *owner)
{
    owner->pinned = 0;
    if (owner->handle) {
        library.unpin(owner->handle);
        return;
    }
    PyObject *kind, *error, *trace;
    PyErr_Fetch(&kind, &error, &trace);
    PyObject *answer = PyObject_CallMethod((PyObject *)owner, "_unused", NULL);
    if (!answer)
        PyErr_WriteUnraisable((PyObject *)owner);
    Py_XDECREF(answer);
    PyErr_Restore(kind, error, trace);
}

static void dealloc(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Attachment *owner = ((Export *)self)->owner;
    PyObject_GC_UnTrack(self);
    take_out(&owner->exports, (Export *)self);
    if (--owner->exported == 0 && owner->pinned > 0)
        forget(owner);
    PyObject_GC_Del(self);
    Py_DECREF(type);
    Py_DECREF(owner);
}

static int traverse(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Export *)self)->owner);
    return 0;
}

PyType_Spec export_spec = {
    .name = "peermap._native.Export",
    .basicsize = sizeof(Export),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_DISALLOW_INSTANTIATION | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = (PyType_Slot[]){ { Py_tp_doc, "Memory of a segment that is in use." },
                              { Py_tp_dealloc, dealloc },
                              { Py_tp_traverse, traverse },
                              { Py_bf_getbuffer, get_buffer },
                              { 0, NULL } },
};
