/* SPDX-License-Identifier: MIT */
/*
 * os_linux_loaded.c - code that stays where it is.
 *
 * A thread that the program has no handle of, fork handlers, a signal handler and destructors of thread-specific data lead into this library, and outlive
 * any call that could take them back: a thread that once allocated ends whenever it likes.  So whatever the library is linked into, a plugin for instance,
 * stays loaded after dlclose(), as a shared object of the library alone does by -z nodelete.  Loaded again, it is the same one.
 */
#include "os.h"

#ifdef __GLIBC__ /* with others, as musl, everything stays loaded */
#include <dlfcn.h>
#include <sys/auxv.h>

/* Weak: in a program that is linked statically they are not there, and nothing can be unloaded.  dlopen() is asked for by name: the linker warns of every
 * mention of it in such a program. */
#pragma weak dladdr
#pragma weak dlsym

typedef void *opener(const char *name, int mode);

static bool is_the_program(const void *begins_at)
{
    const uintptr_t headers = getauxval(AT_PHDR), begin = (uintptr_t)begins_at;
    return begin <= headers && headers - begin < 4096;
}

/* The loader knows an object by the name that it was loaded by, also where its file has been removed since. */
void pm_stay_loaded(void)
{
    Dl_info object;
    if (!dladdr || !dlsym || dladdr((const void *)(uintptr_t)pm_stay_loaded, &object) == 0 || is_the_program(object.dli_fbase))
        return;
    opener *open = (opener *)(uintptr_t)dlsym(RTLD_DEFAULT, "dlopen");
    if (open)
        (void)open(object.dli_fname, RTLD_LAZY | RTLD_NOLOAD | RTLD_NODELETE);
}
#else
void pm_stay_loaded(void) {}
#endif
