/* SPDX-License-Identifier: MIT */
/*
 * proc_text.h - reading the small files of /proc, and of a cgroup, without a lock of the C library: os_linux_proc.c.  For the runtime and the observer
 * alike; what else the files of os.h have in common is in os_linux.h.
 */
#ifndef PM_PROC_TEXT_H
#define PM_PROC_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Names are relative to `folder`, a descriptor or AT_FDCWD.  None of it is a cancellation point. */
ssize_t pm_text_read_at(int folder, const char *name, char *text, size_t size); /* its beginning as text; its length, or -1 and errno */
ssize_t pm_text_read(const char *path, char *text, size_t size);
/* Calls `each` with each line, without its end, until it returns true.  True if it did.  It may write on the line.  Of one that is longer than
 * PM_TEXT_LINE it gets the beginning. */
bool pm_text_any_line_at(int folder, const char *name, bool (*each)(char *line, void *context), void *context);
bool pm_text_any_line(const char *path, bool (*each)(char *line, void *context), void *context);
#define PM_TEXT_LINE 4608 /* a path with something around it */

/* What follows "NAME:" or "NAME " in one of the lines of a file, wherever that stands: lines before it may be of any length. */
struct pm_text_field {
    const char *name;
    char value[384]; /* "": it is not there, or the file could not be read.  NSpid with as many namespaces as there can be */
};
int pm_text_fields(int folder, const char *name, struct pm_text_field *fields, size_t count); /* 0, or the errno of a file that cannot be read */
uint32_t pm_text_last_number(const char *value); /* 0: there is none.  Of NSpid, it is the id in the innermost namespace */

void pm_text_tame(char *text); /* a name that may be any bytes becomes fit for a sentence */
/* "MOUNT" "GROUP" "/" "NAME", for people: what does not fit is left out at the beginning. */
void pm_text_path(char *path, size_t size, const char *mount, const char *group, const char *name);
/* Where a field of a stat line, from the third on, begins; NULL if there is none. */
const char *pm_proc_stat_field(const char *line, int number);

#endif
