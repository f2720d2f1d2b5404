/* SPDX-License-Identifier: MIT */
/* private.c - heaps of one process: what allocation costs where nobody else has to see it. */
#include "heaps.h"

#include <dlfcn.h>
#include <stdlib.h>

static bool begin_libc(void) { return true; }
static void open_nothing(void) {}
static void *take_libc(size_t size) { return malloc(size); }
static void give_libc(void *object) { free(object); }
static uint64_t word(void *object) { return (uintptr_t)object; }
static void *object_of(uint64_t at) { return (void *)(uintptr_t)at; }
static uint64_t bytes(void) { return 0; }

struct heap heap_libc = { "libc", false, begin_libc, open_nothing, take_libc, give_libc, word, object_of, bytes, bytes, NULL };

/* Not linked: it would take the place of the C library's. */
static void *(*mi_malloc)(size_t);
static void (*mi_free)(void *);

static bool begin_mimalloc(void)
{
    void *library = dlopen("libmimalloc.so.2", RTLD_NOW | RTLD_LOCAL);
    if (library) {
        *(void **)&mi_malloc = dlsym(library, "mi_malloc");
        *(void **)&mi_free = dlsym(library, "mi_free");
    }
    return mi_malloc && mi_free;
}

static void *take_mimalloc(size_t size) { return mi_malloc(size); }
static void give_mimalloc(void *object) { mi_free(object); }

struct heap heap_mimalloc = { "mimalloc", false,          begin_mimalloc, open_nothing,          take_mimalloc, give_mimalloc, word,
                              object_of,  bytes,          bytes,     "libmimalloc.so.2 is not there (Debian: libmimalloc-dev)" };
