/* SPDX-License-Identifier: MIT */
/*
 * fault.h - named places at which a test can kill or stop the process, or make the next system call fail.
 *
 *     PM_POINT("grow.allocated");                     just done, in the past tense: the process may end or stop here
 *     int error = PM_FAILS("grow.allocate");          about to be done: 0, or the errno that a test wants instead of the call
 *     if (error == 0)
 *         error = pm_object_extend(...);
 *     if (PM_FAILED("shape.look") || fstat(...) != 0) the same, in errno
 *
 * Names are "operation.step".  Both are nothing at all unless the file is compiled with -DPM_FAULTS, which only the library in
 * build/native/faults is.  There each place lies in a section of its own that the linker gathers, so that a test can list them all and
 * fail when one was never reached; and pm_fault() is the test's: the library does not have it.
 */
#ifndef PM_FAULT_H
#define PM_FAULT_H

#ifdef PM_FAULTS

#include <errno.h>
#include <stdbool.h>

enum pm_fault_kind { PM_FAULT_POINT = 1, PM_FAULT_CALL = 2 };

struct pm_fault_place {
    const char *name;
    unsigned kind; /* enum pm_fault_kind */
    unsigned line;
};

/* What the test wants to happen here: 0, or an errno if the place is a call.  Called by any thread, at any time, in a child too. */
int pm_fault(const struct pm_fault_place *place);

/* The linker's: all places of the program. */
extern struct pm_fault_place __start_pm_faults[], __stop_pm_faults[];

#define PM_FAULT_PLACE(name, kind)                                                                                                           \
    __extension__({                                                                                                                          \
        static struct pm_fault_place place_ __attribute__((section("pm_faults"), used, aligned(8))) = { name, kind, __LINE__ };               \
        pm_fault(&place_);                                                                                                                    \
    })
#define PM_POINT(name) ((void)PM_FAULT_PLACE(name, PM_FAULT_POINT))
#define PM_FAILS(name) PM_FAULT_PLACE(name, PM_FAULT_CALL)
#define PM_FAILED(name) pm_failed(PM_FAILS(name))

static inline bool pm_failed(int error)
{
    if (error != 0)
        errno = error;
    return error != 0;
}

#else
#define PM_POINT(name) ((void)0)
#define PM_FAILS(name) 0
#define PM_FAILED(name) 0
#endif

#endif
