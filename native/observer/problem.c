/* SPDX-License-Identifier: MIT */
/* problem.c - collecting what could not be seen. */
#include "problem.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct pmo_place pmo_at(const char *format, ...)
{
    struct pmo_place place;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(place.text, sizeof place.text, format, arguments);
    va_end(arguments);
    return place;
}

/* That something was left out is no complaint about garbage, of which there may be any number: it takes the place of one.  NULL: there is none. */
static struct pmo_problem *place_for(struct pmo_problems *problems, enum pmo_problem_code code)
{
    if (problems->list && problems->count < PMO_PROBLEMS_MAX)
        return &problems->list[problems->count++];
    problems->left_out++;
    for (uint32_t i = problems->list && code == PMO_LEFT_OUT ? problems->count : 0; i > 0; i--)
        if (problems->list[i - 1].code != PMO_LEFT_OUT)
            return &problems->list[i - 1];
    return NULL;
}

void pmo_problem_add(struct pmo_problems *problems, enum pmo_problem_code code, struct pmo_place where, const char *format, ...)
{
    if (!problems->list)
        problems->list = malloc(PMO_PROBLEMS_MAX * sizeof *problems->list);
    struct pmo_problem *problem = place_for(problems, code);
    if (!problem)
        return;
    problem->code = code;
    memcpy(problem->where, where.text, sizeof problem->where);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(problem->text, sizeof problem->text, format, arguments);
    va_end(arguments);
}

void pmo_problem_system(struct pmo_problems *problems, struct pmo_place where, int error)
{
    if (error == EACCES || error == EPERM)
        pmo_problem_add(problems, PMO_NO_ACCESS, where, "permission denied");
    else if (error == ESRCH || error == ENOENT)
        pmo_problem_add(problems, PMO_NO_PROCESS, where, "the process ended, or cannot be seen from here");
    else
        pmo_problem_add(problems, PMO_OS, where, "%s (errno %d)", strerror(error), error);
}

void pmo_problems_free(struct pmo_problems *problems)
{
    free(problems->list);
    *problems = (struct pmo_problems){ 0 };
}

bool pmo_problem_is_unseen(enum pmo_problem_code code) { return code == PMO_NO_ACCESS || code == PMO_NO_PROCESS || code == PMO_LEFT_OUT; }

const char *pmo_problem_word(enum pmo_problem_code code)
{
    switch (code) {
#define X(name, word)                                                                                                  \
    case PMO_##name: return word;
        PMO_PROBLEMS(X)
#undef X
    default: return "os";
    }
}
