/* SPDX-License-Identifier: MIT */
/* size.h - sizes and times as people read and type them: as extension/protocol/address.ts has them. */
#ifndef CLI_SIZE_H
#define CLI_SIZE_H

#include <stdbool.h>
#include <stdint.h>

struct figure {
    char text[40];
};

struct figure figure_bytes(uint64_t bytes);      /* "1.5 KiB" */
struct figure figure_bytes_unlike(uint64_t bytes, uint64_t other); /* with as many decimals as it takes to tell them apart: "1.004 MiB" */
struct figure figure_pages(uint64_t bytes);  /* as many decimals as tell it from a page more or less */
/* For free(): " (64 bytes, rounded up to pages of 4 KiB)" of `made`, what became of `asked`; "" where that is the same, or nothing was asked. */
char *rounding_of(uint64_t asked, uint64_t made, uint64_t page);
struct figure figure_time(uint64_t nanoseconds); /* "1.5 µs" */
struct figure figure_clock(uint64_t wall_ns);    /* "11:20:07.123456", local */
struct figure figure_date(uint64_t wall_ns);     /* "2026-11-24 11:20:07", local */
struct figure figure_user(uint32_t uid);         /* its name, or the number */
struct figure figure_count(uint64_t count, const char *one); /* "1 peer", "3 peers" */

/* "65536", "64K", "2 MiB", "1.5 GiB", "0x10000", "+25%" (of `current`; refused if that is 0).  A part of a byte is none.  NULL, or what is wrong with it. */
const char *parse_size(const char *text, uint64_t current, uint64_t *bytes);
/* The same but for parts of something, and 0 is one. */
const char *parse_offset(const char *text, uint64_t *offset);
/* Digits only. */
bool parse_number(const char *text, uint64_t *number);

#endif
