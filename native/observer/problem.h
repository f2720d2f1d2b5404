/* SPDX-License-Identifier: MIT */
/*
 * problem.h - what could not be seen, or contradicts itself.
 *
 * The observer never fails because of somebody else's bytes: it shows what it can, and adds a problem for the rest.  Process-local.
 */
#ifndef PMO_PROBLEM_H
#define PMO_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The one list of problems: name, and the word that stands for it in native/addon/model.d.ts. */
#define PMO_PROBLEMS(X)                                                                                                \
    X(NOT_A_SEGMENT, "not-a-segment")                                                                                  \
    X(OTHER_VERSION, "other-version")                                                                                  \
    X(TRUNCATED, "truncated")                                                                                          \
    X(BAD_FIELD, "bad-field")                                                                                          \
    X(BAD_SLOT, "bad-slot")                                                                                            \
    X(BAD_ROOT, "bad-root")                                                                                            \
    X(BAD_EVENT, "bad-event")                                                                                          \
    X(UNSTABLE, "unstable")                                                                                            \
    X(GONE, "gone")                                                                                                    \
    X(COPY, "copy")                                                                                                    \
    X(WORLD_WRITABLE, "world-writable")                                                                                \
    X(NO_ACCESS, "no-access")                                                                                          \
    X(NO_PROCESS, "no-process")                                                                                        \
    X(LEFT_OUT, "left-out")                                                                                            \
    X(OS, "os")

enum pmo_problem_code {
#define X(name, word) PMO_##name,
    PMO_PROBLEMS(X)
#undef X
};

struct pmo_problem {
    enum pmo_problem_code code;
    char where[64]; /* "header.base", "slot 3", "/proc/123/maps" */
    char text[192];
};

/* At most so many are kept: a header of garbage must not fill the memory with complaints. */
#define PMO_PROBLEMS_MAX 128u

struct pmo_problems {
    uint32_t count;
    uint32_t left_out;
    struct pmo_problem *list; /* PMO_PROBLEMS_MAX of them, allocated with the first */
};

/* What a problem is about, by value: pmo_at("slot %u", 3). */
struct pmo_place {
    char text[64];
};

__attribute__((format(printf, 1, 2))) struct pmo_place pmo_at(const char *format, ...);
__attribute__((format(printf, 4, 5))) void pmo_problem_add(struct pmo_problems *problems, enum pmo_problem_code code,
                                                           struct pmo_place where, const char *format, ...);
/* A call of the system that failed with `error`: no-access, no-process or os. */
void pmo_problem_system(struct pmo_problems *problems, struct pmo_place where, int error);
void pmo_problems_free(struct pmo_problems *problems);
/* Something could not be looked at, or not all of it: nothing is wrong with the segment for that. */
bool pmo_problem_is_unseen(enum pmo_problem_code code);
const char *pmo_problem_word(enum pmo_problem_code code);

#endif
