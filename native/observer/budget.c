/* SPDX-License-Identifier: MIT */
/* budget.c - see budget.h. */
#include "budget.h"

#include "order.h"
#include "os.h"

#include <stddef.h>

static _Thread_local struct {
    uint64_t until; /* pm_now_coarse(); 0: without end */
    const uint32_t *stop;
    bool over;
    uint64_t length; /* ns, of the whole; 0: without end */
    uint64_t part;   /* until when one part of it is */
} budget;

void pmo_budget_begin(uint32_t ms, const uint32_t *stop)
{
    budget.length = (uint64_t)ms * 1000000;
    budget.until = ms == 0 ? 0 : pm_now_coarse() + budget.length;
    budget.stop = stop;
    budget.over = false;
    budget.part = 0;
}

void pmo_budget_end(void) { pmo_budget_begin(0, NULL); }

uint64_t pmo_budget_length(void) { return budget.length; }

void pmo_budget_part(uint64_t ns) { budget.part = ns == 0 ? 0 : pm_now_coarse() + ns; }

bool pmo_budget_left(void)
{
    if (budget.over)
        return false;
    const uint64_t now = budget.until != 0 ? pm_now_coarse() : 0;
    budget.over = (budget.stop && peek32(budget.stop) != 0) || (budget.until != 0 && now >= budget.until);
    return !budget.over && (budget.part == 0 || now < budget.part);
}
