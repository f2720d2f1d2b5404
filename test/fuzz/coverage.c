/* SPDX-License-Identifier: MIT */
/*
 * coverage.c - which edges of the code under test were taken, and what it compared.
 *
 * gcc calls these from the code it instruments (-fsanitize-coverage=trace-pc,trace-cmp).  They are not instrumented themselves.
 */
#include "fuzz.h"

#include <string.h>

static uint8_t unshared[FUZZ_EDGES];
uint8_t *fuzz_edges = unshared;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
    static _Thread_local uint64_t before;
    const uint64_t at = (uintptr_t)__builtin_return_address(0) - (uintptr_t)&LLVMFuzzerTestOneInput; /* the same wherever it is loaded */
    const uint64_t mixed = (at ^ before * 3) * UINT64_C(0x9e3779b97f4a7c15);
    uint8_t *count = &fuzz_edges[mixed >> 48];
    if (*count < UINT8_MAX)
        *count += 1;
    before = at;
}

/* The last comparisons of different values.  Threads may tear one: it is a hint. */
#define COMPARED 256u
static struct compared {
    uint64_t a, b;
    size_t width;
} compared[COMPARED];
static unsigned int compared_count;

static void compare(uint64_t a, uint64_t b, size_t width)
{
    if (a != b)
        compared[compared_count++ % COMPARED] = (struct compared){ a, b, width };
}

void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases);

void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b) { compare(a, b, 4); }
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b) { compare(a, b, 8); }
void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b) { (void)a, (void)b; }
void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b) { compare(a, b, 4); }
void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b) { compare(a, b, 8); }
void __sanitizer_cov_trace_switch(uint64_t value, const uint64_t *cases)
{
    for (uint64_t i = 0; i < cases[0]; i++)
        compare(value, cases[2 + i], cases[1] / 8);
}

void fuzz_coverage_begin(void)
{
    memset(fuzz_edges, 0, FUZZ_EDGES);
    compared_count = 0;
}

bool fuzz_compared(unsigned int pick, uint64_t *a, uint64_t *b, size_t *width)
{
    unsigned int count = compared_count < COMPARED ? compared_count : COMPARED;
    if (count == 0)
        return false;
    const struct compared *one = &compared[pick % count];
    *a = one->a;
    *b = one->b;
    *width = one->width == 8 ? 8 : 4;
    return true;
}
