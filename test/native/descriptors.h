/* SPDX-License-Identifier: MIT */
/*
 * descriptors.h - a process without a descriptor left, and with those that it had again.  Lower its limit first (RLIMIT_NOFILE).
 */
#ifndef DESCRIPTORS_H
#define DESCRIPTORS_H

#include "drive.h"

static int taken[256], taken_count;

static inline void take_all(void)
{
    while (taken_count < 256 && (taken[taken_count] = open("/dev/null", O_RDONLY)) >= 0)
        taken_count++;
    CHECK(taken_count < 256 && errno == EMFILE);
}

static inline void give_back(void)
{
    while (taken_count > 0)
        close(taken[--taken_count]);
}

#endif
