/* SPDX-License-Identifier: MIT */
/* module.c - the module, and how it comes to the library and to the Python side. */
#include "native.h"

#include <dlfcn.h>

struct library library;
struct python python;
PyTypeObject *attachment_type, *export_type, *object_type, *place_type;

static bool load(void)
{
    PyObject *module = PyImport_ImportModule("peermap._library");
    PyObject *loaded = module ? PyObject_GetAttrString(module, "library") : NULL;
    PyObject *number = loaded ? PyObject_GetAttrString(loaded, "handle") : NULL;
    void *handle = number ? PyLong_AsVoidPtr(number) : NULL;
    Py_XDECREF(number);
    Py_XDECREF(loaded);
    Py_XDECREF(module);
    if (PyErr_Occurred())
        return false;
#define X(name) *(void **)&library.name = dlsym(handle, "peermap_" #name);
    LIBRARY(X)
#undef X
    return true; /* all of them are there: _library.py has looked */
}

static bool get(const char *module, const char *name, PyObject **into)
{
    PyObject *found = PyImport_ImportModule(module);
    *into = found ? PyObject_GetAttrString(found, name) : NULL;
    Py_XDECREF(found);
    return *into != NULL;
}

/* Before anything else: what objects and roots are made as. */
static PyObject *use(PyObject *self, PyObject *given)
{
    (void)self;
    PyObject *heap_object, *root;
    if (!PyArg_ParseTuple(given, "OO", &heap_object, &root) || !load())
        return NULL;
    python.heap_object = (PyTypeObject *)Py_NewRef(heap_object);
    python.root = (PyTypeObject *)Py_NewRef(root);
    if (!get("peermap._errors", "EDETACHED", &python.detached) || !get("peermap._errors", "EINVAL", &python.invalid) ||
        !get("peermap._failures", "failure", &python.failure) || !get("peermap._failures", "heap_failure", &python.heap_failure) ||
        !get("peermap._failures", "fault", &python.fault) || !get("peermap._options", "whole", &python.whole) ||
        !get("peermap._options", "name_of", &python.name_of) || !get("peermap._types", "of_type", &python.of_type))
        return NULL;
    library.on_heap_fault(on_fault, NULL);
    Py_RETURN_NONE;
}

static bool add(PyObject *module, const char *name, PyType_Spec *spec, PyTypeObject **type)
{
    *type = (PyTypeObject *)PyType_FromSpec(spec);
    return *type && PyModule_AddObjectRef(module, name, (PyObject *)*type) == 0;
}

/* observer.c, which is there where the observer's library was. */
#ifdef PEERMAP_OBSERVER
PyObject *add_observer(PyObject *module);
#else
static PyObject *add_observer(PyObject *module) { return module; }
#endif

PyMODINIT_FUNC PyInit__native(void)
{
    static PyMethodDef methods[] = { { "use", use, METH_VARARGS, NULL }, { NULL, NULL, 0, NULL } };
    static PyModuleDef definition = { PyModuleDef_HEAD_INIT, .m_name = "peermap._native", .m_size = -1, .m_methods = methods };
    PyObject *module = PyModule_Create(&definition);
    if (module && add(module, "Attachment", &attachment_spec, &attachment_type) && add(module, "Export", &export_spec, &export_type) &&
        add(module, "Object", &object_spec, &object_type) && add(module, "Place", &place_spec, &place_type) && add_observer(module))
        return module;
    Py_XDECREF(module);
    return NULL;
}
