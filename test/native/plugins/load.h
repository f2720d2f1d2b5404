/* SPDX-License-Identifier: MIT */
/* load.h - the plugins that lie beside the test, each with a library inside: copy.so with a copy, older.so with one of another layout. */
#ifndef TEST_LOAD_H
#define TEST_LOAD_H

#include "../check.h"
#include "plugin.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

static inline const char *plugin_beside(const char *file)
{
    static char path[4096];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 32);
    CHECK(length > 0);
    path[length] = '\0';
    snprintf(strrchr(path, '/'), 32, "/plugins/%s", file);
    return path;
}
static inline const char *plugin_path(void) { return plugin_beside("copy.so"); }

/* For dlclose(); `copy` is what it offers. */
static inline void *load_plugin(const char *path, const struct copy **copy)
{
    void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!plugin)
        FAIL("%s", dlerror());
    *copy = dlsym(plugin, "plugin_copy");
    CHECK(*copy != NULL && (*copy)->alloc != peermap_alloc); /* or the test shows nothing */
    return plugin;
}

/* Each is given its number, from 0 on; when all have ended. */
static inline void in_threads(uintptr_t count, void *(*work)(void *number))
{
    pthread_t threads[16];
    CHECK(count <= sizeof threads / sizeof *threads);
    for (uintptr_t i = 0; i < count; i++)
        CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (uintptr_t i = 0; i < count; i++)
        CHECK(pthread_join(threads[i], NULL) == 0);
}

#endif
