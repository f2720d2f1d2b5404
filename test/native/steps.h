/* SPDX-License-Identifier: MIT */
/*
 * steps.h - doing something in the middle of a removal: its two steps, the renaming and the unlinking, go through here, and a test says what
 * happens before or after one.  The linker takes these before the C library's.
 */
#ifndef STEPS_H
#define STEPS_H

#include "beyond.h"

#include <sys/syscall.h>

enum step { NO_STEP, BEFORE_RENAME, AFTER_RENAME, BEFORE_UNLINK };

static enum step meddle_at;
static void (*meddle)(void);

static inline void come_to(enum step step)
{
    if (meddle_at != step)
        return;
    meddle_at = NO_STEP; /* once */
    meddle();
}

int renameat2(int from, const char *old, int to, const char *name, unsigned int flags)
{
    come_to(BEFORE_RENAME);
    const int rc = (int)syscall(SYS_renameat2, from, old, to, name, flags);
    const int error = errno;
    come_to(AFTER_RENAME);
    errno = error;
    return rc;
}

int unlinkat(int folder, const char *name, int flags)
{
    come_to(BEFORE_UNLINK);
    return (int)syscall(SYS_unlinkat, folder, name, flags);
}

/* Nothing of the test's is left under a name that a removal gives meanwhile. */
static inline size_t set_aside_count(const char *folder, const char *name)
{
    size_t count = 0;
    DIR *directory = opendir(folder);
    CHECK(directory != NULL);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        const char *before = pmo_name_before(entry->d_name);
        count += before && strcmp(before, name) == 0;
    }
    closedir(directory);
    return count;
}

#endif
