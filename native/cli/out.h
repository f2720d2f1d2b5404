/* SPDX-License-Identifier: MIT */
/*
 * out.h - text for people.
 *
 * Everything that is printed goes through out_line() or a table, which let nothing through but printable characters: names in a segment,
 * command lines and file names are somebody else's bytes, and a terminal obeys what it is sent.
 */
#ifndef CLI_OUT_H
#define CLI_OUT_H

#include "character.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum style { PLAIN, TITLE, FAINT, GOOD, WARNING, BAD };

struct out {
    FILE *file;
    bool terminal;
    bool utf8;   /* otherwise ASCII */
    bool colour; /* never without `terminal` */
    size_t width; /* columns; 0: as many as it takes */
};

/* For standard output or the standard error output, from what they are and from the environment. */
struct out out_open(FILE *file);
size_t out_width(int fd); /* of a terminal, now */

/* One line: the text made printable, and its end. */
__attribute__((format(printf, 3, 4))) void out_line(const struct out *out, enum style style, const char *format, ...);
/* The same without an end, for lines of several styles. */
__attribute__((format(printf, 3, 4))) void out_part(const struct out *out, enum style style, const char *format, ...);

/* ---- text.c ---- */

/* `bytes` made printable, for malloc's free(). */
char *text_tame(const struct out *out, const char *bytes, size_t length);
/* Columns on a terminal; and how many bytes of it fit into so many columns. */
size_t text_width(const char *tame);
size_t text_columns(const char *tame, size_t length);
size_t text_fitting(const char *tame, size_t length, size_t columns);
/* malloc() that ends the program instead of failing. */
void *need(void *memory);
__attribute__((format(printf, 1, 2))) char *text_of(const char *format, ...);

/* ---- table.c ---- */

struct column {
    const char *title;
    bool right;       /* aligned */
    unsigned rank;    /* 0: always there.  Of the others, the highest leaves first where there is no room */
    bool elastic;     /* its cells may be cut short */
};

struct table *table_new(const struct column *columns, size_t count);
/* The next cell of the current row; a new row begins by itself. */
__attribute__((format(printf, 3, 4))) void table_put(struct table *table, enum style style, const char *format, ...);
/* A line of its own below the row that was completed last. */
__attribute__((format(printf, 3, 4))) void table_note(struct table *table, enum style style, const char *format, ...);
/* Prints and frees it.  Without rows, nothing is printed. */
void table_end(struct table *table, const struct out *out);

#endif
