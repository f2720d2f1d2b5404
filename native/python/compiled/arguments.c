/* SPDX-License-Identifier: MIT */
/* arguments.c - what callers give: the plain is taken here, the rest is judged by _options.py. */
#include "native.h"

#include <stdarg.h>
#include <string.h>

static bool by_word(const char *const *names, PyObject *word, PyObject *value, PyObject **into)
{
    for (size_t i = 0; names[i]; i++)
        if (PyUnicode_CompareWithASCIIString(word, names[i]) == 0 && !into[i]) {
            into[i] = value;
            return true;
        }
    PyErr_Format(PyExc_TypeError, "there is no argument %U here, or it is given twice", word);
    return false;
}

/* Those of a function with METH_FASTCALL | METH_KEYWORDS.  `names` ends with NULL; what is not given is NULL. */
bool arguments(const char *const *names, size_t required, PyObject *const *given, Py_ssize_t count, PyObject *words, PyObject **into)
{
    size_t known = 0;
    for (; names[known]; known++)
        into[known] = (Py_ssize_t)known < count ? given[known] : NULL;
    if ((size_t)count > known) {
        PyErr_Format(PyExc_TypeError, "at most %zu arguments are taken, and %zd given", known, count);
        return false;
    }
    for (Py_ssize_t i = 0; words && i < PyTuple_Size(words); i++)
        if (!by_word(names, PyTuple_GetItem(words, i), given[count + i], into))
            return false;
    for (size_t i = 0; i < required; i++)
        if (!into[i]) {
            PyErr_Format(PyExc_TypeError, "the argument %s is missing", names[i]);
            return false;
        }
    return true;
}

bool whole(const char *what, PyObject *number, size_t *value)
{
    if (PyLong_CheckExact(number)) {
        const Py_ssize_t plain = PyLong_AsSsize_t(number);
        *value = (size_t)plain;
        if (plain >= 0)
            return true;
        PyErr_Clear();
    }
    PyObject *judged = PyObject_CallFunction(python.whole, "sO", what, number);
    if (!judged)
        return false;
    *value = (size_t)PyLong_AsSsize_t(judged);
    Py_DECREF(judged);
    return !PyErr_Occurred();
}

const char *root_name(PyObject *name)
{
    if (PyUnicode_Check(name)) {
        Py_ssize_t length;
        const char *bytes = PyUnicode_AsUTF8AndSize(name, &length);
        if (!bytes || strlen(bytes) == (size_t)length)
            return bytes;
    }
    Py_XDECREF(PyObject_CallFunction(python.name_of, "sO", "a root's name", name));
    return NULL;
}

/* What the function makes of the arguments is raised. */
PyObject *raise_made(PyObject *maker, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    PyObject *given = Py_VaBuildValue(format, list);
    va_end(list);
    PyObject *error = given ? PyObject_CallObject(maker, given) : NULL;
    if (error)
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
    Py_XDECREF(error);
    Py_XDECREF(given);
    return NULL;
}
