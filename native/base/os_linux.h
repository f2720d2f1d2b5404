/* SPDX-License-Identifier: MIT */
/*
 * os_linux.h - what the files of os.h on Linux have in common.  The kernel's numbers of futex(2) never change; its headers are not there for every
 * C library.
 */
#ifndef PM_OS_LINUX_H
#define PM_OS_LINUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PM_FUTEX_WAIT 0
#define PM_FUTEX_WAKE 1
#define PM_FUTEX_WAIT_BITSET 9
#define PM_FUTEX_WAKE_BITSET 10
#define PM_SYS_FUTEX_WAITV 449

/* ---- os_linux_proc.c: /proc, without a lock of the C library ---- */

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
/* State and start time: fields 3 and 22. */
bool pm_proc_read_stat(const char *path, char *state, uint64_t *start_time);
/* Calls `each` with the numbers that are names in a folder, until it returns true.  True if it did.  `whole`, if not NULL: whether all could be read. */
bool pm_proc_any_number(const char *path, bool (*each)(uint32_t number, void *context), void *context, bool *whole);
uint64_t pm_proc_inode(const char *path); /* 0 and errno: it is not to be seen */
uint64_t pm_pidfd_inode(uint32_t pid);    /* of the process alone, while the system runs; 0 if unknown */

struct pm_proc_search {
    const char *folder; /* "/proc", or "/proc/PID/task" */
    uint32_t inner;     /* the id in its own namespace */
    uint64_t pidns;
    uint64_t until;
    uint32_t found;
};
bool pm_proc_is_it(uint32_t number, void *search);
/* The number here of whoever has the id `inner` in that pid namespace; 0 if nobody who can be seen. */
uint32_t pm_proc_number_here(const char *folder, uint32_t inner, uint64_t pidns);
uint32_t pm_proc_number_until(const char *folder, uint32_t inner, uint64_t pidns, uint64_t until); /* 0 also if it was not found by then */

/* os_linux_ended.c: /proc is of the pid namespace that this process is in; whether the number is another process's by now. */
bool pm_proc_is_ours(void);
struct pm_process;
bool pm_proc_is_another(const struct pm_process *who, uint32_t pid);

#endif
