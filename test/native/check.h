/* SPDX-License-Identifier: MIT */
/* check.h - one test program, one behaviour: exit 0 it holds, 1 it does not, 77 it cannot be tried here. */
#ifndef CHECK_H
#define CHECK_H

#include "../either_way.h"

#include <stdio.h>
#include <stdlib.h>

#define FAIL(...)                                                                                                      \
    do {                                                                                                               \
        fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);                                                                \
        fprintf(stderr, __VA_ARGS__);                                                                                  \
        fprintf(stderr, "\n");                                                                                         \
        exit(1);                                                                                                       \
    } while (0)

#define CHECK(fact)                                                                                                    \
    do {                                                                                                               \
        if (!(fact))                                                                                                   \
            FAIL("not so: %s", #fact);                                                                                 \
    } while (0)

#define CHECK_INT(got, wanted)                                                                                         \
    do {                                                                                                               \
        long long got_ = (long long)(got), wanted_ = (long long)(wanted);                                              \
        if (got_ != wanted_)                                                                                           \
            FAIL("%s is %lld, not %lld", #got, got_, wanted_);                                                         \
    } while (0)

/* First in a test whose means ThreadSanitizer does not have; `reason` says which. */
#ifdef __SANITIZE_THREAD__
#define NOT_WITH_THREAD_SANITIZER(reason) SKIP("not with ThreadSanitizer: %s", reason)
#else
#define NOT_WITH_THREAD_SANITIZER(reason) ((void)0)
#endif
#ifdef __SANITIZE_ADDRESS__
#define NOT_WITH_ADDRESS_SANITIZER(reason) SKIP("not with AddressSanitizer: %s", reason)
#else
#define NOT_WITH_ADDRESS_SANITIZER(reason) ((void)0)
#endif

#define SKIP(...)                                                                                                      \
    do {                                                                                                               \
        printf(__VA_ARGS__);                                                                                           \
        printf("\n");                                                                                                  \
        exit(77);                                                                                                      \
    } while (0)

#endif
