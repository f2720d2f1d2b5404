/* SPDX-License-Identifier: MIT */
/* objects.c - what HeapObject and Root are made of: a place in a segment, to which they have a reference. */
#include "native.h"

#include <string.h>

typedef struct {
    PyObject_HEAD
    PyObject *segment;
    Py_ssize_t offset, size;
    bool freed;
} Object;

typedef struct {
    PyObject_HEAD
    PyObject *segment, *name;
    PyObject *type; /* NULL: it is `bytes`, and nobody has asked yet */
    Py_ssize_t offset, size;
    unsigned long long version;
    char bytes[PEERMAP_NAME_MAX];
} Place;

/* ---- objects ---- */

PyObject *new_object(Attachment *segment, size_t offset, size_t size)
{
    Object *object = (Object *)PyType_GenericAlloc(python.heap_object, 0);
    if (object) {
        object->segment = Py_NewRef((PyObject *)segment);
        object->offset = (Py_ssize_t)offset;
        object->size = (Py_ssize_t)size;
    }
    return (PyObject *)object;
}

static int init_object(PyObject *self, PyObject *given, PyObject *words)
{
    static char *names[] = { "segment", "offset", "size", NULL };
    Object *object = (Object *)self;
    PyObject *segment;
    if (!PyArg_ParseTupleAndKeywords(given, words, "O!nn", names, attachment_type, &segment, &object->offset, &object->size))
        return -1;
    PyObject *before = object->segment;
    object->segment = Py_NewRef((PyObject *)segment);
    Py_XDECREF(before);
    return 0;
}

/* Made by its own __init__ alone, so that there is a segment. */
static bool is_live(const Object *object)
{
    if (object->segment && !object->freed)
        return true;
    PyErr_SetString(python.invalid, "the object was freed");
    return false;
}

static PyObject *get_offset(PyObject *self, void *closure)
{
    (void)closure;
    const Object *object = (Object *)self;
    return is_live(object) ? PyLong_FromSsize_t(object->offset) : NULL;
}

static PyObject *get_size(PyObject *self, void *closure)
{
    (void)closure;
    const Object *object = (Object *)self;
    return PyLong_FromSsize_t(object->freed ? 0 : object->size);
}

static PyObject *get_memory(PyObject *self, void *closure)
{
    (void)closure;
    const Object *object = (Object *)self;
    return is_live(object) ? export_memory((Attachment *)object->segment, (size_t)object->offset, (size_t)object->size) : NULL;
}

static PyObject *set_free(PyObject *self, PyObject *nothing)
{
    (void)nothing;
    Object *object = (Object *)self;
    if (!object->segment)
        PyErr_SetNone(python.detached);
    if (!object->segment || free_object((Attachment *)object->segment, (size_t)object->offset, (size_t)object->size) < 0)
        return NULL;
    object->freed = true;
    Py_RETURN_NONE;
}

static int traverse_object(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Object *)self)->segment);
    return 0;
}

static void dealloc_object(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    PyObject_GC_UnTrack(self);
    Py_CLEAR(((Object *)self)->segment);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyType_Spec object_spec = {
    .name = "peermap._native.Object",
    .basicsize = sizeof(Object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots =
        (PyType_Slot[]){
            { Py_tp_doc, "What HeapObject is made of." },
            { Py_tp_init, init_object },
            { Py_tp_dealloc, dealloc_object },
            { Py_tp_traverse, traverse_object },
            { Py_tp_getset,
              (PyGetSetDef[]){ { "offset", get_offset, NULL, "In the segment's data: the same in every process.", NULL },
                               { "size", get_size, NULL, "Bytes, as they were asked for.", NULL },
                               { "memory", get_memory, NULL,
                                 "The object itself, writable unless the attachment only reads.  While there is a memoryview of it, it cannot be freed or resized.", NULL },
                               { NULL, NULL, NULL, NULL, NULL } } },
            { Py_tp_members,
              (PyMemberDef[]){ { "segment", T_OBJECT_EX, offsetof(Object, segment), READONLY, NULL },
                               { "_offset", T_PYSSIZET, offsetof(Object, offset), 0, NULL },
                               { "_size", T_PYSSIZET, offsetof(Object, size), 0, NULL },
                               { "_freed", T_BOOL, offsetof(Object, freed), READONLY, NULL },
                               { NULL, 0, 0, 0, NULL } } },
            { Py_tp_methods,
              (PyMethodDef[]){ { "free", set_free, METH_NOARGS, "BufferError while there is a memoryview of it." }, { NULL, NULL, 0, NULL } } },
            { 0, NULL } },
};

/* ---- roots ---- */

PyObject *new_root(Attachment *segment, PyObject *name, size_t offset, const peermap_root_copy *found)
{
    Place *place = PyObject_GC_New(Place, python.root);
    if (place) {
        place->segment = Py_NewRef((PyObject *)segment);
        place->name = Py_NewRef(name);
        place->type = NULL;
        memcpy(place->bytes, found->type, sizeof place->bytes);
        place->offset = (Py_ssize_t)offset;
        place->size = (Py_ssize_t)found->size;
        place->version = found->version;
        PyObject_GC_Track((PyObject *)place);
    }
    return (PyObject *)place;
}

static PyObject *get_type(PyObject *self, void *closure)
{
    (void)closure;
    Place *place = (Place *)self;
    if (!place->type)
        place->type = PyUnicode_DecodeUTF8(place->bytes, (Py_ssize_t)strnlen(place->bytes, sizeof place->bytes), "replace");
    return Py_XNewRef(place->type);
}

static int init_place(PyObject *self, PyObject *given, PyObject *words)
{
    static char *names[] = { "segment", "name", "offset", "size", "type", "version", NULL };
    Place *place = (Place *)self;
    PyObject *segment, *name, *type;
    if (place->segment) {
        PyErr_SetString(PyExc_TypeError, "a root is made once");
        return -1;
    }
    if (!PyArg_ParseTupleAndKeywords(given, words, "O!UnnUK", names, attachment_type, &segment, &name, &place->offset, &place->size, &type, &place->version))
        return -1;
    place->segment = Py_NewRef((PyObject *)segment);
    place->name = Py_NewRef(name);
    place->type = Py_NewRef(type);
    return 0;
}

static PyObject *get_place(PyObject *self, void *closure)
{
    (void)closure;
    const Place *place = (Place *)self;
    if (place->segment)
        return export_memory((Attachment *)place->segment, (size_t)place->offset, (size_t)place->size);
    PyErr_SetNone(python.detached);
    return NULL;
}

static int traverse_place(PyObject *self, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(self));
    Py_VISIT(((Place *)self)->segment);
    return 0;
}

static void dealloc_place(PyObject *self)
{
    PyTypeObject *type = Py_TYPE(self);
    Place *place = (Place *)self;
    PyObject_GC_UnTrack(self);
    Py_CLEAR(place->segment);
    Py_CLEAR(place->name);
    Py_CLEAR(place->type);
    PyObject_GC_Del(self);
    Py_DECREF(type);
}

PyType_Spec place_spec = {
    .name = "peermap._native.Place",
    .basicsize = sizeof(Place),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_BASETYPE | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots =
        (PyType_Slot[]){
            { Py_tp_doc, "What Root is made of." },
            { Py_tp_init, init_place },
            { Py_tp_dealloc, dealloc_place },
            { Py_tp_traverse, traverse_place },
            { Py_tp_getset,
              (PyGetSetDef[]){ { "memory", get_place, NULL, "What the root names, itself.", NULL },
                               { "type", get_type, NULL, "\"\" if it was set without one.", NULL },
                               { NULL, NULL, NULL, NULL, NULL } } },
            { Py_tp_members,
              (PyMemberDef[]){ { "segment", T_OBJECT_EX, offsetof(Place, segment), READONLY, NULL },
                               { "name", T_OBJECT_EX, offsetof(Place, name), READONLY, NULL },
                               { "offset", T_PYSSIZET, offsetof(Place, offset), READONLY, "In the segment's data: the same in every process." },
                               { "size", T_PYSSIZET, offsetof(Place, size), READONLY, "Bytes." },
                               { "version", T_ULONGLONG, offsetof(Place, version), READONLY, "Another one whenever the root was set." },
                               { NULL, 0, 0, 0, NULL } } },
            { 0, NULL } },
};
