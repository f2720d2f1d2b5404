/* SPDX-License-Identifier: MIT */
/* budget.c - see budget.h. */
#include "budget.h"

#include "order.h"
#include "os.h"

#include <stddef.h>

#define BETWEEN_CLOCKS 64u

static _Thread_local struct {
    uint64_t until; /* CLOCK_MONOTONIC ns; 0: without end */
    const uint32_t *stop;
    uint32_t asked;
    bool over;
} budget;

void pmo_budget_begin(uint32_t ms, const uint32_t *stop)
{
    budget.until = ms == 0 ? 0 : pm_now() + (uint64_t)ms * 1000000;
    budget.stop = stop;
    budget.asked = 0;
    budget.over = false;
}

void pmo_budget_end(void) { pmo_budget_begin(0, NULL); }

bool pmo_budget_left(void)
{
    if (!budget.over && (budget.until != 0 || budget.stop) && budget.asked++ % BETWEEN_CLOCKS == 0)
        budget.over = (budget.until != 0 && pm_now() >= budget.until) || (budget.stop && peek32(budget.stop) != 0);
    return !budget.over;
}
